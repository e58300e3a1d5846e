"""One path for every candidate: a run is executed to its end state.

`python -m core.execute RUN_FOLDER` is the process of a run. It holds the run's lock and its device's lock; the same
command started again goes on where a killed one stopped.
"""

import shutil
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core import environment, files
from core.attempt import Execution
from core.devices import device_lock
from core.errors import TradeoffError
from core.home import Home
from core.methods import method_entry
from core.methods.base import Cancelled, out_of_memory
from core.processes import own_process
from core.runs import RunFolder


def execute(folder: RunFolder, home: Home, start_up: str = "") -> None:
    """Execute a run to its end state. Failures end in the state, never in an exception.

    Does nothing when another process executes the run. A SIGTERM stops it at the next batch: the run ends as
    cancelled when that was asked for, else it is queued again. `start_up` is noted: how its process came to be.
    """
    with folder.lock() as held:
        state = folder.state
        if not held or state is None or state.status != "queued":
            return
        try:
            with _device(folder, home):
                _attempt(folder, home, start_up)
        except Cancelled:
            _stopped(folder)


@contextmanager
def _device(folder: RunFolder, home: Home) -> Iterator[None]:
    """Wait until no other metered run occupies the device."""
    while True:
        with files.held(device_lock(home, folder.spec.device), wait_seconds=0.5) as free:
            if free:
                yield
                return
        if folder.cancel_requested:
            raise Cancelled


def _attempt(folder: RunFolder, home: Home, start_up: str) -> None:
    state = folder.state
    attempt = (state.attempt if state else 0) + 1
    state = folder.set_state("running", after=("queued",), started_at=files.now(), attempt=attempt, **own_process())
    if state.status != "running":
        return  # cancelled while it waited for the device
    try:
        files.write_json(folder.path / "environment.json", environment.describe())
        execution = Execution(folder, home)
        if start_up:
            execution.context.notes["start_up"] = start_up
        signal.signal(signal.SIGTERM, execution.stop)
        execution.run()
    except Cancelled:
        _stopped(folder)
    except TradeoffError as error:
        print(error, file=sys.stderr)
        folder.set_state("failed", _sentence(error), error.remedy)
    except MemoryError:
        lower = method_entry(folder.spec.candidate.method).memory_setting or "the number of texts"
        told = out_of_memory(lower, folder.spec.device)
        folder.set_state("failed", _sentence(told), told.remedy)
    except Exception as error:
        traceback.print_exc()
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no message'}"
        folder.set_state("failed", reason[:500], "The log of the run tells where it happened; retry resumes the run.")
    else:
        folder.set_state("finished")
        for unneeded in ("parts", "checkpoints"):
            shutil.rmtree(folder.path / unneeded, ignore_errors=True)


def _stopped(folder: RunFolder) -> None:
    if folder.cancel_requested:
        folder.set_state("cancelled", "Cancelled", "Retry resumes it from where it was.")
    else:
        folder.set_state("queued", "Interrupted; it resumes from where it was")


def _sentence(error: TradeoffError) -> str:
    return f"{error.what} ({error.where})" if error.where else error.what


def main(arguments: Sequence[str], start_up: str = "") -> int:
    """Execute the run folder named by the first argument; its data folder is two levels up."""
    path = Path(arguments[0]).resolve()
    execute(RunFolder(path), Home(path.parent.parent), start_up)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
