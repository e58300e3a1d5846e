"""What is wrong with spans: each right (gold) span and each found (predicted) span is judged by what it overlaps.

Five outcomes: `right` (same place, same label), `wrong label` (it overlaps one with another label), `wrong boundary`
(it overlaps one with its label, in another place), `missed` (a gold span that overlaps none found), `spurious` (a
found span that overlaps no gold one). They are those of the MUC evaluation (Chinchor & Sundheim 1993) with partial
matches told apart. The index judges in SQL by the same rules (`store/ingest.py`), which a test holds together.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.tasks.target import Span, Target

Outcome = Literal["right", "wrong label", "wrong boundary", "missed", "spurious"]
OUTCOMES: dict[Outcome, str] = {
    "right": "Place and label are right",
    "wrong label": "Found, but with another label",
    "wrong boundary": "The label is right, start or end is not",
    "missed": "Not found at all",
    "spurious": "Found where nothing is",
}
"""Each outcome in plain words, the best first."""

Agreement = Literal["both right", "only the intent wrong", "only the slots wrong", "both wrong"]
AGREEMENTS: tuple[Agreement, ...] = ("both right", "only the slots wrong", "only the intent wrong", "both wrong")


@dataclass(frozen=True, slots=True)
class JudgedSpan:
    """A span with its outcome. `other` is the span of the other side that judged it; None where none overlaps."""

    span: Span
    outcome: Outcome
    other: Span | None


@dataclass(frozen=True, slots=True)
class LabelErrors:
    """The outcomes of one label. `gold` = right + wrong_label + wrong_boundary + missed; spurious ones are beside."""

    label: str
    gold: int
    predicted: int
    right: int
    wrong_label: int
    wrong_boundary: int
    missed: int
    spurious: int


@dataclass(frozen=True, slots=True)
class LabelConfusion:
    """How many gold spans with the label `gold` were found with the label `predicted`, another one."""

    gold: str
    predicted: str
    spans: int


def judge(gold: Iterable[Span], predicted: Iterable[Span]) -> tuple[list[JudgedSpan], list[JudgedSpan]]:
    """The gold spans and the predicted spans of one text, each judged by the other side, in order of place.

    >>> judge([Span(0, 9, "city")], [Span(0, 9, "state")])[0][0].outcome
    'wrong label'
    """
    due, found = sorted(set(gold)), sorted(set(predicted))
    return [_judged(span, found, "missed") for span in due], [_judged(span, due, "spurious") for span in found]


def label_errors(targets: Sequence[Target], predictions: Sequence[Target | None]) -> list[LabelErrors]:
    """The outcomes counted by label, most gold spans first. A prediction that is None has found nothing."""
    gold: Counter[tuple[str, Outcome]] = Counter()
    found: Counter[tuple[str, Outcome]] = Counter()
    for due, given in _judged_texts(targets, predictions):
        gold.update((judged.span.label, judged.outcome) for judged in due)
        found.update((judged.span.label, judged.outcome) for judged in given)
    rows = [_label_errors(label, gold, found) for label in {label for label, _ in (*gold, *found)}]
    return sorted(rows, key=lambda row: (-row.gold, -row.predicted, row.label))


def label_confusions(targets: Sequence[Target], predictions: Sequence[Target | None]) -> list[LabelConfusion]:
    """Which labels were taken for which, most frequent first."""
    pairs = Counter(
        (judged.span.label, judged.other.label)
        for due, _ in _judged_texts(targets, predictions)
        for judged in due
        if judged.outcome == "wrong label" and judged.other
    )
    rows = [LabelConfusion(gold, predicted, spans) for (gold, predicted), spans in pairs.items()]
    return sorted(rows, key=lambda row: (-row.spans, row.gold, row.predicted))


def agreement(target: Target, prediction: Target | None) -> Agreement:
    """Whether the intent and the slots of one text are right. An answer that could not be read is wrong in both."""
    if prediction is None:
        return "both wrong"
    intent, slots = prediction.labels == target.labels, prediction.spans == target.spans
    if intent:
        return "both right" if slots else "only the slots wrong"
    return "only the intent wrong" if slots else "both wrong"


def agreements(targets: Sequence[Target], predictions: Sequence[Target | None]) -> dict[Agreement, int]:
    """How many texts have intent and slots right, one of them, or none: the intent × slots view."""
    counts = Counter(agreement(target, found) for target, found in zip(targets, predictions, strict=True))
    return {name: counts[name] for name in AGREEMENTS}


def _judged_texts(
    targets: Sequence[Target], predictions: Sequence[Target | None]
) -> Iterable[tuple[list[JudgedSpan], list[JudgedSpan]]]:
    for target, found in zip(targets, predictions, strict=True):
        yield judge(target.spans, found.spans if found else ())


def _judged(span: Span, others: Sequence[Span], alone: Outcome) -> JudgedSpan:
    """Judge by the same place first, then by the same label, then by the largest overlap, then by the first."""
    near = [other for other in others if other.start < span.end and other.end > span.start]
    if not near:
        return JudgedSpan(span, alone, None)
    other = min(near, key=lambda other: (other != span, not _same_place(other, span), other.label != span.label,
                                         -_overlap(other, span), other))  # fmt: skip
    if other == span:
        return JudgedSpan(span, "right", other)
    wrong_label = other.label != span.label
    return JudgedSpan(span, "wrong label" if wrong_label else "wrong boundary", other)


def _same_place(a: Span, b: Span) -> bool:
    return (a.start, a.end) == (b.start, b.end)


def _overlap(a: Span, b: Span) -> int:
    return min(a.end, b.end) - max(a.start, b.start)


def _label_errors(label: str, gold: Counter[tuple[str, Outcome]], found: Counter[tuple[str, Outcome]]) -> LabelErrors:
    right, label_off, place_off = (gold[label, which] for which in ("right", "wrong label", "wrong boundary"))
    missed = gold[label, "missed"]
    return LabelErrors(
        label, gold=right + label_off + place_off + missed,
        predicted=sum(count for (name, _), count in found.items() if name == label), right=right,
        wrong_label=label_off, wrong_boundary=place_off, missed=missed, spurious=found[label, "spurious"],
    )  # fmt: skip
