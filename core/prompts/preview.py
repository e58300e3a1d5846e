"""What a prompt will look like and how long it gets, before anything is launched. Light unless examples are similar."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from core.architectures import cached_config
from core.catalogue import card
from core.errors import TradeoffError
from core.home import Home
from core.methods.base import Context
from core.methods.settings.prompt import DemonstrationSettings
from core.prompts.counting import count_tokens
from core.prompts.demonstrations import Demonstrator, draw
from core.prompts.lengths import most_new_tokens
from core.prompts.messages import plain_prompt, solution
from core.prompts.styles import Demonstration, get_style
from core.spec import Candidate, Record
from core.tasks.base import Example, Task

ASSUMED_WINDOW = 2048
SAMPLE = 200
SEARCHED = 2000
"""Training texts among which a preview looks for similar ones: embedding more takes long."""


class PromptPreview(Record):
    """Prompts of some texts, in plain text, and what fits into the model's window.

    A chat model's own marks around the parts are not shown; reasoning that a run has written for its demonstrations
    stands as `none`.

    Attributes:
        prompts: the whole prompt of each text asked about.
        tokens: their lengths; `exact` says whether the model's own tokenizer counted.
        window: most tokens that the model reads; None when that is not known.
        demonstrations, fitting: how many are asked for, and how many of them fit beside the longest text allowed.
        sampled, cut: how many texts were looked at, and how many of them are longer than their room.
    """

    style: str
    version: int
    prompts: list[str]
    tokens: list[int]
    exact: bool
    window: int | None
    demonstrations: int
    fitting: int
    sampled: int
    cut: int


def preview(
    candidate: Candidate, task: Task, labels: Sequence[str], train: Sequence[Example], texts: Sequence[str], home: Home,
    seed: int = 0, sample: int = SAMPLE,
) -> PromptPreview:  # fmt: skip
    """The prompts of `texts` as a run of `candidate` with this seed would ask them, and what fits.

    Raises:
        TradeoffError: the candidate asks nothing, or the encoder for similar examples cannot be loaded.
    """
    settings = candidate.settings
    if "style" not in settings or "shots" not in settings:
        raise TradeoffError(f"{candidate.id} asks nothing in words", remedy="Name a -zero-shot or -few-shot candidate.")
    style = get_style(settings["style"], task, labels)
    shown = _shown(settings, task, labels, train, texts, home, seed)
    if style.reasons:
        shown = [[Demonstration(one.id, one.text, one.target) for one in own] for own in shown]
    instruction = style.instruction(settings["instruction"], solved=settings["shots"] > 0)
    prompts = [plain_prompt(style, instruction, own, text) for own, text in zip(shown, texts, strict=True)]
    counted = count_tokens(candidate.model, prompts, home)
    window = _window(candidate.model)
    limit = SimpleNamespace(max_new_tokens=settings.get("max_new_tokens", 0))
    answer = most_new_tokens(limit, style)
    fixed, *examples = count_tokens(
        candidate.model,
        [plain_prompt(style, instruction, [], ""), *(f"{style.question(one.text)}\n{solution(style, one)}\n\n"
                                                     for one in (shown[0] if shown else []))],
        home,
    ).counts  # fmt: skip
    room = min(settings.get("max_text_tokens", window or ASSUMED_WINDOW), (window or ASSUMED_WINDOW) // 2)
    left = (window or ASSUMED_WINDOW) - fixed - answer
    fitting = len(examples)
    while fitting and sum(examples[:fitting]) + room > left:
        fitting -= 1
    looked = [style.question(example.text) for example in draw(train, sample, "random", seed)]
    lengths = count_tokens(candidate.model, looked, home).counts if looked else ()
    return PromptPreview(
        style=style.name, version=style.version, prompts=prompts, tokens=list(counted.counts), exact=counted.exact,
        window=window, demonstrations=len(examples), fitting=fitting, sampled=len(looked),
        cut=sum(count > max(0, min(room, left)) for count in lengths),
    )  # fmt: skip


def _shown(
    settings: dict[str, Any], task: Task, labels: Sequence[str], train: Sequence[Example], texts: Sequence[str],
    home: Home, seed: int,
) -> list[list[Example]]:  # fmt: skip
    chosen = DemonstrationSettings(**{k: v for k, v in settings.items() if k in DemonstrationSettings.model_fields})
    context = Context(task, list(labels), seed=seed, models=home.cache / "models")
    among = train if chosen.demonstrations != "similar" else draw(train, chosen.pool or SEARCHED, "random", seed)
    return Demonstrator.choose(among, chosen, context).of(texts)


def _window(model: str | None) -> int | None:
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
