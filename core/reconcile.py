"""Nothing stays "running" for ever: runs whose process died are queued again, or given up after some deaths."""

import os
from collections.abc import Iterator
from pathlib import Path

from core.errors import TradeoffError
from core.home import Home
from core.processes import end_processes
from core.runs import AT_REST, RunFolder, State

MOST_INTERRUPTIONS = 3
RESUMES = "Retry resumes it from where it was."
Stamp = tuple[int, int]
_resting: dict[str, Stamp] = {}


def open_runs(home: Home) -> list[tuple[RunFolder, State]]:
    """The runs that are queued or running. Those at rest are looked at again only when their state was written."""
    return [(folder, state) for folder, state in _awake(home) if state is not None]


def reconcile(home: Home) -> list[RunFolder]:
    """Find runs that are marked as running though nobody executes them; returns those it changed.

    Any reader may call it at any time. A run that cannot be mended now (a full disk, say) is left to the next one.
    """
    changed = []
    for folder, state in _awake(home):
        try:
            if _mend(folder, state):
                changed.append(folder)
        except (OSError, TradeoffError):
            continue
    return changed


def give_back(folder: RunFolder) -> bool:
    """Queue a run again whose process died or was stopped, or give it up; whether its state was changed.

    Nobody can start the run meanwhile, since its lock is held; a run that is executed is left alone.
    """
    with folder.lock(wait_seconds=0.5) as mine:
        state = folder.state
        if not mine or state is None or state.status in AT_REST:
            return False
        end_processes(folder, state, grace_seconds=0.0)
        deaths, before = state.interruptions + 1, (state.status,)
        if folder.cancel_requested:
            folder.set_state("cancelled", "Cancelled", RESUMES, after=before)
        elif deaths >= MOST_INTERRUPTIONS:
            folder.set_state(
                "failed", f"Its process died {deaths} times", "Its log may tell why; retry resumes it.", after=before,
                interruptions=deaths,
            )  # fmt: skip
        else:
            reason = "Interrupted: its process died; it resumes from where it was"
            folder.set_state("queued", reason, after=before, interruptions=deaths)
    return True


def _mend(folder: RunFolder, state: State | None) -> bool:
    if state is None:
        said = "Its state.json is damaged, so where it stood is not known"
        return not folder.is_executing and folder.set_state("failed", said, RESUMES, after=()).reason == said
    if state.status == "queued":
        return folder.cancel_requested and not folder.is_executing and give_back(folder)
    return not folder.is_executing and give_back(folder)


def _awake(home: Home) -> Iterator[tuple[RunFolder, State | None]]:
    """Every whole run that is not at rest, with its state; None when the state cannot be read as one.

    Looked at several times a second, so runs at rest cost a `stat` of their state and nothing more.
    """
    for path in _folders(home):
        try:
            stamp = _stamp(path)
            if stamp is not None and _resting.get(path) == stamp:
                continue
            folder = RunFolder(Path(path))
            state = folder.state
            if state and state.status in AT_REST and stamp:
                _resting[path] = stamp
            elif (folder.path / "spec.json").exists():
                yield folder, state
        except OSError:
            continue


def _folders(home: Home) -> list[str]:
    try:
        with os.scandir(home.runs) as entries:
            return [entry.path for entry in entries]
    except FileNotFoundError:
        return []


def _stamp(path: str) -> Stamp | None:
    try:
        status = os.stat(f"{path}/state.json")
    except (FileNotFoundError, NotADirectoryError):
        return None
    # Two writes may fall on one tick of the clock; each write makes a new file.
    return status.st_mtime_ns, status.st_ino
