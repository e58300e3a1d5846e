"""The worker takes runs from the queue and gives each a process of its own: `python -m core.worker HOME`.

There is one worker a data folder and host. It is started when something is queued and ends by itself when nothing is
left to do. It may be killed at any time: its runs go on without it, and the next worker finds them by their locks.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core import files
from core.errors import TradeoffError
from core.home import Home
from core.methods import METHODS
from core.reconcile import open_runs, reconcile
from core.runs import RunFolder, State, end_process_group

ROOT = Path(__file__).parents[1]
EXECUTE = (sys.executable, "-m", "core.execute")
IDLE_SECONDS = 60.0
POLL_SECONDS = 0.25
LARGEST_LOG = 1024 * 1024
_started: "list[subprocess.Popen[bytes]]" = []


@dataclass
class Worker:
    """Starts queued runs, one at a time on each device, and tells the end of those that could not."""

    home: Home
    command: Sequence[str] = EXECUTE
    idle_seconds: float = IDLE_SECONDS
    log: Callable[[str], None] = print
    children: "dict[str, tuple[RunFolder, subprocess.Popen[bytes], int]]" = field(default_factory=dict)
    """By device: the run, its process, and the attempts before it."""

    def serve(self) -> None:
        """Work until nothing has been queued or running for `idle_seconds`."""
        last_busy = time.monotonic()
        while time.monotonic() - last_busy < self.idle_seconds:
            try:
                if self.step():
                    last_busy = time.monotonic()
            except (OSError, TradeoffError) as error:
                self.log(f"{files.now()} {error}")  # a full disk, say: runs wait until there is space
                time.sleep(5 * POLL_SECONDS)
            time.sleep(POLL_SECONDS)

    def step(self) -> bool:
        """Reap what ended, start what can start; returns whether there is anything to do."""
        for device, (folder, child, attempts) in list(self.children.items()):
            code = child.poll()
            if code is not None:
                del self.children[device]
                settle(folder, code, attempts)
        reconcile(self.home)
        waiting, busy = [], set(self.children)
        for folder, state in open_runs(self.home):
            if state.status == "running":
                busy.add(folder.spec.device)
            else:
                waiting.append((state.queued_at, folder.run_id, folder, state))
        for _, _, folder, state in sorted(waiting, key=lambda row: row[:2]):
            device = folder.spec.device
            if device not in busy:
                busy.add(device)
                self._start(folder, state, device)
        return bool(busy or waiting)

    def _start(self, folder: RunFolder, state: State, device: str) -> None:
        with open(folder.path / "log.txt", "ab") as log:
            child = subprocess.Popen(
                [*self.command, str(folder.path)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.children[device] = (folder, child, state.attempt)


def settle(folder: RunFolder, code: int, attempts_before: int) -> None:
    """Write the end of a run whose process ended with `code` without writing one, so that the queue goes on."""
    state = folder.state
    if state is None:
        return
    died_running = state.status == "running" and not folder.is_executing
    never_ran = state.status == "queued" and state.attempt == attempts_before and code != 0
    if not died_running and not never_ran:
        return
    end_process_group(state, grace_seconds=1.0)
    if folder.cancel_requested:
        folder.set_state("cancelled", "Cancelled", "Retry resumes it from where it was.")
        return
    folder.set_state("failed", *_why(folder, code))


def _why(folder: RunFolder, code: int) -> tuple[str, str]:
    if code == -9:
        setting = METHODS[folder.spec.candidate.method].memory_setting
        lower = f"lower {setting} or " if setting else ""
        return (
            "Its process was killed, most likely because memory ran out",
            f"Retry resumes it; if it is killed again, {lower}choose a smaller model.",
        )
    lines = [line.strip() for line in folder.log_tail(4000).splitlines() if line.strip()]
    last = f": {lines[-1][:300]}" if lines else ""
    return f"Its process ended with code {code}{last}", "The log tells more; retry resumes the run."


def ensure_worker(home: Home) -> None:
    """Start a worker unless one is at work on this host. Returns when it holds its lock, within a second or so."""
    _started[:] = [child for child in _started if child.poll() is None]
    lock = lock_path(home)
    if files.is_held(lock):
        return
    path = home.root / "worker.log"
    too_large = path.exists() and path.stat().st_size > LARGEST_LOG
    with open(path, "wb" if too_large else "ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "core.worker", str(home.root)], cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    _started.append(child)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and child.poll() is None and not files.is_held(lock):
        time.sleep(0.05)


def lock_path(home: Home) -> Path:
    """Held by the worker of this host: several hosts may share a data folder."""
    return home.locks / f"worker-{os.uname().nodename}.lock"


def main(home_folder: str, idle_seconds: float = IDLE_SECONDS) -> int:
    """Be the worker, unless there is one."""
    home = Home(Path(home_folder))
    worker = Worker(home, idle_seconds=idle_seconds, log=lambda line: print(line, flush=True))
    more = True
    while more:
        with files.held(lock_path(home), wait_seconds=0.5) as mine:
            if not mine:
                return 0
            worker.serve()
        # What was queued between the last look and the release of the lock found a worker, so it is ours.
        more = any(state.status == "queued" for _, state in open_runs(home))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *(float(text) for text in sys.argv[2:3])))
