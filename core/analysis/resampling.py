"""Drawing the examples of a test set again: with replacement (bootstrap) or all but one (jackknife).

What is drawn is one example, or one cluster of examples that belong together, such as the sentences of a document. With
strata each stratum keeps its size.
"""

from collections.abc import Iterator, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from core.analysis.statistic import Counts, Statistic

RESAMPLES = 1000
MOST_SUMS = 4_000_000
"""Sums held at once: bounds the memory with very many labels."""
Groups = NDArray[np.int64]
"""The number of the group that each example is in, shape (examples,)."""


def resample(
    statistics: Sequence[Statistic], resamples: int = RESAMPLES, seed: int = 0, clusters: Groups | None = None,
    strata: Groups | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    """The values of several metrics on the same resamples of their examples, shape (metrics, resamples).

    All are over the same examples in the same order. Counts that metrics share are summed once. With `clusters` whole
    clusters are drawn; with `strata` each is drawn by itself, and a cluster lies in one stratum.
    """
    if not statistics:
        return np.zeros((0, resamples))
    joint, units = _units([one.counts for one in statistics], clusters)
    weights = _weights(joint, units, None if strata is None else _of_units(strata, units), resamples, seed)
    return _values(statistics, joint, weights, resamples)


def jackknife(
    statistics: Sequence[Statistic], clusters: Groups | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The metrics with one example, or one cluster, left out: shape (metrics, different ones), and how often each is.

    Examples of one kind leave the same behind, so each kind is left out once.
    """
    joint, units = _units([one.counts for one in statistics], clusters)
    whole = np.bincount(joint)
    if units is None:
        kinds, times = np.arange(len(whole)), whole
        left = (whole - (kinds == kind) for kind in kinds)
        return _values(statistics, joint, left, len(kinds)), times
    ones = np.ones(int(units.max(initial=-1)) + 1, np.int64)
    left = (whole - np.bincount(joint[units == unit], minlength=len(whole)) for unit in range(len(ones)))
    return _values(statistics, joint, left, len(ones)), ones


def _units(counts: Sequence[Counts], clusters: Groups | None) -> tuple[Groups, Groups | None]:
    """Kinds of examples that are of one kind in all counts, and the cluster of each example, both without gaps."""
    different = list({id(one): one for one in counts}.values())
    joint = reduce(_joined, (one.kinds for one in different), np.zeros_like(different[0].kinds))
    if clusters is None:
        return joint, None
    return joint, np.unique(clusters, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _joined(kinds: Groups, others: Groups) -> Groups:
    joined = np.unique(kinds * (others.max(initial=0) + 1) + others, return_inverse=True)[1]
    return joined.reshape(-1).astype(np.int64)


def _of_units(strata: Groups, units: Groups | None) -> Groups:
    """The stratum of each unit that is drawn."""
    if units is None:
        return strata
    return strata[np.unique(units, return_index=True)[1]]


def _values(
    statistics: Sequence[Statistic], joint: Groups, weights: Iterator[NDArray], rows: int
) -> NDArray[np.float64]:
    """The metrics under each of `rows` weights, which tell how often each joint kind occurs."""
    counts = list({id(one.counts): one.counts for one in statistics}.values())
    firsts = np.unique(joint, return_index=True)[1]
    values = np.zeros((len(statistics), rows))
    block = max(1, MOST_SUMS // max(1, sum(one.width for one in counts)))
    for done in range(0, rows, block):
        size = min(block, rows - done)
        sums = {id(one): np.empty((size, one.width)) for one in counts}
        for row in range(size):
            times = next(weights)
            for one in counts:
                sums[id(one)][row] = one.sums(np.bincount(one.kinds[firsts], times, one.kind_count))
        for row, statistic in enumerate(statistics):
            values[row, done : done + size] = statistic.value(sums[id(statistic.counts)])
    return values


def _weights(
    kinds: Groups, units: Groups | None, strata: Groups | None, resamples: int, seed: int
) -> Iterator[NDArray]:
    """How often each kind is drawn, for each resample."""
    generator = np.random.default_rng(seed)
    if strata is not None:
        groups = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    else:
        groups = [np.arange(len(kinds) if units is None else int(units.max(initial=-1)) + 1)]
    few = units is None and strata is None and (int(kinds.max(initial=-1)) + 1) * 10 < len(kinds)
    times = np.bincount(kinds)
    for _ in range(resamples):
        if few:  # the same draw, made at once
            yield generator.multinomial(len(kinds), times / len(kinds))
            continue
        drawn = np.concatenate([group[generator.integers(0, len(group), len(group))] for group in groups])
        if units is None:
            yield np.bincount(kinds[drawn], minlength=len(times))
        else:
            yield np.bincount(kinds, np.bincount(drawn, minlength=len(units))[units], len(times))
