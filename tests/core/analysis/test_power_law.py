"""The power law of learning curves: found exactly where there is no noise, against scipy where there is."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from core.analysis.power_law import SPEEDS, PowerLaws, fit

SIZES = np.array([100.0, 200, 400, 800, 1600, 3200])


@pytest.mark.parametrize("place", [10, 25, 40])
def test_a_law_without_noise_is_found(place: int) -> None:
    speed = SPEEDS[place]
    values = 0.9 - 0.4 * (SIZES / 100) ** -speed
    found = fit(SIZES, values[None], np.ones(len(SIZES)))
    assert found.ceiling[0] == pytest.approx(0.9)
    assert found.gap[0] == pytest.approx(0.4)
    assert found.speed[0] == pytest.approx(speed)
    assert found.at(np.array([6400.0]))[0, 0] == pytest.approx(0.9 - 0.4 * 64**-speed)


def test_noisy_laws_fit_as_well_as_scipys() -> None:
    generator = np.random.default_rng(0)
    weights = np.arange(1, 7) / 6
    for _ in range(10):
        values = 0.85 - 0.35 * (SIZES / 100) ** -0.5 + generator.normal(0, 0.01, len(SIZES))
        found = fit(SIZES, values[None], weights).at(SIZES)[0]
        (a, b, c), _ = curve_fit(
            lambda n, a, b, c: a - b * (n / 100) ** -c, SIZES, values, (0.8, 0.3, 0.5), 1 / np.sqrt(weights),
            bounds=([0, 0, 0.05], [1, 10, 2]),
        )  # fmt: skip
        assert found == pytest.approx(a - b * (SIZES / 100) ** -c, abs=0.004)  # speeds are tried in steps of 8 %


def test_no_law_climbs_above_the_top_or_falls() -> None:
    rising = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    for values in (rising, rising[::-1], np.full(6, 0.7)):
        found = fit(SIZES, values[None], np.ones(6))
        far = found.at(np.geomspace(100, 1e9, 50))[0]
        assert far.max() <= 1 + 1e-12
        assert (np.diff(far) >= -1e-12).all()


def test_reached_is_the_inverse_and_infinite_above_the_ceiling() -> None:
    laws = PowerLaws(100.0, np.array([0.9, 0.9, 0.7]), np.array([0.4, 0.4, 0.0]), np.array([0.5, 0.5, 1.0]))
    sizes = laws.reached(np.array([0.85, 0.95, 0.6]))
    assert laws.at(sizes[:1])[0, 0] == pytest.approx(0.85)
    assert sizes[1] == np.inf
    assert sizes[2] == 0


def test_two_sizes_are_no_law() -> None:
    with pytest.raises(ValueError, match="three"):
        fit(SIZES[:2], np.zeros((1, 2)), np.ones(2))
