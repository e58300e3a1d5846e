"""The contract of a task."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


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
    """What is predicted and how it is scored. Targets and predictions travel as encoded strings."""

    name: str
    primary_metric: str
    metrics: dict[str, str]
    """Each metric's name and what it means in plain words."""

    def encode(self, target: Any) -> str:
        """The target as the string that is stored."""

    def decode(self, encoded: str) -> Any:
        """The inverse of `encode`."""

    def label_set(self, targets: Sequence[str]) -> list[str]:
        """The labels that occur in encoded targets, sorted."""

    def score(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str], split: str
    ) -> list[Score]:
        """Every metric of the task with its interval; the primary metric first. None is an invalid answer."""

    def report(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> list[dict[str, Any]]:
        """A row a label: label, precision, recall, f1, support, predicted."""
