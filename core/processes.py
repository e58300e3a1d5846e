"""The processes of a run: which one its state names, and how to end it with all that it started.

A data folder that was copied while a run was running holds the number of the original's process. So a process counts
as a run's only when it holds the lock of that very folder or was started for it.

A run's process leads a session of its own, so what it started is found by the session's number even after the leader
has died.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil

from core import files
from core.runs import RunFolder, State

KILL_SECONDS = 2.0
"""How long to wait for processes to vanish after SIGKILL; only one that hangs in the kernel takes longer."""


def own_process() -> dict[str, Any]:
    """What a state keeps of the process that calls: `pid`, `pid_started` and `boot`."""
    return {"pid": os.getpid(), "pid_started": process_mark(os.getpid()), "boot": boot_id()}


def run_process(folder: RunFolder, state: State) -> psutil.Process | None:
    """The living process that the state names, or None; None too when it works on another folder."""
    leader = _named(state)
    return leader if leader and _works_on(leader, folder.path) else None


def has_died(folder: RunFolder, state: State) -> bool:
    """Whether the state's process is surely gone. Of a process on another host nothing is known here."""
    return _told_here(state) and bool(state.boot) and run_process(folder, state) is None


def end_processes(folder: RunFolder, state: State, grace_seconds: float) -> bool:
    """SIGTERM the run's process, SIGKILL it after `grace_seconds` along with what it started; whether all are gone."""
    leader = run_process(folder, state)
    if leader is not None:
        with suppress(psutil.Error):
            leader.send_signal(signal.SIGTERM)
        _wait_until_gone([leader], grace_seconds)
    deadline = time.monotonic() + KILL_SECONDS
    while left := _family(folder, state):
        if time.monotonic() > deadline:
            return False
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        _wait_until_gone(left, KILL_SECONDS / 4)
    # A dead leader may have threads that are still on their way out and keep its lock for a moment.
    while leader is not None and folder.is_executing and time.monotonic() < deadline:
        time.sleep(0.03)
    return True


def process_mark(pid: int) -> float | None:
    """When a process started, as a number that no clock change moves (ticks since boot on Linux); None: gone."""
    try:
        if sys.platform.startswith("linux"):
            fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
            return float(fields[19])
        return psutil.Process(pid).create_time()
    except (OSError, IndexError, psutil.Error):
        return None


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Names this start of this machine: numbers of processes mean nothing after the next one, or elsewhere."""
    return files.read_text(Path("/proc/sys/kernel/random/boot_id")) or os.uname().nodename


def _told_here(state: State) -> bool:
    return state.pid is not None and state.pid_started is not None and state.boot in ("", boot_id())


def _named(state: State) -> psutil.Process | None:
    if not _told_here(state) or process_mark(state.pid or 0) != state.pid_started:
        return None
    return _living(state.pid or 0)


def _works_on(process: psutil.Process, folder: Path) -> bool:
    """Whether a process executes this very run folder: by the lock it holds, else by its command line."""
    try:
        locks = [Path(file.path).parent for file in process.open_files() if Path(file.path).name == ".lock"]
        named = [path for path in locks if path.name == folder.name]
        if not named:
            inside = Path(process.cwd())
            named = [inside / part for part in process.cmdline() if Path(part).name == folder.name]
    except (psutil.Error, OSError):
        return False
    return any(_is_same(path, folder) for path in named)


def _is_same(path: Path, folder: Path) -> bool:
    try:
        return path.samefile(folder)
    except (OSError, ValueError):
        return False


def _family(folder: RunFolder, state: State) -> list[psutil.Process]:
    """The living processes of a run: its own, their children, and all of its session."""
    if not _told_here(state) or process_mark(state.pid or 0) not in (None, state.pid_started):
        return []
    leader = _named(state)
    if leader and not _works_on(leader, folder.path):
        return []
    found = {leader.pid: leader} if leader else {}
    if leader:
        with suppress(psutil.Error):
            found |= {child.pid: child for child in leader.children(recursive=True)}
    for pid in psutil.pids():
        with suppress(OSError):
            if pid not in found and os.getsid(pid) == state.pid and (process := _living(pid)):
                found[pid] = process
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [process for pid, process in found.items() if pid not in mine and _is_alive(process)]


def _living(pid: int) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
    except psutil.Error:
        return None
    return process if _is_alive(process) else None


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _wait_until_gone(processes: list[psutil.Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(_is_alive(process) for process in processes):
        time.sleep(0.03)
