"""What the stored predictions of runs say: the ground that every comparison, cascade and recommendation stands on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.analysis.compare import Performance, performance
from core.analysis.results import CandidateRow
from core.analysis.statistic import Statistic
from core.errors import TradeoffError
from core.home import Home
from core.runs import RunFolder, find_run
from core.tasks import get_task

TOKEN_BUCKETS = ("input", "cached", "output", "reasoning")
KEPT = 64
"""Runs whose predictions are kept in memory at once."""


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
        OSError: the run has no predictions.
    """
    path = folder.path / "predictions.parquet"
    return _evidence(folder.path, path.stat().st_mtime_ns, split)


@lru_cache(maxsize=KEPT)
def _evidence(path: Path, _stamp: int, split: str) -> Evidence:
    folder = RunFolder(path)
    columns = ["id", "target", "prediction", "confidence", "seconds", *(f"tokens_{name}" for name in TOKEN_BUCKETS)]
    table = pq.read_table(path / "predictions.parquet", columns=columns, filters=[("split", "=", split)])
    plain = {name: table[name].to_pylist() for name in ("id", "target", "prediction")}
    number = {name: table[name].to_numpy() for name in columns[3:]}
    return Evidence(
        run_id=folder.run_id, split=split, task=folder.spec.task, labels=tuple(folder.labels),
        ids=np.array(plain["id"], np.str_), targets=tuple(plain["target"]), predictions=tuple(plain["prediction"]),
        confidence=number["confidence"].astype(np.float32), seconds=number["seconds"].astype(np.float64),
        tokens=np.stack([np.nan_to_num(number[f"tokens_{name}"]).astype(np.int64) for name in TOKEN_BUCKETS], 1),
    )  # fmt: skip


def performance_of(home: Home, row: CandidateRow, split: str = "test", metric: str | None = None) -> Performance | None:
    """A candidate's metric (its row's by default) over its runs; None where predictions are gone or damaged."""
    try:
        found = [evidence(find_run(home, run), split) for run in row.run_ids]
        return performance([(one.ids, one.statistic(metric or row.metric)) for one in found])
    except (TradeoffError, OSError, ValueError, KeyError):
        return None


def performances_of(
    home: Home, rows: Sequence[CandidateRow], split: str = "test", metric: str | None = None
) -> dict[str, Performance]:
    """The performance of each candidate whose predictions can be read, by its name in the rows."""
    found = {row.candidate: performance_of(home, row, split, metric) for row in rows}
    return {name: one for name, one in found.items() if one is not None}
