"""The run folder: the truth about a run. Everything else (index, pages, command line) is read from it.

spec.json            RunSpec, written first
state.json           queued | running | paused | finished | failed | cancelled, with when, why and the remedy
portion.json         only while it is to answer a part of the validation texts: how many (`core.portion`)
.lock                held by the process that executes the run: running + nobody holds it = that process died
progress.jsonl       events of `Context.report`, each with `at` (ISO UTC)
log.txt              stdout and stderr of the run's process
environment.json     commit, versions, hardware
checkpoints/         to resume from; removed when the run has finished
parts/               finished predictions and usage of unfinished phases; removed when the run has finished
predictions.parquet  a row an example
scores.json          {"scores": [Score, …], "labels": [...]}
spending.json        of runs at a provider: the cap on what they may cost, and the runs that share it
usage.json           {"phases": {"fit": Usage, "predict": Usage, "latency": Usage}, "notes": {…}}
model/               what `Method.load` needs
"""

import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pydantic import ConfigDict, ValidationError

from core import files
from core.errors import TradeoffError, unknown
from core.home import Home
from core.metering.usage import Usage, read_usage
from core.people import who
from core.spec import Record, RunSpec
from core.tasks.base import Score

Status = Literal["queued", "running", "paused", "finished", "failed", "cancelled"]
"""`paused`: set aside with a part of its answers, by a race; it goes on when it is resumed."""
STATUSES: tuple[Status, ...] = ("queued", "running", "paused", "finished", "failed", "cancelled")
ENDED: tuple[Status, ...] = ("finished", "failed", "cancelled")
AT_REST: tuple[Status, ...] = (*ENDED, "paused")
"""Nothing happens to a run that is in one of these, unless somebody asks for it."""
NOT_ENDED: tuple[Status | None, ...] = (None, "queued", "running")

PREDICTIONS = pa.schema(
    [
        ("id", pa.string()),
        ("split", pa.string()),
        ("target", pa.string()),
        ("prediction", pa.string()),
        ("reason", pa.string()),
        ("confidence", pa.float32()),
        ("probabilities", pa.list_(pa.float32())),
        ("completion", pa.string()),
        ("seconds", pa.float64()),
        ("tokens_input", pa.int32()),
        ("tokens_cached", pa.int32()),
        ("tokens_output", pa.int32()),
        ("tokens_reasoning", pa.int32()),
    ]
)
"""The columns of predictions.parquet; probabilities are aligned to `labels` of scores.json."""

PLAIN_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
"""Names that can be nothing but a folder beside the others."""


class State(Record):
    """Where a run stands. `queued_at` orders the queue; `attempt` counts executions.

    `interruptions` counts deaths of the run's process since it was last queued by a person; a run that keeps dying
    is given up. `pid_started` and `boot` tell the recorded process from another one with the same number. A process
    started before an update reads what a younger one wrote: what it does not know is passed over.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: Status
    at: str
    queued_at: str
    started_at: str | None = None
    reason: str = ""
    remedy: str = ""
    attempt: int = 0
    interruptions: int = 0
    pid: int | None = None
    pid_started: float | None = None
    boot: str = ""
    launched_by: str = ""
    """Who launched it first; empty where nobody noted it."""
    seconds: float = 0.0
    """Wall seconds of all attempts that came to an end by themselves, from the start of the work to its end."""


@dataclass(frozen=True)
class RunFolder:
    """One run on disk. Reading never fails on a half-made folder: what is absent is None or empty."""

    path: Path

    @property
    def run_id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def spec(self) -> RunSpec:
        """What is run.

        Raises:
            TradeoffError: spec.json is absent or damaged.
        """
        try:
            return RunSpec(**files.read_json(self.path / "spec.json"))
        except (TypeError, ValidationError):
            raise TradeoffError(
                f"What the run {self.run_id} is to do cannot be read",
                str(self.path / "spec.json"),
                "Delete the run's folder, then launch it again.",
            ) from None

    @property
    def state(self) -> State | None:
        """The state as written, None when there is none that can be read; `core.reconcile` finds those that died."""
        try:
            return State(**files.read_json(self.path / "state.json"))
        except (TypeError, ValidationError):
            return None

    @property
    def usage(self) -> dict[str, Usage]:
        """Usage by phase."""
        return read_usage(files.read_json(self.path / "usage.json"))

    @property
    def notes(self) -> dict[str, Any]:
        """What the method noted: truncated texts, the epoch kept, …"""
        notes: dict[str, Any] = files.read_json(self.path / "usage.json", {}).get("notes", {})
        return notes

    @property
    def scores(self) -> list[Score]:
        """Every score of every split."""
        return [Score(**score) for score in files.read_json(self.path / "scores.json", {}).get("scores", [])]

    @property
    def labels(self) -> list[str]:
        """The label set that probabilities are aligned to."""
        labels: list[str] = files.read_json(self.path / "scores.json", {}).get("labels", [])
        return labels

    @property
    def environment(self) -> dict[str, Any]:
        """Commit, versions and hardware of the last attempt."""
        content: dict[str, Any] = files.read_json(self.path / "environment.json", {})
        return content

    def progress(self) -> list[dict[str, Any]]:
        """All progress events, oldest first."""
        return list(files.read_jsonl(self.path / "progress.jsonl"))

    def log_tail(self, characters: int = 20_000) -> str:
        """The end of the log."""
        try:
            with open(self.path / "log.txt", "rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - characters * 2))
                return file.read().decode("utf-8", "replace")[-characters:]
        except FileNotFoundError:
            return ""

    def write_scores(self, scores: list[Score], labels: list[str]) -> None:
        """Write scores.json."""
        files.write_json(self.path / "scores.json", {"scores": [asdict(score) for score in scores], "labels": labels})

    def write_usage(self, phases: dict[str, Usage], notes: dict[str, Any]) -> None:
        """Write usage.json."""
        content = {phase: usage.model_dump(mode="json") for phase, usage in phases.items()}
        files.write_json(self.path / "usage.json", {"phases": content, "notes": notes})

    def set_state(
        self, status: Status, reason: str = "", remedy: str = "", *, after: Collection[str | None] = NOT_ENDED,
        **changes: Any,
    ) -> State:  # fmt: skip
        """Write the state if it is one of `after` now, and return the state that stands.

        Fields not named keep their value. By default an end state stands: of a cancel and a finish at the same
        moment the first wins.

        Raises:
            TradeoffError: the disk is full, or the folder is gone or cannot be written.
        """
        self._still_there()
        with files.held(self.path / ".state.lock", wait_seconds=5.0):
            before = self.state
            if before and before.status not in after:
                return before
            kept = before.model_dump() if before else {"queued_at": files.now()}
            kept |= _taken(before) if before and status != "running" else {}
            state = State(
                **{**kept, "status": status, "at": files.now(), "reason": reason, "remedy": remedy, **changes}
            )
            files.write_json(self.path / "state.json", state.model_dump(mode="json"))
        return state

    def lock(self, wait_seconds: float = 5.0) -> AbstractContextManager[bool]:
        """Hold the run while it is executed; yields False when another process holds it.

        Raises:
            TradeoffError: the folder is gone or cannot be written.
        """
        self._still_there()
        return files.held(self.path / ".lock", wait_seconds)

    def _still_there(self) -> None:
        if not self.path.is_dir():
            raise TradeoffError(f"The run {self.run_id} is gone", remedy="It was deleted; launch it again.")

    @property
    def is_executing(self) -> bool:
        """Whether a living process executes the run."""
        return files.is_held(self.path / ".lock")

    @property
    def cancel_requested(self) -> bool:
        """Whether somebody asked the run to stop."""
        return (self.path / "cancel").exists()


def _taken(before: State) -> dict[str, float]:
    """The seconds of an attempt that this very process ends, on top of those of earlier ones."""
    if before.status != "running" or before.pid != os.getpid() or not before.started_at:
        return {}
    try:
        taken = (datetime.now(UTC) - datetime.fromisoformat(before.started_at)).total_seconds()
    except (ValueError, TypeError):
        return {}
    return {"seconds": before.seconds + max(0.0, taken)}  # the clock may have been set back meanwhile


def create_run(home: Home, spec: RunSpec, queued_at: str | None = None) -> RunFolder:
    """The folder of `spec`, made when absent. The spec is written last, so a folder with a spec is whole."""
    folder = RunFolder(home.runs / spec.run_id)
    folder.path.mkdir(parents=True, exist_ok=True)
    if not (folder.path / "spec.json").exists():
        folder.set_state("queued", after=(None,), queued_at=queued_at or files.now(), launched_by=who())
        files.write_json(folder.path / "spec.json", spec.model_dump(mode="json"))
    return folder


def find_run(home: Home, run_id: str) -> RunFolder:
    """The run called `run_id`, or the only one whose id starts with it.

    Raises:
        TradeoffError: there is none, or several.
    """
    if PLAIN_ID.fullmatch(run_id) and is_whole(home.runs / run_id):
        return RunFolder(home.runs / run_id)  # whole ids are asked for most: the thousand others are not looked at
    folders = {folder.run_id: folder for folder in list_runs(home)}
    matches = [folder for name, folder in folders.items() if name == run_id] or [
        folder for name, folder in folders.items() if run_id and name.startswith(run_id)
    ]
    if len(matches) != 1:
        raise unknown("run" if not matches else f"single run among {len(matches)} called", run_id, folders)
    return matches[0]


def list_runs(home: Home) -> Iterator[RunFolder]:
    """Every whole run folder that may be read, in name order."""
    for path in sorted(home.runs.iterdir()) if home.runs.exists() else []:
        if is_whole(path):
            yield RunFolder(path)


def is_whole(path: Path) -> bool:
    """Whether a folder is a run that may be read; half-made and deleted ones are not."""
    return all(os.access(path / name, os.R_OK) for name in ("spec.json", "state.json"))


def delete_run(folder: RunFolder) -> None:
    """Remove an ended or queued run: first its mark as a run, then the rest, so a kill leaves no half run."""
    (folder.path / "spec.json").unlink(missing_ok=True)
    shutil.rmtree(folder.path, ignore_errors=True)
