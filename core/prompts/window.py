"""Fitting a prompt into a model's window: how many labels are listed, how many demonstrations are shown, how long
texts may be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.errors import TradeoffError
from core.methods.settings import PromptSettings
from core.prompts.engine import Engine
from core.prompts.layout import ChatTemplate, Layout, lay_out
from core.prompts.lengths import most_new_tokens
from core.prompts.styles import PromptStyle
from core.prompts.tree import told_apart
from core.tasks.base import Example

CHARACTERS_PER_TOKEN = 32
"""More than any tokenizer packs into a token of running text: what is beyond is cut before it is tokenized."""
LEAST_ROOM = 16


@dataclass(frozen=True)
class Fitted:
    """A prompt that fits, in tokens.

    Attributes:
        shared: the tokens that all prompts begin with.
        tail: the tokens after each text.
        answers: what each label's answer says after the prompt, in the order of the text's labels.
        room: most tokens of a text.
        spare: tokens that a text, and what it is shown beside the shared beginning, may take together.
        demonstrations: the solved examples that all texts are shown, cut.
        notes: what had to be left out.
    """

    shared: list[int]
    tail: list[int]
    answers: list[tuple[int, ...]]
    room: int
    spare: int
    demonstrations: list[Example]
    notes: dict[str, Any]


def fit_window(
    engine: Engine, style: PromptStyle, settings: PromptSettings, demonstrations: Sequence[Example], writes: bool,
    solved: bool = False,
) -> Fitted:  # fmt: skip
    """Lay out the prompt so that the longest text and answer still fit the model's window.

    The label list may take half of the window; demonstrations are dropped whole, the last ones first. `writes` says
    that the model writes its answers, `solved` that each text brings demonstrations of its own.

    Raises:
        TradeoffError: instruction and labels alone are too long.
    """
    cut = Cutter(engine, style, min(settings.max_text_tokens, engine.window // 2))
    shown = [replace(example, text=cut(example.text)[0]) for example in demonstrations]
    listed = _listed(engine, style, settings.instruction)
    chat = chat_template(engine) if settings.chat_template else None
    while True:
        instruction = style.instruction(settings.instruction, solved or bool(shown), listed)
        layout = lay_out(style, instruction, shown, engine.neutral, chat)
        shared, tail, answers = _tokens(engine, style, layout, chat is None)
        answer = most_new_tokens(settings, style) if writes else max(map(len, answers))
        left = engine.window - len(shared) - len(tail) - answer
        if left >= cut.most or (not shown and left >= min(LEAST_ROOM, cut.most)):
            break
        if not shown:
            raise TradeoffError(
                f"Instruction and answer leave no room for a text: they take {engine.window - left} of the "
                f"{engine.window} tokens that the model reads", engine.name,
                "Shorten the instruction, lower max_new_tokens, or choose another model.",
            )  # fmt: skip
        shown = shown[:-1]
    notes: dict[str, Any] = {"prompt": f"{style.name} {style.version}, {'chat template' if chat else 'plain text'}"}
    if listed < len(style.labels):
        notes["labels_listed"] = f"{listed} of {len(style.labels)}: the model's window holds no more"
    if len(shown) < len(demonstrations):
        notes["demonstrations_dropped"] = len(demonstrations) - len(shown)
    return Fitted(shared, tail, answers, min(cut.most, left), left, shown, notes)


class Cutter:
    """Cuts texts to a number of tokens, as the style delimits them.

    Attributes:
        most: most tokens of a delimited text.
    """

    def __init__(self, engine: Engine, style: PromptStyle, most: int) -> None:
        self.engine, self.style, self.most = engine, style, most

    def __call__(self, text: str) -> tuple[str, list[int], bool]:
        """The text as it fits, its tokens, delimiters included, and whether it was cut."""
        return self.all([text])[0]

    def all(self, texts: Sequence[str]) -> list[tuple[str, list[int], bool]]:
        """The same for many texts, tokenized together."""
        kept = [text[: self.most * CHARACTERS_PER_TOKEN] for text in texts]
        rows = self.tokens(kept)
        return [self._shortened(*row) for row in zip(texts, kept, rows, strict=True)]

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of delimited texts as they go on from what stands before them."""
        delimited = [f" {self.engine.neutral(self.style.delimited(text))}" for text in texts]
        return self.engine.encode(delimited, after=self.style.lead)

    def _shortened(self, text: str, kept: str, ids: list[int]) -> tuple[str, list[int], bool]:
        # Whole characters are cut, not tokens: half an escape or a half-closed string would break the delimiters.
        while len(ids) > self.most and kept:
            kept = kept[: min(len(kept) - 1, int(len(kept) * self.most / len(ids)))]
            ids = self.tokens([kept])[0]
        return kept, ids, len(kept) < len(text)


def chat_template(engine: Engine) -> ChatTemplate | None:
    """How the model's chat template wraps a user's message; None when it has none."""
    if not engine.tokenizer.chat_template:
        return None

    def wrapped(message: str) -> str:
        # Models that think first are asked not to; templates that know no such thing pass it over.
        rendered: str = engine.tokenizer.apply_chat_template(
            [{"role": "user", "content": message}], tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return rendered

    return wrapped


def _listed(engine: Engine, style: PromptStyle, own: str) -> int:
    listed = len(style.labels)
    while listed > 1:
        size = len(engine.encode([engine.neutral(style.instruction(own, listed=listed))])[0])
        if size <= engine.window // 2:
            break
        listed = max(1, min(listed - 1, int(listed * engine.window / 2 / size)))
    return listed


def _tokens(
    engine: Engine, style: PromptStyle, layout: Layout, begins: bool
) -> tuple[list[int], list[int], list[tuple[int, ...]]]:
    shared = (engine.beginning() if begins else []) + engine.encode([layout.shared])[0]
    tail = engine.encode([layout.tail], after=style.delimited("a"))[0]
    written = [engine.neutral(style.label(label)) for label in style.task.text_label_set(style.labels)]
    if not written:
        return shared, tail, []
    answers = engine.encode(written, after=layout.tail)
    closing = engine.encode([style.closing or "\n"], after=style.opening)[0]
    return shared, tail, told_apart(answers, closing or sorted(engine.ends)[:1])
