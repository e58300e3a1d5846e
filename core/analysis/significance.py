"""Tests of two candidates on the same texts: could chance alone make a difference this large?

Every p-value is two-sided, for "both would do equally well on all such texts".
"""

from collections.abc import Callable, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from core.analysis.resampling import summing
from core.analysis.spread import Spread
from core.analysis.statistic import Statistic

FEW_DISCORDANT = 25
"""Up to here McNemar's test is exact; above, its mid-p variant loses less power at the same error (Fagerlund 2013)."""
PERMUTATIONS = 2000
BLOCK = 250
"""Permutations drawn at once."""
ENOUGH = 200
"""Chance differences as large as the real one after which a permutation test may stop (Besag & Clifford 1991)."""


def mcnemar(only_a: int, only_b: int) -> tuple[float, str]:
    """McNemar's test of two shares of right answers: the p-value and which form was taken.

    `only_a` texts are right with a alone, `only_b` with b alone. Exact binomial when they are few (McNemar 1947;
    statsmodels `mcnemar(exact=True)`), else mid-p (Fagerlund, Lydersen & Laake 2013).
    """
    n, least = only_a + only_b, min(only_a, only_b)
    if n == 0:
        return 1.0, "McNemar, exact"
    from scipy import special  # lazily: pages that compare nothing need no scipy

    below = float(special.bdtr(least, n, 0.5))
    if n < FEW_DISCORDANT:
        return min(1.0, 2 * below), "McNemar, exact"
    before = float(special.bdtr(least - 1, n, 0.5)) if least else 0.0
    return min(1.0, below + before), "McNemar, mid-p"


def sign_flips(gaps: NDArray[np.float64], permutations: int = PERMUTATIONS, seed: int = 0) -> float:
    """The p-value of a mean difference by flipping the sign of each text's (Fisher's randomization test)."""
    values, counts = np.unique(np.abs(gaps[gaps != 0]), return_counts=True)
    if not len(values):
        return 1.0
    generator = np.random.default_rng(seed)
    real = abs(float(gaps.sum()))

    def drawn(size: int) -> NDArray[np.float64]:
        kept = generator.binomial(counts, 0.5, (size, len(counts)))
        result: NDArray[np.float64] = (2 * kept - counts) @ values
        return result

    return _p_value(drawn, real, permutations)


def permutation(a: Statistic, b: Statistic, permutations: int = PERMUTATIONS, seed: int = 0) -> float:
    """The p-value of `a - b` for any metric: which of the two answered a text is shuffled, text by text.

    Approximate randomization (Noreen 1989; Yeh 2000 for F1). Both statistics are over the same texts in the same order.
    """
    a, b = a.aligned(b)
    pairs, times = np.unique(np.stack([a.counts.kinds, b.counts.kinds]), axis=1, return_counts=True)
    first, second = a.counts.total(), b.counts.total()
    real = abs(float(a.value(first) - b.value(second)))
    generator = np.random.default_rng(seed)

    given, taken = summing(b.counts, pairs[1]), summing(a.counts, pairs[0])

    def drawn(size: int) -> NDArray[np.float64]:
        swapped = generator.binomial(times, 0.5, (size, len(times)))
        gains = given(swapped) - taken(swapped)
        result: NDArray[np.float64] = a.value(first + gains) - b.value(second - gains)
        return result

    return _p_value(drawn, real, permutations)


def t_test(value: float, found: Spread) -> float:
    """The p-value of a difference whose spread is known, by Student's distribution."""
    if not found.error:
        return 1.0 if value == 0 else 0.0
    from scipy import special

    reached = abs(value) / found.error
    return 2 * float(special.ndtr(-reached) if found.freedom == inf else special.stdtr(found.freedom, -reached))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for all tests of one family (Holm 1979; statsmodels `multipletests(method="holm")`)."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.array(p_values, float)[order] * np.arange(len(order), 0, -1)
    result = np.empty(len(order))
    result[order] = np.minimum(np.maximum.accumulate(adjusted), 1.0)
    return [float(p) for p in result]


def _p_value(drawn: Callable[[int], NDArray[np.float64]], real: float, permutations: int) -> float:
    """The share of chance differences at least as large as the real one, which itself counts as one."""
    done = reached = 0
    while done < permutations and reached < ENOUGH:
        values = drawn(min(BLOCK, permutations - done))
        done += len(values)
        reached += int((np.abs(values) >= real - 1e-12).sum())
    return (reached + 1) / (done + 1)
