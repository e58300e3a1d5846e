"""How far a figure could lie from the truth, and why: other texts, or other seeds.

Runs with several seeds answer the same texts, so a figure has two sources of chance that cross. That is the design of
readers who all read the same cases: the variance is that between readers over their number, plus the covariance of
different readers through the cases (Obuchowski & Rockette 1995), with the degrees of freedom of Hillis (2007).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

from core.analysis.resampling import Groups, are_many, resample
from core.analysis.statistic import Statistic

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Runs:
    """The runs of one candidate: how far they lie apart, and how far texts alone would set them apart."""

    count: int
    between: float
    """The variance between runs; 0 with one run."""
    noise: float
    """What the texts add to the variance of one run beyond what they add to all runs alike."""

    @property
    def luck(self) -> float:
        """The variance between runs that texts do not explain: training luck. By chance it can come out below 0."""
        return self.between - self.noise


@dataclass(frozen=True, eq=False)
class Side:
    """One candidate of a comparison: how far its figure moves with each text or resample, and its runs."""

    apart: NDArray[np.float64]
    runs: Runs


@dataclass(frozen=True)
class Spread:
    """The variance of a figure by source, in its unit squared."""

    texts: float
    seeds: float
    """0 where no candidate has more than one run, since then nothing is known of it."""
    freedom: float
    """Degrees of freedom; infinite where only texts are drawn."""
    sides: tuple[Runs, ...]

    @property
    def known_seeds(self) -> bool:
        """Whether any candidate has several runs."""
        return any(side.count > 1 for side in self.sides)

    @property
    def error(self) -> float:
        """The standard error."""
        return sqrt(self.texts + self.seeds)

    @property
    def quantile(self) -> float:
        """How many standard errors a 95 % interval reaches to either side."""
        return student(round(self.freedom, 2))

    @property
    def stretch(self) -> float:
        """How much wider the interval is than one over texts alone."""
        return self.quantile * self.error / (Z95 * sqrt(self.texts)) if self.texts > 0 else 1.0


@lru_cache(maxsize=4096)
def student(freedom: float) -> float:
    """The 97.5 % quantile of Student's distribution."""
    if freedom == inf or freedom > 1e6:
        return Z95
    from scipy import special  # lazily: most figures have one run and need no scipy

    return float(special.stdtrit(freedom, 0.975))


def spread(
    sides: Sequence[Sequence[Statistic]], clusters: Groups | None = None, values: NDArray[np.float64] | None = None
) -> Spread:
    """The spread of a mean over runs (one side), or of the first side's mean minus the second's.

    All runs are over the same examples in the same order. `values` are the metrics on resamples, by side and run,
    where they have been drawn already (`resample`).
    """
    apart = _deviations([run for side in sides for run in side], clusters, values)
    found, done = [], 0
    for side in sides:
        found.append(_side(side, apart[done : done + len(side)]))
        done += len(side)
    return joint_spread(found, inf if clusters is None else len(np.unique(clusters)))


def side_of(runs: Sequence[Statistic], clusters: Groups | None = None) -> Side:
    """One side of differences by the influence of each text, which for metrics that are means is exact."""
    return _side(runs, _influences(runs, clusters))


def joint_spread(sides: Sequence[Side], units: float = inf) -> Spread:
    """The spread of one side's figure, or of the first's minus the second's; `units` are the clusters, if any."""
    apart = sides[0].apart if len(sides) == 1 else sides[0].apart - sides[1].apart
    texts = float((apart**2).sum())
    runs = tuple(side.runs for side in sides)
    seeds = luck_of(runs)
    return Spread(texts, seeds, freedom_of(texts, seeds, runs, units), runs)


def luck_of(sides: Sequence[Runs]) -> float:
    """What seeds add to the variance of a figure or a difference; never less than nothing."""
    return max(0.0, sum(side.luck / side.count for side in sides))


def freedom_of(texts: float, seeds: float, sides: Sequence[Runs], units: float = inf) -> float:
    """Degrees of freedom of a variance that was put together (Satterthwaite 1946; for seeds Hillis 2007).

    `units` are the clusters that were drawn; single texts are many and count as known.
    """
    squares = sum((one.between / one.count) ** 2 / (one.count - 1) for one in sides if one.count > 1)
    squares += texts**2 / max(units - 1, 1)
    return max(1.0, (texts + seeds) ** 2 / squares) if squares > 0 else inf


def _side(runs: Sequence[Statistic], apart: NDArray[np.float64]) -> Side:
    k, whole = len(runs), apart.sum(0)
    if k < 2:
        return Side(whole, Runs(k, 0.0, 0.0))
    own = float((apart**2).sum())
    alike = (float((whole**2).sum()) - own) / (k * (k - 1))
    between = float(np.var([run.overall for run in runs], ddof=1))
    return Side(whole / k, Runs(k, between, max(0.0, own / k - alike)))


def _deviations(
    runs: Sequence[Statistic], clusters: Groups | None, values: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """How far the figure of each run moves with each text, or with each resample, shape (runs, units).

    Scaled so that its product with itself is the covariance of the figures when texts are drawn again.
    """
    if all(run.parts is not None for run in runs) or (values is None and are_many(runs)):
        return _influences(runs, clusters)
    values = resample(runs, clusters=clusters) if values is None else values
    result: NDArray[np.float64] = (values - values.mean(1, keepdims=True)) / sqrt(max(values.shape[1] - 1, 1))
    return result


def _influences(runs: Sequence[Statistic], clusters: Groups | None) -> NDArray[np.float64]:
    apart = np.stack([run.influence() if run.parts is None else run.parts for run in runs])
    apart = apart - apart.mean(1, keepdims=True)
    n = apart.shape[1]
    if clusters is not None:
        places = np.unique(clusters, return_inverse=True)[1].reshape(-1)
        apart = np.stack([np.bincount(places, one) for one in apart])
    units = apart.shape[1]
    result: NDArray[np.float64] = apart / n * sqrt(units / max(units - 1, 1))
    return result
