"""Two candidates on the same examples are compared paired: what one gets right and the other wrong decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import combinations
from math import inf

import numpy as np
from numpy.typing import NDArray

from core.analysis.clusters import clusters_of
from core.analysis.intervals import is_share, percentile
from core.analysis.resampling import RESAMPLES, Groups, are_many, resample
from core.analysis.significance import PERMUTATIONS, holm, mcnemar, permutation, sign_flips, t_test
from core.analysis.spread import Z95, Side, Spread, joint_spread, side_of, spread
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

    @cached_property
    def overall(self) -> float:
        """The metric over all examples, averaged over runs."""
        return float(np.mean([run.overall for run in self.runs])) if self.runs else 0.0

    @cached_property
    def parts(self) -> NDArray[np.float64] | None:
        """Where the metric is a mean over examples: the value of each, averaged over runs."""
        parts = [run.parts for run in self.runs if run.parts is not None]
        return np.mean(parts, axis=0) if self.runs and len(parts) == len(self.runs) else None

    @cached_property
    def side(self) -> Side:
        """What each text moves, for the spread of differences (`core.analysis.spread.side_of`)."""
        return side_of(self.runs, self.clusters)

    @cached_property
    def range(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the metric is a mean over examples: the least and the most that any run has on each."""
        parts = np.stack([run.parts for run in self.runs if run.parts is not None])
        return parts.min(0), parts.max(0)


def performance(runs: Sequence[tuple[Sequence[str] | NDArray[np.str_], Statistic]]) -> Performance:
    """The performance of a candidate from its runs, each the ids of its examples and a statistic over them."""
    order = [np.array(ids, np.str_) for ids, _ in runs]
    shared = reduce(np.intersect1d, order) if order else np.array([], np.str_)
    places = [np.argsort(ids)[np.searchsorted(np.sort(ids), shared)] for ids in order]
    taken = (statistic.take(place) for (_, statistic), place in zip(runs, places, strict=True))
    return Performance(shared, tuple(taken), clusters_of(shared))


def of_right(runs: Mapping[str, Mapping[str, bool]]) -> Performance:
    """The accuracy of a candidate's runs, by run id and example id."""
    return performance([(list(run), Statistic.of_mean(np.array(list(run.values())))) for run in runs.values()])


def paired_difference(a: Performance, b: Performance, seed: int = 0, resamples: int = RESAMPLES) -> Difference:
    """`a - b` on the shared examples with a 95 % interval for texts and, where there are several runs, for seeds.

    A metric that is a mean over examples has the interval of Bonett & Price (2012), which holds its level where the two
    hardly disagree; others the percentile bootstrap's over examples (Koehn 2004), stretched by what seeds add, or with
    very many examples the infinitesimal jackknife's, to which that comes close. When no resample differs from another,
    the rule of three bounds what could have been missed.
    """
    a, b = shared(a, b)
    if not len(a.ids) or not a.runs or not b.runs:
        return Difference(0.0, -1.0, 1.0, 0)
    return _paired(a, b, seed, resamples)[0]


def shared(a: Performance, b: Performance) -> tuple[Performance, Performance]:
    """Both on the examples that both answered."""
    if a.ids is b.ids or np.array_equal(a.ids, b.ids):
        return a, b
    _, left, right = np.intersect1d(a.ids, b.ids, assume_unique=True, return_indices=True)
    return a.take(left), b.take(right)


def spread_between(a: Performance, b: Performance) -> Spread | None:
    """The spread of `a - b` on the shared examples, never none at all; None where there are no such examples."""
    a, b = shared(a, b)
    if not len(a.ids) or not a.runs or not b.runs:
        return None
    found = _paired(a, b)[2]
    return found if found.texts > 0 else replace(found, texts=(3 / len(a.ids) / Z95) ** 2)


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
    if not len(one.ids) or not one.runs or not other.runs:
        return Comparison(name_a, name_b, paired_difference(one, other), 1.0, "none: no text that both answered")
    difference, centre, found = _paired(one, other)
    if len(one.runs) > 1 or len(other.runs) > 1 or one.clusters is not None:
        drawn = "texts" if one.clusters is None else "documents"
        p, test = t_test(centre, found), f"t, over {drawn} and seeds"
    else:
        p, test = _test(one.runs[0], other.runs[0], permutations) or (t_test(centre, found), "bootstrap")
    return Comparison(name_a, name_b, difference, p, test)


def all_pairs(performances: Mapping[str, Performance]) -> list[Comparison]:
    """Every pair of candidates compared, in the order given, with p-values that Holm adjusts over all of them."""
    pairs = list(combinations(performances, 2))
    enough = max(PERMUTATIONS, 50 * len(pairs))
    found = [comparison(performances[a], performances[b], a, b, enough) for a, b in pairs]
    adjusted = holm([one.p for one in found])
    return [replace(one, p_holm=p) for one, p in zip(found, adjusted, strict=True)]


def _test(one: Statistic, other: Statistic, permutations: int) -> tuple[float, str] | None:
    """The test of two runs; None where answers cannot be exchanged, as with a metric of sums of its own."""
    if one.parts is None or other.parts is None:
        return (permutation(one, other, permutations), "permutation") if one.exchangeable(other) else None
    if is_share(one) and is_share(other):
        return mcnemar(int((one.parts > other.parts).sum()), int((one.parts < other.parts).sum()))
    return sign_flips(one.parts - other.parts, permutations), "permutation"


def _paired(
    a: Performance, b: Performance, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[Difference, float, Spread]:
    """The difference of two over the same examples, with the centre and the spread of its interval."""
    value, n = a.overall - b.overall, len(a.ids)
    if a.parts is not None and b.parts is not None:
        centre, found = _mean_gap(a, b)
        half = found.quantile * found.error
        return Difference(value, min(value, centre - half), max(value, centre + half), n), centre, found
    if are_many([*a.runs, *b.runs]):
        found = joint_spread([a.side, b.side], _units(a))
        half = found.quantile * found.error or 3 / n
        return Difference(value, value - half, value + half, n), value, found
    values = resample([*a.runs, *b.runs], resamples, seed, a.clusters)
    found = spread([a.runs, b.runs], a.clusters, values)
    low, high = percentile(values[: len(a.runs)].mean(0) - values[len(a.runs) :].mean(0))
    if high - low < 1e-12:
        low, high = value - 3 / n, value + 3 / n
    by = max(1.0, found.stretch)
    return Difference(value, value - by * (value - low), value + by * (high - value), n), value, found


def _mean_gap(a: Performance, b: Performance) -> tuple[float, Spread]:
    """Bonett & Price: the difference as if one more text spoke for either side, by as much as any text does."""
    n, found = len(a.ids), joint_spread([a.side, b.side], _units(a))
    (least, most), (other_least, other_most) = a.range, b.range
    apart = float(max((most - other_least).max(), (other_most - least).max())) or 1.0
    texts = found.texts * (n / (n + 2)) ** 2 + 2 * (apart / (n + 2)) ** 2
    return (a.overall - b.overall) * n / (n + 2), replace(found, texts=texts)


def _units(one: Performance) -> float:
    return inf if one.clusters is None else len(np.unique(one.clusters))
