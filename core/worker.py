"""The worker takes runs from the queue and gives each a process of its own: `python -m core.worker HOME`.

There is one worker a data folder and host. It is started when something is queued and ends by itself when nothing is
left to do. It may be killed at any time: its runs go on without it, and the next worker finds them by their locks.
"""

import errno
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core import files
from core.endings import explained
from core.errors import TradeoffError
from core.home import Home
from core.processes import end_processes, has_died
from core.reconcile import give_back, open_runs, reconcile
from core.runs import RunFolder, State
from core.starter import LOST, Forked, Starters

ROOT = Path(__file__).parents[1]
EXECUTE = (sys.executable, "-m", "core.execute")
IDLE_SECONDS = 60.0
POLL_SECONDS = 0.25
LONGEST_POLL_SECONDS = 2.0
WATCHING_SHARE = 0.02
"""Of the time of a core, at most, goes into looking at run folders: metered runs share the machine."""
SET_ASIDE_SECONDS = 30.0
LARGEST_LOG = 1024 * 1024
LEAST_FREE_BYTES = 32 * 1024 * 1024
PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
"""Troubles of the machine rather than of one run; they may be over in a moment."""
BROKEN_SECONDS = 10.0
_started: "list[tuple[Path, subprocess.Popen[bytes]]]" = []
_broken: dict[Path, float] = {}


@dataclass
class Child:
    """A run's process that this worker started, with the run's attempts and the size of its log before it."""

    folder: RunFolder
    process: "subprocess.Popen[bytes] | Forked"
    attempts: int = 0
    log_start: int = 0


@dataclass
class Worker:
    """Starts queued runs, one at a time on each device, and tells the end of those that could not."""

    home: Home
    command: Sequence[str] = EXECUTE
    idle_seconds: float = IDLE_SECONDS
    log: Callable[[str], None] = print
    children: dict[str, Child] = field(default_factory=dict)
    """By device."""
    set_aside: dict[str, float] = field(default_factory=dict)
    """Until when runs are passed over that could neither be started nor marked as failed."""
    _told: tuple[str, float] = ("", 0.0)
    _untold: str = ""

    def __post_init__(self) -> None:
        """Starters are made when the first run is started."""
        self.starters = Starters(self.home)

    def serve(self) -> None:
        """Work until nothing has been queued or running for `idle_seconds`. Nothing that goes wrong ends it."""
        idle_since: float | None = None
        while idle_since is None or time.monotonic() - idle_since < self.idle_seconds:
            began = time.monotonic()
            if self._steady_step():
                idle_since = None
            elif idle_since is None:
                idle_since = began
            spent = time.monotonic() - began
            pause = min(LONGEST_POLL_SECONDS, max(POLL_SECONDS, spent / WATCHING_SHARE))
            select.select(self.starters.heard(), [], [], pause)  # the end of a run is no time to sleep on
        self.starters.close()

    def _steady_step(self) -> bool:
        try:
            busy = self.step()
        except Exception as error:
            self.tell(f"{type(error).__name__}: {error}")
            time.sleep(LONGEST_POLL_SECONDS)
            return True
        self._write_log()
        return busy

    def step(self) -> bool:
        """Reap what ended, start what can start; returns whether there is anything to do."""
        for device, child in list(self.children.items()):
            if child.process.poll() is not None:
                # While the disk is full this raises: the child stays, and with it the device, until there is space.
                settle(child)
                del self.children[device]
        reconcile(self.home)
        racing = self._advance_races()
        waiting, busy = self._look()
        for folder, state, device in waiting:
            if device not in busy and self._start(folder, state, device):
                busy.add(device)
        return bool(busy or waiting or racing)

    def _advance_races(self) -> bool:
        """Let races go on; whether one does. What goes wrong with a race keeps no run waiting."""
        if not self.home.races.is_dir():
            return False
        from core.racing import advance

        try:
            return advance(self.home)
        except Exception as error:
            self.tell(f"A race cannot go on now: {type(error).__name__}: {error}")
            return True

    def has_work(self) -> bool:
        """Whether a run waits that could be started, or a race goes on."""
        return bool(self._look()[0]) or self._advance_races()

    def tell(self, line: str) -> None:
        """Log a line; the same one again only after a minute."""
        said, when = self._told
        if line != said or time.monotonic() - when > 60:
            self._told = (line, time.monotonic())
            self._untold = f"{files.now()} {line}"
            self._write_log()

    def _write_log(self) -> None:
        # The log lies on the disk that may be full: what was told last is written as soon as there is space.
        with suppress(OSError):
            if self._untold:
                self.log(self._untold)
                self._untold = ""

    def _look(self) -> tuple[list[tuple[RunFolder, State, str]], set[str]]:
        """The runs that wait, in the order of the queue, with their devices; and the devices that are busy."""
        waiting, busy = [], set(self.children)
        for folder, state in open_runs(self.home):
            if self.set_aside.get(folder.run_id, 0.0) > time.monotonic():
                continue
            try:
                device = folder.spec.device
            except (OSError, TradeoffError) as error:
                self._refuse(folder, error)
                continue
            if state.status == "running":
                busy.add(device)
            else:
                waiting.append((folder, state, device))
        return sorted(waiting, key=lambda row: (row[1].queued_at, row[0].run_id)), busy

    def _start(self, folder: RunFolder, state: State, device: str) -> bool:
        if shutil.disk_usage(self.home.root).free < LEAST_FREE_BYTES:
            self.tell("The disk is full; runs wait until there is space.")
            return False
        try:
            with open(folder.path / "log.txt", "ab") as log:
                size = log.tell()
                forked = self.starters.process_for(folder) if self.command is EXECUTE else None
                process = forked or subprocess.Popen(
                    [*self.command, str(folder.path)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            if error.errno in PASSING:
                self.tell(f"{folder.run_id} could not be started yet: {error.strerror}")
            else:
                self._refuse(folder, error)
            return False
        self.children[device] = Child(folder, process, state.attempt, size)
        return True

    def _refuse(self, folder: RunFolder, error: OSError | TradeoffError) -> None:
        """Mark a run as failed that cannot be started; pass over it if not even that works. The queue goes on."""
        remedy = "Check the permissions of the run's folder, then retry."
        what, remedy = (error.what, error.remedy) if isinstance(error, TradeoffError) else (str(error), remedy)
        try:
            folder.set_state("failed", f"It could not be started: {what}", remedy, after=("queued",))
        except (OSError, TradeoffError):
            self.tell(f"{folder.run_id} cannot be started and is passed over: {what}")
            self.set_aside[folder.run_id] = time.monotonic() + SET_ASIDE_SECONDS


def settle(child: Child) -> None:
    """Write the end of a run whose process ended without writing one, so that the queue goes on.

    Raises:
        TradeoffError: it cannot be written now (a full disk); try again.
    """
    folder, code = child.folder, child.process.returncode
    state = folder.state
    if state is None or code is None or not folder.path.is_dir():
        return
    if code == LOST:
        if state.status == "running":
            give_back(folder)  # as when nobody watched it: it is queued again, unless it lives
        return
    died = state.status == "running" and (state.pid == child.process.pid or has_died(folder, state))
    never_ran = state.status == "queued" and state.attempt == child.attempts and code != 0
    if not died and not never_ran:
        return
    if died:
        end_processes(folder, state, grace_seconds=0.0)  # what it had started would keep memory and device
    if code in (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP) or folder.cancel_requested:
        give_back(folder)
    elif not folder.is_executing:
        folder.set_state("failed", *explained(folder, code, child.log_start), after=(state.status,))


def ensure_worker(home: Home) -> None:
    """Start a worker unless one is at work on this host. Returns when it holds its lock, within a second or so.

    Raises:
        TradeoffError: it cannot be started.
    """
    lock = lock_path(home)
    if files.is_held(lock) or _broke_lately(home):
        return
    path = home.root / "worker.log"
    try:
        too_large = path.exists() and path.stat().st_size > LARGEST_LOG
        with open(path, "wb" if too_large else "ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "core.worker", str(home.root.resolve())], cwd=ROOT, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
    except OSError as error:
        raise TradeoffError(
            f"The worker that executes runs could not be started: {error.strerror}",
            str(home.root),
            "Free some disk space or check the folder's permissions, then try again.",
        ) from error
    _started.append((home.root, child))
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and child.poll() is None and not files.is_held(lock):
        time.sleep(0.05)


def _broke_lately(home: Home) -> bool:
    """Whether a worker that this process started ended with an error moments ago: the next one would too."""
    for root, child in list(_started):
        if child.poll() is not None:
            _started.remove((root, child))
            if child.returncode > 0:
                _broken[root] = time.monotonic()
    return time.monotonic() - _broken.get(home.root, -BROKEN_SECONDS) < BROKEN_SECONDS


def lock_path(home: Home) -> Path:
    """Held by the worker of this host: several hosts may share a data folder."""
    return home.locks / f"worker-{os.uname().nodename}.lock"


def _write_line(line: str) -> None:
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def main(home_folder: str, idle_seconds: float = IDLE_SECONDS) -> int:
    """Be the worker, unless there is one."""
    home = Home(Path(home_folder))
    worker = Worker(home, idle_seconds=idle_seconds, log=_write_line)
    while True:
        with files.held(lock_path(home), wait_seconds=0.5) as mine:
            if not mine:
                return 0
            worker.serve()
        # What was queued between the last look and the release of the lock found a worker, so it is ours.
        if not worker.has_work():
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *(float(text) for text in sys.argv[2:3])))
