"""Grids of runs, and what becomes of one that is cancelled, retried, deleted or found dead; no process is started."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import launch, planning, trash
from core.candidates import resolve
from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.home import Home
from core.methods import METHODS
from core.processes import boot_id, process_mark
from core.reconcile import open_runs, reconcile
from core.runs import RunFolder, create_run
from core.spec import Experiment, RunSpec
from core.worker import Child, settle


def queued(
    home: Home, dataset: Dataset, seed: int = 0, candidate: str = "majority", device: str = "cpu", **settings: object
) -> RunFolder:
    info, chosen = dataset.info, resolve(candidate, settings)
    spec = RunSpec(
        dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=chosen, seed=seed, device=device
    )
    return create_run(home, spec)


def status(folder: RunFolder) -> str:
    state = folder.state
    assert state is not None
    return state.status


def grid(**changes: object) -> Experiment:
    return Experiment(**{"dataset": "things", "candidates": ["majority"], **changes})


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.launch.ensure_worker", lambda _: None)


def test_a_grid_is_every_combination_once(home: Home, dataset: Dataset) -> None:
    whole = dataset.info.counts["train"]
    experiment = grid(
        candidates=["tfidf-linear", "majority", "majority"], seeds=[0, 1, 0], train_sizes=[None, whole, 9]
    )
    found = launch.specs(home, experiment)
    assert [(spec.candidate.id, spec.seed, spec.train_size) for spec in found] == [
        (name, seed, size) for name in ("tfidf-linear", "majority") for seed in (0, 1) for size in (None, 9)
    ]
    folders = launch.launch(home, experiment)
    in_line = sorted(open_runs(home), key=lambda row: (row[1].queued_at, row[0].run_id))
    assert [folder for folder, _ in in_line] == folders


@pytest.mark.parametrize(("changes", "told"), [
    ({"dataset": "thing"}, 'Did you mean "things"'), ({"candidates": ["tfidf"]}, 'Did you mean "tfidf-linear"'),
    ({"settings": {"majority": {"epochs": 1}}}, "setting of majority"), ({"settings": {"minilm-full": {}}}, "launched"),
    ({"candidates": ["minilm-full"], "settings": {"minilm-full": {"epochs": 0}}}, "epochs = 0"),
    ({"train_sizes": [10**6]}, "more than the"), ({"train_sizes": [0]}, "at least one"),
    ({"seeds": [-1]}, "seed of -1"), ({"seeds": [2**31]}, "seed of"), ({"device": "cuda"}, "No GPU"),
])  # fmt: skip
def test_a_grid_that_cannot_be_run_is_told_and_nothing_is_made(
    home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], told: str
) -> None:
    monkeypatch.setattr("core.devices.nvml.current_gpu", lambda: None)
    with pytest.raises(TradeoffError, match=told):
        launch.launch(home, grid(**changes))
    assert list(home.runs.iterdir()) == []


def test_a_method_that_cannot_do_the_task_is_refused(
    home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    monkeypatch.setitem(METHODS, "majority", replace(METHODS["majority"], tasks=("token_labels",)))
    with pytest.raises(TradeoffError, match="majority cannot do single_label"):
        launch.specs(home, grid())


def test_a_model_in_a_folder_is_found_from_everywhere(
    home: Home, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "minilm").mkdir()
    monkeypatch.chdir(tmp_path)
    found = launch.specs(home, grid(candidates=["./mine-full", "minilm-full", "acme/other-full"]))
    assert [spec.candidate.model for spec in found] == [str(tmp_path / "mine"), "minilm", "acme/other"]


def test_a_plan_tells_what_is_reused_and_what_the_rest_will_take(home: Home, dataset: Dataset) -> None:
    queued(home, dataset).set_state("finished")
    finished, new = launch.plan(home, grid(seeds=[0, 1]))
    assert (finished.reused, finished.status, new.reused, new.status) == (True, "finished", False, None)
    assert new.estimate is not None
    assert new.estimate.seconds is not None
    assert new.estimate.seconds > 0
    assert new.run_id == launch.specs(home, grid(seeds=[1]))[0].run_id


def test_an_estimate_that_fails_keeps_nobody_from_launching(
    home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(planning, "estimate", fail)
    assert [run.estimate for run in launch.plan(home, grid(seeds=[0, 1]))] == [None, None]
    monkeypatch.setattr(planning, "past_runs", fail)
    assert [run.estimate for run in launch.plan(home, grid(seeds=[0, 1]))] == [None, None]


def test_a_launch_reuses_resumes_and_leaves_alone(home: Home, dataset: Dataset) -> None:
    finished, failed, cancelled, waiting = (queued(home, dataset, seed) for seed in range(4))
    finished.set_state("finished", attempt=1)
    failed.set_state("failed", "out of luck", attempt=2, interruptions=3)
    launch.cancel(home, cancelled.run_id)
    (failed.path / "checkpoints").mkdir()
    before = [finished.state, waiting.state]
    assert launch.launch(home, grid(seeds=[0, 1, 2, 3])) == [finished, failed, cancelled, waiting]
    assert [finished.state, waiting.state] == before
    assert [status(failed), status(cancelled)] == ["queued", "queued"]
    assert not cancelled.cancel_requested
    assert (failed.path / "checkpoints").is_dir()
    state = failed.state
    assert state is not None
    assert (state.attempt, state.interruptions, state.reason) == (2, 0, "")


def test_nobody_is_overtaken_when_the_clock_was_set_back(home: Home, dataset: Dataset) -> None:
    early = queued(home, dataset, 0)
    early.set_state("queued", queued_at="2999-01-01T00:00:00.000+00:00")
    late = launch.launch(home, grid(seeds=[1]))[0]
    last = launch.launch(home, grid(seeds=[2]))[0]
    in_line = sorted(open_runs(home), key=lambda row: row[1].queued_at)
    assert [folder for folder, _ in in_line] == [early, late, last]


def end(path: Path, word: str) -> None:
    RunFolder(path).set_state(word, word)  # type: ignore[arg-type]


def test_of_several_ends_the_first_stands(home: Home, dataset: Dataset) -> None:
    folder, words = queued(home, dataset), ["finished", "failed", "cancelled"] * 2
    folder.set_state("running")
    # A fork of a process with threads, as other tests leave them, can hang for ever.
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.starmap(end, [(folder.path, word) for word in words], chunksize=1)
    state = folder.state
    assert state is not None
    assert state.status == state.reason
    for word in ("finished", "failed", "cancelled", "running", "queued"):
        assert folder.set_state(word) == state  # type: ignore[arg-type]


def test_a_finished_run_is_neither_cancelled_nor_retried(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset)
    folder.set_state("finished")
    assert launch.cancel(home, folder.run_id) == folder
    assert status(folder) == "finished"
    assert not folder.cancel_requested
    with pytest.raises(TradeoffError, match="has finished"):
        launch.retry(home, folder.run_id)


def test_a_retry_resumes_and_afresh_forgets(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset)
    launch.cancel(home, folder.run_id)
    assert status(folder) == "cancelled"
    for name in ("parts", "checkpoints", "model"):
        (folder.path / name).mkdir()
    launch.retry(home, folder.run_id)
    assert status(folder) == "queued"
    assert (folder.path / "parts").is_dir()
    launch.cancel(home, folder.run_id)
    launch.retry(home, folder.run_id, afresh=True)
    assert status(folder) == "queued"
    assert {path.name for path in folder.path.iterdir()} <= {"spec.json", "state.json", ".state.lock", ".lock"}


def test_a_cancel_that_was_itself_killed_is_completed(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset)
    (folder.path / "cancel").touch()
    assert reconcile(home) == [folder]
    assert status(folder) == "cancelled"


def test_a_deleted_run_can_be_restored_for_a_week(
    home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = queued(home, dataset), queued(home, dataset, 1)
    other.set_state("finished")
    launch.delete(home, folder.run_id)
    launch.delete(home, other.run_id)
    with pytest.raises(TradeoffError, match="no run"):
        launch.cancel(home, folder.run_id)
    for name in ("*", "../trash", ""):
        with pytest.raises(TradeoffError, match="not in the trash"):
            launch.restore(home, name)
    assert (launch.restore(home, folder.run_id), status(folder)) == (folder, "cancelled")
    launch.delete(home, folder.run_id)
    launch.launch(home, grid())
    with pytest.raises(TradeoffError, match="exists again"):
        launch.restore(home, folder.run_id)
    (home.root / "trash" / "a person's @notes").mkdir()
    eight_days_on = time.time_ns() + 8 * 86_400 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: eight_days_on)
    trash.purge(home)
    assert [path.name for path in (home.root / "trash").iterdir()] == ["a person's @notes"]


def test_numbers_of_processes_mean_nothing_on_another_host_or_after_a_restart(home: Home, dataset: Dataset) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        mark = process_mark(stranger.pid)
        for seed, changes in enumerate(
            ({"boot": "another", "pid_started": mark}, {"boot": boot_id(), "pid_started": (mark or 0) - 5})
        ):
            folder = queued(home, dataset, seed)
            folder.set_state("running", attempt=1, pid=stranger.pid, **changes)
            assert reconcile(home) == [folder]
            assert status(folder) == "queued"
            folder.set_state("running")
            launch.cancel(home, folder.run_id)
            assert status(folder) == "cancelled"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_run_of_another_host_is_asked_to_stop(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset)
    folder.set_state("running", attempt=1, pid=os.getpid(), pid_started=1.0, boot="another")
    with folder.lock():
        assert reconcile(home) == []
        launch.cancel(home, folder.run_id)
        assert (status(folder), folder.cancel_requested) == ("running", True)
    reconcile(home)
    assert status(folder) == "cancelled"


@pytest.mark.parametrize(("log", "told"), [
    (b"", "The run's process ended with code 1"),
    (b'Traceback (most recent call last):\n  File "x.py", line 1\nos.X: no\nacme.OddError: it broke\n'
     b"/x/tracker.py:254: UserWarning: leaked\n  warnings.warn(\n", "ended with code 1: acme.OddError: it broke"),
    (b"10%\r 20%\rstep \x1b[31mlost\x1b[0m\n\n", "ended with code 1: step lost"),
    (b"\xff\xfe broken\xff\n", "broken"), (b"x" * 100_000, "code 1: " + "x" * 300),
])  # fmt: skip
def test_the_end_of_a_run_is_one_sentence(home: Home, dataset: Dataset, log: bytes, told: str) -> None:
    folder = queued(home, dataset)
    (folder.path / "log.txt").write_bytes(b"ValueError: of an earlier attempt\n" + log)
    process = subprocess.Popen([sys.executable, "-S", "-c", "import sys; sys.exit(1)"])
    process.wait()
    settle(Child(folder, process, attempts=0, log_start=34))
    state = folder.state
    assert state is not None
    assert state.status == "failed"
    assert told in state.reason
    assert "\n" not in state.reason
    assert len(state.reason) < 400
