"""How good candidates are at each label: precision, recall, and F1 with its 95 % interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from core.analysis.intervals import Interval, percentile, stretched
from core.analysis.metrics import precision_recall_f1
from core.analysis.resampling import Groups, are_many, resample
from core.analysis.spread import Runs, Side, joint_spread, spread
from core.analysis.statistic import OfLabels, Statistic

RESAMPLES = 400
"""Of each label; a page shows many."""
MOST_WITH_INTERVALS = 60
"""Of more labels the rarest have no intervals: nobody reads so many, and they would take seconds."""


@dataclass(frozen=True)
class LabelScores:
    """A label, in how many right answers it occurs, and by candidate how it does on it."""

    label: str
    support: int
    f1: dict[str, Interval]
    precision: dict[str, float]
    recall: dict[str, float]

    @property
    def spread(self) -> float:
        """How far the best and the worst candidate are apart in F1."""
        values = [value for value, _, _ in self.f1.values()]
        return max(values) - min(values) if values else 0.0

    @property
    def weight(self) -> float:
        """About how many right ones that difference is worth: a rare label's is soon large by chance."""
        return self.spread * self.support


def label_scores(
    runs: Mapping[str, Sequence[Statistic]], seed: int = 0, clusters: Groups | None = None
) -> list[LabelScores]:
    """A record a label that occurs, the most frequent first.

    A candidate has a statistic a run: any metric of label counts (`OfLabels`) over the same texts in the same order.
    Its figures are means over its runs; intervals are over texts and, where it has several runs, seeds.

    Raises:
        ValueError: a metric is none of label counts.
    """
    found = {name: _Candidate(of_one) for name, of_one in runs.items()}
    support = {label: count for one in found.values() for label, count in one.support().items()}
    labels = sorted(support, key=lambda label: (-support[label], label))
    drawn = {name: one.intervals(labels[:MOST_WITH_INTERVALS], seed, clusters) for name, one in found.items()}
    return [
        LabelScores(
            label, support[label],
            {name: drawn[name].get(label) or (one.mean(label, 2), 0.0, 1.0) for name, one in found.items()},
            {name: one.mean(label, 0) for name, one in found.items()},
            {name: one.mean(label, 1) for name, one in found.items()},
        )
        for label in labels
    ]  # fmt: skip


class _Candidate:
    """The runs of a candidate, label by label."""

    def __init__(self, runs: Sequence[Statistic]) -> None:
        self.runs = runs
        self.labels = [_labels(run) for run in runs]
        totals = [run.counts.total().reshape(3, -1) for run in runs]
        self.figures = [np.stack(precision_recall_f1(total)) for total in totals]
        self.gold = [total[1] for total in totals]

    def support(self) -> dict[str, int]:
        """How often each label that occurs in targets or answers is right."""
        every = zip(self.labels, self.gold, strict=True)
        return {label: int(count) for labels, counts in every for label, count in zip(labels, counts, strict=True)}

    def mean(self, label: str, figure: int) -> float:
        """Precision, recall or F1 (0, 1, 2) over the runs; 0 where a run's answers never hold the label."""
        every = zip(self.labels, self.figures, strict=True)
        return float(np.mean([row[figure, labels.index(label)] if label in labels else 0.0 for labels, row in every]))

    def intervals(self, labels: Sequence[str], seed: int, clusters: Groups | None) -> dict[str, Interval]:
        """The F1 of each label that all runs know, with its interval, from the same resamples."""
        known = [label for label in labels if all(label in of_run for of_run in self.labels)]
        parts = [
            Statistic(run.counts, _F1(of_run.index(label), len(of_run)))
            for label in known for run, of_run in zip(self.runs, self.labels, strict=True)
        ]  # fmt: skip
        k = len(self.runs)
        if are_many(self.runs) and clusters is None:
            return self._smooth(known)
        values = resample(parts, RESAMPLES, seed, clusters).reshape(len(known), k, -1)
        return {
            label: self._interval(label, parts[k * place : k * (place + 1)], values[place], clusters)
            for place, label in enumerate(known)
        }

    def _smooth(self, labels: Sequence[str]) -> dict[str, Interval]:
        """The F1 of labels over very many texts: to first order, from how far each text moves it."""
        k, n = len(self.runs), len(self.runs[0])
        whole, own = np.zeros((n, len(labels))), np.zeros(len(labels))
        for run, of_run in zip(self.runs, self.labels, strict=True):
            moves = _moves(run, [of_run.index(label) for label in labels]) * sqrt(n / max(n - 1, 1))
            whole += moves[run.counts.kinds]
            own += np.bincount(run.counts.kinds, minlength=len(moves)) @ moves**2
        alike = ((whole**2).sum(0) - own) / max(k * (k - 1), 1)
        found = {}
        for place, label in enumerate(labels):
            values = [row[2, of_run.index(label)] for row, of_run in zip(self.figures, self.labels, strict=True)]
            luck = max(0.0, own[place] / k - alike[place]) if k > 1 else 0.0
            runs = Runs(k, float(np.var(values, ddof=1)) if k > 1 else 0.0, luck)
            spread_here = joint_spread([Side(whole[:, place] / k, runs)])
            half = spread_here.quantile * spread_here.error or 3 / max(1, self.support()[label])
            value = self.mean(label, 2)
            found[label] = value, max(0.0, value - half), min(1.0, value + half)
        return found

    def _interval(
        self, label: str, runs: Sequence[Statistic], values: NDArray[np.float64], clusters: Groups | None
    ) -> Interval:
        low, high = percentile(values.mean(0))
        value, few = self.mean(label, 2), max(1, self.support()[label])
        if high - low < 1e-12:  # nothing varied: the rule of three, over the texts with the label
            low, high = max(0.0, value - 3 / few), min(1.0, value + 3 / few)
        inner = (value, low, high)
        return stretched(inner, spread([runs], clusters, values), signed=False) if len(runs) > 1 else inner


def _moves(run: Statistic, places: Sequence[int]) -> NDArray[np.float64]:
    """How far one more text of each kind moves the F1 of labels, shape (kinds, labels): the derivative of
    2 hits / (gold + answered)."""
    counts = run.counts
    table = np.zeros((counts.kind_count, counts.width))
    np.add.at(table, (counts.rows, counts.columns), counts.amounts)
    hits, gold, answered = np.moveaxis(table.reshape(len(table), 3, -1)[..., places], 1, 0)
    totals = counts.total().reshape(3, -1)[:, places]
    occurring = totals[1] + totals[2]
    f1 = np.divide(2 * totals[0], occurring, out=np.zeros(len(places)), where=occurring > 0)
    result: NDArray[np.float64] = (2 * hits - f1 * (gold + answered)) / np.maximum(occurring, 1)
    return result


@dataclass(frozen=True)
class _F1:
    """The F1 of one label out of the sums of all."""

    place: int
    labels: int

    def __call__(self, sums: NDArray) -> NDArray:
        counts = sums.reshape(*sums.shape[:-1], 3, self.labels)[..., self.place, None]
        result: NDArray = precision_recall_f1(counts)[2][..., 0]
        return result


def _labels(statistic: Statistic) -> tuple[str, ...]:
    if not isinstance(statistic.value, OfLabels):
        raise ValueError("not a metric of label counts")
    return statistic.value.labels
