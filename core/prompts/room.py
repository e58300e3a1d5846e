"""What fits into a model's window, by token counts alone: no model is loaded."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from core.architectures import cached_config
from core.catalogue import card
from core.prompts.counting import TokenCounts
from core.prompts.lengths import most_new_tokens
from core.prompts.messages import solution
from core.prompts.styles import PromptStyle
from core.tasks.base import Example

Count = Callable[[Sequence[str]], TokenCounts]


def answer_tokens(settings: dict[str, Any], style: PromptStyle, count: Count) -> int:
    """Tokens that are kept free for the answer: of the longest label where labels are scored."""
    one = style.task.text_labels == "one" and not style.task.has_spans
    if settings.get("answer", "generate") != "generate" and one and not style.reasons:
        return 1 + max(count([f" {style.label(label)}" for label in style.labels] or [""]).counts)
    return most_new_tokens(SimpleNamespace(max_new_tokens=settings.get("max_new_tokens", 0)), style)


def fitting_in(
    space: int, examples: Sequence[Example], style: PromptStyle, farthest_first: bool, count: Count
) -> list[Example]:
    """The demonstrations that take at most `space` tokens; the last are dropped first, or the first ones."""
    lengths = count([f"{style.question(one.text)}\n{solution(style, one)}\n\n" for one in examples]).counts
    first, end = 0, len(examples)
    while first < end and sum(lengths[first:end]) > space:
        first, end = (first + 1, end) if farthest_first else (first, end - 1)
    return list(examples[first:end])


def shortened(texts: Sequence[str], most: int, style: PromptStyle, count: Count, whole: bool = False) -> list[str]:
    """Each text cut so that its delimited form (`whole`: the question) takes at most so many tokens."""

    def lengths(some: Sequence[str]) -> Sequence[int]:
        return count([style.question(text) if whole else f" {style.delimited(text)}" for text in some]).counts

    kept = list(texts)
    for place, length in enumerate(lengths(kept)):
        text = kept[place]
        while length > most and text:
            text = text[: min(len(text) - 1, int(len(text) * most / length))]
            length = lengths([text])[0]
        kept[place] = text
    return kept


def window_of(model: str | None) -> int | None:
    """Most tokens that a model reads, by the catalogue or its configuration; None when that is not known."""
    found = card(model)
    if found and found.context:
        return found.context
    folder = Path(model or "").expanduser()
    config = folder / "config.json" if model and folder.is_dir() else cached_config(model or "")
    try:
        content = json.loads(config.read_text(encoding="utf-8")) if config else {}
    except (OSError, ValueError):
        return None
    sizes = [content.get(name) for name in ("max_position_embeddings", "n_positions")]
    return next((size for size in sizes if isinstance(size, int) and size > 0), None)
