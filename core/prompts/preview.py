"""What a prompt will look like and how long it gets, before anything is launched. Light unless examples are similar."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from core.errors import TradeoffError
from core.home import Home
from core.methods import asks_provider
from core.methods.base import Context
from core.methods.phrasing import taught_instruction, taught_style
from core.methods.settings.prompt import DemonstrationSettings
from core.prompts.counting import count_tokens
from core.prompts.demonstrations import Demonstrator, draw
from core.prompts.messages import chat_messages, plain_prompt
from core.prompts.room import Count, answer_tokens, fitting_in, shortened, window_of
from core.prompts.styles import Demonstration, PromptStyle, style_of
from core.spec import Candidate, Record
from core.tasks.base import Example, Task

ASSUMED_WINDOW = 2048
SAMPLE = 200
SEARCHED = 2000
"""Training texts among which a preview looks for similar ones: embedding more takes long."""
SPARE_TOKENS = 8
"""What fine-tuning leaves free beside a text."""


class PromptPreview(Record):
    """Prompts of some texts, in plain text, and what fits into the model's window.

    A chat model's own marks around the parts are not shown; reasoning that a run has written for its demonstrations
    stands as `none`.

    Attributes:
        prompts: the whole prompt of each text asked about, texts cut and demonstrations dropped as a run does it.
        tokens: their lengths; `exact` says whether the model's own tokenizer counted.
        answers: what a fine-tuned model is taught to write after each prompt; empty where nothing is taught.
        window: most tokens that the model reads; None when that is not known.
        demonstrations, fitting: how many are asked for, and how many of them fit: beside the longest text allowed or,
            where each text has its own, beside each of these texts.
        searched: among how many training texts similar ones were looked for; a run looks among all of its pool.
        sampled, cut: how many texts were looked at, and how many of them are longer than their room.
    """

    style: str
    version: int
    prompts: list[str]
    tokens: list[int]
    exact: bool
    answers: list[str] = []
    window: int | None
    demonstrations: int
    fitting: int
    searched: int | None = None
    sampled: int
    cut: int


def asks_in_words(candidate: Candidate) -> bool:
    """Whether a candidate asks, or is taught, in words: a prompt, or a fine-tuned model that writes its answers."""
    return "style" in candidate.settings and candidate.settings.get("head") != "classify"


def needs_encoder(candidate: Candidate) -> bool:
    """Whether a preview loads an encoder, and with it torch."""
    settings = candidate.settings
    return bool(settings.get("shots")) and settings.get("demonstrations") == "similar"


def preview(
    candidate: Candidate, task: Task, labels: Sequence[str], train: Sequence[Example], texts: Sequence[str], home: Home,
    seed: int = 0, sample: int = SAMPLE,
) -> PromptPreview:  # fmt: skip
    """The prompts of `texts` as a run of `candidate` with this seed would ask them, and what fits.

    Raises:
        TradeoffError: the candidate asks nothing, or the encoder for similar examples cannot be loaded.
    """
    if not asks_in_words(candidate):
        raise TradeoffError(
            f"{candidate.id} asks nothing in words", remedy="Name a -zero-shot or -few-shot candidate, or a language "
            "model that is fine-tuned to write its answers.",
        )  # fmt: skip
    looked = [example.text for example in draw(train, sample, "random", seed)]
    if "shots" not in candidate.settings:
        return _taught(candidate, task, labels, train, texts, looked, home)
    return _asked(candidate, task, labels, train, texts, looked, home, seed)


def _asked(
    candidate: Candidate, task: Task, labels: Sequence[str], train: Sequence[Example], texts: Sequence[str],
    looked: Sequence[str], home: Home, seed: int,
) -> PromptPreview:  # fmt: skip
    settings, count = candidate.settings, partial(count_tokens, candidate.model, home=home)
    style, window = style_of(settings, task, labels), window_of(candidate.model)
    shown, searched = _shown(settings, task, labels, train, texts, home, seed)
    instruction = style.instruction(settings["instruction"], solved=settings["shots"] > 0)
    room = min(settings.get("max_text_tokens", ASSUMED_WINDOW), (window or ASSUMED_WINDOW) // 2)
    fixed = count([plain_prompt(style, instruction, [], "")]).counts[0]
    left = (window or ASSUMED_WINDOW) - fixed - answer_tokens(settings, style, count)
    if asks_provider(candidate.method):
        most = settings["max_text_characters"]
        cuts = [text[:most] for text in looked]
        kept = [text[:most] for text in texts]
        room = max(count([style.question(text) for text in cuts] or [""]).counts)
    else:
        most = max(0, min(room, left))
        cuts, kept = (shortened(some, most, style, count) for some in (looked, texts))
        own = list(dict.fromkeys(example for examples in shown for example in examples))
        cut_own = shortened([example.text for example in own], room, style, count)
        short = {example: replace(example, text=text) for example, text in zip(own, cut_own, strict=True)}
        shown = [[short[example] for example in examples] for examples in shown]
    fit = shown
    if window or not asks_provider(candidate.method):
        fit = _fitting(shown, kept, left, room, settings, style, count)
    # A provider is sent all that was asked for: it refuses what is too long.
    sent = shown if asks_provider(candidate.method) else fit
    prompts = [_whole(candidate, style, instruction, own, text) for own, text in zip(sent, kept, strict=True)]
    counted = count(prompts)
    return PromptPreview(
        style=style.name, version=style.version, prompts=prompts, tokens=list(counted.counts), exact=counted.exact,
        window=window, demonstrations=max(map(len, shown), default=0), fitting=min(map(len, fit), default=0),
        searched=searched, sampled=len(looked),
        cut=sum(len(short) < len(text) for short, text in zip(cuts, looked, strict=True)),
    )  # fmt: skip


def _taught(
    candidate: Candidate, task: Task, labels: Sequence[str], train: Sequence[Example], texts: Sequence[str],
    looked: Sequence[str], home: Home,
) -> PromptPreview:  # fmt: skip
    """What a fine-tuned model is asked, and what it is taught to write; the answer of a text that is not in `train`
    is not known.
    """
    settings, count = candidate.settings, partial(count_tokens, candidate.model, home=home)
    style, window = taught_style(settings["style"], task, labels), window_of(candidate.model)

    def lengths(some: Sequence[str]) -> Sequence[int]:
        return count(some).counts

    _, instruction = taught_instruction(style, settings["instruction"], settings["list_labels"], lengths)
    fixed = lengths([plain_prompt(style, instruction, [], "")])[0]
    written = 0 if candidate.method.startswith("seq2seq") else settings["max_new_tokens"]
    room = (window or ASSUMED_WINDOW) - written - fixed - SPARE_TOKENS
    most = max(0, min(settings["max_tokens"], room))
    cuts, kept = (shortened(some, most, style, count, whole=True) for some in (looked, texts))
    prompts = [f"{instruction}\n\n{style.question(text)}\n{style.opening}" for text in kept]
    targets = {example.text: example.target for example in train}
    answers = [
        style.answer(short, targets[text]).removeprefix(style.opening) if text in targets else ""
        for text, short in zip(texts, kept, strict=True)
    ]
    counted = count(prompts)
    # Fine-tuning writes what T5's vocabulary lacks, line ends above all, as spare tokens that are not counted here.
    exact = counted.exact and not candidate.method.startswith("seq2seq")
    return PromptPreview(
        style=style.name, version=style.version, prompts=prompts, tokens=list(counted.counts), exact=exact,
        answers=answers, window=window, demonstrations=0, fitting=0, sampled=len(looked),
        cut=sum(len(short) < len(text) for short, text in zip(cuts, looked, strict=True)),
    )  # fmt: skip


def _fitting(
    shown: Sequence[Sequence[Example]], kept: Sequence[str], left: int, room: int, settings: dict[str, Any],
    style: PromptStyle, count: Count,
) -> list[list[Example]]:  # fmt: skip
    """The demonstrations that a run keeps: those of all texts beside the longest text, a text's own beside itself."""
    if settings["demonstrations"] != "similar":
        return [fitting_in(left - room, own, style, False, count) for own in shown]
    farthest_first = settings["order"] != "most_similar_first"
    lengths = count([f" {style.delimited(text)}" for text in kept]).counts
    return [fitting_in(left - n, own, style, farthest_first, count) for own, n in zip(shown, lengths, strict=True)]


def _whole(candidate: Candidate, style: PromptStyle, instruction: str, shown: Sequence[Example], text: str) -> str:
    """The prompt as one text; of a chat with a provider each message under the name of who says it."""
    if style.reasons:
        shown = [Demonstration(one.id, one.text, one.target) for one in shown]
    if not asks_provider(candidate.method):
        return plain_prompt(style, instruction, shown, text)
    messages = chat_messages(style, instruction, shown, text)
    return "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in messages)


def _shown(
    settings: dict[str, Any], task: Task, labels: Sequence[str], train: Sequence[Example], texts: Sequence[str],
    home: Home, seed: int,
) -> tuple[list[list[Example]], int | None]:  # fmt: skip
    """The demonstrations of each text, and among how many similar ones were looked for."""
    chosen = DemonstrationSettings(**{k: v for k, v in settings.items() if k in DemonstrationSettings.model_fields})
    context = Context(task, list(labels), seed=seed, models=home.cache / "models")
    varies = chosen.shots > 0 and chosen.demonstrations == "similar"
    among = draw(train, min(chosen.pool or SEARCHED, SEARCHED), "random", seed) if varies else train
    found = Demonstrator.choose(among, chosen, context).of(texts)
    return found, len(among) if varies else None
