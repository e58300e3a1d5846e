"""Cascades: a small candidate answers when it is sure, else a stronger one does, last perhaps a person.

A stage answers a text when its confidence reaches its threshold, else passes it on (Viola & Jones 2001; Chen, Zaharia
& Zou 2023, "FrugalGPT", arXiv 2305.05176). Everything is computed from answers that were kept, so no text is asked
again. A metric is a function of sums over examples (`core.analysis.statistic`), and each example counts at exactly one
stage; so the sums of all thresholds at once are cumulated sums over examples in the order of their confidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from core.analysis.statistic import Counts, Statistic

PASSED_ON = -np.inf
"""The confidence of an answer that never stands: it could not be read, or nobody knows how sure it is."""
LEVELS = 50
"""Quantiles by which the times of single texts are added up over stages."""
GRID = {1: 100, 2: 30, 3: 12}
"""Thresholds tried of each stage but the last, by the number of those stages."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What k stages answered to the same n texts, by one run of each."""

    ids: NDArray[np.str_]
    confidence: NDArray[np.float64]
    """Shape (k, n); `PASSED_ON` where an answer never stands."""
    statistic: Statistic
    """The metric over k × n answers, stage after stage, so that all stages share their sums."""
    right: NDArray[np.float64]
    """1 where an answer is right in every part, shape (k, n)."""
    takes: Mapping[str, NDArray[np.float64]]
    """What asking takes, by name, shape (k, n): a text takes it at each stage that it reaches."""
    harm: NDArray[np.float64] | None = None
    """What the mistakes cost in USD, shape (k, n): it counts at the stage that answers."""

    @property
    def stages(self) -> int:
        """How many stages there are."""
        return len(self.confidence)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Sweep:
    """Figures of a cascade for every combination of thresholds; arrays have the shape of the grid."""

    grids: tuple[NDArray[np.float64], ...]
    """The thresholds of each stage but the last, rising."""
    quality: NDArray[np.float64]
    answered: NDArray[np.float64]
    """Share of the texts that each stage answers, shape (stages, …)."""
    takes: Mapping[str, NDArray[np.float64]]
    """Means over texts."""
    harm: NDArray[np.float64] | None = None

    def thresholds(self, place: tuple[int, ...]) -> tuple[float, ...]:
        """The thresholds at a place of the grid."""
        return tuple(float(grid[at]) for grid, at in zip(self.grids, place, strict=True))


def grids(many: Sequence[Answers]) -> tuple[NDArray[np.float64], ...]:
    """The thresholds worth trying of each stage but the last: quantiles of the confidences over runs, ends included.

    The first makes a stage answer everything, the last (infinity) nothing.
    """
    stages = many[0].stages
    levels = np.linspace(0, 1, GRID.get(stages - 1, 8) + 1)
    found = []
    for stage in range(stages - 1):
        known = np.concatenate([answers.confidence[stage] for answers in many])
        known = known[np.isfinite(known)]
        inner = np.quantile(known, levels, method="higher") if len(known) else np.array([])
        found.append(np.unique([PASSED_ON, *np.floor(inner * 1e6) / 1e6, np.inf]))
    return tuple(found)


def route(answers: Answers, thresholds: Sequence[float]) -> NDArray[np.int64]:
    """Which stage answers each text, from 0, shape (n,)."""
    sure = answers.confidence[:-1] >= np.asarray(thresholds, np.float64)[:, None]
    last = np.ones((1, len(answers)), bool)
    return np.argmax(np.concatenate([sure, last]), axis=0).astype(np.int64)


def outcome(answers: Answers, thresholds: Sequence[float]) -> Statistic:
    """The metric of the cascade, over the n texts."""
    n = len(answers)
    return answers.statistic.take(route(answers, thresholds) * n + np.arange(n))


def alone(answers: Answers, stage: int) -> Statistic:
    """The metric of one stage that answers everything."""
    n = len(answers)
    return answers.statistic.take(np.arange(stage * n, (stage + 1) * n))


def sweep(answers: Answers, of_grids: Sequence[NDArray[np.float64]]) -> Sweep:
    """The figures for every combination of thresholds, of one run of each stage."""
    stages, n = answers.stages, max(1, len(answers))
    shape = tuple(len(grid) for grid in of_grids)
    # A text is answered by stage k at threshold j when j < bins[k], else passed on.
    bins = [np.searchsorted(grid, answers.confidence[k], side="right") for k, grid in enumerate(of_grids)]
    table = _Table(bins, shape)
    counts = answers.statistic.counts
    sums = np.zeros((*shape, counts.width))
    answered, harm = np.zeros((stages, *shape)), np.zeros(shape)
    takes = {name: np.zeros(shape) for name in answers.takes}
    for stage in range(stages):
        places = np.arange(stage * len(answers), (stage + 1) * len(answers))
        sums = sums + table.answered(stage, *_entries(counts.take(places)), counts.width)
        answered[stage] += table.answered(stage, *_dense(np.ones(len(answers))), 1)[..., 0] / n
        if answers.harm is not None:
            harm = harm + table.answered(stage, *_dense(answers.harm[stage]), 1)[..., 0] / n
        for name, values in answers.takes.items():
            takes[name] += table.reached(stage, *_dense(values[stage]), 1)[..., 0] / n
    quality = np.asarray(answers.statistic.value(sums), np.float64)
    return Sweep(tuple(of_grids), quality, answered, takes, None if answers.harm is None else harm)


def gap_errors(answers: Answers, of_grids: Sequence[NDArray[np.float64]], stage: int) -> NDArray[np.float64]:
    """Standard error of the difference in right answers between the cascade and one stage alone, at every place.

    Both answer the same texts, so only those count of which one is right and the other wrong.
    """
    n = max(1, len(answers))
    bins = [np.searchsorted(grid, answers.confidence[k], side="right") for k, grid in enumerate(of_grids)]
    shape = tuple(len(grid) for grid in of_grids)
    table, sums = _Table(bins, shape), np.zeros((*shape, 2))
    for answering in range(answers.stages):
        gaps = answers.right[answering] - answers.right[stage]
        for column, values in enumerate((gaps, gaps**2)):
            sums[..., column] += table.answered(answering, *_dense(values), 1)[..., 0] / n
    variance: NDArray[np.float64] = sums[..., 1] - sums[..., 0] ** 2
    return np.sqrt(np.maximum(variance, 0.0) / n)


def mean_sweep(sweeps: Sequence[Sweep]) -> Sweep:
    """The mean over runs of sweeps with the same thresholds."""
    first = sweeps[0]
    return Sweep(
        first.grids,
        np.mean([one.quality for one in sweeps], axis=0),
        np.mean([one.answered for one in sweeps], axis=0),
        {name: np.mean([one.takes[name] for one in sweeps], axis=0) for name in first.takes},
        None if first.harm is None else np.mean([one.harm for one in sweeps if one.harm is not None], axis=0),
    )


def latency_mixture(milliseconds: Sequence[Sequence[float]]) -> NDArray[np.float64] | None:
    """How long a text takes that stage k answers: row k, shape (stages, `LEVELS`); None when a stage was not timed.

    A text that is slow at one stage is taken to be slow at the others too, so quantiles are added up: the cautious
    case.
    """
    if not milliseconds or not all(len(one) for one in milliseconds):
        return None
    levels = (np.arange(LEVELS) + 0.5) / LEVELS
    return np.cumsum([np.quantile(np.asarray(one, np.float64), levels) for one in milliseconds], axis=0)


def latency_quantile(
    mixture: NDArray[np.float64], answered: NDArray[np.float64], level: float
) -> NDArray[np.float64]:  # fmt: skip
    """A quantile of the time for one text where stage k answers the share `answered[k]`, shape (stages, …)."""
    times = mixture.reshape(-1)
    order = np.argsort(times, kind="stable")
    weights = np.moveaxis(np.repeat(answered, mixture.shape[1], axis=0), 0, -1)[..., order]
    reached = np.cumsum(weights, axis=-1)
    place = np.argmax(reached >= level * reached[..., -1:] - 1e-12, axis=-1)
    result: NDArray[np.float64] = times[order][place]
    return result


class _Table:
    """Sums of what texts add, by threshold: which texts are passed on, which answered."""

    def __init__(self, bins: Sequence[NDArray[np.int64]], shape: tuple[int, ...]) -> None:
        self.bins, self.shape = bins, shape

    def answered(
        self, stage: int, texts: NDArray[np.int64], columns: NDArray[np.int64], amounts: NDArray[np.float64], width: int
    ) -> NDArray[np.float64]:
        """The sums over texts that `stage` answers, shape (…, width)."""
        deep = min(stage + 1, len(self.bins))
        return self._cumulated(deep, stage if stage < len(self.bins) else -1, texts, columns, amounts, width)

    def reached(
        self, stage: int, texts: NDArray[np.int64], columns: NDArray[np.int64], amounts: NDArray[np.float64], width: int
    ) -> NDArray[np.float64]:
        """The sums over texts that come to `stage`, shape (…, width)."""
        return self._cumulated(stage, -1, texts, columns, amounts, width)

    def _cumulated(
        self, deep: int, answering: int, texts: NDArray[np.int64], columns: NDArray[np.int64],
        amounts: NDArray[np.float64], width: int,
    ) -> NDArray[np.float64]:  # fmt: skip
        sizes = [size + 1 for size in self.shape[:deep]]
        flat = np.zeros(len(texts), np.int64)
        for axis, size in enumerate(sizes):
            flat = flat * size + self.bins[axis][texts]
        counted = np.bincount(flat * width + columns, amounts, prod(sizes) * width)
        table = counted.astype(np.float64).reshape(*sizes, width)
        for axis, size in enumerate(sizes):
            passed = np.cumsum(table, axis=axis)
            whole = passed.take([size - 1], axis=axis)
            passed = passed.take(np.arange(size - 1), axis=axis)
            table = whole - passed if axis == answering else passed
        found: NDArray[np.float64] = table.reshape(*self.shape[:deep], *(1 for _ in self.shape[deep:]), width)
        return found


def _dense(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    places = np.arange(len(values))
    return places, np.zeros(len(values), np.int64), np.asarray(values, np.float64)


def _entries(counts: Counts) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """What each example adds, entry by entry: its place, the sum it adds to, and how much."""
    order = np.argsort(counts.rows, kind="stable")
    columns, amounts = counts.columns[order], counts.amounts[order]
    each = np.bincount(counts.rows, minlength=counts.kind_count)
    start = np.cumsum(each) - each
    length = each[counts.kinds]
    texts = np.repeat(np.arange(len(counts.kinds)), length)
    within = np.arange(len(texts)) - np.repeat(np.cumsum(length) - length, length)
    places = np.repeat(start[counts.kinds], length) + within
    return texts, columns[places], amounts[places]
