"""Metrics of several candidates as they might have come out, on the same resamples of the texts: what one shares with
another cancels, as it does in a paired comparison."""

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from core.analysis.compare import Performance
from core.analysis.resampling import resample
from core.analysis.spread import spread

DRAWS = 1000
MOST_PATTERNS = 2000
"""Different texts of more than so many kinds are drawn by the normal distribution, which is the bootstrap's limit."""


def joint_draws(performances: Mapping[str, Performance], draws: int = DRAWS, seed: int = 0) -> NDArray[np.float64]:
    """The metric of each candidate in each draw, shape (candidates, draws), in the order given.

    Texts (or the clusters that they belong to) are drawn with replacement, the same for all candidates. A candidate
    with several runs also varies by what its seeds add (`core.analysis.spread`), each candidate by itself; of one
    run nothing is known about seeds. Without a text that all answered every figure is unknown (NaN).
    """
    found = _on_shared(list(performances.values()))
    if not found or not len(found[0].ids):
        return np.full((len(found), draws), np.nan)
    parts = [one.parts for one in found]
    generator = np.random.default_rng(seed)
    if any(part is None for part in parts) or found[0].clusters is not None:
        values = _resampled(found, draws, seed)
    else:
        values = _means(np.stack([part for part in parts if part is not None]), draws, generator)
    for row, one in enumerate(found):
        if len(one.runs) > 1:
            values[row] += generator.normal(0.0, np.sqrt(spread([one.runs], one.clusters).seeds), draws)
    return values


def _on_shared(every: Sequence[Performance]) -> list[Performance]:
    """All on the texts that all of them answered."""
    if all(np.array_equal(one.ids, every[0].ids) for one in every):
        return list(every)
    shared = reduce(np.intersect1d, [one.ids for one in every])
    return [one.take(np.searchsorted(one.ids, shared)) for one in every]


def _resampled(found: Sequence[Performance], draws: int, seed: int) -> NDArray[np.float64]:
    values = resample([run for one in found for run in one.runs], draws, seed, found[0].clusters)
    ends = np.cumsum([len(one.runs) for one in found])
    return np.stack([rows.mean(0) for rows in np.split(values, ends[:-1])])


def _means(parts: NDArray[np.float64], draws: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Means over texts, from what each text is worth, shape (candidates, texts): texts alike are drawn together."""
    n = parts.shape[1]
    kinds, counts = np.unique(parts, axis=1, return_counts=True)
    if len(counts) <= MOST_PATTERNS:
        result: NDArray[np.float64] = kinds @ generator.multinomial(n, counts / n, draws).T / n
        return result
    covariance = np.atleast_2d(np.cov(parts)) / n
    return generator.multivariate_normal(parts.mean(1), covariance, draws, method="eigh").T
