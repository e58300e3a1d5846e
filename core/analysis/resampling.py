"""Drawing the examples of a test set again: with replacement (bootstrap) or all but one (jackknife).

What is drawn is one example, or one cluster of examples that belong together, such as the sentences of a document. With
strata each stratum keeps its size.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from core.analysis.statistic import Counts, Statistic

RESAMPLES = 1000
MOST_SUMS = 4_000_000
"""Numbers held at once: bounds the memory with very many examples or labels."""
MOST_CELLS = 1_000_000
"""What kinds of examples add is a matrix up to this size."""
MANY, ENOUGH_EXAMPLES = 200_000, 2_000
"""Above so many examples over all runs, and at least so many a run, the influence of each stands for scoring again."""
Groups = NDArray[np.int64]
"""The number of the group that each example is in, shape (examples,)."""


def resample(
    statistics: Sequence[Statistic], resamples: int = RESAMPLES, seed: int = 0, clusters: Groups | None = None,
    strata: Groups | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    """The values of several metrics on the same resamples of their examples, shape (metrics, resamples).

    All are over the same examples in the same order. Counts that metrics share are summed once. With `clusters` whole
    clusters are drawn; with `strata` each is drawn by itself, and a cluster lies in one stratum. Of very many examples
    (`are_many`) each adds its influence, which is exact for means and all but exact for the rest.
    """
    if not statistics:
        return np.zeros((0, resamples))
    if strata is None and are_many(statistics):
        return _moved(statistics, resamples, seed, clusters)
    joint, units = _units([one.counts for one in statistics], clusters)
    weights = _weights(joint, units, None if strata is None else _of_units(strata, units), seed)
    return _values(statistics, joint, weights, resamples)


def are_many(runs: Sequence[Statistic]) -> bool:
    """Whether runs have so many examples that scoring them again takes long, and says no more than their influence."""
    return sum(map(len, runs)) > MANY and min(map(len, runs)) >= ENOUGH_EXAMPLES


def _moved(statistics: Sequence[Statistic], resamples: int, seed: int, clusters: Groups | None) -> NDArray[np.float64]:
    """The metrics on resamples to first order: what is drawn once more adds its influence once more."""
    generator, n = np.random.default_rng(seed), len(statistics[0])
    moves = np.stack([one.influence() if one.parts is None else one.parts - one.overall for one in statistics])
    if clusters is not None:
        places = np.unique(clusters, return_inverse=True)[1].reshape(-1)
        moves = np.stack([np.bincount(places, one) for one in moves])
    units, values = moves.shape[1], np.empty((len(statistics), resamples))
    block = max(1, MOST_SUMS // units)
    for done in range(0, resamples, block):
        size = min(block, resamples - done)
        times = _counted(generator.integers(0, units, (size, units)), units).astype(np.float64)
        values[:, done : done + size] = moves @ times.T / n
    return values + np.array([one.overall for one in statistics])[:, None]


def jackknife(
    statistics: Sequence[Statistic], clusters: Groups | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The metrics with one example, or one cluster, left out: shape (metrics, different ones), and how often each is.

    Examples of one kind leave the same behind, so each kind is left out once.
    """
    joint, units = _units([one.counts for one in statistics], clusters)
    whole = np.bincount(joint)
    if units is None:
        times = whole
        left = (_without(whole, kind) for kind in range(len(whole)))
    else:
        times = np.ones(int(units.max(initial=-1)) + 1, np.int64)
        left = (whole - np.bincount(joint[units == unit], minlength=len(whole)) for unit in range(len(times)))
    return _values(statistics, joint, lambda size: np.stack(list(islice(left, size))), len(times)), times


def _without(whole: NDArray[np.int64], kind: int) -> NDArray[np.int64]:
    left = whole.copy()
    left[kind] -= 1
    return left


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
    statistics: Sequence[Statistic], joint: Groups, weights: Callable[[int], NDArray], rows: int
) -> NDArray[np.float64]:
    """The metrics under each of `rows` weights, which tell how often each joint kind occurs."""
    counts = list({id(one.counts): one.counts for one in statistics}.values())
    firsts = np.unique(joint, return_index=True)[1]
    adding = {id(one): summing(one, one.kinds[firsts]) for one in counts}
    values = np.zeros((len(statistics), rows))
    block = max(1, MOST_SUMS // max(len(firsts), len(joint), sum(one.width for one in counts)))
    for done in range(0, rows, block):
        times = weights(min(block, rows - done))
        sums = {key: add(times) for key, add in adding.items()}
        for row, statistic in enumerate(statistics):
            values[row, done : done + len(times)] = statistic.value(sums[id(statistic.counts)])
    return values


def summing(counts: Counts, kinds: Groups) -> Callable[[NDArray], NDArray[np.float64]]:
    """From how often each joint kind occurs, shape (rows, kinds), to the sums, shape (rows, width).

    `kinds` are those of `counts` by joint kind. A product of matrices is quickest, as long as the table is small.
    """
    if len(kinds) * counts.width <= MOST_CELLS:
        table = np.zeros((counts.kind_count, counts.width))
        np.add.at(table, (counts.rows, counts.columns), counts.amounts)
        table = table[kinds]
        return lambda times: times.astype(np.float64) @ table
    return lambda times: np.stack([counts.sums(np.bincount(kinds, row, counts.kind_count)) for row in times])


def _weights(kinds: Groups, units: Groups | None, strata: Groups | None, seed: int) -> Callable[[int], NDArray]:
    """How often each kind is drawn, for as many resamples as are asked for, shape (resamples, kinds)."""
    generator = np.random.default_rng(seed)
    count, n = int(kinds.max(initial=-1)) + 1, len(kinds)
    whole = n if units is None else int(units.max(initial=-1)) + 1
    groups = [np.arange(whole)] if strata is None else [np.flatnonzero(strata == one) for one in np.unique(strata)]
    if units is None and strata is None and count * 10 < n:  # the same draw, made at once
        return lambda size: generator.multinomial(n, np.bincount(kinds) / n, size)

    def drawn(size: int) -> NDArray:
        places = [group[generator.integers(0, len(group), (size, len(group)))] for group in groups]
        found = np.concatenate(places, 1)
        if units is None:
            return _counted(kinds[found], count)
        return np.stack([np.bincount(kinds, row, count) for row in _counted(found, whole)[:, units]])

    return drawn


def _counted(found: Groups, count: int) -> NDArray[np.int64]:
    """How often each number below `count` is in each row."""
    rows = np.arange(len(found))[:, None] * count
    return np.bincount((found + rows).reshape(-1), minlength=len(found) * count).reshape(len(found), count)
