"""Token buckets from what an endpoint reports, as each vendor counts."""

from collections.abc import Mapping
from typing import Any

from core.methods.base import Tokens


def read_buckets(usage: Any) -> Tokens | None:
    """The buckets of one answer in one convention: `cached` is part of `input`, `reasoning` stands beside `output`.

    OpenAI, Azure, vLLM, DeepSeek: cached tokens inside the prompt, reasoning inside the completion. xAI: reasoning
    beside the completion. Gemini: thoughts are in no field of their own, they are what the total has beyond prompt
    and completion. Anthropic: tokens read from and written to the cache stand beside the input. None when nothing
    that can be read was reported.
    """
    if not isinstance(usage, Mapping):
        return None
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    anthropic = prompt is None and "input_tokens" in usage
    if anthropic:
        prompt, completion = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    if prompt is None or completion is None:
        return None
    inside = _detail(usage, ("prompt_tokens_details", "input_tokens_details"), "cached_tokens")
    inside = inside or _count(usage, "prompt_cache_hit_tokens") or 0
    read, written = _count(usage, "cache_read_input_tokens") or 0, _count(usage, "cache_creation_input_tokens") or 0
    if inside or (not anthropic and read + written <= prompt):
        prompt, cached = max(prompt, inside), inside or read
    else:
        prompt, cached = prompt + read + written, read
    reasoning = _detail(usage, ("completion_tokens_details", "output_tokens_details"), "reasoning_tokens")
    beyond = max(0, (_count(usage, "total_tokens") or 0) - prompt - completion)
    if reasoning and not beyond and reasoning <= completion:
        return Tokens(prompt, cached, completion - reasoning, reasoning)
    return Tokens(prompt, cached, completion, max(reasoning, beyond))


def _count(usage: Mapping[str, Any], name: str) -> int | None:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _detail(usage: Mapping[str, Any], places: tuple[str, ...], name: str) -> int:
    for place in places:
        if isinstance(found := usage.get(place), Mapping):
            return _count(found, name) or 0
    return 0
