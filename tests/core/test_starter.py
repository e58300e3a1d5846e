"""Runs forked off one process: each alone when it fails, and nothing lost when the one that forks them is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from core import launch, starter
from core.candidates import resolve
from core.data.dataset import Dataset, load_dataset, save_dataset
from core.home import Home
from core.runs import RunFolder
from core.spec import RunSpec
from core.starter import Starter, Starters, can_fork, code_stamp, kit_of
from core.worker import EXECUTE, ROOT, Worker
from tests.conftest import small_frame
from tests.core.standin_starter import command
from tests.core.test_launch import queued, status
from tests.core.test_queue import is_gone, pid_of, running, until
from tests.models import tiny_encoder

QUICK = "import sys\nstarter_child.prepare = lambda _: None\nsys.exit(starter_child.main('plain'))"
pytestmark = pytest.mark.skipif(not can_fork(), reason="runs start by themselves on this system")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Home]:
    """A data folder whose processes are ended after the test."""
    home = Home(tmp_path / "data").prepare()
    save_dataset(home, small_frame(), "things", "single_label")
    yield home
    for process in psutil.process_iter(["cmdline"]):
        if str(home.root) in (process.info["cmdline"] or []):
            process.kill()


@pytest.fixture
def worker(served: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setattr(starter, "code_stamp", lambda: "nobody edits the code meanwhile")
    made = Worker(served)
    yield made
    made.starters.close()


@pytest.fixture
def things(served: Home) -> Dataset:
    return load_dataset(served, "things")


@pytest.fixture
def long(worker: Worker, served: Home, things: Dataset) -> RunFolder:
    """A run that takes far longer than a test may, and is being worked on."""
    worker.starters.command = command("work:600")
    folder = queued(served, things)
    until(running(folder), worker)
    return folder


def the_starter(worker: Worker) -> Starter:
    (found,) = worker.starters.by_kit.values()
    return found


def test_runs_of_one_starter_are_processes_with_figures_of_their_own(
    worker: Worker, served: Home, things: Dataset
) -> None:
    folders = [queued(served, things), queued(served, things, candidate="tfidf-linear")]
    until(lambda: all(status(folder) == "finished" for folder in folders), worker)
    assert len({pid_of(folder) for folder in folders} | {the_starter(worker).process.pid}) == 3
    for place, folder in enumerate(folders, start=1):
        assert f"run {place} that" in folder.notes["start_up"]
        assert folder.environment["libraries"]
    shared = float(folders[0].notes["start_up"].partition("(")[2].partition(" ")[0])
    for usage in folders[0].usage.values():
        assert 0 < usage.cpu_seconds < shared, "what the starter used is not the run's"
        assert usage.energy["cpu"].kwh
        assert usage.energy["cpu"].provenance in ("measured", "modelled")


def test_a_forked_run_of_torch_answers_as_one_that_started_by_itself(
    worker: Worker, served: Home, things: Dataset, tmp_path: Path
) -> None:
    other = Home(tmp_path / "other").prepare()
    same = save_dataset(other, small_frame(), "things", "single_label")
    candidate = f"{tiny_encoder(tmp_path / 'tiny-encoder')}-full"
    forked = queued(served, things, candidate=candidate, epochs=2)
    alone = queued(other, same, candidate=candidate, epochs=2)
    until(lambda: status(forked) == "finished", worker)
    subprocess.run([*EXECUTE, str(alone.path)], cwd=ROOT, check=True, capture_output=True)
    assert "run 1 that" in forked.notes["start_up"]
    tables = [pq.read_table(folder.path / "predictions.parquet").drop(["seconds"]) for folder in (forked, alone)]
    assert tables[0].equals(tables[1])
    memory = [folder.usage["fit"].peak_ram_bytes or 0 for folder in (forked, alone)]
    assert memory[0] == pytest.approx(memory[1], rel=0.2), "modules that the run does not need are not in its figure"


def test_a_killed_starter_leaves_its_run_alone(worker: Worker, long: RunFolder, served: Home, things: Dataset) -> None:
    mother, run = the_starter(worker), pid_of(long)
    os.kill(mother.process.pid, signal.SIGKILL)
    mother.process.wait()
    for _ in range(3):
        worker.step()
    assert (status(long), pid_of(long)) == ("running", run)
    assert worker.children["cpu"].process.poll() is None
    worker.starters.command = command("work:0")
    after = queued(served, things, 1)
    launch.cancel(served, long.run_id)
    assert status(long) == "cancelled"
    assert is_gone(run)
    until(lambda: status(after) == "finished", worker)


def test_a_starter_and_its_run_killed_the_run_is_queued_again(worker: Worker, long: RunFolder) -> None:
    mother, run = the_starter(worker), pid_of(long)
    for pid in (mother.process.pid, run):
        os.kill(pid, signal.SIGKILL)
    until(lambda: long.state is not None and long.state.interruptions == 1, worker)
    until(lambda: status(long) == "finished", worker)
    assert "start_up" not in long.notes, "it starts by itself for a while"
    assert long.state is not None
    assert long.state.attempt == 2


def test_a_run_that_is_killed_fails_in_a_sentence_and_the_starter_forks_on(
    worker: Worker, long: RunFolder, served: Home, things: Dataset
) -> None:
    after = queued(served, things, 1)
    mother = the_starter(worker).process.pid
    os.kill(pid_of(long), signal.SIGKILL)
    until(lambda: running(after)(), worker)
    state = long.state
    assert state is not None
    assert (state.status, "memory" in state.reason) == ("failed", True)
    assert the_starter(worker).process.pid == mother
    assert "run 2 that" in after.log_tail()
    os.kill(pid_of(after), signal.SIGKILL)


def test_a_run_of_a_starter_that_crashes_tells_its_last_words(worker: Worker, served: Home, things: Dataset) -> None:
    worker.starters.command = command("crash")
    folder = queued(served, things)
    until(lambda: status(folder) == "failed", worker)
    assert "code 7: out of luck" in (folder.state.reason if folder.state else "")


@pytest.mark.parametrize("how", ["work:600", "stubborn:600"])
def test_a_run_of_a_starter_is_cancelled(worker: Worker, served: Home, things: Dataset, how: str) -> None:
    worker.starters.command = command(how)
    folder = queued(served, things)
    until(running(folder), worker)
    run = pid_of(folder)
    assert os.getsid(run) == run
    launch.cancel(served, folder.run_id)
    assert status(folder) == "cancelled"
    assert is_gone(run)
    until(lambda: not worker.step(), worker)
    assert the_starter(worker).is_alive


def test_a_starter_ends_with_its_worker_and_the_run_goes_on_to_the_next(
    worker: Worker, long: RunFolder, served: Home, things: Dataset
) -> None:
    mother = the_starter(worker)
    worker.starters.close()  # as the end of a worker's process closes its pipes
    until(lambda: is_gone(mother.process.pid))
    after, heir = queued(served, things, 1), Worker(served)
    heir.step()
    assert (status(long), status(after)) == ("running", "queued")
    assert long.is_executing
    launch.cancel(served, long.run_id)


def test_one_that_cannot_start_is_no_reason_to_fail_a_run(
    worker: Worker, served: Home, things: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starter, "kit_of", lambda _: "no-such-kit")
    folder = queued(served, things)
    until(lambda: status(folder) == "finished", worker)
    assert "start_up" not in folder.notes
    assert folder.state is not None
    assert folder.state.attempt == 1


def test_another_takes_over_when_the_code_was_changed(
    worker: Worker, long: RunFolder, served: Home, things: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    mother, api = the_starter(worker).process, queued(served, things, 1, device="api")
    monkeypatch.setattr(starter, "code_stamp", lambda: "another")
    until(running(api), worker)
    assert the_starter(worker).process.pid != mother.pid
    assert mother.poll() is None, "it waits for the end of its run"
    os.kill(pid_of(long), signal.SIGKILL)
    until(lambda: status(long) == "failed", worker)
    worker.starters.tidy()
    assert mother.poll() is not None
    os.kill(pid_of(api), signal.SIGKILL)


def test_the_code_s_stamp_changes_with_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "core" / "methods").mkdir(parents=True)
    file = tmp_path / "core" / "methods" / "one.py"
    file.write_text("a = 1\n")
    monkeypatch.setattr(starter, "ROOT", tmp_path)
    before = code_stamp()
    assert code_stamp() == before
    file.write_text("a = 10\n")
    assert code_stamp() != before


def test_a_starter_that_nobody_asks_ends(served: Home) -> None:
    starters = Starters(served)
    code = f"from core import starter_child\nstarter_child.KEEP_SECONDS = 0.1\n{QUICK}"
    made = starters.by_kit["plain"] = Starter("plain", served, (sys.executable, "-c", code))
    assert made.process.wait(60) == 0
    starters.tidy()
    assert not starters.by_kit
    assert not starters.retired


@pytest.mark.parametrize(
    ("candidate", "device", "kit"),
    [
        ("majority", "cpu", "plain"), ("api:gpt-x-zero-shot", "api", "plain"), ("minilm-full", "cpu", "torch"),
        ("minilm-lora", "cpu", "adapters"), ("smollm2-zero-shot", "cpu", "torch"), ("minilm-full", "cuda", ""),
    ],
)  # fmt: skip
def test_a_run_gets_the_kit_that_it_imports_anyway(candidate: str, device: str, kit: str, things: Dataset) -> None:
    info = things.info
    spec = RunSpec(
        dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=resolve(candidate), device=device
    )
    assert kit_of(spec) == kit
