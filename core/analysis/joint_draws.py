"""Metrics of several candidates as they might have come out, on the same resamples of the texts: what one shares with
another cancels, as it does in a paired comparison."""

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from core.analysis.compare import Performance
from core.analysis.resampling import are_many, resample
from core.analysis.spread import joint_spread, spread

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
    values = _drawn(found, draws, seed)
    if not found or not len(found[0].ids):
        return values
    generator, smooth = np.random.default_rng(seed + 1), _is_smooth(found)
    for row, one in enumerate(found):
        if len(one.runs) > 1:
            luck = joint_spread([one.side]) if smooth else spread([one.runs], one.clusters)
            values[row] += generator.normal(0.0, np.sqrt(luck.seeds), draws)
    return values


def text_draws(
    performances: Mapping[str, Performance], draws: int = DRAWS, seed: int = 0
) -> tuple[NDArray[np.float64], list[Performance]]:
    """As `joint_draws`, but only texts are drawn, not seeds; and the performances on the texts that all answered."""
    found = _on_shared(list(performances.values()))
    return _drawn(found, draws, seed), found


def _drawn(found: Sequence[Performance], draws: int, seed: int) -> NDArray[np.float64]:
    if not found or not len(found[0].ids):
        return np.full((len(found), draws), np.nan)
    if _is_smooth(found):
        return _means(_worth(found), draws, np.random.default_rng(seed))
    return _resampled(found, draws, seed)


def _is_smooth(found: Sequence[Performance]) -> bool:
    """Whether texts can be drawn by what each is worth: the metric is a mean, or very many make it as good as one."""
    if found[0].clusters is not None:
        return False
    return all(one.parts is not None for one in found) or are_many([run for one in found for run in one.runs])


def _worth(found: Sequence[Performance]) -> NDArray[np.float64]:
    """What each text is worth to each candidate, shape (candidates, texts)."""
    n = len(found[0].ids)
    return np.stack([one.overall + n * one.side.apart if one.parts is None else one.parts for one in found])


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
