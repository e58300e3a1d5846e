"""Paired comparison, the Pareto front and rows: laws and known answers."""

import random
from math import inf

import numpy as np
import pytest

from core.analysis.compare import Performance, of_right, paired_difference, performance, shared, spread_between
from core.analysis.pareto import front
from core.analysis.resampling import resample
from core.analysis.results import Price, RunSummary, candidate_rows, combine_seeds
from core.analysis.spread import Spread, spread
from core.analysis.statistic import Statistic
from core.candidates import resolve
from core.metering.usage import Energy, Usage
from core.spec import RunSpec
from core.tasks import TASKS, Score, get_task
from tests.core.tasks.cases import case, label_set, near


def answers(seed: int, share: float, n: int = 400) -> dict[str, bool]:
    generator = np.random.default_rng(seed)
    return {f"e{i}": bool(generator.random() < share) for i in range(n)}


def test_a_difference_is_that_of_the_accuracies_and_its_negative_the_other_way() -> None:
    a, b = answers(1, 0.9), answers(2, 0.8)
    one, other = of_right({"r": a}), of_right({"r": b})
    gap, back = paired_difference(one, other), paired_difference(other, one)
    assert gap.value == pytest.approx(np.mean(list(a.values())) - np.mean(list(b.values())))
    assert back.value == pytest.approx(-gap.value)
    assert not gap.is_tie


def test_the_same_answers_are_a_tie_with_room_for_what_was_not_seen() -> None:
    same = of_right({"r": answers(1, 0.9)})
    gap = paired_difference(same, same)
    assert gap.value == 0
    assert gap.low < 0 < gap.high


def test_the_paired_interval_holds_its_level() -> None:
    covered = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        a, b = generator.random((2, 300)) < [[0.85], [0.80]]
        found = paired_difference(
            of_right({"r": {str(i): bool(v) for i, v in enumerate(a)}}),
            of_right({"r": {str(i): bool(v) for i, v in enumerate(b)}}), seed,
        )  # fmt: skip
        covered += found.low <= 0.05 <= found.high
    assert 0.91 <= covered / 200 <= 0.99


def test_the_interval_of_a_mean_is_near_that_of_resampling() -> None:
    generator = np.random.default_rng(5)
    drawn = ((25, 0, 0.8), (23, 50, 0.7))
    runs = [{f"r{seed}": answers(seed + start, share, 600) for seed in range(k)} for k, start, share in drawn]
    a, b = (of_right(found) for found in runs)
    assert len(set(a.parts - b.parts)) > 20
    gaps = (a.parts - b.parts)[generator.integers(0, 600, (4000, 600))].mean(1)
    many, found = paired_difference(a, b), spread_between(a, b)
    assert found is not None
    texts = Spread(found.texts, 0.0, inf, found.sides)
    half = texts.quantile * texts.error
    assert (many.value - half, many.value + half) == pytest.approx(np.quantile(gaps, (0.025, 0.975)), abs=0.003)
    assert many.high - many.low > 2 * half


@pytest.mark.parametrize("task", TASKS)
def test_every_metric_is_compared_as_if_each_resample_were_scored_again(task: str) -> None:
    """Two seeds against one over the examples that all answered, in another order; the same draws, scored plainly."""
    gold, _ = case(task, 0, n=50)
    answers_of = [near_all(task, gold, seed) for seed in range(3)]
    names = sorted(f"e{i}" for i in range(40))
    whole = np.array([int(name[1:]) for name in names])
    draws = np.random.default_rng(0)
    chosen = [whole, *(whole[draws.integers(0, 40, 40)] for _ in range(30))]
    naive = [values_of(task, gold, answers_of, places.tolist()) for places in chosen]
    for metric in get_task(task).metrics:
        a = performance([measured(task, metric, gold, found, list(range(40))) for found in answers_of[:2]])
        b = performance([measured(task, metric, gold, answers_of[2], list(range(49, -1, -1)))])
        gap = paired_difference(a, b, resamples=30)
        plain = [(one[metric] + two[metric]) / 2 - other[metric] for one, two, other in naive]
        assert gap.n == 40
        assert gap.value == pytest.approx(plain[0])
        assert paired_difference(b, a, resamples=2).value == pytest.approx(-gap.value)
        if a.parts is None:
            inner, found = np.quantile(plain[1:], (0.025, 0.975)), spread_of(a, b)
            by = max(1.0, found.stretch)
            assert (gap.low, gap.high) == pytest.approx(gap.value + by * (inner - gap.value))


def test_with_very_many_texts_influence_says_what_resampling_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The infinitesimal jackknife: exact for means, near the bootstrap for F1."""
    draw = random.Random(3)
    gold = [draw.choice("aaabbc") for _ in range(3000)]
    found = [[t if draw.random() < share else draw.choice("abc") for t in gold] for share in (0.8, 0.8, 0.7)]
    told = [get_task("single_label").statistics(gold, one, ["a", "b", "c"]) for one in found]
    mean = told[0]["accuracy"]
    assert mean.parts is not None
    assert mean.influence() == pytest.approx(mean.parts - mean.overall, abs=1e-6)
    ids = [f"e{i:04}" for i in range(3000)]
    for metric in ("macro_f1", "mcc"):
        a, b = performance([(ids, one[metric]) for one in told[:2]]), performance([(ids, told[2][metric])])
        drawn = paired_difference(a, b)
        with monkeypatch.context() as patch:
            patch.setattr("core.analysis.resampling.MANY", 8000)  # three runs are many, one or two by themselves not
            again = resample([*a.runs, *b.runs, mean], 500)
            assert paired_difference(a, b) != drawn
            smooth, back = paired_difference(a, b), paired_difference(b, a)
        plain = resample([*a.runs, *b.runs, mean], 500)
        assert again.std(1) == pytest.approx(plain.std(1), rel=0.15)
        assert np.corrcoef(again) == pytest.approx(np.corrcoef(plain), abs=0.15)
        draws = np.random.default_rng(0).integers(0, 3000, (500, 3000))
        assert again[-1] == pytest.approx(mean.parts[draws].mean(1))
        assert (smooth.value, smooth.n) == (drawn.value, drawn.n)
        assert (-back.high, -back.low) == pytest.approx((smooth.low, smooth.high))
        assert (smooth.low, smooth.high) == pytest.approx((drawn.low, drawn.high), abs=0.1 * (drawn.high - drawn.low))


def spread_of(a: Performance, b: Performance) -> Spread:
    a, b = shared(a, b)
    return spread([a.runs, b.runs], values=resample([*a.runs, *b.runs], 30))


def near_all(task: str, gold: list[str], seed: int) -> list[str | None]:
    draw, made = random.Random(seed), get_task(task)
    return [None if draw.random() < 0.05 else made.encode(near(task, made.decode(t), draw, True)) for t in gold]


def measured(
    task: str, metric: str, gold: list[str], found: list[str | None], places: list[int]
) -> tuple[list[str], Statistic]:
    told = get_task(task).statistics([gold[i] for i in places], [found[i] for i in places], label_set(task))
    return [f"e{i}" for i in places], told[metric]


def values_of(
    task: str, gold: list[str], answers_of: list[list[str | None]], places: list[int]
) -> list[dict[str, float]]:
    due, made = [gold[i] for i in places], get_task(task)
    return [
        {name: s.overall for name, s in made.statistics(due, [one[i] for i in places], label_set(task)).items()}
        for one in answers_of
    ]


def test_a_run_that_answered_fewer_examples_narrows_the_candidate() -> None:
    both = performance([(["b", "a", "c"], Statistic.of_mean(np.array([1, 0, 1]))),
                        (["c", "b"], Statistic.of_mean(np.array([0, 1])))])  # fmt: skip
    assert both.ids.tolist() == ["b", "c"]
    assert both.overall == pytest.approx((1 + 0.5) / 2)
    assert paired_difference(both, performance([])).n == 0


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


def test_energy_that_is_a_range_stays_one() -> None:
    energy = {"api": Energy(kwh=2.0, provenance="estimated", low_kwh=1.0, high_kwh=4.0),
              "cpu": Energy(kwh=1.0, provenance="modelled")}  # fmt: skip
    one, exact = run("majority", 0.5, 1.0, seed=0), run("majority", 0.5, 1.0, seed=1)
    (alone,) = candidate_rows([exact], price)
    assert (alone.kwh_low_per_1k, alone.kwh_high_per_1k) == (None, None)
    asked = one.model_copy(update={"usage": {"predict": Usage(phase="predict", texts=1000, energy=energy)}})
    (row,) = candidate_rows([asked], price)
    assert (row.kwh_low_per_1k, row.kwh_per_1k, row.kwh_high_per_1k) == (2.0, 3.0, 5.0)
    assert row.energy_provenance == "estimated"
    (both,) = candidate_rows([asked, exact], price)
    known = exact.usage["predict"].kwh
    assert known is not None
    assert both.kwh_low_per_1k == pytest.approx((2.0 + 1000 * known / 500) / 2)


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
    assert [row.candidate for row in candidate_rows(runs, price, train_size="all")] == [
        "minilm-full · all texts", "minilm-full · 100 texts", "majority",
    ]  # fmt: skip
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
