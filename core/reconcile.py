"""Nothing stays "running" for ever: runs whose process died are queued again, or given up after some deaths."""

import threading
from pathlib import Path

from core.errors import TradeoffError
from core.home import Home
from core.runs import ENDED, RunFolder, State, end_process_group, list_folders

MOST_INTERRUPTIONS = 3
_ended: dict[Path, int] = {}
_lock = threading.Lock()


def open_runs(home: Home) -> list[tuple[RunFolder, State]]:
    """The runs that are queued or running. Ended ones are looked at again only when their state was written."""
    found = []
    for folder in list_folders(home):
        stamp = _stamp(folder)
        with _lock:
            if stamp is None or _ended.get(folder.path) == stamp:
                continue
        state = folder.state
        if state and state.status in ENDED:
            with _lock:
                _ended[folder.path] = stamp
        elif state and (folder.path / "spec.json").exists():
            found.append((folder, state))
    return found


def reconcile(home: Home) -> list[RunFolder]:
    """Find runs that are marked as running though nobody executes them; returns those it changed.

    Any reader may call it at any time.
    """
    return [
        folder
        for folder, state in open_runs(home)
        if state.status == "running" and not folder.is_executing and _give_back(folder)
    ]


def _give_back(folder: RunFolder) -> bool:
    """Queue, cancel or fail a run whose process died, while nobody else can start it."""
    with folder.lock(wait_seconds=0.5) as mine:
        state = folder.state
        if not mine or state is None or state.status != "running":
            return False
        end_process_group(state, grace_seconds=1.0)
        deaths = state.interruptions + 1
        try:
            if folder.cancel_requested:
                folder.set_state("cancelled", "Cancelled", "Retry resumes it from where it was.")
            elif deaths >= MOST_INTERRUPTIONS:
                folder.set_state(
                    "failed", f"Its process died {deaths} times", "See its log; retry resumes it.", interruptions=deaths
                )
            else:
                reason = "Interrupted: its process died; it resumes from where it was"
                folder.set_state("queued", reason, interruptions=deaths)
        except TradeoffError:
            return False  # the disk is full; the next reader tries again
    return True


def _stamp(folder: RunFolder) -> int | None:
    try:
        return (folder.path / "state.json").stat().st_mtime_ns
    except OSError:
        return None
