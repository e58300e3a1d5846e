"""Intervals over texts, documents and seeds: scipy, statsmodels, naive resampling, and laws."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS

from core.analysis.clusters import clusters_of
from core.analysis.intervals import bca, interval, intervals, wilson
from core.analysis.resampling import jackknife, resample
from core.analysis.spread import spread
from core.analysis.statistic import Statistic
from core.tasks import get_task
from tests.core.tasks.cases import case, label_set


def metric(task: str = "token_labels", name: str = "f1", n: int = 60, seed: int = 0) -> Statistic:
    gold, answers = case(task, seed, n=n)
    return get_task(task).statistics(gold, answers, label_set(task))[name]


def test_bca_equals_scipy() -> None:
    values = np.round(np.random.default_rng(1).gamma(0.5, 1, 40), 2)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=4000, method="BCa", rng=2)
    statistic = Statistic.of_mean(values)
    left_out, times = jackknife([statistic])
    ours = bca(statistic.overall, theirs.bootstrap_distribution, left_out[0], times)
    assert ours == pytest.approx((theirs.confidence_interval.low, theirs.confidence_interval.high), rel=1e-3)
    drawn = resample([statistic], 4000)[0]
    assert np.quantile(drawn, (0.1, 0.5, 0.9)) == pytest.approx(
        np.quantile(theirs.bootstrap_distribution, (0.1, 0.5, 0.9)), abs=0.02
    )
    plain, corrected = (intervals({"mean": statistic}, kind=kind)["mean"] for kind in ("percentile", "bca"))
    assert corrected[2] > plain[2] + 0.03  # what is skewed to the right reaches further there


def test_the_jackknife_leaves_one_out() -> None:
    statistic = metric(n=30)
    left_out, times = jackknife([statistic])
    naive = [statistic.take(np.delete(np.arange(30), place)).overall for place in range(30)]
    assert np.sort(np.repeat(left_out[0], times)) == pytest.approx(np.sort(naive))
    clusters = np.arange(30) // 7
    naive = [statistic.take(np.flatnonzero(clusters != one)).overall for one in range(5)]
    assert jackknife([statistic], clusters)[0][0] == pytest.approx(naive)


def test_documents_are_drawn_as_a_whole() -> None:
    statistic, clusters = metric(n=50), np.sort(np.random.default_rng(0).integers(0, 9, 50))
    draws = np.random.default_rng(3)
    naive = []
    for _ in range(20):
        drawn = draws.integers(0, 9, 9)
        naive.append(statistic.take(np.concatenate([np.flatnonzero(clusters == one) for one in drawn])).overall)
    assert resample([statistic], 20, 3, clusters)[0] == pytest.approx(naive)


def test_strata_keep_their_size() -> None:
    parts = np.repeat([0.0, 1.0], [30, 70])
    assert set(resample([Statistic.of_mean(parts)], 50, strata=parts.astype(np.int64))[0]) == {0.7}
    halves = np.arange(100) % 2
    draws, naive = np.random.default_rng(5), []
    for _ in range(20):
        drawn = [np.flatnonzero(halves == one)[draws.integers(0, 50, 50)] for one in (0, 1)]
        naive.append(parts[np.concatenate(drawn)].mean())
    block = resample([Statistic.of_mean(parts)], 1, 5, strata=halves)[0]
    assert block[0] == pytest.approx(naive[0])


def test_the_variance_over_documents_is_that_of_statsmodels() -> None:
    draw = np.random.default_rng(4)
    clusters = np.repeat(np.arange(25), draw.integers(1, 12, 25))
    right = draw.random(len(clusters)) < draw.beta(4, 1, 25)[clusters]
    theirs = OLS(right.astype(float), np.ones(len(right))).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    found = spread([[Statistic.of_mean(right)]], clusters)
    assert found.error == pytest.approx(theirs.bse[0])
    assert found.freedom == 24
    value, low, high = interval([Statistic.of_mean(right)], clusters)
    plain = interval([Statistic.of_mean(right)])
    assert plain[1:] == wilson(int(right.sum()), len(right))
    assert low < plain[1] < value < plain[2] < high


def test_every_text_its_own_document_is_no_document() -> None:
    for statistic in (metric(), Statistic.of_mean(np.random.default_rng(0).random(60) < 0.8)):
        alone, apart = interval([statistic]), interval([statistic], np.arange(60))
        assert apart == pytest.approx(alone, abs=0.025)


def test_documents_reach_the_scores_of_every_metric() -> None:
    gold = ["a" if place % 3 else "b" for place in range(200)]
    answers = [None if place // 20 in (3, 7) else target for place, target in enumerate(gold)]
    ids = [f"{place // 20}#{place}" for place in range(200)]
    scored = get_task("single_label").score
    wide, plain = scored(gold, answers, ["a", "b"], "test", ids), scored(gold, answers, ["a", "b"], "test")
    assert [one.value for one in wide] == [one.value for one in plain]
    assert len(wide) == 4
    assert all(one.high - one.low > 2 * (other.high - other.low) for one, other in zip(wide, plain, strict=True))
    found = get_task("single_label").statistics(gold, answers, ["a", "b"])
    for clusters in (None, np.arange(200) // 20):
        assert intervals(found, clusters=clusters)["accuracy"] == interval([found["accuracy"]], clusters)
        assert intervals(found, clusters=clusters)["macro_f1"] == pytest.approx(interval([found["macro_f1"]], clusters))


@pytest.mark.parametrize(("ids", "documents"), [
    (["a#1", "a#2", "b#1"], [0, 0, 1]), (["x-1#2#1", "x-1#2#2", "x-1#3#1"], [0, 0, 1]),
    (["a#1", "b#1"], None), (["a#1", "a#2"], None), (["a#1", "a#2", "b"], None), (["row-1", "row-2"], None), ([], None),
])  # fmt: skip
def test_ids_tell_documents(ids: list[str], documents: list[int] | None) -> None:
    found = clusters_of(ids)
    assert (None if found is None else found.tolist()) == documents


def seeds(luck: float, k: int, seed: int, n: int = 500) -> list[Statistic]:
    draw = np.random.default_rng(seed)
    easy = draw.normal(0, 1.5, n)
    level = 2.3 + luck * draw.normal(size=(k, 1)) + easy
    return [Statistic.of_mean(run) for run in draw.normal(size=(k, n)) < level]


def test_one_run_has_the_interval_over_texts_and_luck_widens_it() -> None:
    (alone,) = seeds(0.3, 1, 0)
    assert interval([alone])[1:] == wilson(alone.overall * 500, 500)
    calm, wild = (np.mean([np.diff(interval(seeds(luck, 3, seed))[1:])[0] for seed in range(20)]) for luck in (0, 0.6))
    assert wild > 1.3 * calm


def test_the_variance_is_that_of_readers_who_read_the_same_cases() -> None:
    """Obuchowski & Rockette: between runs over their number, plus the covariance of different runs."""
    runs = seeds(0.6, 4, 2)
    parts = np.stack([run.parts for run in runs if run.parts is not None])
    covariance = np.cov(parts) / 500
    alike = (covariance.sum() - np.trace(covariance)) / 12
    between = np.var(parts.mean(1), ddof=1)
    found = spread([runs])
    assert found.texts + found.seeds == pytest.approx(between / 4 + alike)
    assert found.freedom == pytest.approx((between / 4 + alike) ** 2 / ((between / 4) ** 2 / 3))
    assert found.quantile == pytest.approx(stats.t.ppf(0.975, found.freedom), abs=0.01)


def test_runs_that_agree_have_the_interval_of_one() -> None:
    (run,) = seeds(0.0, 1, 5)
    value, low, high = interval([run] * 3)
    assert (value, low, high) == pytest.approx(interval([run]), abs=1e-3)
    low_f1, high_f1 = interval([metric()] * 3)[1:]
    assert (low_f1, high_f1) == pytest.approx(interval([metric()])[1:], abs=1e-9)


@pytest.mark.parametrize("luck", [0.0, 0.3])
def test_the_interval_holds_the_truth_over_texts_and_seeds(luck: float) -> None:
    truth = stats.norm.cdf(2.3 / np.sqrt(1 + 1.5**2 + luck**2))
    held = [low <= truth <= high for _, low, high in (interval(seeds(luck, 3, seed, 300)) for seed in range(300))]
    assert 0.91 <= np.mean(held) <= 0.995


def test_nothing_wrong_and_nothing_there_claim_no_certainty() -> None:
    perfect = Statistic.of_mean(np.ones(50))
    assert interval([perfect, perfect])[1] == wilson(50, 50)[0]
    assert interval([Statistic.of_mean(np.array([]))]) == (0.0, 0.0, 1.0)
    assert interval([Statistic.of_mean(np.ones(1))])[1] < 0.5
    assert interval([]) == interval([metric().take(np.array([], np.int64))]) == (0.0, 0.0, 1.0)
