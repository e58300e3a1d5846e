"""The queue with real processes, killed for real: nothing lost, nothing running for ever, the queue goes on."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from core import files, launch
from core.data.dataset import Dataset, save_dataset
from core.errors import TradeoffError
from core.home import Home
from core.reconcile import MOST_INTERRUPTIONS, reconcile
from core.runs import RunFolder
from core.spec import Experiment
from core.worker import Worker, ensure_worker, lock_path
from tests.conftest import small_frame
from tests.core.standin import ROOT, command
from tests.core.test_launch import queued, status

SERVE = (
    "import sys\nfrom pathlib import Path\nfrom core import files\nfrom core.home import Home\n"
    "from core.worker import Worker, lock_path\nhome = Home(Path(sys.argv[1]))\n"
    "with files.held(lock_path(home)) as mine:\n    Worker(home, sys.argv[2:]).serve()\n"
)


def until(condition: Callable[[], object], worker: Worker | None = None, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        if worker:
            worker.step()
        time.sleep(0.02)


def running(folder: RunFolder) -> Callable[[], bool]:
    return lambda: status(folder) == "running" and (folder.path / "ready").exists()


def pid_of(folder: RunFolder) -> int:
    state = folder.state
    assert state is not None
    assert state.pid is not None
    return state.pid


def kill(folder: RunFolder) -> None:
    os.kill(pid_of(folder), signal.SIGKILL)
    (folder.path / "ready").unlink()
    until(lambda: not folder.is_executing)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Home]:
    """A data folder in a place with spaces and other letters, whose processes are ended after the test."""
    home = Home(tmp_path / "my dätä ✓" / "data").prepare()
    yield home
    for process in psutil.process_iter(["cmdline"]):
        if any(str(home.root) in part for part in process.info["cmdline"] or []):
            process.kill()


def test_runs_go_one_at_a_time_in_the_order_they_were_queued(home: Home, dataset: Dataset) -> None:
    folders = [queued(home, dataset, seed) for seed in range(3)]
    worker, order = Worker(home, command("work:0.1")), []
    while any(status(folder) != "finished" for folder in folders):
        worker.step()
        now = [folder.run_id for folder in folders if status(folder) == "running"]
        assert len(now) <= 1
        order += [name for name in now if name not in order]
        time.sleep(0.02)
    assert order == [folder.run_id for folder in folders]


def test_a_run_on_another_device_does_not_wait(home: Home, dataset: Dataset) -> None:
    first, second = queued(home, dataset), queued(home, dataset, device="cuda")
    worker = Worker(home, command("work:30"))
    until(lambda: running(first)() and running(second)(), worker)
    launch.cancel(home, first.run_id)
    launch.cancel(home, second.run_id)


def test_a_run_that_dies_fails_in_a_sentence_and_the_queue_goes_on(home: Home, dataset: Dataset) -> None:
    first, second = queued(home, dataset, candidate="tfidf-linear"), queued(home, dataset, 1)
    worker = Worker(home, command("work:60"))
    until(running(first), worker)
    worker.command = command("work:0")
    kill(first)
    until(lambda: status(second) == "finished", worker)
    state = first.state
    assert state is not None
    assert state.status == "failed"
    assert "memory" in state.reason
    assert "max_features" in state.remedy


@pytest.mark.parametrize(("how", "told"), [("crash", "code 7: out of luck"), ("broken", "nothing works here")])
def test_what_a_dead_process_said_last_is_told(home: Home, dataset: Dataset, how: str, told: str) -> None:
    folder, worker = queued(home, dataset), Worker(home, command(how))
    until(lambda: status(folder) == "failed", worker)
    state = folder.state
    assert state is not None
    assert told in state.reason


def test_what_a_dead_run_had_started_is_ended_too(home: Home, dataset: Dataset) -> None:
    folder, worker = queued(home, dataset), Worker(home, command("parent"))
    until(lambda: status(folder) == "failed", worker)
    assert is_gone(int((folder.path / "child.pid").read_text()))
    assert not folder.is_executing


def test_a_reader_ends_what_a_dead_run_had_started(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset)
    subprocess.run([*command("parent"), str(folder.path)], start_new_session=True, check=False)
    assert not is_gone(int((folder.path / "child.pid").read_text()))
    assert reconcile(home) == [folder]
    assert status(folder) == "queued"
    assert is_gone(int((folder.path / "child.pid").read_text()))


@pytest.mark.parametrize("moved", [False, True])
def test_a_copy_of_a_running_run_leaves_the_original_alone(served: Home, tmp_path: Path, moved: bool) -> None:
    dataset = save_dataset(served, small_frame(), "things", "single_label")
    original = queued(served, dataset)
    process = subprocess.Popen([*command("work:60"), str(original.path)], start_new_session=True)
    until(running(original))
    copy = Home(tmp_path / "copy")
    shutil.copytree(served.root, copy.root)
    if moved:  # the copy stands where the original stood, whose process goes on elsewhere
        elsewhere = served.root.rename(served.root.with_name("moved"))
        copy = Home(copy.root.rename(served.root))
        original = RunFolder(elsewhere / "runs" / original.run_id)
    copied = RunFolder(copy.runs / original.run_id)
    assert pid_of(copied) == process.pid
    assert reconcile(copy) == [copied]
    assert status(copied) == "queued"
    copied.set_state("running", after=("queued",))
    launch.cancel(copy, copied.run_id)
    assert status(copied) == "cancelled"
    assert process.poll() is None
    assert original.is_executing
    launch.cancel(Home(original.path.parents[1]), original.run_id)
    assert process.wait(10) == 0
    assert status(original) == "cancelled"


def test_a_killed_worker_leaves_its_run_alone_and_the_next_one_adopts_it(served: Home) -> None:
    dataset = save_dataset(served, small_frame(), "things", "single_label")
    first, second = queued(served, dataset, 0), queued(served, dataset, 1)
    arguments = [sys.executable, "-c", SERVE, str(served.root), *command("work:2.5")]
    worker = subprocess.Popen(arguments, cwd=ROOT, start_new_session=True)
    until(running(first))
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    assert not files.is_held(lock_path(served))
    assert reconcile(served) == []
    heir = Worker(served, command("work:0"))
    heir.step()
    assert (status(first), status(second)) == ("running", "queued")
    until(lambda: status(second) == "finished", heir)
    state = first.state
    assert state is not None
    assert (state.status, state.attempt) == ("finished", 1)


def test_worker_and_run_killed_the_next_reader_queues_it_again(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset)
    until(running(folder), Worker(home, command("work:60")))
    kill(folder)
    assert [found.run_id for found in reconcile(home)] == [folder.run_id]
    assert status(folder) == "queued"
    assert reconcile(home) == []
    until(lambda: status(folder) == "finished", Worker(home, command("work:0")))


def test_a_run_that_keeps_dying_is_given_up_until_somebody_asks_again(
    home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = queued(home, dataset)
    for _ in range(MOST_INTERRUPTIONS):
        until(running(folder), Worker(home, command("work:60")))
        kill(folder)
        reconcile(home)
    assert status(folder) == "failed"
    monkeypatch.setattr("core.launch.ensure_worker", lambda _: None)
    launch.retry(home, folder.run_id)
    state = folder.state
    assert state is not None
    assert (state.status, state.interruptions, state.attempt) == ("queued", 0, MOST_INTERRUPTIONS)


@pytest.mark.parametrize("how", ["work:60", "stubborn:60"])
def test_a_cancel_ends_a_run_within_five_seconds(home: Home, dataset: Dataset, how: str) -> None:
    folder, worker = queued(home, dataset), Worker(home, command(how))
    until(running(folder), worker)
    launch.cancel(home, folder.run_id)
    assert status(folder) == "cancelled"
    assert not folder.is_executing
    assert is_gone(pid_of(folder))
    worker.step()
    assert status(folder) == "cancelled"
    launch.cancel(home, folder.run_id)


def test_a_run_cancelled_while_its_process_starts_is_not_run(home: Home, dataset: Dataset) -> None:
    folder, worker = queued(home, dataset), Worker(home, command("work:0"))
    worker.step()
    child = worker.children["cpu"].process
    launch.cancel(home, folder.run_id)
    until(lambda: child.poll() is not None)
    worker.step()
    state = folder.state
    assert state is not None
    assert (state.status, state.attempt) == ("cancelled", 0)


def test_two_workers_at_once_execute_each_run_once(home: Home, dataset: Dataset) -> None:
    folders = [queued(home, dataset, seed) for seed in range(2)]
    one, other = Worker(home, command("work:0.1")), Worker(home, command("work:0.1"))
    one.step()
    other.step()
    until(lambda: all(status(folder) == "finished" for folder in folders) and other.step() is not None, one)
    assert [folder.state.attempt for folder in folders if folder.state] == [1, 1]


def test_a_worker_ends_when_nothing_is_left_to_do(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset)
    Worker(home, command("work:0"), idle_seconds=0.3).serve()
    assert status(folder) == "finished"


def test_a_run_that_cannot_be_started_does_not_hold_up_the_others(home: Home, dataset: Dataset) -> None:
    odd, damaged, lost, good = (queued(home, dataset, seed) for seed in range(4))
    (odd.path / "log.txt").mkdir()
    (damaged.path / "spec.json").write_text("{}")
    (lost.path / "state.json").write_bytes(b"\xff\x00 not json")
    worker = Worker(home, command("work:0"))
    until(lambda: status(good) == "finished", worker)
    assert [status(folder) for folder in (odd, damaged, lost)] == ["failed", "failed", "failed"]
    assert "log.txt" in (odd.state.reason if odd.state else "")


def test_a_full_disk_holds_the_queue_up_until_there_is_space(
    home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, said = queued(home, dataset, 0), queued(home, dataset, 1), []
    worker = Worker(home, command("crash"), log=said.append)
    until(lambda: status(first) == "running", worker)

    def full(path: Path, content: object) -> None:
        raise TradeoffError(f"{path.name} could not be written: No space left on device")

    with monkeypatch.context() as while_full:
        while_full.setattr(files, "write_json", full)
        until(lambda: not first.is_executing)
        for _ in range(3):
            with pytest.raises(TradeoffError, match="No space"):
                worker.step()
        assert (status(first), status(second)) == ("running", "queued")
    worker.command = command("work:0")
    with monkeypatch.context() as nearly_full:
        nearly_full.setattr("core.worker.LEAST_FREE_BYTES", 2**60)
        worker.step()
        worker.step()
        assert status(first) == "failed"
        assert [line.partition(" ")[2] for line in said] == ["The disk is full; runs wait until there is space."]
    until(lambda: status(second) == "finished", worker)


def test_nothing_that_goes_wrong_ends_a_worker(home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    troubles, said = [OSError(28, "No space left on device"), ValueError("odd")], []

    def log(line: str) -> None:
        if troubles:
            raise OSError(28, "the log lies on the full disk too")
        said.append(line)

    folder, step = queued(home, dataset), Worker.step

    def troubled(worker: Worker) -> bool:
        if troubles:
            raise troubles.pop()
        return step(worker)

    monkeypatch.setattr(Worker, "step", troubled)
    monkeypatch.setattr("core.worker.LONGEST_POLL_SECONDS", 0.05)
    Worker(home, command("work:0"), idle_seconds=0.3, log=log).serve()
    assert status(folder) == "finished"
    assert [line.partition(" ")[2] for line in said] == ["OSError: [Errno 28] No space left on device"]


def _workers(home: Home) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if process.info["cmdline"] and process.info["cmdline"][1:] == ["-m", "core.worker", str(home.root)]
    ]


def test_two_launches_make_one_run_each_and_one_worker_runs_them(served: Home) -> None:
    save_dataset(served, small_frame(), "things", "single_label")
    grid = Experiment(dataset="things", candidates=["majority", "tfidf-linear"])
    code = (
        "import sys\nfrom pathlib import Path\nfrom core.home import Home\nfrom core.spec import Experiment\n"
        f"from core import launch\nlaunch.launch(Home(Path(sys.argv[1])), Experiment(**{grid.model_dump()!r}))\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(served.root)], cwd=ROOT) for _ in range(2)]
    assert [child.wait(60) for child in both] == [0, 0]
    for _ in range(2):
        ensure_worker(served)
    # A second worker that finds the lock held is about to leave: it may be seen for a moment.
    deadline = time.monotonic() + 20
    while len(_workers(served)) != 1:
        assert time.monotonic() < deadline, _workers(served)
        time.sleep(0.1)
    folders = launch.launch(served, grid)
    assert len(folders) == len(list(served.runs.iterdir())) == 2
    until(lambda: all(status(folder) == "finished" for folder in folders), seconds=120)
    assert [folder.state.attempt for folder in folders if folder.state] == [1, 1]
    before = [folder.state for folder in folders]
    assert [folder.state for folder in launch.launch(served, grid)] == before
    _workers(served)[0].kill()
    until(lambda: not files.is_held(lock_path(served)))
    ensure_worker(served)
    assert files.is_held(lock_path(served))


def test_a_running_run_is_deleted_and_restored(home: Home, dataset: Dataset) -> None:
    folder, worker = queued(home, dataset), Worker(home, command("work:60"))
    until(running(folder), worker)
    (folder.path / "checkpoints").mkdir()
    launch.delete(home, folder.run_id)
    assert not folder.path.exists()
    worker.step()
    assert not folder.path.exists()
    assert launch.restore(home, folder.run_id) == folder
    assert status(folder) == "cancelled"
    assert (folder.path / "checkpoints").is_dir()
