"""Learning curves: what more labels bring, how many a goal takes, and when no number of them reaches it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.analysis.power_law import LEAST_SIZES, PowerLaws, fit

REACH = 10
"""The law is not trusted beyond so many times the largest train size that was tried."""
MIDDLE_AND_ENDS = (0.5, 0.025, 0.975)
State = Literal["reached", "in reach", "not in reach"]
Told = tuple[float, float, float]
"""A figure, the median over the redrawn laws (it errs less than the law of the observed means), and its 95 % range."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """A candidate's quality with one train size: the mean over its runs with the 95 % interval over the test texts."""

    texts: int
    value: float
    low: float
    high: float
    runs: int


@dataclass(frozen=True, eq=False)
class Curve:
    """A fitted learning curve.

    `laws` are those of redrawn test texts and seeds. Row i of all curves and goals that were drawn together saw the
    same test texts, so that they can be compared paired.
    """

    points: tuple[Point, ...]
    laws: PowerLaws
    luck: float
    """How far one run lies from the law by its seed and by what the law misses (a standard deviation)."""
    missed: float | None
    """By how much the law of the smaller sizes was wrong about the largest one; None where it cannot be fitted."""

    @property
    def largest(self) -> int:
        """The most training texts that were tried."""
        return self.points[-1].texts

    def value(self, texts: float) -> Told:
        """The quality to expect with so many training texts."""
        return _told(self.laws.at(np.array([texts]))[:, 0])

    def ceiling(self) -> Told:
        """The quality that the law levels off at."""
        return _told(self.laws.ceiling)

    def gain(self, start: float, end: float) -> Told:
        """What going from `start` to `end` training texts adds."""
        draws = self.laws.at(np.array([start, end]))
        return _told(draws[:, 1] - draws[:, 0])

    def band(self, texts: Sequence[float] | Array) -> Array:
        """The curve and the two ends of its 95 % band at several train sizes, shape (3, sizes)."""
        found: Array = np.quantile(self.laws.at(np.asarray(texts, np.float64)), MIDDLE_AND_ENDS, axis=0)
        return found


@dataclass(frozen=True)
class Needed:
    """How many training texts reach a goal: the median and its 95 % range; None is more than can be told."""

    state: State
    texts: int | None
    low: int | None
    high: int | None
    chance: float
    """The share of redrawn test texts and seeds with which `REACH` times the largest size reaches the goal."""


def fitted(sizes: Sequence[int], values: Array, drawn: Array, seed: int = 0) -> Curve | None:
    """The curve of a candidate from its runs; None with fewer than three train sizes or fewer than four runs.

    Args:
        sizes: the training texts of each run, shape (runs,).
        values: the metric of each run, as observed.
        drawn: the mean over the runs of each size on redrawn test texts, shape (draws, sizes), small sizes first.
        seed: of the luck that is drawn.
    """
    texts, place, runs = np.unique(np.asarray(sizes, np.int64), return_inverse=True, return_counts=True)
    if len(texts) < LEAST_SIZES or len(sizes) <= LEAST_SIZES:
        return None
    numbers, weights = texts.astype(np.float64), _weights(runs)
    means = np.bincount(place, values) / runs
    law = fit(numbers, means[None], weights).at(numbers)[0]
    luck, freedom = _luck(values - law[place], weights[place] / runs[place])
    ends = np.quantile(drawn, (0.025, 0.975), axis=0)
    points = tuple(
        Point(int(n), float(value), float(low), float(high), int(k))
        for n, value, low, high, k in zip(texts, means, *ends, runs, strict=True)
    )
    lucky = drawn + _drawn_luck(luck, freedom, runs, len(drawn), seed)
    return Curve(points, fit(numbers, lucky, weights), luck, _missed(numbers, means, runs))


def needed(curve: Curve, goal: float, goals: Array | None = None) -> Needed:
    """How many training texts a goal takes.

    Args:
        curve: of the candidate that is to reach it.
        goal: the quality to be reached.
        goals: the same on the draws of the curve, where the goal is uncertain as well.
    """
    most = REACH * curve.largest
    draws = np.sort(curve.laws.reached(np.full(len(curve.laws.ceiling), goal) if goals is None else goals))
    texts, low, high = (float(draws[round(share * (len(draws) - 1))]) for share in MIDDLE_AND_ENDS)
    state: State = "not in reach" if texts > most else "reached" if texts <= curve.largest else "in reach"
    chance = float((draws <= most).mean())
    return Needed(state, _whole(texts, most), _whole(low, most), _whole(high, most), chance)


def _told(draws: Array) -> Told:
    middle, low, high = (float(found) for found in np.quantile(draws, MIDDLE_AND_ENDS))
    return middle, low, high


def _whole(texts: float, most: int) -> int | None:
    """A number of texts with two digits, as sure as it is; None beyond what can be told."""
    if texts > most:
        return None
    step = 10 ** max(0, int(np.floor(np.log10(max(texts, 1)))) - 1)
    return max(1, int(np.ceil(texts / step - 1e-6) * step))


def _weights(runs: NDArray[np.int64]) -> Array:
    """More runs weigh more, and so do larger sizes, since the law is asked about what lies beyond them."""
    rank = np.arange(1, len(runs) + 1) / len(runs)
    return np.asarray(runs * rank, np.float64)


def _luck(residuals: Array, weights: Array) -> tuple[float, int]:
    """The standard deviation of a run around the law, and the runs left to tell it by."""
    freedom = len(residuals) - LEAST_SIZES
    shares = weights / weights.sum()
    return float(np.sqrt((shares * residuals**2).sum() * len(residuals) / freedom)), freedom


def _drawn_luck(luck: float, freedom: int, runs: NDArray[np.int64], draws: int, seed: int) -> Array:
    """Luck of each size's mean, shape (draws, sizes); with few runs its size is itself uncertain (Student)."""
    generator = np.random.default_rng(seed)
    size = luck * np.sqrt(freedom / generator.chisquare(freedom, draws))
    found: Array = size[:, None] * generator.standard_normal((draws, len(runs))) / np.sqrt(runs)
    return found


def _missed(texts: Array, means: Array, runs: NDArray[np.int64]) -> float | None:
    if len(texts) <= LEAST_SIZES:
        return None
    before = fit(texts[:-1], means[None, :-1], _weights(runs[:-1]))
    return float(means[-1] - before.at(texts[-1:])[0, 0])
