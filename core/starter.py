"""Starts the processes of runs from one that has imported what they need, so that torch's start is paid once.

A *starter* (`core/starter_child.py`) imports the modules of a kit and computes nothing. For each run it forks a
process, which is a run's process like any other: a session, a log, locks and an exit code of its own. A starter may be
killed at any time: the processes that it forked go on, and later runs start by themselves until the next one is up.

It ends when its worker does or nobody asks for a while, and another takes its place when code or libraries changed.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.home import Home
from core.processes import process_mark
from core.runs import RunFolder
from core.spec import RunSpec

ROOT = Path(__file__).parents[1]
CHILD = (sys.executable, "-m", "core.starter_child")
LOST = -1000
"""The exit code of a process of which nobody can tell how it ended: the starter that would have known is gone."""
PAUSE_SECONDS = 60.0
"""After a starter has died, runs of its kit start by themselves for so long."""
WITHOUT_TORCH = ("majority", "tfidf-linear", "api-prompt")


def kit_of(spec: RunSpec) -> str:
    """Which modules a run wants imported; empty when it is to start by itself.

    A kit holds what its runs import anyway, or they would seem to need more memory than they do. CUDA cannot be used
    in a process forked from one that has touched it, and importing may touch it.
    """
    method = spec.candidate.method
    if spec.device == "cuda" or spec.candidate.settings.get("processes", 1) != 1:
        return ""
    if method in WITHOUT_TORCH:
        return "plain"
    return "adapters" if method.endswith("lora") else "torch"


class Forked:
    """A run's process that a starter forked; of `subprocess.Popen` it has `pid`, `poll` and `returncode`."""

    def __init__(self, starter: "Starter") -> None:
        self._starter = starter
        self.pid: int | None = None
        self.mark: float | None = None
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code (negative: ended by that signal), `LOST` when nobody knows it, None while it lives."""
        self._starter.listen()
        return self.returncode


class Starter:
    """A process that forks others, and those it has forked.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, kit: str, home: Home, command: Sequence[str] = CHILD) -> None:
        self.stamp = code_stamp()
        self.process = subprocess.Popen(
            [*command, kit, str(home.root.resolve())], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.heard = self.process.stdout.fileno()
        os.set_blocking(self.heard, False)
        self._half = b""
        self._deaf = False
        self._forked: dict[str, Forked] = {}

    @property
    def is_alive(self) -> bool:
        """Whether it can fork another process."""
        return not self._deaf and self.process.poll() is None

    @property
    def has_runs(self) -> bool:
        """Whether a process that it forked, or is to fork, has not ended."""
        return bool(self._forked)

    def fork(self, folder: RunFolder) -> Forked:
        """Ask for the process of a run. It is there as soon as the starter has imported its kit."""
        run = str(folder.path.resolve())
        asked = self._forked[run] = Forked(self)
        assert self.process.stdin is not None
        with suppress(OSError):  # it has just ended: `listen` finds that out
            self.process.stdin.write(json.dumps(run).encode() + b"\n")
            self.process.stdin.flush()
        return asked

    def listen(self) -> None:
        """Take in what it has said since; of one that has died, look after those that it forked."""
        with suppress(BlockingIOError):
            while not self._deaf and (block := os.read(self.heard, 65536)):
                self._half += block
            self._deaf = True
        *lines, self._half = self._half.split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        if self._deaf:
            for run, forked in list(self._forked.items()):
                if forked.pid is None or process_mark(forked.pid) != forked.mark:
                    forked.returncode = LOST
                    del self._forked[run]

    def _take(self, said: dict[str, Any]) -> None:
        forked = self._forked[said["run"]]
        forked.pid, forked.mark = said["pid"], said["mark"]
        if "code" in said:
            forked.returncode = said["code"]
            del self._forked[said["run"]]

    def close(self) -> None:
        """Let it end; the processes that it forked go on."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._deaf = True
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(2)


class Starters:
    """Those of one worker, one a kit."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.command: Sequence[str] = CHILD
        self.by_kit: dict[str, Starter] = {}
        self.retired: list[Starter] = []
        self._paused: dict[str, float] = {}

    def process_for(self, folder: RunFolder) -> Forked | None:
        """A process for the run, or None when it is to start by itself.

        Raises:
            OSError: a starter cannot be started now.
        """
        kit = kit_of(folder.spec) if can_fork() else ""
        self.tidy()
        if not kit or time.monotonic() < self._paused.get(kit, 0.0):
            return None
        starter = self.by_kit.get(kit)
        if starter is None:
            starter = self.by_kit[kit] = Starter(kit, self.home, self.command)
        return starter.fork(folder)

    def tidy(self) -> None:
        """Retire what has died or is older than the code, and let go of what is not needed any more."""
        stamp = code_stamp() if self.by_kit else ""
        for kit, starter in list(self.by_kit.items()):
            if starter.is_alive and starter.stamp == stamp:
                continue
            if not starter.is_alive and starter.process.poll() != 0:
                self._paused[kit] = time.monotonic() + PAUSE_SECONDS
            self.retired.append(self.by_kit.pop(kit))
        for starter in [starter for starter in self.retired if not starter.has_runs]:
            self.retired.remove(starter)
            starter.close()

    def heard(self) -> list[int]:
        """Descriptors that can be read from when a run's process was forked or has ended."""
        return [starter.heard for starter in (*self.by_kit.values(), *self.retired) if starter.is_alive]

    def close(self) -> None:
        """Let all of them end."""
        for starter in (*self.by_kit.values(), *self.retired):
            starter.close()
        self.by_kit, self.retired = {}, []


@lru_cache(maxsize=1)
def can_fork() -> bool:
    """Whether a process can be forked off safely here; elsewhere runs start by themselves.

    macOS's own libraries fail in forked processes.
    """
    return sys.platform.startswith("linux") and hasattr(os, "pidfd_open")


def code_stamp() -> str:
    """Changes when the product's code or the installed libraries do. Takes some milliseconds."""
    digest = hashlib.sha256()
    for folder, _, names in os.walk(ROOT / "core"):
        for name in sorted(names):
            if name.endswith((".py", ".yaml", ".json")):
                with suppress(OSError):
                    status = os.stat(f"{folder}/{name}")
                    digest.update(f"{folder}/{name} {status.st_mtime_ns} {status.st_size}\n".encode())
    for place in sys.path:
        with suppress(OSError):
            digest.update(f"{place} {os.stat(place).st_mtime_ns}\n".encode() if place.endswith("-packages") else b"")
    return digest.hexdigest()
