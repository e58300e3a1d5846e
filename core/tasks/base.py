"""The contract of a task, and what all tasks share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from core.analysis.statistic import Statistic
from core.tasks.target import Span, Target


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its target. `target` is in the task's encoded form (a string); for single_label, the label."""

    id: str
    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Score:
    """A metric on one split with its 95 % interval (`low`, `high`; None where none can be given) over `n` examples."""

    metric: str
    split: str
    value: float
    low: float | None
    high: float | None
    n: int


class Task(Protocol):
    """What is predicted and how it is scored. Targets and predictions travel as encoded strings.

    Attributes:
        name: what datasets and runs call it.
        kind: how its targets look: the name of the task that it is, or derives from. Files, prompts and methods go by
            it, so that a derived task needs nothing of its own there.
        title: what a user calls it.
        text_labels: how many labels a whole text carries: `none`, exactly `one`, or `any` number.
        has_spans: whether parts of a text carry labels.
        primary_metric: what candidates are ranked by; higher is better.
        metrics: each metric's name and what it means in plain words, the primary one first.
    """

    name: str
    kind: str
    title: str
    text_labels: Literal["none", "one", "any"]
    has_spans: bool
    primary_metric: str
    metrics: dict[str, str]

    def encode(self, target: Target) -> str:
        """The target as the string that is stored: equal targets give equal strings."""

    def decode(self, encoded: str) -> Target:
        """The inverse of `encode`.

        Raises:
            ValueError: the string is no target of this task.
        """

    def label_set(self, targets: Sequence[str]) -> list[str]:
        """The labels that occur in encoded targets, sorted: the label set of a dataset."""

    def text_label_set(self, labels: Sequence[str]) -> list[str]:
        """Those of a label set that whole texts carry."""

    def span_label_set(self, labels: Sequence[str]) -> list[str]:
        """Those of a label set that spans carry."""

    def shown(self, encoded: str, text: str) -> str:
        """The target in plain words, for tables and exports: `sun, rain`; `Berlin [city]`."""

    def statistics(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> dict[str, Statistic]:
        """Every metric of the task as a statistic over the examples. None is an invalid answer: it counts as wrong."""

    def score(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str], split: str,
        ids: Sequence[str] = (),
    ) -> list[Score]:  # fmt: skip
        """Every metric of the task with its interval; the primary metric first. `ids` may name documents."""

    def report(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> list[dict[str, Any]]:
        """A row a label: label, precision, recall, f1, support, predicted."""


def shown_spans(spans: Sequence[Span], text: str) -> str:
    """Spans in plain words: `Berlin [city]; 7 am [time]`."""
    return "; ".join(f"{text[span.start : span.end]} [{span.label}]" for span in spans)


__all__ = ["Example", "Score", "Statistic", "Task", "shown_spans"]
