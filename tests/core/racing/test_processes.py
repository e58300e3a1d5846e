"""A race with its real processes: worker and runs, killed in the middle."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil
import pytest

from core import racing
from core.data.dataset import save_dataset
from core.home import Home
from core.racing.records import Rules
from core.runs import list_runs
from core.worker import ensure_worker
from tests.conftest import small_frame
from tests.core.racing.playing import started, told

SECONDS = 200.0


@pytest.fixture
def things(home: Home) -> Iterator[Home]:
    save_dataset(home, small_frame(60), "things", "single_label")
    yield home
    for process in workers(home):
        with suppress(psutil.Error):
            process.kill()


def workers(home: Home) -> list[psutil.Process]:
    """The worker of this data folder and what it has started."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if str(home.root) in " ".join(process.info["cmdline"] or ()):
            found.append(process)
    return found


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_worker_and_run_are_killed_and_the_race_goes_on(things: Home) -> None:
    race = started(things, ["majority", "tfidf-linear"], rules=Rules(shares=(0.4, 1.0), finalists=2))
    wait_until(lambda: any(folder.state and folder.state.status == "running" for folder in list_runs(things)))
    for process in workers(things):
        with suppress(psutil.Error):
            os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not workers(things))
    before = racing.report(things, race)
    assert before.status == "running"

    def over() -> bool:
        ensure_worker(things)  # as pages and `--wait` do: what was killed may hold its lock a moment longer
        return racing.report(things, race).status != "running"

    wait_until(over)
    report = racing.report(things, race)
    assert (report.status, report.leader) == ("finished", "tfidf-linear")
    assert told(report) == {"majority": "finished", "tfidf-linear": "finished"}
    assert [event.what for event in report.events].count("round") == 2
    for one in report.standings:
        assert len(one.runs) == 2
        assert one.spent.seconds
    kinds = {(folder.spec.train_size is None, folder.state.status) for folder in list_runs(things) if folder.state}
    assert kinds == {(False, "paused"), (True, "finished")}
