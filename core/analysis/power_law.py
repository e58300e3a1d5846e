"""The inverse power law of learning curves: quality = ceiling − gap · (n / unit)^−speed.

Weighted least squares as Figueroa et al. 2012 (BMC Medical Informatics 12:8) fit it: for a fixed speed the law is
linear in ceiling and gap, so every speed of a grid is solved at once, for many curves together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SPEEDS = np.geomspace(0.05, 2.0, 48)
LEAST_SIZES = 3
"""Three unknowns need three train sizes."""
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PowerLaws:
    """Several fitted laws that share their `unit`: arrays of shape (laws,)."""

    unit: float
    ceiling: Array
    gap: Array
    speed: Array

    def at(self, sizes: Array) -> Array:
        """The quality with so many training texts, shape (laws, sizes)."""
        powers = (np.asarray(sizes, np.float64)[None, :] / self.unit) ** -self.speed[:, None]
        found: Array = self.ceiling[:, None] - self.gap[:, None] * powers
        return found

    def reached(self, goal: Array) -> Array:
        """The fewest training texts with which each law reaches its goal, shape (laws,); infinite where none do."""
        short = self.ceiling - goal
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            sizes = self.unit * (self.gap / short) ** (1 / self.speed)
        found: Array = np.where(short > 0, np.where(self.gap > 0, sizes, 0.0), np.inf)
        return found


def fit(sizes: Array, values: Array, weights: Array, top: float = 1.0) -> PowerLaws:
    """The law of each row of `values`, shape (laws, sizes), under one weight a size.

    No law climbs above `top`, what the metric can be at most, and none falls with more texts.

    Raises:
        ValueError: fewer than three sizes.
    """
    if len(sizes) < LEAST_SIZES:
        raise ValueError("A power law needs three train sizes")
    unit = float(sizes.min())
    powers = (sizes[None, :] / unit) ** -SPEEDS[:, None]
    ceiling, gap = _lines(powers, values, weights / weights.sum(), top)
    errors = (weights * (values[:, None, :] - ceiling[:, :, None] + gap[:, :, None] * powers[None]) ** 2).sum(2)
    best = errors.argmin(1)
    rows = np.arange(len(values))
    return PowerLaws(unit, ceiling[rows, best], gap[rows, best], SPEEDS[best])


def _lines(powers: Array, values: Array, weights: Array, top: float) -> tuple[Array, Array]:
    """Ceiling and gap of each row of values at each speed, shape (laws, speeds)."""
    mean_power, mean_value = powers @ weights, (values @ weights)[:, None]
    spread = (powers**2) @ weights - mean_power**2
    together = values @ (weights * powers).T - mean_value * mean_power
    gap = np.maximum(0.0, -together / np.maximum(spread, 1e-15))
    ceiling = mean_value + gap * mean_power
    # Above the top the ceiling is the top, and the gap is fitted anew.
    squares = (powers**2) @ weights
    capped = np.maximum(0.0, (top * mean_power - values @ (weights * powers).T) / squares)
    over = ceiling > top
    return np.where(over, top, ceiling), np.where(over, capped, gap)
