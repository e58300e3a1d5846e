"""Run folders as pages see them: each is read once a process, and again when a file of it is another one."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from core.analysis.results import RunSummary
from core.findings.results import summary_of
from core.home import Home
from core.runs import AT_REST, RunFolder, State, is_whole

STEADY_SECONDS = 2.0
"""A folder that was last written longer ago tells by its own time whether a file in it was replaced since."""
CLOSE_LOOK_SECONDS = 5.0
"""How often each file of runs at rest is looked at too: somebody may have edited one in its place."""
FILES = ("spec.json", "state.json", "scores.json", "usage.json")
Stamps = tuple[int, ...]


@dataclass(frozen=True)
class Run:
    """A run as a list shows it."""

    folder: RunFolder
    summary: RunSummary
    state: State

    @property
    def run_id(self) -> str:
        """The folder's name."""
        return self.summary.run_id

    @property
    def status(self) -> str:
        """The state's word."""
        return self.state.status


@dataclass(frozen=True)
class _Known:
    """A run as it was read: the stamps of its files, and of its folder where that tells of all of them (else 0)."""

    stamps: Stamps
    folder: int
    run: Run


_known: dict[str, _Known] = {}
_looked: dict[Home, float] = {}


def read_runs(root: Home) -> list[Run]:
    """All runs in name order, read anew where a file was written since; a thousand cost some milliseconds.

    The files of a run are replaced, never written in place, so that one look at the folder of a run at rest tells of
    all of them. Those that others edited in place are found out within `CLOSE_LOOK_SECONDS`. One thread at a time.
    """
    now, found, folder = time.monotonic(), [], str(root.runs)
    closely = now - _looked.get(root, -CLOSE_LOOK_SECONDS) >= CLOSE_LOOK_SECONDS
    if closely:
        _looked[root] = now
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        path = f"{folder}/{name}"
        known = _known.get(path)
        if closely or known is None or not known.folder or known.folder != _stamp(path):
            known = _looked_at(path, known)
        if known is not None:
            found.append(known.run)
    return found


def _looked_at(path: str, known: _Known | None) -> _Known | None:
    """The run as its files are now; None where it is not whole."""
    own = _steady(path)  # before the files: what is written meanwhile makes it another one
    stamps = tuple(_stamp(f"{path}/{name}") for name in FILES)
    run = known.run if known and known.stamps == stamps else _run(path, stamps)
    if run is None:
        return None
    _known[path] = found = _Known(stamps, own if run.status in AT_REST else 0, run)
    return found


def _run(path: str, stamps: Stamps) -> Run | None:
    if not (stamps[0] and stamps[1]):
        return None
    folder = RunFolder(Path(path))
    state = folder.state if is_whole(folder.path) else None
    return Run(folder, summary_of(folder), state) if state else None


def _steady(path: str) -> int:
    """The stamp of a folder, 0 where it was written so lately that two changes may bear the same time."""
    try:
        status = os.stat(path)
    except OSError:
        return 0
    return status.st_ctime_ns ^ status.st_ino if time.time() - status.st_ctime > STEADY_SECONDS else 0


def _stamp(path: str) -> int:
    """When a file or folder was last written, moved or allowed to be read; 0 is absent."""
    try:
        status = os.stat(path)
    except OSError:
        return 0
    return status.st_ctime_ns ^ status.st_ino
