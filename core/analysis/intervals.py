"""Intervals of metrics by the bootstrap over examples (Efron & Tibshirani 1993)."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.tasks.base import Statistic

RESAMPLES = 1000
MOST_WEIGHTS = 20_000_000
"""Weights drawn at once: bounds the memory on large test sets."""


def bootstrap(statistic: "Statistic", seed: int = 0) -> tuple[float, float, float]:
    """The metric with its 95 % percentile interval. Without examples it is 0 within [0, 1]."""
    n = len(statistic.counts)
    if n == 0:
        return 0.0, 0.0, 1.0
    rows, times = np.unique(statistic.counts, axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    chunk = max(1, MOST_WEIGHTS // len(rows))
    sums = [
        generator.multinomial(n, times / n, min(chunk, RESAMPLES - done)) @ rows for done in range(0, RESAMPLES, chunk)
    ]
    low, high = np.quantile(statistic.value(np.concatenate(sums)), (0.025, 0.975))
    return float(statistic.value(statistic.counts.sum(0))), float(low), float(high)
