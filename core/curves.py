"""Learning curves of a dataset's runs, from their stored predictions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from core.analysis.compare import Performance
from core.analysis.curve import Curve, fitted
from core.analysis.power_law import LEAST_SIZES
from core.analysis.resampling import resample
from core.analysis.results import CandidateRow, RunSummary
from core.analysis.statistic import Statistic
from core.data.dataset import DatasetInfo
from core.errors import TradeoffError
from core.evidence import performance_of
from core.home import Home
from core.spec import Experiment, RunSpec

DRAWS = 500
HELD = 2_000_000
"""Drawn counts held at once: bounds the memory with very many test texts."""
NO_LABELS = ("prompted_llm", "api", "cascade")
"""Families that are asked or put together, not trained: more labels do not change them."""
UNTRAINED = ("majority", "gliclass", "gliner")
FRACTIONS = (16, 8, 4, 2)
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Learner:
    """A candidate that learns from labels: its row and all its finished runs, by their number of training texts."""

    row: CandidateRow
    runs: dict[int, tuple[str, ...]]

    @property
    def name(self) -> str:
        """The candidate's name in the rows."""
        return self.row.candidate

    @property
    def short(self) -> str:
        """What keeps it from having a curve; empty when nothing does."""
        if len(self.runs) < LEAST_SIZES:
            count = len(self.runs)
            return f"{count} train size{'' if count == 1 else 's'} tried; a curve needs {LEAST_SIZES} and better five"
        if sum(map(len, self.runs.values())) <= LEAST_SIZES:
            return "three runs; a curve needs another size or another seed"
        return ""


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves, and the figures of candidates that they are held against, all on the same test texts and draws."""

    metric: str
    texts: int
    """Test texts that all of them answered."""
    curves: dict[str, Curve]
    figures: dict[str, tuple[float, Array]]
    """By candidate: its metric, and the same on every draw of the test texts."""


def learners(rows: Sequence[CandidateRow], runs: Sequence[RunSummary], train_texts: int) -> list[Learner]:
    """The candidates that more labels could help, each with its finished runs of every train size."""
    specs = {run.run_id: run.spec for run in runs if run.status == "finished"}
    found = []
    for row in rows:
        if row.family in NO_LABELS or row.method in UNTRAINED or row.run_ids[0] not in specs:
            continue
        mine = _key(specs[row.run_ids[0]])
        sizes: dict[int, tuple[str, ...]] = {}
        for run, spec in specs.items():
            if _key(spec) == mine:
                size = min(spec.train_size or train_texts, train_texts)
                sizes[size] = (*sizes.get(size, ()), run)
        found.append(Learner(row, dict(sorted(sizes.items()))))
    return found


def fitted_curves(
    home: Home, learning: Sequence[Learner], targets: Sequence[CandidateRow], metric: str, seed: int = 0
) -> Curves:
    """The curves of those with runs enough, and the figures of `targets`, on the test texts that all answered.

    Runs whose predictions cannot be read are left out, and so are candidates that have too few without them.
    """
    able = [one for one in learning if not one.short]
    rows = {run: one.row for one in able for of_size in one.runs.values() for run in of_size}
    asked = {run: row for row in targets for run in row.run_ids}
    values, texts = redrawn(home, {**asked, **rows}, metric, seed)
    curves = {one.name: curve for one in able if (curve := _curve(one, values, seed))}
    figures = {
        row.candidate: (float(found[0]), found[1:])
        for row in targets
        if all(run in values for run in row.run_ids)
        for found in [np.mean([values[run] for run in row.run_ids], axis=0)]
    }
    return Curves(metric, texts, curves, figures)


def redrawn(home: Home, rows: Mapping[str, CandidateRow], metric: str, seed: int = 0) -> tuple[dict[str, Array], int]:
    """The metric of runs, as observed and on redrawn test texts, the same for all; and how many texts all answered.

    `rows` are the candidates by run. Shape (1 + DRAWS,) a run; runs whose predictions cannot be read are left out.
    """
    read = dict(_readable(home, rows, metric))
    shared = reduce(np.intersect1d, [one.ids for one in read.values()]) if read else np.array([])
    if not len(shared):
        return {}, 0
    taken = [one.take(np.intersect1d(shared, one.ids, return_indices=True)[2]) for one in read.values()]
    statistics, clusters = [one.runs[0] for one in taken], taken[0].clusters
    drawn = _means(statistics, seed) if clusters is None else None
    if drawn is None:
        drawn = resample(statistics, DRAWS, seed, clusters)
    return {run: np.concatenate([[statistics[i].overall], drawn[i]]) for i, run in enumerate(read)}, len(shared)


def suggested(info: DatasetInfo, candidate: str, seeds: Sequence[int] = (0, 1, 2)) -> Experiment:
    """The runs that make a curve: a sixteenth, an eighth, … of the training texts, the smaller part of the larger.

    Raises:
        TradeoffError: there are too few training texts.
    """
    most = info.counts["train"]
    least = max(20, 2 * len(info.labels))
    sizes = sorted({size for part in FRACTIONS if (size := _round(most / part)) >= least and size < most})
    if len(sizes) + 1 < LEAST_SIZES:
        raise TradeoffError(
            f"{most:,} training texts are too few for a learning curve", info.name,
            f"Label some first: about {4 * least:,} texts are enough.",
        )  # fmt: skip
    return Experiment(dataset=info.name, candidates=[candidate], seeds=list(seeds), train_sizes=[*sizes, None])


def _key(spec: RunSpec) -> tuple[str, str]:
    return spec.label, spec.device


def _readable(home: Home, rows: Mapping[str, CandidateRow], metric: str) -> Iterator[tuple[str, Performance]]:
    for run, row in rows.items():
        found = performance_of(home, row.model_copy(update={"run_ids": (run,)}), metric=metric)
        if found is not None and len(found.ids):
            yield run, found


def _curve(learner: Learner, values: dict[str, Array], seed: int) -> Curve | None:
    sizes = [(size, run) for size, runs in learner.runs.items() for run in runs if run in values]
    if not sizes:
        return None
    return fitted([size for size, _ in sizes], np.stack([values[run] for _, run in sizes], 1), seed)


def _means(statistics: Sequence[Statistic], seed: int) -> Array | None:
    """Metrics that are means over texts, redrawn all at once: shape (runs, draws); None for other metrics."""
    parts = [one.parts for one in statistics if one.parts is not None]
    if len(parts) < len(statistics):
        return None
    table, generator = np.stack(parts, 1), np.random.default_rng(seed)
    n = len(table)
    block = max(1, HELD // n)
    blocks = [
        generator.multinomial(n, np.full(n, 1 / n), min(block, DRAWS - done)) @ table / n
        for done in range(0, DRAWS, block)
    ]
    return np.concatenate(blocks).T


def _round(number: float) -> int:
    """To two digits."""
    step = 10 ** max(0, floor(log10(max(number, 1))) - 1)
    return int(round(number / step) * step)
