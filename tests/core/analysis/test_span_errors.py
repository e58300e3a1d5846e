"""What is wrong with spans: known cases, and counts that add up on random ones."""

import random
from collections import Counter

from core.analysis.span_errors import agreements, judge, label_confusions, label_errors
from core.tasks import Span, Target

LABELS = ("city", "state", "time")


def random_spans(draw: random.Random, length: int = 30) -> list[Span]:
    """Spans that do not overlap."""
    spans, place = [], 0
    while (place := place + draw.randint(0, 4)) < length:
        end = place + draw.randint(1, 5)
        spans.append(Span(place, end, draw.choice(LABELS)))
        place = end
    return spans


def outcomes(gold: list[Span], found: list[Span]) -> tuple[list[str], list[str]]:
    due, given = judge(gold, found)
    return [judged.outcome for judged in due], [judged.outcome for judged in given]


def test_each_span_is_judged_by_what_it_overlaps() -> None:
    gold = [Span(0, 4, "city"), Span(5, 9, "city"), Span(10, 14, "time"), Span(20, 24, "time")]
    found = [Span(0, 4, "city"), Span(5, 9, "state"), Span(10, 12, "time"), Span(30, 31, "city")]
    assert outcomes(gold, found) == (
        ["right", "wrong label", "wrong boundary", "missed"],
        ["right", "wrong label", "wrong boundary", "spurious"],
    )


def test_the_same_label_judges_before_the_larger_overlap_and_touching_is_no_overlap() -> None:
    assert outcomes([Span(0, 9, "city")], [Span(0, 6, "state"), Span(6, 9, "city")]) == (
        ["wrong boundary"], ["wrong label", "wrong boundary"],
    )  # fmt: skip
    assert outcomes([Span(0, 4, "city")], [Span(4, 8, "city")]) == (["missed"], ["spurious"])
    assert outcomes([], []) == ([], [])


def test_counts_add_up_on_random_cases() -> None:
    draw = random.Random(0)
    targets = [Target.of(spans=random_spans(draw)) for _ in range(300)]
    found = [None if draw.random() < 0.1 else Target.of(spans=random_spans(draw)) for _ in targets]
    rows = label_errors(targets, found)
    gold = Counter(span.label for target in targets for span in target.spans)
    given = Counter(span.label for target in found if target for span in target.spans)
    hit = Counter(s.label for t, f in zip(targets, found, strict=True) if f for s in set(t.spans) & set(f.spans))
    assert {row.label: (row.gold, row.predicted, row.right) for row in rows} == {
        label: (gold[label], given[label], hit[label]) for label in LABELS
    }
    assert all(row.gold == row.right + row.wrong_label + row.wrong_boundary + row.missed for row in rows)
    confused = label_confusions(targets, found)
    for row in rows:
        assert sum(pair.spans for pair in confused if pair.gold == row.label) == row.wrong_label
    assert all(pair.gold != pair.predicted for pair in confused)


def test_a_label_that_is_only_found_is_told_too() -> None:
    (row,) = label_errors([Target()], [Target.of(spans=[Span(0, 1, "ghost")])])
    assert (row.label, row.gold, row.predicted, row.spurious) == ("ghost", 0, 1, 1)


def test_intent_and_slots_together() -> None:
    slots = [Span(0, 4, "city")]
    gold = [Target.of(["go"], slots)] * 5
    found = [Target.of(["go"], slots), Target.of(["go"]), Target.of(["stay"], slots), Target.of(["stay"]), None]
    assert agreements(gold, found) == {
        "both right": 1, "only the slots wrong": 1, "only the intent wrong": 1, "both wrong": 2,
    }  # fmt: skip
