"""Two candidates on the same examples are compared paired: what one gets right and the other wrong decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from core.analysis.intervals import Z95

RESAMPLES = 4000
MOST_VALUES = 200


@dataclass(frozen=True)
class Difference:
    """Mean of `a - b` over the `n` examples that both answered, with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int

    @property
    def is_tie(self) -> bool:
        """Whether the interval holds zero: the data cannot tell the two apart."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class Correctness:
    """For each example of a split the share of runs (seeds) that got it right: `ids` sorted, `share` aligned."""

    ids: NDArray[np.str_]
    share: NDArray[np.float64]


def correctness(runs: Mapping[str, Mapping[str, bool]]) -> Correctness:
    """Average several runs of one candidate; an example counts when every run answered it.

    `runs` maps run ids to `{example id: right?}`.
    """
    shared = sorted(set.intersection(*(set(right) for right in runs.values()))) if runs else []
    share = np.array([np.mean([right[example] for right in runs.values()]) for example in shared], np.float64)
    return Correctness(np.array(shared, dtype=np.str_), share)


def paired_difference(a: Correctness, b: Correctness, seed: int = 0) -> Difference:
    """Difference in accuracy on the shared examples, percentile bootstrap over examples (Koehn 2004).

    Differences take few distinct values, so resampling draws their counts at once. When all examples agree
    the bootstrap has no spread; the rule of three then bounds what could have been missed. Means over many seeds on
    many examples take many values: there the bootstrap's interval is the normal one, which costs nothing.
    """
    _, left, right = np.intersect1d(a.ids, b.ids, assume_unique=True, return_indices=True)
    gaps = a.share[left] - b.share[right]
    n = len(gaps)
    if n == 0:
        return Difference(0.0, -1.0, 1.0, 0)
    values, counts = np.unique(gaps, return_counts=True)
    if len(values) == 1:
        return Difference(float(values[0]), float(values[0]) - 3 / n, float(values[0]) + 3 / n, n)
    if len(values) > MOST_VALUES:
        half = Z95 * float(gaps.std(ddof=1)) / sqrt(n)
        return Difference(float(gaps.mean()), float(gaps.mean()) - half, float(gaps.mean()) + half, n)
    draws = np.random.default_rng(seed).multinomial(n, counts / n, RESAMPLES)
    low, high = np.quantile(draws @ values / n, (0.025, 0.975))
    return Difference(float(gaps.mean()), float(low), float(high), n)
