"""Draws of several candidates have the means, variances and correlations that theory gives."""

import numpy as np
import pytest

from core.analysis.compare import Performance, performance
from core.analysis.joint_draws import MOST_PATTERNS, joint_draws
from core.analysis.spread import spread
from core.analysis.statistic import Statistic
from core.tasks import get_task

RANDOM = np.random.default_rng(3)
N = 800


def of_right(*runs: np.ndarray) -> Performance:
    return performance([([f"{i:05}" for i in range(len(run))], Statistic.of_mean(run)) for run in runs])


def test_means_vary_and_hang_together_as_the_texts_do() -> None:
    one = (RANDOM.random(N) < 0.8).astype(float)
    alike = np.where(RANDOM.random(N) < 0.9, one, 1 - one)
    draws = joint_draws({"a": of_right(one), "b": of_right(alike)}, 20_000)
    assert draws.mean(1) == pytest.approx([one.mean(), alike.mean()], abs=0.001)
    assert np.cov(draws) == pytest.approx(np.cov(np.stack([one, alike])) / N, rel=0.06)


def test_what_two_share_cancels() -> None:
    one = (RANDOM.random(N) < 0.8).astype(float)
    draws = joint_draws({"a": of_right(one), "b": of_right(one)}, 500)
    assert (draws[0] == draws[1]).all()


def test_seeds_add_their_luck() -> None:
    runs = [(RANDOM.random(N) < right).astype(float) for right in (0.7, 0.8, 0.9)]
    of_three = of_right(*runs)
    draws = joint_draws({"a": of_three, "b": of_right(runs[0])}, 20_000)
    found = spread([of_three.runs])
    assert found.seeds > found.texts
    assert draws[0].std() == pytest.approx(found.error, rel=0.05)


def test_f1_is_drawn_on_the_same_texts_as_the_others() -> None:
    labels = ["x", "y", "z"]
    targets = RANDOM.choice(labels, N).tolist()
    answers = [t if RANDOM.random() < 0.8 else "x" for t in targets]
    ids = [str(i) for i in range(N)]
    found = {name: performance([(ids, get_task("single_label").statistics(targets, answers, labels)[name])])
             for name in ("macro_f1", "accuracy")}  # fmt: skip
    draws = joint_draws(found, 300)
    assert draws.mean(1) == pytest.approx([one.overall for one in found.values()], abs=0.01)
    assert np.corrcoef(draws)[0, 1] > 0.8


def test_very_many_kinds_of_texts_are_drawn_by_the_normal_limit() -> None:
    n = 2 * MOST_PATTERNS
    parts = np.stack([RANDOM.random(n), RANDOM.random(n)])
    draws = joint_draws({str(i): of_right(part) for i, part in enumerate(parts)}, 4000)
    assert np.cov(draws) == pytest.approx(np.cov(parts) / n, rel=0.15, abs=3e-6)


def test_only_texts_that_all_answered_count() -> None:
    a = performance([(["1", "2", "3"], Statistic.of_mean(np.array([1.0, 0.0, 0.0])))])
    b = performance([(["1"], Statistic.of_mean(np.array([1.0])))])
    c = performance([(["9"], Statistic.of_mean(np.array([1.0])))])
    assert (joint_draws({"a": a, "b": b}, 5) == 1.0).all()
    assert np.isnan(joint_draws({"a": a, "c": c}, 5)).all()
    assert joint_draws({}, 5).shape == (0, 5)
