"""Paired comparison, the Pareto front, rows and the sentence: laws and known answers."""

import itertools

import numpy as np
import pytest

from core.analysis.compare import correctness, paired_difference
from core.analysis.conclusion import conclude
from core.analysis.pareto import front
from core.analysis.results import Price, RunSummary, candidate_rows, combine_seeds
from core.candidates import resolve
from core.spec import RunSpec
from core.tasks import Score
from core.usage import Energy, Usage


def answers(seed: int, share: float, n: int = 400) -> dict[str, bool]:
    generator = np.random.default_rng(seed)
    return {f"e{i}": bool(generator.random() < share) for i in range(n)}


def test_a_difference_is_that_of_the_accuracies_and_its_negative_the_other_way() -> None:
    a, b = answers(1, 0.9), answers(2, 0.8)
    one, other = correctness({"r": a}), correctness({"r": b})
    gap, back = paired_difference(one, other), paired_difference(other, one)
    assert gap.value == pytest.approx(np.mean(list(a.values())) - np.mean(list(b.values())))
    assert back.value == pytest.approx(-gap.value)
    assert not gap.is_tie


def test_the_same_answers_are_a_tie_with_room_for_what_was_not_seen() -> None:
    same = correctness({"r": answers(1, 0.9)})
    gap = paired_difference(same, same)
    assert gap.value == 0
    assert gap.low < 0 < gap.high


def test_the_paired_interval_holds_its_level() -> None:
    covered = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        a, b = generator.random((2, 300)) < [[0.85], [0.80]]
        found = paired_difference(
            correctness({"r": {str(i): bool(v) for i, v in enumerate(a)}}),
            correctness({"r": {str(i): bool(v) for i, v in enumerate(b)}}), seed,
        )  # fmt: skip
        covered += found.low <= 0.05 <= found.high
    assert 0.91 <= covered / 200 <= 0.99


def test_many_values_give_the_interval_that_resampling_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.analysis.compare.MOST_VALUES", 20)
    generator = np.random.default_rng(5)
    drawn = ((25, 0, 0.8), (23, 50, 0.7))
    runs = [{f"r{seed}": answers(seed + start, share, 600) for seed in range(k)} for k, start, share in drawn]
    a, b = (correctness(found) for found in runs)
    assert len(set(a.share - b.share)) > 20
    gaps = (a.share - b.share)[generator.integers(0, 600, (4000, 600))].mean(1)
    many = paired_difference(a, b)
    assert (many.low, many.high) == pytest.approx(np.quantile(gaps, (0.025, 0.975)), abs=0.003)


def test_the_front_is_what_nothing_beats() -> None:
    generator = np.random.default_rng(0)
    points = [(float(c), float(q)) for c, q in generator.integers(0, 12, (40, 2))] + [(None, 99.0), (0.0, None)]
    kept = front(points)
    known = [p for p in points if None not in p]
    for i, (cost, quality) in enumerate(points):
        beaten = (cost is None or quality is None) or any(
            (c <= cost and q > quality) or (c < cost and q >= quality) for c, q in known
        )
        twin = any(points[j] == points[i] for j in kept if j != i)
        assert (i in kept) == (not beaten and not twin)
    assert [points[i] for i in kept] == sorted(points[i] for i in kept)


def run(candidate: str, accuracy: float, usd: float, seed: int = 0, size: int | None = None) -> RunSummary:
    spec = RunSpec(
        dataset="d", fingerprint="f", task="single_label", candidate=resolve(candidate), seed=seed, train_size=size
    )
    scores = [
        Score("accuracy", split, accuracy, accuracy - 0.02, accuracy + 0.02, 500) for split in ("validation", "test")
    ]
    energy = {"cpu": Energy(kwh=usd, provenance="modelled"), "ram": Energy(kwh=usd, provenance="measured")}
    usage = {
        "fit": Usage(phase="fit", texts=10, wall_seconds=5, device_seconds=5, energy=energy),
        "predict": Usage(phase="predict", texts=500, wall_seconds=2, device_seconds=usd, energy=energy),
        "latency": Usage(phase="latency", latency_ms=tuple(range(1, 101))),
    }
    return RunSummary(run_id=spec.run_id, spec=spec, status="finished", scores=tuple(scores), usage=usage)


def price(usage: Usage, model: str | None) -> Price:
    return Price(usd=usage.device_seconds, basis="a test price")


def test_rows_are_rates_with_the_least_sure_provenance() -> None:
    (row,) = candidate_rows([run("minilm-full", 0.9, 0.5)], price)
    assert (row.usd_per_1k, row.kwh_per_1k) == pytest.approx((1.0, 2.0))
    assert row.energy_provenance == "modelled"
    assert row.texts_per_second == 250
    assert (row.latency_p50_ms, row.latency_p95_ms) == pytest.approx((50.5, 95.05))
    assert (row.quality, row.quality_low, row.quality_high) == pytest.approx((0.9, 0.88, 0.92))


def test_an_unknown_energy_or_price_stays_unknown() -> None:
    one = run("majority", 0.5, 1.0)
    unknown = one.model_copy(update={"usage": {"predict": Usage(phase="predict", texts=5, wall_seconds=1)}})
    (row,) = candidate_rows([unknown], lambda usage, model: Price(usd=None, basis="no price"))
    assert row.usd_per_1k is None
    assert row.kwh_per_1k is None
    assert row.energy_provenance == "unknown"


def test_the_largest_train_size_is_shown_unless_another_is_asked_for() -> None:
    runs = [
        run("minilm-full", 0.9, 1, size=None),
        run("minilm-full", 0.7, 1, size=100),
        run("majority", 0.2, 1, size=100),
    ]
    assert [(r.candidate, r.train_size) for r in candidate_rows(runs, price)] == [
        ("minilm-full", None),
        ("majority", 100),
    ]
    assert len(candidate_rows(runs, price, train_size="all")) == 3
    assert {r.train_size for r in candidate_rows(runs, price, train_size=100)} == {100}


def test_seeds_widen_the_interval_and_one_seed_keeps_its_own() -> None:
    one = Score("accuracy", "test", 0.9, 0.88, 0.92, 500)
    other = Score("accuracy", "test", 0.94, 0.92, 0.96, 500)
    assert combine_seeds([one]) == pytest.approx((0.9, 0.88, 0.92))
    mean, low, high = combine_seeds([one, other])
    assert mean == pytest.approx(0.92)
    assert low is not None
    assert high is not None
    assert low < 0.90
    assert high > 0.94


def test_the_pick_is_the_cheapest_of_those_tied_with_the_best() -> None:
    rows = candidate_rows([run("minilm-full", 0.90, 3), run("minilm-lora", 0.89, 1), run("majority", 0.2, 0.1)], price)
    shares = {"minilm-full": 0.90, "minilm-lora": 0.89, "majority": 0.2}
    generator = np.random.default_rng(0)
    luck = generator.random(400)
    correct = {
        name: correctness({"r": {str(i): bool(u < share) for i, u in enumerate(luck)}})
        for name, share in shares.items()
    }
    found = conclude(rows, correct)
    assert found is not None
    assert found.best.candidate == "minilm-full"
    assert {row.candidate for row in found.tied} <= {"minilm-full", "minilm-lora"}
    assert "majority" not in found.sentence
    for order in itertools.permutations(rows):
        again = conclude(order, correct)
        assert again is not None
        assert again.pick.candidate == found.pick.candidate


def test_one_candidate_is_not_called_a_winner() -> None:
    found = conclude(candidate_rows([run("majority", 0.2, 1)], price), {})
    assert found is not None
    assert "second candidate" in found.sentence
    assert conclude([], {}) is None


def test_nobody_is_called_cheapest_when_no_price_is_known() -> None:
    rows = candidate_rows(
        [run("minilm-full", 0.90, 3), run("minilm-lora", 0.90, 1)], lambda *_: Price(usd=None, basis="no price")
    )
    same = correctness({"r": {str(i): i % 10 > 0 for i in range(400)}})
    found = conclude(rows, {row.candidate: same for row in rows})
    assert found is not None
    assert len(found.tied) == 2
    assert "cheapest is not known" in found.sentence
