"""How a fine-tuned language model is asked about one dataset, and what it is to answer, in tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import TradeoffError
from core.methods.settings import GeneratorSettings
from core.methods.speller import CHARACTERS_PER_TOKEN, Speller
from core.prompts.labels import Reading
from core.prompts.styles import PromptStyle, get_style
from core.prompts.tree import told_apart
from core.tasks.base import Task
from core.tasks.target import Target

SHORT = {
    ("one", False): "Classify the text.",
    ("any", False): "Name all labels of the text.",
    ("none", True): "Find the entities in the text.",
    ("one", True): "Find the intent of the text and its slots.",
    ("any", True): "Name all labels of the text and find its entities.",
}
"""By what a task's targets hold. A fine-tuned model knows from its examples what is meant."""
LISTED_TOKENS = 64
"""Up to so many tokens the label list is worth its place in every prompt."""


@dataclass(frozen=True, slots=True)
class Question:
    """A text as it is asked: cut to its room, and the tokens that follow the shared beginning of all prompts."""

    text: str
    ids: list[int]
    cut: bool


class Phrasing:
    """Asks about the texts of one dataset in a prompt style.

    Attributes:
        shared: the tokens that all prompts begin with.
        listed: whether the instruction lists the labels.
    """

    def __init__(
        self, task: Task, labels: Sequence[str], settings: GeneratorSettings, speller: Speller, seq2seq: bool,
        room: int, name: str = "",
    ) -> None:  # fmt: skip
        """`room` is the most tokens of a prompt with its answer; `name` is told where prompts would look alike.

        Raises:
            TradeoffError: the instruction leaves no room for a text, or the style was reworded since.
        """
        self.task, self.labels, self.speller, self.settings = task, list(labels), speller, settings
        self.style = taught_style(settings.style, task, labels, settings.style_version)
        before, after = _chat(speller) if settings.chat_template and not seq2seq else ("", "\n")
        self.listed, words = self._instruction(name)
        start = speller.template(before) if before else speller.begin
        self.shared = [*start, *speller.plain([words + "\n\n"])[0]]
        self.opening = speller.plain([self.style.opening])[0]
        between = speller.template(after) if before else speller.plain([after])[0]
        self.tail = [*between, *self.opening, *([speller.end] if seq2seq else [])]
        self.most = min(settings.max_tokens, room - len(self.shared) - len(self.tail) - 8)
        if self.most < 8:
            raise TradeoffError(
                f"The instruction leaves no room for a text: it takes {len(self.shared)} of {room} tokens",
                remedy="Shorten instruction, set list_labels to no, or lower max_new_tokens.",
            )

    def questions(self, texts: Sequence[str]) -> list[Question]:
        """Each text as it is asked."""
        kept = [text[: self.most * CHARACTERS_PER_TOKEN] for text in texts]
        rows = self.speller.plain([self.style.question(text) for text in kept])
        return [self._cut(*row) for row in zip(texts, kept, rows, strict=True)]

    def answers(self, texts: Sequence[str], targets: Sequence[str]) -> list[list[int]]:
        """What is to be written about each text as it was cut, with the token that ends it."""
        said = [self._said(text, target) for text, target in zip(texts, targets, strict=True)]
        return [[*ids, self.speller.end] for ids in self.speller.plain(said)]

    def label_answers(self) -> list[tuple[int, ...]]:
        """What is written for each label of a single-label task, as told apart as it needs to be."""
        said = [self._said("", self.task.encode(Target((label,)))) for label in self.labels]
        return told_apart(self.speller.plain(said), [self.speller.end])

    def read(self, text: str, ids: Sequence[int]) -> tuple[str, Reading]:
        """The completion that token ids spell, and what is read from it."""
        completion = self.style.opening + self.speller.read(ids, self.opening)
        return completion, self.style.read(text, completion)

    def ended(self, ids: Sequence[int]) -> bool:
        """Whether an answer is whole."""
        return ids[-1] == self.speller.end or self.style.ended(self.speller.read(ids, self.opening))

    def survives(self, text: str, target: str, ids: Sequence[int]) -> bool:
        """Whether the target can be read from its own answer: a vocabulary may lack characters of it."""
        return self.read(text, ids)[1].target == self.style.parse(text, self.style.answer(text, target))

    def _said(self, text: str, target: str) -> str:
        return self.style.answer(text, target).removeprefix(self.style.opening)

    def _instruction(self, name: str) -> tuple[bool, str]:
        def lengths(texts: Sequence[str]) -> list[int]:
            return [len(ids) for ids in self.speller.plain(texts)]

        listed, words = taught_instruction(self.style, self.settings.instruction, self.settings.list_labels, lengths)
        return listed, f"{words} ({name})" if name else words

    def _cut(self, text: str, kept: str, ids: list[int]) -> Question:
        # Whole characters are cut, not tokens: half an escape or a half-closed string would break the delimiters.
        while len(ids) > self.most and kept:
            kept = kept[: min(len(kept) - 1, int(len(kept) * self.most / len(ids)))]
            ids = self.speller.plain([self.style.question(kept)])[0]
        return Question(kept, [*ids, *self.tail], len(kept) < len(text))


def taught_style(name: str, task: Task, labels: Sequence[str], version: int | None = None) -> PromptStyle:
    """The style as models are trained to write it; raises what `get_style` raises."""
    style = get_style(name, task, labels, version)
    if name == "serial":
        # An answer names only the types that occur: what is always the same need not be learnt or written.
        style.all_types = False
    return style


def taught_instruction(
    style: PromptStyle, own: str, list_labels: str, lengths: Callable[[Sequence[str]], Sequence[int]]
) -> tuple[bool, str]:
    """Whether the instruction lists the labels, and its words; `lengths` counts the tokens of texts."""
    own = own or SHORT[style.task.text_labels, style.task.has_spans]
    whole = style.instruction(own)
    listed = list_labels == "yes" or "{labels}" in own
    if not listed and list_labels == "auto":
        long, short = lengths([whole, own])
        listed = long - short <= LISTED_TOKENS
    return listed, whole if listed else own


def _chat(speller: Speller) -> tuple[str, str]:
    """What a model's chat template puts before and after a user's message; nothing when it has none."""
    if not speller.tokenizer.chat_template:
        return "", "\n"
    mark = "MESSAGE-STANDS-HERE"
    rendered: str = speller.tokenizer.apply_chat_template(
        [{"role": "user", "content": mark}], tokenize=False, add_generation_prompt=True, enable_thinking=False
    )
    before, found, after = rendered.partition(mark)
    return (before, after) if found else ("", "\n")
