"""Scores against scikit-learn and statsmodels on random cases."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score, matthews_corrcoef, precision_recall_fscore_support
from statsmodels.stats.proportion import proportion_confint

from core.analysis import metrics
from core.analysis.intervals import intervals, resample, wilson
from core.analysis.statistic import Statistic
from core.tasks import get_task

LABELS = list("abcde")


def case(seed: int, invalid: bool = False) -> tuple[list[str], list[str | None]]:
    generator = np.random.default_rng(seed)
    n = int(generator.integers(5, 300))
    gold = generator.choice(LABELS, n, p=[0.5, 0.2, 0.15, 0.1, 0.05]).tolist()
    predicted = [g if generator.random() < 0.7 else str(generator.choice(LABELS)) for g in gold]
    return gold, [None if invalid and generator.random() < 0.2 else p for p in predicted]


@pytest.mark.parametrize("seed", range(20))
def test_scores_equal_scikit_learn(seed: int) -> None:
    gold, predicted = case(seed)
    scores = {s.metric: s for s in get_task("single_label").score(gold, predicted, LABELS, "test")}
    assert scores["accuracy"].value == pytest.approx(np.mean([g == p for g, p in zip(gold, predicted, strict=True)]))
    assert scores["macro_f1"].value == pytest.approx(f1_score(gold, predicted, average="macro", zero_division=0))
    assert scores["weighted_f1"].value == pytest.approx(f1_score(gold, predicted, average="weighted", zero_division=0))
    assert scores["mcc"].value == pytest.approx(matthews_corrcoef(gold, predicted))
    assert all(s.low <= s.value <= s.high for s in scores.values())


@pytest.mark.parametrize("seed", range(5))
def test_an_invalid_answer_is_a_wrong_one(seed: int) -> None:
    gold, predicted = case(seed, invalid=True)
    scores = {s.metric: s.value for s in get_task("single_label").score(gold, predicted, LABELS, "test")}
    told = ["invalid" if p is None else p for p in predicted]
    assert scores["accuracy"] == pytest.approx(np.mean([g == p for g, p in zip(gold, told, strict=True)]))
    assert scores["weighted_f1"] == pytest.approx(
        f1_score(gold, told, labels=LABELS, average="weighted", zero_division=0)
    )
    assert scores["mcc"] == pytest.approx(matthews_corrcoef(gold, told))


@pytest.mark.parametrize("seed", range(5))
def test_the_report_equals_scikit_learn(seed: int) -> None:
    gold, predicted = case(seed)
    precision, recall, f1, support = precision_recall_fscore_support(gold, predicted, labels=LABELS, zero_division=0)
    for i, row in enumerate(get_task("single_label").report(gold, predicted, LABELS)):
        found = (row["precision"], row["recall"], row["f1"], row["support"])
        assert found == pytest.approx((precision[i], recall[i], f1[i], support[i]))
    codes = metrics.confusion_codes(gold, predicted, LABELS)
    assert (metrics.confusion_matrix(codes)[:, :-1] == confusion_matrix(gold, predicted, labels=LABELS)).all()


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 50), (50, 50), (37, 50), (470, 500)])
def test_wilson_equals_statsmodels(hits: int, n: int) -> None:
    assert wilson(hits, n) == pytest.approx(proportion_confint(hits, n, method="wilson"), abs=1e-12)


def test_the_bootstrap_interval_agrees_with_resampling_examples() -> None:
    gold, predicted = case(3)
    generator = np.random.default_rng(1)
    plain = []
    for _ in range(800):
        chosen = generator.integers(0, len(gold), len(gold))
        drawn = [gold[i] for i in chosen], [predicted[i] for i in chosen]
        plain.append(f1_score(*drawn, average="weighted", zero_division=0))
    _, low, high = intervals(get_task("single_label").statistics(gold, predicted, LABELS))["weighted_f1"]
    assert (low, high) == pytest.approx(np.quantile(plain, (0.025, 0.975)), abs=0.02)


def test_ten_thousand_labels_are_scored() -> None:
    labels = [f"label-{i:05}" for i in range(10_000)]
    gold = labels[:500]
    scores = get_task("single_label").score(gold, list(reversed(gold)), labels, "test")
    assert scores[0].value == 0.0


def test_a_target_outside_the_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        metrics.confusion_codes(["x"], ["a"], LABELS)


@pytest.mark.parametrize("sums", [1, 1000])
def test_sums_held_in_small_blocks_give_the_same_intervals(sums: int, monkeypatch: pytest.MonkeyPatch) -> None:
    statistics = get_task("single_label").statistics(*case(2), LABELS)
    whole = intervals(statistics)
    monkeypatch.setattr("core.analysis.resampling.MOST_SUMS", sums)
    assert intervals(statistics) == whole


def test_many_equal_examples_are_resampled_by_their_kinds() -> None:
    """Examples of few kinds are drawn at once: the interval is that of drawing them one by one."""
    few = Statistic.of_mean(np.array([0.0, 0.5, 1.0, 0.25] * 500))
    draws = np.random.default_rng(1).choice(few.parts, (2000, 2000)).mean(1)
    assert resample([few])[0].std() == pytest.approx(draws.std(), rel=0.1)
    assert intervals({"mean": few})["mean"] == pytest.approx((0.4375, *np.quantile(draws, (0.025, 0.975))), abs=0.003)


def test_examples_taken_out_leave_gaps_that_do_no_harm() -> None:
    gold, predicted = case(4)
    statistics = get_task("single_label").statistics(gold, predicted, LABELS)
    places = np.arange(len(gold))[::3]
    few = get_task("single_label").statistics([gold[i] for i in places], [predicted[i] for i in places], LABELS)
    for name, statistic in statistics.items():
        taken = statistic.take(places)
        assert taken.overall == pytest.approx(few[name].overall)
        assert resample([taken, taken])[1].mean() == pytest.approx(taken.overall, abs=0.05)
