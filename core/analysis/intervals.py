"""Intervals of metrics by the bootstrap over examples (Efron & Tibshirani 1993).

Texts are what is drawn, so a metric over spans is resampled by the texts that hold them: spans of one text stand or
fall together.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from core.analysis.statistic import Counts, Statistic

Z95 = 1.959963984540054
RESAMPLES = 1000
MOST_SUMS = 4_000_000
"""Sums held at once: bounds the memory with very many labels."""
Interval = tuple[float, float, float]
"""A value with the lower and upper end of its 95 % interval."""


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's score interval of a share, 95 % (Wilson 1927; statsmodels `proportion_confint(method="wilson")`)."""
    if n == 0:
        return 0.0, 1.0
    p = hits / n
    centre = p + Z95**2 / (2 * n)
    spread = Z95 * sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n))
    scale = 1 + Z95**2 / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def intervals(statistics: Mapping[str, Statistic], seed: int = 0) -> dict[str, Interval]:
    """Each metric with its 95 % interval: Wilson's for a share of examples, else the percentile bootstrap's.

    Without examples a metric is 0 within [0, 1]. When resampling has no spread, as when every answer is right, the
    rule of three tells what could have been missed.
    """
    drawn = {name: statistic for name, statistic in statistics.items() if len(statistic) and not _is_share(statistic)}
    values = dict(zip(drawn, resample(list(drawn.values()), seed=seed), strict=True))
    return {
        name: _interval(statistic, values[name]) if name in values else _share(statistic)
        for name, statistic in statistics.items()
    }


def resample(statistics: Sequence[Statistic], resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.float64]:
    """The values of several metrics on the same resamples of their examples, shape (metrics, resamples).

    All are over the same examples in the same order. Counts that metrics share are summed once.
    """
    values = np.zeros((len(statistics), resamples))
    counts = list({id(statistic.counts): statistic.counts for statistic in statistics}.values())
    done = 0
    for sums in _resampled_sums(counts, resamples, seed) if counts else ():
        places = slice(done, done + len(sums[id(counts[0])]))
        for row, statistic in enumerate(statistics):
            values[row, places] = statistic.value(sums[id(statistic.counts)])
        done = places.stop
    return values


def _resampled_sums(counts: Sequence[Counts], resamples: int, seed: int) -> Iterator[dict[int, NDArray[np.float64]]]:
    """The sums of resamples, by the identity of the counts, in blocks of shape (resamples of the block, width)."""
    joint = reduce(_joined, (one.kinds for one in counts), np.zeros_like(counts[0].kinds))
    firsts = np.unique(joint, return_index=True)[1]
    weights = _weights(joint, resamples, seed)
    block = max(1, MOST_SUMS // max(1, sum(one.width for one in counts)))
    for done in range(0, resamples, block):
        sums = {id(one): np.empty((min(block, resamples - done), one.width)) for one in counts}
        for row in range(min(block, resamples - done)):
            times = next(weights)
            for one in counts:
                sums[id(one)][row] = one.sums(np.bincount(one.kinds[firsts], times, one.kind_count))
        yield sums


def _joined(kinds: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """Kinds of examples that are of one kind in both, from 0 without gaps."""
    joined = np.unique(kinds * (others.max(initial=0) + 1) + others, return_inverse=True)[1]
    return joined.reshape(-1).astype(np.int64)


def _weights(kinds: NDArray[np.int64], resamples: int, seed: int) -> Iterator[NDArray]:
    """How often each kind is drawn, for each resample; kinds are few or many, so the cheaper way is taken."""
    generator = np.random.default_rng(seed)
    n, times = len(kinds), np.bincount(kinds)
    for _ in range(resamples):
        if len(times) * 10 < n:
            yield generator.multinomial(n, times / n)
        else:
            yield np.bincount(kinds[generator.integers(0, n, n)], minlength=len(times))


def _is_share(statistic: Statistic) -> bool:
    return statistic.parts is not None and bool(np.isin(statistic.parts, (0.0, 1.0)).all())


def _share(statistic: Statistic) -> Interval:
    n = len(statistic)
    low, high = wilson(round(statistic.overall * n), n)
    return statistic.overall, low, high


def _interval(statistic: Statistic, values: NDArray[np.float64]) -> Interval:
    value = statistic.overall
    low, high = (float(q) for q in np.quantile(values, (0.025, 0.975)))
    if low == high:
        low, high = max(0.0, value - 3 / len(statistic)), min(1.0, value + 3 / len(statistic))
    return value, low, high
