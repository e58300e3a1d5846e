"""What pages read about runs. Ended runs never change, so each is read from its folder once a process."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import is_not
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import streamlit as st

from core.analysis.compare import Difference
from core.analysis.decision import Decision, Question
from core.analysis.intervals import Interval
from core.analysis.results import CandidateRow, candidate_rows
from core.analysis.scenario import Scenario
from core.data.dataset import DatasetInfo, load_dataset
from core.findings.decide import PLAIN, StoredGrounds, weigh
from core.findings.results import differences, pricing
from core.findings.row_intervals import interval_of, surer
from core.home import Home
from core.metering.prices import PriceBook
from core.preferences import Preferences
from core.preferences import load as load_preferences
from core.racing.folder import any_open
from core.recent import Recent
from core.reconcile import open_runs as open_states
from core.reconcile import reconcile
from core.runs import AT_REST
from core.tasks import get_task
from core.worker import ensure_worker
from ui.run_folders import Run, read_runs
from ui.session import home

FRESH_SECONDS = 0.5
"""For how long a page that is being drawn goes by what it saw of the folders."""
MOST_ROWS = 2000
"""Rows that are kept in memory, over all datasets, metrics and scenarios that were looked at."""


@dataclass(frozen=True)
class _Seen:
    """The run folders as a page saw them; `version` is another one whenever anything in them is."""

    root: Home
    at: float
    runs: list[Run]
    version: int

    @cached_property
    def ended(self) -> dict[str, str]:
        """When the state of each run was written."""
        return {run.run_id: run.state.at for run in self.runs}


_versions: dict[Home, tuple[int, list[Run]]] = {}
_told: dict[Home, int] = {}
_when_ended: Callable[[Home], bool] | None = None
_lock = threading.Lock()
_drawn = threading.local()
_rows: Recent[list[CandidateRow]] = Recent(MOST_ROWS, lambda rows: len(rows) + 1)


def all_runs(root: Home | None = None) -> list[Run]:
    """Every run, in name order. A page asks many times; the folders are looked at once for each time it is drawn."""
    return list(_seen(root).runs)


def _seen(root: Home | None = None) -> _Seen:
    root, now = root or home(), time.monotonic()
    seen: _Seen | None = getattr(_drawn, "seen", None)
    if seen is None or seen.root != root or now - seen.at > FRESH_SECONDS:
        seen = _drawn.seen = _look(root, now)
    return seen


def _look(root: Home, now: float) -> _Seen:
    with _lock:
        runs = read_runs(root)
        version, before = _versions.get(root, (0, []))
        if len(runs) != len(before) or any(map(is_not, runs, before)):
            version += 1
            _versions[root] = version, runs
    return _Seen(root, now, runs, version)


def look_again() -> None:
    """Forget what this page saw of the run folders; called whenever a page or a fragment begins to be drawn."""
    _drawn.seen = None


def open_runs() -> tuple[list[Run], list[Run]]:
    """The running and the queued runs, oldest first. Runs whose process died are found on the way."""
    _tidy(home())
    runs = sorted((run for run in all_runs() if run.status not in AT_REST), key=lambda run: run.state.queued_at)
    tell_ended(home())
    return [run for run in runs if run.status == "running"], [run for run in runs if run.status == "queued"]


def when_ended(act: Callable[[Home], bool] | None) -> None:
    """From now on call `act` whenever runs have ended and none is open, until it says that it has begun."""
    global _when_ended
    _when_ended = act
    _told.clear()


def tell_ended(root: Home) -> None:
    """Call what is to be called when runs have ended, once for each time that the folders have changed."""
    seen = _seen(root)
    if _when_ended is None or _told.get(root) == seen.version:
        return
    at_rest = all(run.status in AT_REST for run in seen.runs) and any(run.summary.scores for run in seen.runs)
    if at_rest and _when_ended(root):
        _told[root] = seen.version


@st.cache_data(ttl=5, show_spinner=False)
def _tidy(root: Home) -> None:
    """Queue again what died, and see that somebody works on what is queued."""
    if reconcile(root):
        look_again()
    if any(state.status == "queued" for _, state in open_states(root)) or any_open(root):
        ensure_worker(root)


def runs_on(info: DatasetInfo) -> list[Run]:
    """All runs on this version of a dataset."""
    return [
        run
        for run in all_runs()
        if (spec := run.summary.spec).dataset == info.name and spec.fingerprint == info.fingerprint
    ]


def mark_of(runs: Sequence[Run]) -> int:
    """A number that is another one when other runs have finished, or one of these anew: to keep things by."""
    return hash(tuple((run.run_id, run.state.at) for run in runs if run.status == "finished"))


def rows_of(
    info: DatasetInfo, metric: str | None = None, train_size: int | str | None = "largest",
    scenario: Scenario | None = None,
) -> list[CandidateRow]:  # fmt: skip
    """A row a candidate on this version of a dataset, best quality first, under the user's prices and a scenario."""
    preferences, seen = load_preferences(home()), _seen()
    assumed = (preferences.model_dump_json(), scenario and scenario.model_dump_json())
    key = (seen.root, seen.version, info.name, info.fingerprint, metric, train_size, *assumed)
    return list(_rows.get(key, lambda: _made_rows(info, metric, train_size, scenario, preferences)))


def _made_rows(
    info: DatasetInfo, metric: str | None, train_size: int | str | None, scenario: Scenario | None,
    preferences: Preferences,
) -> list[CandidateRow]:  # fmt: skip
    runs = (run.summary for run in runs_on(info))
    if scenario is not None:
        return surer(scenario.rows(runs, PriceBook.of(preferences), metric, train_size), _interval_of)
    return surer(candidate_rows(runs, pricing(preferences), metric, train_size), _interval_of)


def _interval_of(row: CandidateRow) -> Interval | None:
    return _kept_interval(str(home().root), identity(row), row)


@st.cache_data(max_entries=2000, show_spinner=False)
def _kept_interval(root: str, of: tuple[Any, ...], _row: CandidateRow) -> Interval | None:  # noqa: ARG001
    return interval_of(home(), _row)


def decision_of(
    rows: Sequence[CandidateRow], question: Question = PLAIN, scenario: Scenario | None = None
) -> Decision | None:
    """Which of the rows to take; what it stands on is computed once for the same candidates and metric."""
    return weigh(rows, question, _KeptGrounds(), scenario)


class _KeptGrounds:
    """Grounds of a decision that are kept between redraws."""

    def differences(self, rows: Sequence[CandidateRow]) -> dict[str, Difference]:
        """By candidate: the best one's metric minus its, on test."""
        return _differences(str(home().root), tuple(map(identity, rows)), rows)

    def needed(self, best: CandidateRow, other: CandidateRow, margin: float) -> int | None:
        """How many more test texts settle whether `other` is within the margin of `best`; None out of reach."""
        return _needed(str(home().root), identity(best), identity(other), margin, best, other)[0]

    def seeds(self, best: CandidateRow, other: CandidateRow, margin: float) -> int | None:
        """How many runs each of the two needs in all to settle it; None out of reach or unknown."""
        return _needed(str(home().root), identity(best), identity(other), margin, best, other)[1]


def identity(row: CandidateRow) -> tuple[Any, ...]:
    """Which figures a row stands for, its runs as they are now: what is kept of a row between redraws is kept by this.

    Short, since Streamlit is slow to hash what is long.
    """
    ended = _seen().ended
    return row.candidate, row.metric, hash((row.run_ids, tuple(ended.get(run) for run in row.run_ids)))


@st.cache_data(max_entries=64, show_spinner=False)
def _needed(
    root: str, of: tuple[Any, ...], beside: tuple[Any, ...], margin: float,  # noqa: ARG001
    _best: CandidateRow, _other: CandidateRow,
) -> tuple[int | None, int | None]:  # fmt: skip
    stored = StoredGrounds(home())
    texts = stored.needed(_best, _other, margin)
    return texts, stored.seeds(_best, _other, margin) if texts is None else None


@st.cache_data(max_entries=6, show_spinner=False)
def _differences(root: str, of: tuple[Any, ...], _rows: Sequence[CandidateRow]) -> dict[str, Difference]:  # noqa: ARG001
    return differences(home(), _rows)


def predictions(run: Run, split: str = "test") -> pd.DataFrame:
    """The predictions of a run on a split, each with its text (empty when the dataset was deleted since)."""
    spec = run.summary.spec
    return _predictions(str(run.folder.path), run.state.at, spec.dataset, spec.fingerprint, split)


@st.cache_data(max_entries=4, show_spinner=False)
def _predictions(path: str, at: str, dataset: str, fingerprint: str, split: str) -> pd.DataFrame:  # noqa: ARG001
    columns = ["id", "target", "prediction", "reason", "confidence", "completion", "seconds"]
    frame = pq.read_table(Path(path) / "predictions.parquet", columns=columns, filters=[("split", "=", split)])
    texts = example_texts(str(home().root), dataset, fingerprint)
    table = frame.to_pandas()
    table.insert(1, "text", table["id"].map(texts).fillna(""))
    return table


@st.cache_data(max_entries=4, show_spinner=False)
def example_texts(root: str, dataset: str, fingerprint: str) -> dict[str, str]:
    """The text of each example of a dataset version; none when it was deleted."""
    try:
        frame = load_dataset(Home(Path(root)), dataset, fingerprint).frame
    except Exception:
        return {}
    return dict(zip(frame["id"], frame["text"], strict=True))


def run_label(run: Run) -> str:
    """A run as a list names it: `minilm-full · seed 0 · 500 texts`."""
    spec = run.summary.spec
    size = f" · {spec.train_size:,} training texts" if spec.train_size else ""
    return f"{spec.label} · seed {spec.seed}{size} · {spec.device}"


def merit(run: Run) -> float:
    """The run's primary score on validation, by which the best is chosen; −1 when it has none."""
    score = run.summary.score(get_task(run.summary.spec.task).primary_metric, "validation")
    return score.value if score else -1.0
