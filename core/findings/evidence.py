"""What the stored predictions of runs say: the ground that every comparison, cascade and recommendation stands on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.analysis.clusters import clusters_of
from core.analysis.compare import Performance, performance
from core.analysis.results import CandidateRow
from core.analysis.statistic import Statistic
from core.errors import TradeoffError
from core.findings.answer_cache import WORDS, Answers, Pair, answers, coded, ids_of, read_predictions, stamp_of
from core.home import Home
from core.recent import Recent
from core.runs import RunFolder
from core.tasks import get_task

TOKEN_BUCKETS = ("input", "cached", "output", "reasoning")
MOST_PLACES = 12_000_000
"""Examples times runs that are kept in memory at once, of each kind of thing: at most some hundred megabytes."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """A run's answers on a split, a place an example, in the order of its file. Arrays have shape (examples,)."""

    run_id: str
    split: str
    task: str
    labels: tuple[str, ...]
    ids: NDArray[np.str_]
    targets: tuple[str, ...]
    predictions: tuple[str | None, ...]
    confidence: NDArray[np.float32]
    """NaN where none is known."""
    seconds: NDArray[np.float64]
    tokens: NDArray[np.int64]
    """Shape (examples, 4), by `TOKEN_BUCKETS`."""

    def __len__(self) -> int:
        return len(self.ids)

    def statistic(self, metric: str) -> Statistic:
        """A metric of the task over these answers.

        Raises:
            KeyError: the task has no such metric.
        """
        task = get_task(self.task)
        labels = list(self.labels) or task.label_set(list(self.targets))
        return task.statistics(list(self.targets), list(self.predictions), labels)[metric]


def evidence(folder: RunFolder, split: str = "test") -> Evidence:
    """A finished run's answers on `split`.

    Raises:
        OSError: the run has no predictions, or they are damaged.
    """
    key = (folder.path, stamp_of(folder), split)
    return _evidences.get(key, lambda: _evidence(folder, split))


def _evidence(folder: RunFolder, split: str) -> Evidence:
    buckets = [f"tokens_{name}" for name in TOKEN_BUCKETS]
    table = read_predictions(folder, split, ("id", *WORDS, "confidence", "seconds", *buckets))
    ids, order = ids_of(table["id"])
    in_file = np.empty_like(ids)
    in_file[order] = ids
    targets, predictions = (
        tuple(np.array(values, object)[codes]) for codes, values in map(coded, map(table.column, WORDS))
    )
    number = {name: table[name].to_numpy() for name in ("confidence", "seconds", *buckets)}
    return Evidence(
        run_id=folder.run_id, split=split, task=folder.spec.task, labels=tuple(folder.labels), ids=in_file,
        targets=targets, predictions=predictions, confidence=number["confidence"].astype(np.float32),
        seconds=number["seconds"].astype(np.float64),
        tokens=np.stack([np.nan_to_num(number[name]).astype(np.int64) for name in buckets], 1),
    )  # fmt: skip


def performance_of(home: Home, row: CandidateRow, split: str = "test", metric: str | None = None) -> Performance | None:
    """A candidate's metric (its row's by default) over its runs; None where predictions are gone or damaged."""
    try:
        folders = [RunFolder(home.runs / run) for run in row.run_ids]
        key = (tuple((folder.path, stamp_of(folder)) for folder in folders), split, metric or row.metric)
        return _performances.get(key, lambda: _performance(folders, split, metric or row.metric))
    except (TradeoffError, OSError, ValueError, KeyError):
        return None


def performances_of(
    home: Home, rows: Sequence[CandidateRow], split: str = "test", metric: str | None = None
) -> dict[str, Performance]:
    """The performance of each candidate whose predictions can be read, by its name in the rows."""
    found = {row.candidate: performance_of(home, row, split, metric) for row in rows}
    return {name: one for name, one in found.items() if one is not None}


def _performance(folders: Sequence[RunFolder], split: str, metric: str) -> Performance:
    return performance_over([answers(folder, split) for folder in folders], metric)


def performance_over(found: Sequence[Answers], metric: str) -> Performance:
    """A metric of a candidate from the answers of its runs.

    Raises:
        KeyError: the task has no such metric.
    """
    statistics = statistics_of(found, metric)
    if found and all(one.ids is found[0].ids for one in found):  # mostly so: a hundred runs are not sorted again
        return Performance(found[0].ids, tuple(statistics), clusters_of(found[0].ids))
    return performance([(one.ids, statistic) for one, statistic in zip(found, statistics, strict=True)])


def _places(one: Performance) -> int:
    return len(one.ids) * len(one.runs)


def statistics_of(runs: Sequence[Answers], metric: str) -> list[Statistic]:
    """A metric of each of several runs of one task. What they answered alike is judged once for all of them.

    Raises:
        KeyError: the task has no such metric.
    """
    if not runs:
        return []
    codes: dict[Pair, int] = {}
    alike = {id(one.pairs): one.pairs for one in runs}
    own = {key: np.array([codes.setdefault(pair, len(codes)) for pair in pairs], np.int64)
           for key, pairs in alike.items()}  # fmt: skip
    task, targets = get_task(runs[0].task), [target for target, _ in codes]
    labels = list(runs[0].labels) or task.label_set(targets)
    whole = task.statistics(targets, [prediction for _, prediction in codes], labels)[metric]
    of_pairs = {key: whole.take(places).trimmed() for key, places in own.items()}
    return [of_pairs[id(one.pairs)].take(one.kinds.astype(np.int64)) for one in runs]


_evidences: Recent[Evidence] = Recent(MOST_PLACES, len)
_performances: Recent[Performance] = Recent(MOST_PLACES, _places)
