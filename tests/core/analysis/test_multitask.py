"""One model for several tasks beside a model for each: known answers, ties, sums and what is unknown."""

from typing import Any

import pytest

from core.analysis.multitask import Answers, System, compare, joined, sentence, takes
from core.analysis.results import CandidateRow
from core.tasks import Span, Target, get_task

TASK = get_task("intent_slots")
INTENTS = ("go", "stay")
PLAIN, TAGS = get_task("single_label"), get_task("token_labels")


def row(name: str, **known: Any) -> CandidateRow:
    return CandidateRow(
        candidate=name, candidate_id=name, method="majority", family="baseline", model=None, device="cpu",
        train_size=None, runs=1, run_ids=(name,), seeds=(0,), task="intent_slots", metric="exact_match", quality=0.5,
        quality_low=0.4, quality_high=0.6, validation_quality=0.5, test_texts=10,
        **{"latency_p50_ms": 10.0, "kwh_per_1k": 0.1, "peak_ram_bytes": 100, "fit_seconds": 5.0,
           "energy_provenance": "measured", **known},
    )  # fmt: skip


def target(place: int) -> Target:
    return Target((INTENTS[place % 2],), (Span(0, 4, "city"),))


TARGETS = {str(i): TASK.encode(target(i)) for i in range(40)}
ONE = System("one m for both", (row("m"),), (("joint",),))
TWO = System("two m, one for each", (row("i"), row("s")), (("intent", "slots"),))


def runs(wrong_joint: int = 0, wrong_intent: int = 0, wrong_slots: int = 0) -> dict[str, Answers]:
    """The answers of a joint run and of a pair, of which the first so many are wrong."""
    joint = {i: (TASK.encode(Target(("stay" if int(i) % 2 == 0 else "go",), ())) if int(i) < wrong_joint else t)
             for i, t in TARGETS.items()}  # fmt: skip
    intents = {i: ("nonsense" if int(i) < wrong_intent else INTENTS[int(i) % 2]) for i in TARGETS}
    slots = {i: TAGS.encode(Target(spans=() if int(i) < wrong_slots else (Span(0, 4, "city"),))) for i in TARGETS}
    return {"joint": joint, "intent": intents, "slots": slots}


def test_a_pair_is_scored_as_one_answer() -> None:
    found = runs(wrong_joint=4, wrong_intent=6, wrong_slots=10)
    comparison = compare(ONE, TWO, TASK, TASK.label_set(list(TARGETS.values())), TARGETS, found.__getitem__)
    by_metric = {quality.metric: quality for quality in comparison.qualities}
    assert next(iter(by_metric)) == "exact_match"
    assert by_metric["exact_match"].one[0] == pytest.approx(36 / 40)
    assert by_metric["exact_match"].two[0] == pytest.approx(30 / 40)
    assert by_metric["intent_accuracy"].two[0] == pytest.approx(34 / 40)
    assert by_metric["slot_recall"].two[0] == pytest.approx(30 / 40)
    gap = by_metric["exact_match"].difference
    assert (gap.value, gap.n) == (pytest.approx(6 / 40), 40)
    assert gap.low > 0
    assert "is better than" in sentence(comparison)


def test_the_same_answers_are_a_tie_and_only_savings_are_told() -> None:
    comparison = compare(ONE, TWO, TASK, TASK.label_set(list(TARGETS.values())), TARGETS, runs().__getitem__)
    assert all(quality.difference.is_tie for quality in comparison.qualities)
    assert sentence(comparison) == (
        "One m for both is tied with two m, one for each (100.0 % against 100.0 %); it answers 2.0× faster, "
        "uses 2.0× less energy and needs 2.0× less memory."
    )


def test_an_unreadable_part_costs_only_itself() -> None:
    slots = TAGS.encode(target(0))
    both = joined([{"a": None, "b": "go", "c": None}, {"a": slots, "b": None, "c": None}])
    assert both["c"] is None
    assert both["a"] is not None
    assert both["b"] is not None
    assert TASK.decode(both["a"]).spans == target(0).spans
    assert TASK.decode(both["b"]) == Target(("go",))


def test_texts_that_a_run_lacks_are_left_out_on_both_sides() -> None:
    found = runs()
    found["slots"] = {i: answer for i, answer in found["slots"].items() if int(i) < 30}
    comparison = compare(ONE, TWO, TASK, TASK.label_set(list(TARGETS.values())), TARGETS, found.__getitem__)
    assert {quality.difference.n for quality in comparison.qualities} == {30}


def test_what_two_models_take_adds_up_and_the_unknown_stays_unknown() -> None:
    two = takes(System("two", (row("a"), row("b", kwh_per_1k=None, energy_provenance="modelled")), ()))
    assert (two.latency_p50_ms, two.peak_ram_bytes, two.kwh_per_1k) == (20.0, 200, None)
    assert two.energy_provenance == "modelled"
    assert takes(System("one asked twice", (row("a"), row("b")), (), shared=True)).peak_ram_bytes == 100
    assert takes(System("nothing", (), ())).latency_p50_ms is None
