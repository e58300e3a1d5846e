"""Two candidates on the same examples are compared paired: what one gets right and the other wrong decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from core.analysis.intervals import RESAMPLES, Z95, resample
from core.analysis.statistic import Statistic

DRAWS = 4000
MOST_VALUES = 200


@dataclass(frozen=True)
class Difference:
    """`metric(a) - metric(b)` over the `n` examples that both answered, with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int

    @property
    def is_tie(self) -> bool:
        """Whether the interval holds zero: the data cannot tell the two apart."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class Performance:
    """A metric of a candidate's runs (seeds) over the examples that all of them answered: `ids` sorted, each statistic
    aligned to them. The candidate's figure is the mean over its runs."""

    ids: NDArray[np.str_]
    runs: tuple[Statistic, ...]

    def take(self, examples: NDArray[np.int64]) -> "Performance":
        """The performance on some examples, by their places."""
        return Performance(self.ids[examples], tuple(run.take(examples) for run in self.runs))

    @property
    def overall(self) -> float:
        """The metric over all examples, averaged over runs."""
        return float(np.mean([run.overall for run in self.runs])) if self.runs else 0.0

    @property
    def parts(self) -> NDArray[np.float64] | None:
        """Where the metric is a mean over examples: the value of each, averaged over runs."""
        parts = [run.parts for run in self.runs if run.parts is not None]
        return np.mean(parts, axis=0) if self.runs and len(parts) == len(self.runs) else None


def performance(runs: Sequence[tuple[Sequence[str] | NDArray[np.str_], Statistic]]) -> Performance:
    """The performance of a candidate from its runs, each the ids of its examples and a statistic over them."""
    order = [np.array(ids, np.str_) for ids, _ in runs]
    shared = reduce(np.intersect1d, order) if order else np.array([], np.str_)
    places = [np.argsort(ids)[np.searchsorted(np.sort(ids), shared)] for ids in order]
    taken = (statistic.take(place) for (_, statistic), place in zip(runs, places, strict=True))
    return Performance(shared, tuple(taken))


def of_right(runs: Mapping[str, Mapping[str, bool]]) -> Performance:
    """The accuracy of a candidate's runs, by run id and example id."""
    return performance([(list(run), Statistic.of_mean(np.array(list(run.values())))) for run in runs.values()])


def paired_difference(a: Performance, b: Performance, seed: int = 0, resamples: int = RESAMPLES) -> Difference:
    """The difference on the shared examples, percentile bootstrap over examples (Koehn 2004).

    When no resample differs from another, as when all examples agree, the rule of three bounds what could have been
    missed.
    """
    _, left, right = np.intersect1d(a.ids, b.ids, assume_unique=True, return_indices=True)
    a, b, n = a.take(left), b.take(right), len(left)
    if n == 0 or not a.runs or not b.runs:
        return Difference(0.0, -1.0, 1.0, 0)
    one, other = a.parts, b.parts
    if one is not None and other is not None:
        return _mean_difference(one - other, seed)
    values = resample([*a.runs, *b.runs], resamples, seed)
    low, high = np.quantile(values[: len(a.runs)].mean(0) - values[len(a.runs) :].mean(0), (0.025, 0.975))
    return _difference(a.overall - b.overall, float(low), float(high), n)


def _mean_difference(gaps: NDArray[np.float64], seed: int) -> Difference:
    """The difference of a metric that is a mean over examples, from the difference in each.

    Differences take few distinct values, so resampling draws their counts at once. Means over many seeds on many
    examples take many values: there the bootstrap's interval is the normal one, which costs nothing.
    """
    n, value = len(gaps), float(gaps.mean())
    values, counts = np.unique(gaps, return_counts=True)
    if len(values) > MOST_VALUES:
        half = Z95 * float(gaps.std(ddof=1)) / sqrt(n)
        return Difference(value, value - half, value + half, n)
    draws = np.random.default_rng(seed).multinomial(n, counts / n, DRAWS)
    low, high = np.quantile(draws @ values / n, (0.025, 0.975))
    return _difference(value, float(low), float(high), n)


def _difference(value: float, low: float, high: float, n: int) -> Difference:
    return Difference(value, value - 3 / n, value + 3 / n, n) if high - low < 1e-12 else Difference(value, low, high, n)
