"""A small program that honours the protocol of `core.execute`, to be killed in every way.

`python standin.py HOW[:SECONDS] RUN_FOLDER`: "work" sleeps and finishes, "stubborn" ignores SIGTERM, "crash" ends
early, "broken" never takes the run, "parent" dies and leaves a child.
"""

import os
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from core.processes import own_process  # noqa: E402
from core.runs import RunFolder  # noqa: E402


def command(how: str) -> list[str]:
    return [sys.executable, str(Path(__file__)), how]


def main(how: str, seconds: float, folder: RunFolder) -> None:
    if how == "broken":
        sys.exit("nothing works here")
    with folder.lock() as held:
        state = folder.state
        if not held or state is None or state.status != "queued":
            return
        if how == "parent" and (child := os.fork()):
            (folder.path / "child.pid").write_text(str(child))
        elif how == "parent":
            time.sleep(60)
            os._exit(0)
        folder.set_state("running", after=("queued",), attempt=state.attempt + 1, **own_process())
        if how in ("crash", "parent"):
            print("out of luck", flush=True)
            os._exit(7)
        signal.signal(signal.SIGTERM, signal.SIG_IGN if how == "stubborn" else lambda *_: sys.exit(0))
        (folder.path / "ready").touch()
        time.sleep(seconds)
        folder.set_state("finished")


if __name__ == "__main__":
    asked, _, time_asked = sys.argv[1].partition(":")
    main(asked, float(time_asked or 0), RunFolder(Path(sys.argv[2])))
