"""The front of figures as they are, and how often a candidate is on it when they come out otherwise."""

import numpy as np
import pytest

from core.analysis.pareto import attained, chances, front

DRAWS = np.random.default_rng(0)


@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_chances_are_the_share_of_draws_on_the_front(levels: int) -> None:
    cost, quality = DRAWS.random((7, 300)), DRAWS.integers(0, levels, (7, 300)) / levels
    counted = np.zeros(7)
    for draw in range(300):
        for place in front(list(zip(cost[:, draw], quality[:, draw], strict=True))):
            counted[place] += 1
    assert chances(cost, quality) == pytest.approx(counted / 300)


def test_equal_points_are_all_on_it() -> None:
    cost, quality = np.array([[1.0], [1.0], [2.0]]), np.array([[0.9], [0.9], [0.9]])
    assert chances(cost, quality).tolist() == [1.0, 1.0, 0.0]


def test_an_unknown_figure_is_on_no_front_and_beats_nobody() -> None:
    cost = np.array([[np.nan, np.nan], [2.0, 2.0], [3.0, 3.0]])
    found = chances(cost, np.array([[0.99, 0.99], [0.8, 0.7], [0.9, 0.6]]))
    assert np.isnan(found[0])
    assert found[1:].tolist() == [1.0, 0.5]
    assert np.isnan(chances(np.full((2, 3), np.nan), np.ones((2, 3)))).all()
    assert chances(np.empty((0, 3)), np.empty((0, 3))).shape == (0,)


def test_the_attained_band_is_a_staircase_around_the_front() -> None:
    cost = [3.0, 1.0, 2.0]
    quality = np.array([[0.9], [0.5], [0.4]]) + DRAWS.normal(0, 0.01, (3, 20_000))
    costs, low, high = attained(cost, quality)
    assert costs.tolist() == [1.0, 2.0, 3.0]
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()
    assert (low[0], high[0]) == pytest.approx((0.5 - 0.0196, 0.5 + 0.0196), abs=0.002)
    assert (low[1], high[1]) == (low[0], high[0]), "what is worse and dearer adds nothing"
    assert (low[2], high[2]) == pytest.approx((0.9 - 0.0196, 0.9 + 0.0196), abs=0.002)
