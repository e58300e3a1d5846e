"""How every task is scored: things that targets and predictions hold are counted by label.

A thing is a label with its place: of the whole text, or a span. It is a hit when target and prediction both hold it, so
a span counts only with exact start, end and label (the strict scheme of seqeval). Things outside the label set count
as wrong, they do not vanish.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.analysis import metrics
from core.analysis.clusters import clusters_of
from core.analysis.intervals import intervals
from core.analysis.statistic import Counts, OfLabels, Statistic
from core.tasks.base import Score
from core.tasks.target import Target

Thing = tuple[str, tuple[int, int] | None]
"""A label, and the start and end of its span; None is the whole text."""


@dataclass(frozen=True)
class Pairs:
    """Targets with predictions, each distinct pair once and decoded. `kinds` tells which pair each example is."""

    kinds: NDArray[np.int64]
    targets: list[Target]
    predictions: list[Target | None]

    def mean(self, part: Callable[[Target, Target | None], float]) -> Statistic:
        """The mean over examples of what each pair is worth."""
        parts = [float(part(target, found)) for target, found in zip(self.targets, self.predictions, strict=True)]
        return Statistic.of_mean(np.array(parts, np.float64)[self.kinds])


@dataclass(frozen=True)
class Tally:
    """Hits, gold and predicted things by label: the sums of `counts` have the shape (3, labels), flattened."""

    labels: list[str]
    """Those that occur, on either side."""
    counts: Counts

    def statistic(self, value: Callable[[NDArray], NDArray], start: str = "") -> Statistic:
        """A metric of the label counts, shape (..., 3, labels), of the labels that begin with `start`."""
        return Statistic(self.counts, OfLabels(value, tuple(self.labels), start))


class Scored:
    """What a task inherits: its things, label sets, scores and report. Marks tell text labels and span labels apart."""

    text_labels: Literal["none", "one", "any"]
    has_spans: bool
    primary_metric: str
    text_mark = span_mark = ""

    def decode(self, encoded: str) -> Target:
        """The target that a string means."""
        raise NotImplementedError

    def statistics(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> dict[str, Statistic]:
        """Every metric of the task as a statistic over the examples."""
        raise NotImplementedError

    def things(self, target: Target) -> set[Thing]:
        """What a target holds."""
        spans = {(self.span_mark + span.label, (span.start, span.end)) for span in target.spans}
        return spans | {(self.text_mark + label, None) for label in target.labels}

    def label_set(self, targets: Sequence[str]) -> list[str]:
        """The labels that occur, sorted."""
        return sorted({label for target in set(targets) for label, _ in self.things(self.decode(target))})

    def text_label_set(self, labels: Sequence[str]) -> list[str]:
        """Those that whole texts carry, without their mark."""
        return [] if self.text_labels == "none" else _unmarked(labels, self.text_mark)

    def span_label_set(self, labels: Sequence[str]) -> list[str]:
        """Those that spans carry, without their mark."""
        return _unmarked(labels, self.span_mark) if self.has_spans else []

    def score(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str], split: str,
        ids: Sequence[str] = (),
    ) -> list[Score]:  # fmt: skip
        """Every metric with its 95 % interval over texts, or over the documents in `ids`; the primary one first."""
        found = intervals(self.statistics(targets, predictions, labels), clusters=clusters_of(ids))
        names = sorted(found, key=lambda name: name != self.primary_metric)
        return [Score(name, split, *found[name], len(targets)) for name in names]

    def report(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Precision, recall, F1 and counts of each label; predicted ones outside the label set come last."""
        tally = self.tally(self.pairs(targets, predictions, labels))
        counts = dict(zip(tally.labels, tally.counts.total().reshape(3, -1).T, strict=True))
        rows = [*labels, *sorted(counts.keys() - set(labels))]
        table = np.array([counts.get(label, np.zeros(3)) for label in rows]).reshape(-1, 3).T
        precision, recall, f1 = metrics.precision_recall_f1(table)
        return [
            {
                "label": label, "precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i]),
                "support": int(table[1, i]), "predicted": int(table[2, i]),
            }
            for i, label in enumerate(rows)
        ]  # fmt: skip

    def pairs(self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]) -> Pairs:  # noqa: ARG002
        """Distinct pairs of target and prediction: most examples are like another, so little is decoded twice."""
        seen: dict[tuple[str, str | None], int] = {}
        places = (seen.setdefault(pair, len(seen)) for pair in zip(targets, predictions, strict=True))
        kinds = np.fromiter(places, np.int64, len(targets))
        return Pairs(kinds, [self.decode(t) for t, _ in seen], [None if p is None else self.decode(p) for _, p in seen])

    def tally(self, pairs: Pairs) -> Tally:
        """The things of all pairs, counted by label."""
        index: dict[str, int] = {}
        cells: list[tuple[int, int, int]] = []
        for row, (target, prediction) in enumerate(zip(pairs.targets, pairs.predictions, strict=True)):
            gold = self.things(target)
            found = self.things(prediction) if prediction else set()
            for column, things in enumerate((gold & found, gold, found)):
                cells += [(row, column, index.setdefault(label, len(index))) for label, _ in things]
        rows, columns, places = np.array(cells, np.int64).reshape(-1, 3).T
        width = 3 * len(index)
        return Tally(list(index), Counts(pairs.kinds, rows, columns * len(index) + places, np.ones(len(rows)), width))


def _unmarked(labels: Sequence[str], mark: str) -> list[str]:
    return [label.removeprefix(mark) for label in labels if label.startswith(mark)]
