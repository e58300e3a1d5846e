"""Tests of differences: statsmodels and scipy on random cases, and F1 scored again after each shuffle."""

import itertools

import numpy as np
import pytest
from scipy.stats import permutation_test
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_table
from statsmodels.stats.multitest import multipletests

from core.analysis.compare import Performance, all_pairs, comparison, of_right, performance
from core.analysis.significance import holm, mcnemar, permutation, sign_flips
from core.analysis.statistic import Statistic
from core.tasks import TASKS, get_task
from tests.core.tasks.cases import case, label_set


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (0, 1), (3, 9), (12, 12), (0, 24), (5, 19)])
def test_mcnemar_of_few_is_exact(only_a: int, only_b: int) -> None:
    truth = mcnemar_table([[50, only_a], [only_b, 3]], exact=True).pvalue if only_a + only_b else 1.0
    assert mcnemar(only_a, only_b)[0] == pytest.approx(truth)
    assert mcnemar(only_a, only_b) == mcnemar(only_b, only_a)


@pytest.mark.parametrize(("only_a", "only_b"), [(20, 30), (30, 30), (400, 500), (0, 90)])
def test_mcnemar_of_many_lies_between_the_exact_and_the_chi_squared_test(only_a: int, only_b: int) -> None:
    p, test = mcnemar(only_a, only_b)
    table = [[50, only_a], [only_b, 3]]
    exact, square = (mcnemar_table(table, exact=exact, correction=False).pvalue for exact in (True, False))
    assert test == "McNemar, mid-p"
    assert p <= exact + 1e-12
    assert p == pytest.approx(square, abs=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_holm_equals_statsmodels(seed: int) -> None:
    p = np.random.default_rng(seed).random(12) ** 3
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert holm([]) == []


def test_sign_flips_equal_all_permutations() -> None:
    gaps = np.array([0.5, 0.25, 0.0, -0.25, 0.75, 1.0, -0.5, 0.5])
    signs = np.array(list(itertools.product((1, -1), repeat=8)))
    truth = (np.abs(signs @ gaps) >= abs(gaps.sum()) - 1e-12).mean()
    assert sign_flips(gaps, 20_000) == pytest.approx(truth, abs=0.05)
    assert sign_flips(np.zeros(5)) == 1.0
    many = np.random.default_rng(0).choice([0, 0.5, -0.5, 1.0], 80)
    zeros = np.zeros(80)
    theirs = permutation_test((many, zeros), lambda a, b: np.mean(a - b), permutation_type="samples", rng=1)
    assert sign_flips(many, 9999) == pytest.approx(theirs.pvalue, abs=0.01)


@pytest.mark.parametrize(("task", "metric"), [("token_labels", "f1"), ("single_label", "macro_f1")])
def test_a_shuffled_metric_is_that_of_shuffled_answers(task: str, metric: str) -> None:
    """Every way to swap the answers of six texts, scored plainly; labels that only one of them gives included."""
    gold, first = case(task, 3, n=6)
    _, second = case(task, 4, n=6)
    labels = label_set(task)

    def scored(answers: list[str | None]) -> float:
        return get_task(task).statistics(gold, answers, labels)[metric].overall

    gaps = []
    for swaps in itertools.product((False, True), repeat=6):
        pairs = [(b, a) if swap else (a, b) for swap, a, b in zip(swaps, first, second, strict=True)]
        gaps.append(abs(scored([a for a, _ in pairs]) - scored([b for _, b in pairs])))
    truth = (np.array(gaps) >= abs(scored(first) - scored(second)) - 1e-12).mean()
    one, other = (get_task(task).statistics(gold, answers, labels)[metric] for answers in (first, second))
    assert permutation(one, other, 4000) == pytest.approx(truth, abs=0.1 if truth > 0.1 else 0.03)
    assert permutation(one, one) == 1.0


def test_different_metrics_cannot_be_shuffled() -> None:
    gold, answers = case("single_label", 0, n=20)
    found = get_task("single_label").statistics(gold, answers, label_set("single_label"))
    with pytest.raises(ValueError, match="different metrics"):
        permutation(found["macro_f1"], found["weighted_f1"])


def test_a_metric_whose_answers_cannot_be_exchanged_has_the_test_of_its_interval() -> None:
    draw = np.random.default_rng(0)
    sides = [Statistic.of_mean(draw.integers(0, 4, 200) / 4 + worth) for worth in (0.3, 0.0)]
    own = [Statistic(side.counts, lambda sums: np.sqrt(sums[..., 0] / sums[..., 1])) for side in sides]
    ids = [f"e{place}" for place in range(200)]
    found = comparison(performance([(ids, own[0])]), performance([(ids, own[1])]), "a", "b")
    assert found.test == "bootstrap"
    assert found.p < 0.05
    assert not found.difference.is_tie


def right(share: float, runs: int, seed: int, n: int = 400) -> Performance:
    draw = np.random.default_rng(seed)
    return of_right({f"r{k}": {f"e{i:03}": bool(draw.random() < share) for i in range(n)} for k in range(runs)})


@pytest.mark.parametrize("n", [1, 2, 13])
@pytest.mark.parametrize("task", TASKS)
def test_every_metric_is_compared_however_few_texts_there_are(task: str, n: int) -> None:
    gold, _ = case(task, 0, n=n)
    answers = [case(task, seed, n=n)[1] for seed in range(4)]
    for metric in get_task(task).metrics:
        for ids in ([f"e{place}" for place in range(n)], [f"{place // 4}#{place}" for place in range(n)]):
            told = [(ids, get_task(task).statistics(gold, found, label_set(task))[metric]) for found in answers]
            for found in all_pairs(
                {"a": performance(told[:1]), "b": performance(told[1:2]), "c": performance(told[2:])}
            ):
                assert 0 <= found.p <= (found.p_holm or 0) <= 1
                assert found.difference.low <= found.difference.value <= found.difference.high


def test_all_pairs_are_compared_once_and_adjusted_together() -> None:
    found = all_pairs({"a": right(0.9, 1, 0), "b": right(0.9, 1, 1), "c": right(0.5, 1, 2), "d": right(0.88, 3, 3)})
    assert [(one.a, one.b) for one in found] == list(itertools.combinations("abcd", 2))
    assert [one.p_holm for one in found] == pytest.approx(multipletests([one.p for one in found], method="holm")[1])
    assert {one.test for one in found} == {"McNemar, mid-p", "t, over texts and seeds"}
    told = {(one.a, one.b): (one.p_holm or 0) < 0.05 for one in found}
    assert told[("a", "c")]
    assert told[("b", "c")]
    assert not told[("a", "b")]
    assert all_pairs({"a": right(0.9, 1, 0)}) == []


def test_with_seeds_test_and_interval_say_the_same() -> None:
    verdicts = set()
    for seed in range(30):
        found = comparison(right(0.85, 3, seed, 200), right(0.8, 2, seed + 100, 200), "a", "b")
        assert (found.p < 0.05) == (not found.difference.is_tie)
        verdicts.add(found.p < 0.05)
    assert verdicts == {True, False}


def test_nobody_answered_the_same_texts() -> None:
    one, other = right(0.9, 1, 0), of_right({"r": {"other": True}})
    assert comparison(one, other, "a", "b").p == 1.0
    assert comparison(one, performance([]), "a", "b").difference.n == 0
