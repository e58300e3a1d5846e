"""What is predicted for a text: labels of the whole text, labelled spans inside it, or both."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A labelled part of a text: characters from `start` up to and without `end`."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Target:
    """The labels of a whole text and the spans inside it, in one order, so that equal targets compare equal.

    single_label: one label. multi_label: any number. token_labels: spans. intent_slots: one label and spans.
    """

    labels: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()

    @staticmethod
    def of(labels: Iterable[str] = (), spans: Iterable[Span] = ()) -> "Target":
        """A target from labels and spans in any order; doubled ones count once."""
        return Target(tuple(sorted(set(labels))), tuple(sorted(set(spans))))
