"""Two candidates on the same examples are compared paired: what one gets right and the other wrong decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from core.analysis.intervals import is_share, percentile
from core.analysis.resampling import RESAMPLES, Groups, resample
from core.analysis.significance import PERMUTATIONS, holm, mcnemar, permutation, sign_flips, t_test
from core.analysis.spread import Spread, spread
from core.analysis.statistic import Statistic


@dataclass(frozen=True)
class Difference:
    """`metric(a) - metric(b)` over the `n` examples that both answered, with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int

    @property
    def is_tie(self) -> bool:
        """Whether the interval holds zero: the data cannot tell the two apart."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class Performance:
    """A metric of a candidate's runs (seeds) over the examples that all of them answered: `ids` sorted, each statistic
    aligned to them. The candidate's figure is the mean over its runs."""

    ids: NDArray[np.str_]
    runs: tuple[Statistic, ...]
    clusters: Groups | None = None
    """Which examples belong together, such as sentences of a document; None where each stands for itself."""

    def take(self, examples: NDArray[np.int64]) -> "Performance":
        """The performance on some examples, by their places."""
        clusters = None if self.clusters is None else self.clusters[examples]
        return Performance(self.ids[examples], tuple(run.take(examples) for run in self.runs), clusters)

    @property
    def overall(self) -> float:
        """The metric over all examples, averaged over runs."""
        return float(np.mean([run.overall for run in self.runs])) if self.runs else 0.0

    @property
    def parts(self) -> NDArray[np.float64] | None:
        """Where the metric is a mean over examples: the value of each, averaged over runs."""
        parts = [run.parts for run in self.runs if run.parts is not None]
        return np.mean(parts, axis=0) if self.runs and len(parts) == len(self.runs) else None


def performance(runs: Sequence[tuple[Sequence[str] | NDArray[np.str_], Statistic]]) -> Performance:
    """The performance of a candidate from its runs, each the ids of its examples and a statistic over them."""
    order = [np.array(ids, np.str_) for ids, _ in runs]
    shared = reduce(np.intersect1d, order) if order else np.array([], np.str_)
    places = [np.argsort(ids)[np.searchsorted(np.sort(ids), shared)] for ids in order]
    taken = (statistic.take(place) for (_, statistic), place in zip(runs, places, strict=True))
    return Performance(shared, tuple(taken))


def of_right(runs: Mapping[str, Mapping[str, bool]]) -> Performance:
    """The accuracy of a candidate's runs, by run id and example id."""
    return performance([(list(run), Statistic.of_mean(np.array(list(run.values())))) for run in runs.values()])


def paired_difference(a: Performance, b: Performance, seed: int = 0, resamples: int = RESAMPLES) -> Difference:
    """`a - b` on the shared examples with a 95 % interval for texts and, where there are several runs, for seeds.

    A metric that is a mean over examples has the interval of Bonett & Price (2012), which holds its level where the two
    hardly disagree; others the percentile bootstrap's over examples (Koehn 2004), stretched by what seeds add. When no
    resample differs from another, the rule of three bounds what could have been missed.
    """
    a, b = shared(a, b)
    if not len(a.ids) or not a.runs or not b.runs:
        return Difference(0.0, -1.0, 1.0, 0)
    if a.parts is not None and b.parts is not None:
        return _mean_difference(a, b)
    values = resample([*a.runs, *b.runs], resamples, seed, a.clusters)
    found = spread([a.runs, b.runs], a.clusters, values)
    gaps = values[: len(a.runs)].mean(0) - values[len(a.runs) :].mean(0)
    value, n = a.overall - b.overall, len(a.ids)
    low, high = percentile(gaps)
    if high - low < 1e-12:
        low, high = value - 3 / n, value + 3 / n
    by = max(1.0, found.stretch)
    return Difference(value, value - by * (value - low), value + by * (high - value), n)


def shared(a: Performance, b: Performance) -> tuple[Performance, Performance]:
    """Both on the examples that both answered."""
    if a.ids is b.ids or np.array_equal(a.ids, b.ids):
        return a, b
    _, left, right = np.intersect1d(a.ids, b.ids, assume_unique=True, return_indices=True)
    return a.take(left), b.take(right)


def spread_between(a: Performance, b: Performance) -> Spread | None:
    """The spread of `a - b` on the shared examples; None where there are none."""
    a, b = shared(a, b)
    return spread([a.runs, b.runs], a.clusters) if len(a.ids) and a.runs and b.runs else None


@dataclass(frozen=True)
class Comparison:
    """Two candidates compared paired: `a - b`, and how likely chance alone makes a difference as large."""

    a: str
    b: str
    difference: Difference
    p: float
    """Two-sided, of this pair alone."""
    test: str
    p_holm: float | None = None
    """Adjusted for all pairs that were compared together."""


def comparison(
    a: Performance, b: Performance, name_a: str, name_b: str, permutations: int = PERMUTATIONS
) -> Comparison:
    """The paired difference with a test: McNemar's for shares of right answers, else a permutation test.

    With several runs of one of them it is the test of the interval, which counts texts and seeds.
    """
    one, other = shared(a, b)
    difference = paired_difference(one, other)
    p, test = _test(one, other, permutations) if difference.n else (1.0, "none: no text that both answered")
    return Comparison(name_a, name_b, difference, p, test)


def all_pairs(performances: Mapping[str, Performance]) -> list[Comparison]:
    """Every pair of candidates compared, in the order given, with p-values that Holm adjusts over all of them."""
    pairs = list(combinations(performances, 2))
    enough = max(PERMUTATIONS, 50 * len(pairs))
    found = [comparison(performances[a], performances[b], a, b, enough) for a, b in pairs]
    adjusted = holm([one.p for one in found])
    return [replace(one, p_holm=p) for one, p in zip(found, adjusted, strict=True)]


def _test(a: Performance, b: Performance, permutations: int) -> tuple[float, str]:
    means = a.parts is not None and b.parts is not None
    if len(a.runs) > 1 or len(b.runs) > 1 or a.clusters is not None:
        whole = (a.overall - b.overall, spread([a.runs, b.runs], a.clusters))
        return t_test(*(_mean_gap(a, b) if means else whole)), "t, over texts and seeds"
    one, other = a.runs[0], b.runs[0]
    if one.parts is None or other.parts is None:
        return permutation(one, other, permutations), "permutation"
    if is_share(one) and is_share(other):
        return mcnemar(int((one.parts > other.parts).sum()), int((one.parts < other.parts).sum()))
    return sign_flips(one.parts - other.parts, permutations), "permutation"


def _mean_difference(a: Performance, b: Performance) -> Difference:
    value, n = a.overall - b.overall, len(a.ids)
    centre, found = _mean_gap(a, b)
    half = found.quantile * found.error
    return Difference(value, min(value, centre - half), max(value, centre + half), n)


def _mean_gap(a: Performance, b: Performance) -> tuple[float, Spread]:
    """Bonett & Price: the difference as if one more text spoke for either side, by as much as any text does."""
    n, found = len(a.ids), spread([a.runs, b.runs], a.clusters)
    most = max(_most_apart(one, other) for one in a.runs for other in b.runs) or 1.0
    texts = found.texts * (n / (n + 2)) ** 2 + 2 * (most / (n + 2)) ** 2
    return (a.overall - b.overall) * n / (n + 2), replace(found, texts=texts)


def _most_apart(a: Statistic, b: Statistic) -> float:
    return float(np.abs(a.parts - b.parts).max()) if a.parts is not None and b.parts is not None else 0.0
