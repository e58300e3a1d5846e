"""95 % intervals of metrics: over texts, over documents where texts belong together, and over seeds.

Texts are what is drawn, so a metric over spans is resampled by the texts that hold them: spans of one text stand or
fall together. docs/statistics.md shows how often each kind of interval holds the truth.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.analysis.resampling import RESAMPLES, Groups, are_many, jackknife, resample
from core.analysis.spread import Z95, Spread, spread
from core.analysis.statistic import Statistic

Interval = tuple[float, float, float]
"""A value with the lower and upper end of its 95 % interval."""
Kind = Literal["percentile", "bca"]


def wilson(hits: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval of a share, 95 % (Wilson 1927; statsmodels `proportion_confint(method="wilson")`)."""
    if n == 0:
        return 0.0, 1.0
    p = hits / n
    centre = p + z**2 / (2 * n)
    half = z * sqrt(max(0.0, p * (1 - p)) / n + z**2 / (4 * n * n))
    scale = 1 + z**2 / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def intervals(
    statistics: Mapping[str, Statistic], seed: int = 0, clusters: Groups | None = None, strata: Groups | None = None,
    kind: Kind = "percentile",
) -> dict[str, Interval]:  # fmt: skip
    """Each metric of one run with its 95 % interval: Wilson's for a share of examples, else the bootstrap's.

    Without examples a metric is 0 within [0, 1]. When resampling has no spread, as when every answer is right, the
    rule of three tells what could have been missed. All metrics are over the same examples.
    """
    drawn = {name: one for name, one in statistics.items() if len(one) and not (is_share(one) and strata is None)}
    values = dict(zip(drawn, resample(list(drawn.values()), seed=seed, clusters=clusters, strata=strata), strict=True))
    return {
        name: _of_values([one], values[name][None], clusters, kind) if name in values else _share([one], clusters)
        for name, one in statistics.items()
    }


def interval(
    runs: Sequence[Statistic], clusters: Groups | None = None, seed: int = 0, kind: Kind = "percentile"
) -> Interval:
    """The mean of a metric over a candidate's runs (seeds) with a 95 % interval for texts and seeds together.

    One run says nothing of seeds: then only texts count, and it is the interval of `intervals`. All runs are over the
    same examples in the same order; `clusters` tells which of these belong together.
    """
    if not runs or not len(runs[0]):
        return 0.0, 0.0, 1.0
    if all(is_share(run) for run in runs):
        return _share(runs, clusters)
    if are_many(runs):
        found, value = spread([runs], clusters), float(np.mean([run.overall for run in runs]))
        half = found.quantile * found.error
        return value, max(-1.0 if value < half else 0.0, value - half), min(1.0, value + half)
    values = resample(runs, seed=seed, clusters=clusters)
    return _of_values(runs, values, clusters, kind)


def stretched(inner: Interval, found: Spread, signed: bool) -> Interval:
    """An interval over texts made wider by what seeds add, within what the metric can be."""
    value, low, high = inner
    by = max(1.0, found.stretch)
    least = -1.0 if signed else 0.0
    return value, max(least, value - by * (value - low)), min(1.0, value + by * (high - value))


def is_share(statistic: Statistic) -> bool:
    """Whether the metric is the share of examples that have something."""
    parts = statistic.parts
    return parts is not None and bool(((parts == 0) | (parts == 1)).all())


def percentile(values: NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % interval of the bootstrap by percentiles (Efron & Tibshirani 1993)."""
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def bca(
    value: float, values: NDArray[np.float64], left_out: NDArray[np.float64], times: NDArray[np.int64]
) -> tuple[float, float]:
    """The 95 % interval of the bootstrap, bias-corrected and accelerated (Efron 1987; scipy `bootstrap`).

    `values` are the metric on resamples; `left_out` those of the jackknife, of which each occurs `times`.
    """
    from scipy import special  # lazily: percentiles need no scipy

    below = ((values < value).mean() + (values <= value).mean()) / 2
    if not 0 < below < 1:
        return percentile(values)
    bias = float(special.ndtri(below))
    gaps = np.average(left_out, weights=times) - left_out
    squares = float((times * gaps**2).sum())
    acceleration = float((times * gaps**3).sum()) / (6 * squares**1.5) if squares > 0 else 0.0
    ends = bias + np.array([-Z95, Z95])
    low, high = np.quantile(values, special.ndtr(bias + ends / (1 - acceleration * ends)))
    return float(low), float(high)


def _share(runs: Sequence[Statistic], clusters: Groups | None) -> Interval:
    """Wilson's interval with as many texts as would leave the same variance (Dean & Pagano 2015)."""
    n = len(runs[0])
    value = float(np.mean([run.overall for run in runs])) if runs else 0.0
    if n < 2 or not 0 < value < 1 or (len(runs) == 1 and clusters is None):
        return value, *wilson(value * n, n)
    found = spread([runs], clusters)
    alike = value * (1 - value) / found.error**2 * n / (n - 1) if found.error else float(n)
    return value, *wilson(value * alike, alike, found.quantile)


def _of_values(runs: Sequence[Statistic], values: NDArray[np.float64], clusters: Groups | None, kind: Kind) -> Interval:
    inner = _bootstrap(runs, values, clusters, kind)
    if len(runs) == 1 and clusters is None:
        return inner
    return stretched(inner, spread([runs], clusters, values), float(values.min(initial=0.0)) < 0)


def _bootstrap(runs: Sequence[Statistic], values: NDArray[np.float64], clusters: Groups | None, kind: Kind) -> Interval:
    n, value = len(runs[0]), float(np.mean([run.overall for run in runs]))
    if not n:
        return 0.0, 0.0, 1.0
    means = values.mean(0)
    if kind == "bca":
        left_out, times = jackknife(runs, clusters)
        low, high = bca(value, means, left_out.mean(0), times)
    else:
        low, high = percentile(means)
    if low == high:
        low, high = max(0.0, value - 3 / n), min(1.0, value + 3 / n)
    return value, low, high


__all__ = ["RESAMPLES", "Interval", "bca", "interval", "intervals", "percentile", "resample", "stretched", "wilson"]
