"""Which candidate to take: known answers of the rule, limits, what is said, and laws that hold for any numbers."""

import itertools
import random

import pytest
from pydantic import ValidationError

from core.analysis.cheapness import ASKED, MEASURES, ratio
from core.analysis.compare import Difference
from core.analysis.decision import Decision, Question, best_of, decide, standing
from core.analysis.decision_words import listed, points, told
from core.analysis.limits import Limits
from core.analysis.results import CandidateRow


def row(name: str, quality: float = 0.9, usd: float | None = 1.0, **fields: object) -> CandidateRow:
    made: dict = {
        "candidate": name, "candidate_id": name, "method": "encoder-full", "family": "encoder", "model": None,
        "device": "cpu", "train_size": None, "runs": 1, "run_ids": (name,), "seeds": (0,), "task": "single_label",
        "metric": "accuracy", "quality": quality, "quality_low": quality - 0.02, "quality_high": quality + 0.02,
        "validation_quality": quality, "test_texts": 500, "usd_per_1k": usd, "kwh_per_1k": usd, "latency_p95_ms": usd,
        "memory_bytes": 2**30, "energy_provenance": "measured",
    }  # fmt: skip
    return CandidateRow(**{**made, **fields})


def gap(low: float, high: float, n: int = 500) -> Difference:
    return Difference((low + high) / 2, low, high, n)


def taken(found: Decision | None) -> str:
    assert found is not None
    assert found.winner is not None
    return found.winner.candidate


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-0.02, 0.01, "tied"), (-0.02, 0.0101, "unsettled"), (0.01, 0.05, "unsettled"), (0.0101, 0.05, "worse"),
     (0.002, 0.009, "tied"), (-0.05, -0.02, "tied")],
)  # fmt: skip
def test_the_ends_of_the_interval_decide(low: float, high: float, expected: str) -> None:
    assert standing(gap(low, high), 0.01) == expected


def test_the_cheapest_that_is_shown_to_be_not_worse_is_taken() -> None:
    rows = [row("best", 0.92, 10), row("tied", 0.915, 4), row("unsure", 0.91, 2), row("worse", 0.7, 1)]
    gaps = {"tied": gap(-0.005, 0.01), "unsure": gap(-0.01, 0.03), "worse": gap(0.2, 0.3)}
    found = decide(rows, gaps, Question())
    assert taken(found) == "tied"
    assert found is not None
    assert (found.tied, found.unsettled, found.worse) == (("tied",), ("unsure",), ("worse",))
    assert found.reason == (
        "tied is the cheapest that is not worse than the best (best, 92.0 % right) by more than 1 point, and costs "
        "2.5× less per text."
    )
    assert found.doubts == ("unsure cannot be told apart from best; more labelled test texts would settle it.",)
    assert [one.candidate for one in found.alternatives] == ["best", "unsure"]
    assert "it would be taken if 3 points of difference did not matter" in found.alternatives[1].words
    assert taken(decide(rows, gaps, Question(rule="plausible"))) == "unsure"
    assert taken(decide(rows, gaps, Question(margin=0.03))) == "unsure"
    assert taken(decide(rows, gaps, Question(margin=0.3))) == "worse"
    assert taken(decide(rows, gaps, Question(margin=0.001))) == "best"


def test_plausible_asks_that_the_interval_holds_zero() -> None:
    rows = [row("best", 0.92, 10), row("near", 0.91, 2)]
    assert taken(decide(rows, {"near": gap(0.001, 0.03)}, Question(rule="plausible"))) == "best"
    assert taken(decide(rows, {"near": gap(0.0, 0.03)}, Question(rule="plausible"))) == "near"


def test_how_many_texts_would_settle_it_is_said() -> None:
    rows = [row("best", 0.92, 10), row("near", 0.91, 2)]
    gaps = {"near": gap(-0.001, 0.03)}
    (doubt,) = decide(rows, gaps, Question(), needed={"near": 1234}).doubts  # type: ignore[union-attr]
    assert "about 1,200 more labelled test texts would settle it" in doubt
    (doubt,) = decide(rows, gaps, Question(), needed={"near": None}).doubts  # type: ignore[union-attr]
    assert "no reasonable number" in doubt
    found = decide(rows, gaps, Question(), needed={"near": None})
    assert found is not None
    (doubt,) = told(found.model_copy(update={"seeds": {"near": 6}}), rows).doubts
    assert "6 runs of each with seeds of their own would settle it" in doubt
    (doubt,) = decide(rows, {"near": gap(0.001, 0.03)}, Question()).doubts  # type: ignore[union-attr]
    assert doubt.startswith("near is worse than best, by how much is not settled")


def test_the_unknown_never_wins_and_is_never_zero() -> None:
    same = {"unknown": gap(-0.01, 0.005), "cheap": gap(-0.01, 0.005)}
    rows = [row("best", 0.92, 10), row("unknown", 0.9, None), row("cheap", 0.9, 5)]
    found = decide(rows, same, Question())
    assert taken(found) == "cheap"
    assert found is not None
    assert any("unknown is unknown" in doubt for doubt in found.doubts)
    nothing = [one.model_copy(update={"usd_per_1k": None}) for one in rows]
    found = decide(nothing, same, Question())
    assert taken(found) == "best"
    assert found is not None
    assert "which of them is cheapest is not known" in found.reason
    free = [rows[0], row("free", 0.9, 0.0), rows[2]]
    assert taken(decide(free, {"free": gap(-0.01, 0.005), "cheap": gap(-0.01, 0.005)}, Question())) == "free"


def test_a_total_is_given_and_otherwise_unknown() -> None:
    rows = [row("best", 0.92, 10), row("tied", 0.9, 1)]
    gaps = {"tied": gap(-0.01, 0.005)}
    question = Question(cheap="total", volume=1e6)
    assert taken(decide(rows, gaps, question)) == "best"
    found = decide(rows, gaps, question, costs={"best": 20.0, "tied": 60.0})
    assert taken(found) == "best"
    assert taken(decide(rows, gaps, question, costs={"best": 60.0, "tied": 20.0})) == "tied"


def test_limits_are_applied_before_the_best_is_chosen() -> None:
    rows = [row("api", 0.95, 10, device="api", hosts=("api.openai.com",)), row("local", 0.9, 3), row("slow", 0.93, 5)]
    found = decide(rows, {"local": gap(0.02, 0.04)}, Question(limits=Limits(in_house=True, max_p95_ms=4)))
    assert taken(found) == "local"
    assert found is not None
    assert found.best is not None
    assert found.best.candidate == "local"
    assert found.excluded == {
        "api": "its time for slow texts is 10 ms, above 4.0 ms; its texts leave the house",
        "slow": "its time for slow texts is 5.0 ms, above 4.0 ms",
    }
    assert "Only local is left" in found.reason
    nobody = decide(rows, {}, Question(limits=Limits(max_usd_per_1k=0.1)))
    assert nobody is not None
    assert (nobody.best, nobody.winner) == (None, None)
    assert nobody.reason == "None of the 3 candidates keeps the limits."
    alone = decide(rows[:1], {}, Question(limits=Limits(max_usd_per_1k=0.1)))
    assert alone is not None
    assert "above $0.10" in alone.reason


@pytest.mark.parametrize(
    ("host", "offline", "in_house"),
    [("127.0.0.1", True, True), ("localhost", True, True), ("::1", True, True), ("10.1.2.3", False, True),
     ("gpu.local", False, True), ("gpu-box", False, True), ("api.openai.com", False, False), ("", False, False),
     ("8.8.8.8", False, False), ("10.evil.com", False, False), ("127.0.0.1:8000", True, True),
     ("localhost:80", True, True), ("[::ffff:8.8.8.8]:443", False, False), ("::ffff:127.0.0.1", True, True),
     ("[::1]:8000", True, True), ("10.1.2.3:8000", False, True), ("gpu-box:8000", False, True),
     ("api.openai.com:443", False, False), ("localhost.evil.com:80", False, False), ("[bad", False, False)],
)  # fmt: skip
def test_where_a_text_goes_is_told_by_the_host(host: str, offline: bool, in_house: bool) -> None:
    rows = [row("api", device="api", hosts=(host,))]
    for limits, kept in ((Limits(offline=True), offline), (Limits(in_house=True), in_house)):
        found = decide(rows, {}, Question(limits=limits))
        assert found is not None
        assert (found.winner is not None) is kept


def test_an_unknown_figure_keeps_no_limit() -> None:
    rows = [row("a", usd=None, memory_bytes=None)]
    for limits in (Limits(max_usd_per_1k=1), Limits(max_p95_ms=1), Limits(max_memory_gb=1)):
        found = decide(rows, {}, Question(limits=limits))
        assert found is not None
        assert "unknown" in found.excluded["a"]
    rows = [row("a", memory_bytes=3 * 2**30), row("b", 0.8, device="api", memory_bytes=None)]
    found = decide(rows, {}, Question(limits=Limits(max_memory_gb=2)))
    assert taken(found) == "b", "what a provider runs takes none of our memory"
    mixed = [rows[1].model_copy(update={"method": "cascade"})]
    found = decide(mixed, {}, Question(limits=Limits(max_memory_gb=2)))
    assert found is not None
    assert "unknown" in found.excluded["b"], "of a cascade only some stages may run at a provider"


def test_who_cannot_be_compared_is_left_out_and_told() -> None:
    rows = [row("best", 0.92, 10), row("torn", 0.9, 1), row("apart", 0.9, 2)]
    found = decide(rows, {"apart": Difference(0.0, -1.0, 1.0, 0)}, Question(rule="plausible"))
    assert taken(found) == "best"
    assert found is not None
    assert set(found.excluded) == {"torn", "apart"}


def test_energy_of_different_provenance_is_marked() -> None:
    rows = [row("best", 0.92, 10), row("api", 0.91, 1, energy_provenance="estimated")]
    found = decide(rows, {"api": gap(-0.01, 0.01)}, Question(cheap="kwh"))
    assert found is not None
    assert any("best measured; api estimated" in doubt for doubt in found.doubts)
    assert not decide(rows, {"api": gap(-0.01, 0.01)}, Question()).doubts  # type: ignore[union-attr]


def test_who_is_ahead_on_test_of_the_best_on_validation_is_told() -> None:
    rows = [row("best", 0.9, 1, validation_quality=0.95), row("other", 0.94, 5)]
    found = decide(rows, {"other": Difference(-0.04, -0.06, -0.02, 500)}, Question())
    assert taken(found) == "best"
    assert found is not None
    assert found.doubts == (
        "On test other is 4.0 points (2.0 to 6.0) ahead of best, which was better on validation: look at both.",
    )
    assert not decide(rows, {"other": gap(-0.02, -0.005)}, Question()).doubts  # type: ignore[union-attr]


def test_one_candidate_or_none() -> None:
    found = decide([row("alone")], {}, Question())
    assert found is not None
    assert "run a second candidate" in found.reason
    assert decide([], {}, Question()) is None
    assert best_of([]) is None


def test_a_winner_that_is_best_says_how_the_others_stand() -> None:
    rows = [row("best", 0.92, 1), row("other", 0.9, 2)]
    assert "better than all others" in decide(rows, {"other": gap(0.02, 0.1)}, Question()).reason  # type: ignore[union-attr]
    reason = decide(rows, {"other": gap(-0.02, 0.1)}, Question()).reason  # type: ignore[union-attr]
    assert reason == "Take best (92.0 % right): other cannot be told apart from it and costs more."
    reason = decide(rows, {"other": gap(-0.02, 0.0)}, Question()).reason  # type: ignore[union-attr]
    assert reason == "best is best (92.0 % right) and the cheapest of those tied with it (other)."


def test_laws_hold_for_any_numbers() -> None:
    """The winner is never worse than the margin allows, never dearer than the best, and no order of rows matters."""
    draw = random.Random(0)
    for _ in range(300):
        names = [f"c{place}" for place in range(draw.randint(2, 5))]
        rows = [
            row(name, draw.random(), draw.choice((None, 0.0, draw.random())), validation_quality=draw.random())
            for name in names
        ]
        best = best_of(rows)
        assert best is not None
        gaps = {}
        for name in names:
            low = draw.uniform(-0.05, 0.05)
            gaps[name] = gap(low, low + draw.uniform(0, 0.05))
        question = Question(rule=draw.choice(("proven", "plausible")), margin=draw.uniform(0, 0.05))
        found = decide(rows, gaps, question)
        assert found is not None
        assert found.winner is not None
        winner = found.winner.candidate
        assert winner == best.candidate or winner in found.rivals
        if question.rule == "proven":
            assert winner == best.candidate or gaps[winner].high <= question.margin
        costs = [found.costs[name] for name in (best.candidate, *found.rivals) if found.costs[name] is not None]
        assert found.costs[winner] == (min(costs) if costs else None)
        assert sorted((best.candidate, *found.tied, *found.unsettled, *found.worse)) == sorted(names)
        for order in itertools.islice(itertools.permutations(rows), 6):
            again = decide(order, gaps, question)
            assert again is not None
            assert again.winner == found.winner
        assert Decision.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    "wrong", [{"margin": -0.01}, {"margin": 1.0}, {"margin": float("nan")}, {"cheap": "gold"}, {"rule": "hope"},
              {"volume": 0}, {"limits": {"max_p95_ms": 0}}, {"limits": {"max_usd_per_1k": float("inf")}}],
)  # fmt: skip
def test_questions_that_make_no_sense_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        Question(**wrong)


def test_words() -> None:
    assert [points(value, "accuracy") for value in (0.01, 0.005, 0.1234)] == ["1 point", "0.5 points", "12.3 points"]
    assert points(0.01, "mcc") == "0.01"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([str(place) for place in range(9)]) == "0, 1, 2, 3 and 5 more"
    assert (ratio(10, 1), ratio(1.02, 1), ratio(None, 1), ratio(3, 2)) == ("10×", "", "", "1.5×")
    assert set(ASKED) <= set(MEASURES)
