"""Learning curves: bands that hold the truth, labels that a goal takes, and goals that no number reaches."""

import numpy as np
import pytest

from core.analysis.curve import REACH, Curve, fitted, needed

SIZES = [100, 200, 400, 800, 1600]


def runs(ceiling: float, gap: float, speed: float, n: int = 400, seeds: int = 2, luck: float = 0.01, seed: int = 0):
    """Train sizes and values of made-up runs, and the mean of each size on redrawn texts, hard for all runs alike."""
    generator = np.random.default_rng(seed)
    hard, sizes, right = generator.random(n), [], []
    for size in SIZES:
        for _ in range(seeds):
            quality = ceiling - gap * (size / 100) ** -speed + generator.normal(0, luck)
            own = np.where(generator.random(n) < 0.7, hard, generator.random(n))
            sizes.append(size)
            right.append(own < quality)
    table = np.array(right, float).T
    drawn = generator.multinomial(n, np.full(n, 1 / n), 200) @ table / n
    return sizes, table.mean(0), drawn.reshape(200, len(SIZES), seeds).mean(2)


def made(**how: float) -> Curve:
    found = fitted(*runs(**{"ceiling": 0.92, "gap": 0.35, "speed": 0.5, **how}))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_the_band_holds_the_truth_beyond_what_was_tried() -> None:
    held = []
    for seed in range(60):
        curve = made(seed=seed)
        _, low, high = curve.value(3200)
        held.append(low <= 0.92 - 0.35 * 32**-0.5 <= high)
    assert np.mean(held) >= 0.9  # 60 draws of 95 % lie below 54 in one case of 30


def test_labels_needed_hold_the_truth_and_grow_with_the_goal() -> None:
    curve = made(n=4000, luck=0.002)
    goals = [0.7, 0.8, 0.85, 0.88]
    found = [needed(curve, goal) for goal in goals]
    for goal, one in zip(goals, found, strict=True):
        truth = 100 * (0.35 / (0.92 - goal)) ** 2
        assert one.low is not None
        assert one.low <= 1.1 * truth
        assert one.high is None or one.high >= 0.9 * truth
    assert [one.texts for one in found] == sorted(one.texts or 10**9 for one in found)
    assert [one.state for one in found] == ["reached", "reached", "in reach", "in reach"]


def test_a_goal_above_the_ceiling_is_not_in_reach() -> None:
    curve = made(n=4000, luck=0.002, speed=1.0)
    found = needed(curve, 0.96)
    assert found.state == "not in reach"
    assert found.texts is None
    assert found.chance < 0.05
    assert curve.ceiling()[2] < 0.96


def test_a_goal_far_beyond_what_was_tried_is_not_told() -> None:
    curve = made(n=4000, luck=0.001, speed=0.15, ceiling=1.0, gap=0.5)
    goal = curve.value(1.5 * REACH * curve.largest)[0]
    assert needed(curve, goal).texts is None
    assert needed(curve, curve.value(0.5 * REACH * curve.largest)[0]).state == "in reach"


def test_an_uncertain_goal_on_the_same_texts_widens_what_is_needed_only_by_what_is_not_shared() -> None:
    curve = made()
    shared = curve.laws.at(np.array([1600.0]))[:, 0]
    paired = needed(curve, float(np.median(shared)), shared)
    alone = needed(curve, float(np.median(shared)))
    assert paired.texts == paired.low == paired.high == 1600
    assert alone.low is not None
    assert alone.low < 1600


def test_more_labels_never_hurt_and_the_gain_lies_within_its_range() -> None:
    curve = made()
    value, low, high = curve.gain(1600, 3200)
    assert 0 <= low <= value <= high
    middle, lower, upper = curve.band([100.0, 1600.0, 3200.0])
    assert (lower <= middle).all()
    assert (middle <= upper).all()
    assert curve.missed is not None
    assert [point.runs for point in curve.points] == [2] * 5


@pytest.mark.parametrize("sizes", [[], [100], [100, 200], [100, 200, 400], [100, 100, 200, 200]])
def test_too_few_runs_are_no_curve(sizes: list[int]) -> None:
    assert fitted(sizes, np.full(len(sizes), 0.5), np.full((3, len(set(sizes))), 0.5)) is None


def test_three_sizes_have_a_curve_but_nothing_to_be_checked_by() -> None:
    sizes, values, drawn = runs(0.9, 0.3, 0.5)
    few = [place for place, size in enumerate(sizes) if size in (100, 400, 1600)]
    found = fitted([sizes[place] for place in few], values[few], drawn[:, [0, 2, 4]])
    assert found is not None
    assert found.missed is None
