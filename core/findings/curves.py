"""Learning curves of a dataset's runs, from their stored predictions."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from core.analysis.compare import Performance
from core.analysis.curve import Curve, fitted
from core.analysis.joint_draws import text_draws
from core.analysis.power_law import LEAST_SIZES
from core.analysis.results import CandidateRow, RunSummary
from core.data.dataset import DatasetInfo
from core.errors import TradeoffError
from core.findings.evidence import performance_of
from core.home import Home
from core.spec import Candidate, Experiment, RunSpec, Variant

DRAWS = 500
NO_LABELS = ("prompted_llm", "api", "cascade")
"""Families that are asked or put together, not trained: more labels do not change them."""
UNTRAINED = ("majority", "gliclass", "gliner")
FRACTIONS = (16, 8, 4, 2)
SEEDS = (0, 1, 2)
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Learner:
    """A candidate that learns from labels: its row and all its finished runs, by their number of training texts."""

    row: CandidateRow
    candidate: Candidate
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
    keys = {run.run_id: _key(run.spec) for run in runs if run.status == "finished"}
    candidates = {run.run_id: run.spec.candidate for run in runs}
    by_key: dict[tuple[str, str], dict[int, list[str]]] = {}
    for run in runs:
        if run.run_id in keys:
            size = min(run.spec.train_size or train_texts, train_texts)
            by_key.setdefault(keys[run.run_id], {}).setdefault(size, []).append(run.run_id)
    return [
        Learner(
            row,
            candidates[row.run_ids[0]],
            {size: tuple(ids) for size, ids in sorted(by_key[keys[row.run_ids[0]]].items())},
        )
        for row in rows
        if row.family not in NO_LABELS and row.method not in UNTRAINED and row.run_ids[0] in keys
    ]


def fitted_curves(
    home: Home, learning: Sequence[Learner], targets: Sequence[CandidateRow], metric: str, seed: int = 0
) -> Curves:
    """The curves of those with runs enough, and the figures of `targets`, on the test texts that all answered.

    Runs whose predictions cannot be read are left out, and so are candidates that have too few without them.
    """
    able = [one for one in learning if not one.short]
    if not able:
        return Curves(metric, 0, {}, {})
    asked = {("", row.candidate): _readable(home, row, row.run_ids, metric) for row in targets}
    asked |= {(str(size), one.name): _readable(home, one.row, runs, metric) for one in able
              for size, runs in one.runs.items()}  # fmt: skip
    places = {key: found for key, found in asked.items() if found is not None}
    drawn, found = text_draws({f"{size} {name}": one for (size, name), one in places.items()}, DRAWS, seed)
    by_name = {key: (found[i], drawn[i]) for i, key in enumerate(places)}
    texts = len(found[0].ids) if found else 0
    curves = {one.name: curve for one in able if texts and (curve := _curve(one, by_name, seed))}
    figures = {name: (one.overall, values) for (size, name), (one, values) in by_name.items() if not size and texts}
    return Curves(metric, texts, curves, figures)


def suggested(info: DatasetInfo, candidate: Candidate, seeds: Sequence[int] = SEEDS) -> Experiment:
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
    variant = Variant(candidate=candidate.id, settings={name: candidate.settings[name] for name in candidate.changed})
    return Experiment(dataset=info.name, variants=[variant], seeds=list(seeds), train_sizes=[*sizes, None])


def as_command(experiment: Experiment) -> str:
    """The launch of a suggested experiment on the command line."""
    variant = experiment.variants[0]
    sizes = ("all" if size is None else str(size) for size in experiment.train_sizes)
    changes = [
        part for name, value in variant.settings.items()
        for part in ("--set", f"{variant.candidate}.{name}={value if isinstance(value, str) else json.dumps(value)}")
    ]  # fmt: skip
    return shlex.join([
        "python", "cli.py", "launch", "--dataset", experiment.dataset, "--candidates", variant.candidate, "--seeds",
        ",".join(map(str, experiment.seeds)), "--train-size", ",".join(sizes), *changes, "--wait",
    ])  # fmt: skip


def _key(spec: RunSpec) -> tuple[str, str]:
    return spec.label, spec.device


def _readable(home: Home, row: CandidateRow, runs: Sequence[str], metric: str) -> Performance | None:
    """The performance of some runs of a candidate, without those whose predictions cannot be read."""
    of = lambda ids: performance_of(home, row.model_copy(update={"run_ids": tuple(ids)}), metric=metric)  # noqa: E731
    found = of(runs)
    if found is None and len(runs) > 1:
        known = [run for run in runs if of([run]) is not None]
        found = of(known) if known else None
    return found if found is not None and found.runs and len(found.ids) else None


def _curve(learner: Learner, found: Mapping[tuple[str, str], tuple[Performance, Array]], seed: int) -> Curve | None:
    known = {size: found[(str(size), learner.name)] for size in learner.runs if (str(size), learner.name) in found}
    sizes = [size for size, (one, _) in known.items() for _ in one.runs]
    values = np.array([run.overall for one, _ in known.values() for run in one.runs])
    return fitted(sizes, values, np.stack([drawn for _, drawn in known.values()], 1), seed) if known else None


def _round(number: float) -> int:
    """To two digits."""
    step = 10 ** max(0, floor(log10(max(number, 1))) - 1)
    return int(round(number / step) * step)
