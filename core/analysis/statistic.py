"""Metrics as functions of sums over examples, so that resampling examples never scores them again."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Value = Callable[[NDArray], NDArray]
"""From sums over examples, shape (..., width), to a metric, shape (...)."""
STEP = 1e-4
"""What sums are changed by, as a share of them, to see how a metric follows."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What each example adds to the sums that metrics are made of, kept sparse.

    Examples that add the same are of one kind: `kinds` has shape (examples,). An example of the kind `rows[i]` adds
    `amounts[i]` to the sum `columns[i]`, out of `width` sums.
    """

    kinds: NDArray[np.int64]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    amounts: NDArray[np.float64]
    width: int

    @staticmethod
    def of_table(table: NDArray[np.float64], kinds: NDArray[np.int64]) -> "Counts":
        """Counts from what each kind adds, a table of shape (kinds, width)."""
        rows, columns = np.nonzero(table)
        return Counts(kinds, rows, columns, table[rows, columns], table.shape[1])

    def sums(self, times: NDArray) -> NDArray[np.float64]:
        """The sums over examples of which there are `times[kind]` of each kind, shape (width,)."""
        return np.bincount(self.columns, times[self.rows] * self.amounts, self.width).astype(np.float64, copy=False)

    @property
    def kind_count(self) -> int:
        """How many kinds there can be."""
        return int(max(self.kinds.max(initial=-1), self.rows.max(initial=-1))) + 1

    def total(self) -> NDArray[np.float64]:
        """The sums over all examples, shape (width,)."""
        return self.sums(np.bincount(self.kinds, minlength=self.kind_count))

    def moved(self, columns: NDArray[np.int64], width: int) -> "Counts":
        """The same counts with the sum `i` at the place `columns[i]` of `width` sums."""
        return Counts(self.kinds, self.rows, columns[self.columns], self.amounts, width)

    def take(self, examples: NDArray[np.int64]) -> "Counts":
        """The counts of some examples, by their places."""
        return Counts(self.kinds[examples], self.rows, self.columns, self.amounts, self.width)

    def trimmed(self) -> "Counts":
        """The same without the kinds that no example is of: what is left after few of many were taken."""
        there, kinds = np.unique(self.kinds, return_inverse=True)
        place = np.full(self.kind_count, -1)
        place[there] = np.arange(len(there))
        rows = place[self.rows]
        kept = rows >= 0
        return Counts(kinds.reshape(-1), rows[kept], self.columns[kept], self.amounts[kept], self.width)


@dataclass(frozen=True, slots=True, eq=False)
class OfLabels:
    """A metric of label counts: `formula` takes shape (..., 3, labels), of the labels that begin with `start`."""

    formula: Value
    labels: tuple[str, ...]
    start: str = ""

    def __call__(self, sums: NDArray) -> NDArray:
        """The metric of flat sums, shape (..., 3 * labels)."""
        counts = sums.reshape(*sums.shape[:-1], 3, len(self.labels))
        if self.start:
            counts = counts[..., np.array([label.startswith(self.start) for label in self.labels], bool)]
        return self.formula(counts)

    def over(self, labels: tuple[str, ...]) -> tuple["OfLabels", NDArray[np.int64]]:
        """The same metric over more labels, and where each of its sums goes."""
        index = {label: place for place, label in enumerate(labels)}
        places = np.array([index[label] for label in self.labels], np.int64)
        return OfLabels(self.formula, labels, self.start), np.concatenate(
            [places + row * len(labels) for row in range(3)]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Statistic:
    """A metric: `value` of the sums of `counts`. Metrics of the same examples may share their counts."""

    counts: Counts
    value: Value
    parts: NDArray[np.float64] | None = None
    """Where the metric is a mean over examples: the value of each, shape (examples,)."""

    @staticmethod
    def of_mean(parts: NDArray) -> "Statistic":
        """The mean of a value that each example has, e.g. 1 where an answer is right and else 0."""
        parts = np.asarray(parts, np.float64)
        values, kinds = np.unique(parts, return_inverse=True)
        table = np.stack([values, np.ones(len(values))], 1)
        return Statistic(Counts.of_table(table, kinds.reshape(-1)), _mean, parts)

    def __len__(self) -> int:
        return len(self.counts.kinds)

    @property
    def overall(self) -> float:
        """The metric over all examples; 0 when there are none."""
        return float(self.value(self.counts.total())) if len(self) else 0.0

    def aligned(self, other: "Statistic") -> tuple["Statistic", "Statistic"]:
        """Both with sums that mean the same, so that what a text adds to one can be added to the other.

        Raises:
            ValueError: they are different metrics.
        """
        one, two = self.value, other.value
        if not self.exchangeable(other):
            raise ValueError("two different metrics cannot be compared")
        if isinstance(one, OfLabels) and isinstance(two, OfLabels):
            labels = tuple(dict.fromkeys((*one.labels, *two.labels)))
            return _widened(self, labels), _widened(other, labels)
        return self, other

    def exchangeable(self, other: "Statistic") -> bool:
        """Whether both are the same metric of sums that can be told to mean the same."""
        one, two = self.value, other.value
        if isinstance(one, OfLabels) and isinstance(two, OfLabels):
            return (one.formula, one.start) == (two.formula, two.start)
        return one is two and self.counts.width == other.counts.width

    def take(self, examples: NDArray[np.int64]) -> "Statistic":
        """The metric of some examples, by their places."""
        return Statistic(self.counts.take(examples), self.value, None if self.parts is None else self.parts[examples])

    def influence(self) -> NDArray[np.float64]:
        """How far each example moves the metric, times their number: its infinitesimal jackknife, shape (examples,).

        The mean of these over a resample is what the resample changes, to first order (Efron 1982, chapter 6). Where
        the metric is a mean it is each example's value minus the mean.
        """
        n, total = len(self), self.counts.total()
        steps = np.eye(self.counts.width) * np.maximum(STEP * np.abs(total), STEP)
        slopes = (self.value(total + steps) - self.value(total - steps)) / (2 * steps.diagonal())
        counts = self.counts
        added = np.bincount(counts.rows, counts.amounts * slopes[counts.columns], counts.kind_count)[counts.kinds]
        result: NDArray[np.float64] = (n * added - added.sum()).astype(np.float64)
        return result

    def trimmed(self) -> "Statistic":
        """The same with nothing in its counts that no example adds."""
        return Statistic(self.counts.trimmed(), self.value, self.parts)


def _widened(statistic: Statistic, labels: tuple[str, ...]) -> Statistic:
    assert isinstance(statistic.value, OfLabels)
    value, places = statistic.value.over(labels)
    return Statistic(statistic.counts.moved(places, 3 * len(labels)), value, statistic.parts)


def _mean(sums: NDArray) -> NDArray:
    result: NDArray = sums[..., 0] / np.maximum(sums[..., 1], 1)
    return result
