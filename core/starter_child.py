"""The process that forks those of runs off itself: `python -m core.starter_child KIT HOME` (see `core.starter`).

It reads run folders from stdin, a JSON string a line, and tells of each `{"run", "pid", "mark"}` when its process is
there and the same with `"code"` when that has ended. HOME is only there to be seen in a list of processes.

Nothing is computed here: a thread pool that had worked would be missing in a forked process, which would wait for it.
"""

import gc
import json
import os
import random
import select
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from core import execute
from core.metering import probes
from core.metering.energy import EnergyReader
from core.processes import process_mark

KEEP_SECONDS = 60.0
PLAIN = ("core.methods.majority", "core.methods.tfidf", "core.methods.api")
TORCH = (
    "core.methods.encoder", "core.methods.embedding", "core.methods.prompt", "core.methods.decoder",
    "transformers.models.auto.modeling_auto", "transformers.models.bert.modeling_bert",
    "transformers.models.llama.modeling_llama",
)  # fmt: skip
KITS = {"plain": PLAIN, "torch": TORCH, "adapters": (*TORCH, "peft")}


class Offspring:
    """The processes forked so far that live, and how many there were."""

    def __init__(self, out: int, asked: int) -> None:
        self.out, self.asked = out, asked
        self.count = 0
        self.living: dict[int, dict[str, Any]] = {}
        """By a descriptor that can be read from when the process has ended."""

    def next_run(self) -> str | None:
        """Fork processes as they are asked for. In such a process: the folder of its run; None when all is over."""
        poll, waiting = select.poll(), b""
        poll.register(self.asked, select.POLLIN)
        while ready := poll.poll(None if self.living else KEEP_SECONDS * 1000):
            for descriptor, _ in ready:
                if descriptor != self.asked:
                    poll.unregister(descriptor)
                    self._reap(descriptor)
                    continue
                block = os.read(self.asked, 65536)
                if not block:
                    return None
                *lines, waiting = (waiting + block).split(b"\n")
                for line in lines:
                    run = str(json.loads(line))
                    ended = self._fork(run)
                    if ended is None:
                        return run
                    poll.register(ended, select.POLLIN)
        return None

    def _fork(self, run: str) -> int | None:
        """Fork a process; a descriptor that tells its end, or None in the process itself."""
        self.count += 1
        pid = os.fork()
        if pid == 0:
            for descriptor in (self.out, self.asked, *self.living):
                os.close(descriptor)
            return None
        ended = os.pidfd_open(pid)
        self.living[ended] = {"run": run, "pid": pid, "mark": process_mark(pid)}
        self._say(self.living[ended])
        return ended

    def _reap(self, descriptor: int) -> None:
        told = self.living.pop(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(told["pid"], 0)
        self._say({**told, "code": os.waitstatus_to_exitcode(status)})

    def _say(self, message: dict[str, Any]) -> None:
        with suppress(BrokenPipeError):  # the worker is gone: the end of stdin says so next
            os.write(self.out, json.dumps(message).encode() + b"\n")


def prepare(kit: str) -> None:
    """Import the kit, and let CodeCarbon find out what the hardware is: it remembers that for the whole process."""
    for name in KITS[kit]:
        import_module(name)
    reader = EnergyReader()
    reader.start()
    reader.stop()
    deadline = time.monotonic() + 2
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    if threading.active_count() > 1:
        sys.exit(f"runs are not forked off: threads are at work ({', '.join(t.name for t in threading.enumerate())})")
    gc.collect()
    gc.freeze()  # what was imported is never looked through again, so its pages stay shared


def settle_in(run: Path) -> None:
    """Make the forked process one of its own: session, log, random numbers."""
    os.setsid()
    log = os.open(run / "log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(log)
    os.close(nothing)
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def main(kit: str) -> int:
    """Serve until stdin closes or nobody asks any more; in a forked process, execute its run."""
    began, used = time.perf_counter(), time.process_time()
    out, asked = os.dup(1), os.dup(0)
    os.dup2(2, 1)  # libraries that print must not write among the messages
    prepare(kit)
    mapped = probes.file_bytes()
    took = (time.perf_counter() - began, time.process_time() - used)
    offspring = Offspring(out, asked)
    run = offspring.next_run()
    if run is None:
        return 0
    settle_in(Path(run))
    probes.count_inherited(mapped)
    sys.argv = [execute.__file__, run]
    return execute.main([run], f"{took[0]:.1f} s of imports ({took[1]:.1f} s of CPU) were shared: this is run "
                               f"{offspring.count} that started from them")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
