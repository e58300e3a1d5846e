"""The contract of a prompt style, and what the styles share."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.prompts.labels import LabelReader, Reading
from core.prompts.rewording import ordered, reworded
from core.tasks.base import Example, Task
from core.tasks.target import Span, Target

MOST_LISTED_TYPES = 12
"""Up to so many span types an answer names each of them; with more, only those that occur."""
MULTI_LINE = ("token_labels", "intent_slots")


@dataclass(frozen=True, slots=True)
class Demonstration(Example):
    """A solved example with the reasoning that leads to its target, for the styles that show one."""

    reasoning: str = ""
    clues: str = ""


class PromptStyle(Protocol):
    """How an example is asked and answered, for one task and label set.

    A prompt is the instruction, the demonstrations, and the question, up to where the answer's `opening` ends: the
    model goes on from there. The one law: `parse(text, answer(text, target)) == target`, whatever text and labels hold,
    for every target whose spans are not empty and do not overlap.

    Attributes:
        name: what the setting `style` says.
        version: rises with every change of the wording; it is part of a run's identity.
        lead: what stands before every text.
        opening: what every answer begins with. It stands in the prompt already.
        closing: what ends an answer that is a single label, after the label.
        reasons: whether an answer holds the model's reasoning before what is asked for.
        mark: what then sets the answer apart from the reasoning.
        all_types: whether an answer names every span type, those without spans too; it may be set otherwise.
        paraphrase: which wording of the standard instruction is asked in (`core.prompts.rewording`).
        label_order: in which order the instruction lists its names.
    """

    name: str
    version: int
    lead: str
    opening: str
    closing: str
    reasons: bool
    mark: str
    all_types: bool
    paraphrase: int
    label_order: int
    task: Task
    labels: list[str]

    def instruction(self, own: str = "", solved: bool = False, listed: int | None = None) -> str:
        """What is asked: the user's words or the standard ones, with the labels where they say `{labels}`.

        Slot names stand for `{slots}`. Lists that the words do not mention follow them. `solved` says that
        demonstrations follow. `listed` is the most names of a list; a longer one ends in an ellipsis.
        """

    def delimited(self, text: str) -> str:
        """The text closed off after `lead`: nothing that it says can end it early."""

    def question(self, text: str) -> str:
        """`lead` and the delimited text."""

    def label(self, label: str) -> str:
        """What an answer of one label says between opening and closing."""

    def answer(self, text: str, target: str, shown: Demonstration | None = None) -> str:
        """A whole answer, as demonstrations and fine-tuning show it; spans beyond the text are left out."""

    def parse(self, text: str, completion: str) -> str | None:
        """The encoded target that a completion means, or None."""

    def read(self, text: str, completion: str) -> Reading:
        """What `parse` gives, with the reason where that is None, and counts of what could not be used."""

    def ended(self, text_so_far: str) -> bool:
        """Whether what a model wrote after the opening is a whole answer."""

    def schema(self) -> dict[str, Any] | None:
        """The JSON schema of an answer, None where it is no JSON."""


class Style:
    """What the styles share; a style says how it delimits, lists, writes and reads."""

    name = ""
    version = 2
    lead = opening = closing = mark = ""
    reasons = False
    paraphrase = label_order = 0
    wording: Mapping[str, tuple[str, str]] = {}
    """For each task the standard instruction, without and with demonstrations after it."""

    def __init__(self, task: Task, labels: Sequence[str]) -> None:
        self.task, self.labels = task, list(labels)
        self.text_labels, self.types = task.text_label_set(labels), task.span_label_set(labels)
        self.reader, self.typer = LabelReader(self.text_labels), LabelReader(self.types)
        self.all_types = len(self.types) <= MOST_LISTED_TYPES

    def instruction(self, own: str = "", solved: bool = False, listed: int | None = None) -> str:
        """The user's words or the standard ones with the lists of names."""
        wanted = own.strip() or reworded(self._standard(solved), self.paraphrase)
        names = {"{labels}": self.text_labels or self.types}
        if self.text_labels and self.types:
            names["{slots}"] = self.types
        for sign, values in names.items():
            shown = self.listed(ordered(values, self.label_order)[:listed])
            shown += ", …" if listed is not None and listed < len(values) else ""
            if sign in wanted:
                wanted = wanted.replace(sign, shown)
            elif values:
                wanted += f"\n{'Slots' if sign == '{slots}' else 'Labels'}: {shown}"
        return wanted

    def question(self, text: str) -> str:
        """`lead` and the delimited text."""
        return f"{self.lead} {self.delimited(text)}"

    def parse(self, text: str, completion: str) -> str | None:
        """The encoded target that a completion means, or None."""
        return self.read(text, completion).target

    def schema(self) -> dict[str, Any] | None:
        """None: an answer is no JSON."""
        return None

    def delimited(self, text: str) -> str:
        """The text closed off after `lead`."""
        raise NotImplementedError

    def read(self, text: str, completion: str) -> Reading:
        """What a completion means."""
        raise NotImplementedError

    def _standard(self, solved: bool) -> str:
        return self.wording[self.task.kind][solved]

    def listed(self, names: Sequence[str]) -> str:
        """Names as the instruction lists them."""
        raise NotImplementedError

    def _decoded(self, text: str, target: str) -> tuple[tuple[str, ...], dict[str, list[Span]]]:
        """The labels of the text, and its spans by type in the order in which an answer names the types."""
        decoded = self.task.decode(target)
        spans = [span for span in decoded.spans if 0 <= span.start < span.end <= len(text)]
        names = self.types if self.all_types else dict.fromkeys(span.label for span in spans)
        by_type: dict[str, list[Span]] = {name: [] for name in names}
        for span in spans:
            by_type.setdefault(span.label, []).append(span)
        return decoded.labels, by_type

    def _reading(self, labels: Sequence[str], spans: Sequence[Span], counts: Mapping[str, int]) -> Reading:
        kept = {name: count for name, count in counts.items() if count}
        return Reading(self.task.encode(Target.of(labels, spans)), counts=kept)


def json_string(text: str) -> str:
    """A JSON string, readable where it can be: only what has no UTF-8 form or ends a line is escaped beyond need."""
    odd = re.search("[\ud800-\udfff\u2028\u2029\x85]", text) is not None
    return json.dumps(text, ensure_ascii=odd)
