"""The queue with real processes, killed for real: nothing lost, nothing running for ever, the queue goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from core import files, launch
from core.candidates import resolve
from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.home import Home
from core.progress import curves, summary
from core.reconcile import MOST_INTERRUPTIONS, reconcile
from core.runs import RunFolder, create_run
from core.spec import Experiment, RunSpec
from core.worker import Worker, ensure_worker, lock_path

ROOT = Path(__file__).parents[2]
STAND_IN = '''
"""Honours the protocol of core.execute; "stubborn" ignores SIGTERM, "crash" ends early."""
import os, signal, sys, time
from pathlib import Path
from core.runs import RunFolder, process_mark
folder = RunFolder(Path(sys.argv[2]))
how, _, seconds = sys.argv[1].partition(":")
if how == "broken":
    sys.exit("nothing works here")
with folder.lock() as held:
    if not held or folder.state.status != "queued":
        sys.exit(0)
    me = os.getpid()
    folder.set_state("running", attempt=folder.state.attempt + 1, pid=me, pid_started=process_mark(me))
    if how == "crash":
        print("out of luck", flush=True)
        os._exit(7)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if how == "stubborn" else lambda *_: sys.exit(0))
    deadline = time.monotonic() + float(seconds or 0)
    while time.monotonic() < deadline:
        time.sleep(0.02)
    folder.set_state("finished")
'''


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[[str], list[str]]:
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    return lambda how: [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + STAND_IN, how]


def queued(home: Home, dataset: Dataset, seed: int = 0, candidate: str = "majority") -> RunFolder:
    info = dataset.info
    return create_run(
        home,
        RunSpec(
            dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=resolve(candidate), seed=seed
        ),
    )


def status(folder: RunFolder) -> str:
    state = folder.state
    assert state is not None
    return state.status


def until(condition: Callable[[], object], worker: Worker | None = None, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        if worker:
            worker.step()
        time.sleep(0.02)


def kill(folder: RunFolder) -> None:
    state = folder.state
    assert state is not None
    assert state.pid is not None
    os.kill(state.pid, signal.SIGKILL)
    until(lambda: not folder.is_executing)


def test_runs_go_one_at_a_time_in_the_order_they_were_queued(home: Home, dataset: Dataset, stand_in) -> None:
    folders = [queued(home, dataset, seed) for seed in range(3)]
    worker, order = Worker(home, stand_in("work:0.2")), []
    while any(status(folder) != "finished" for folder in folders):
        worker.step()
        running = [folder.run_id for folder in folders if status(folder) == "running"]
        assert len(running) <= 1
        order += [name for name in running if name not in order]
        time.sleep(0.02)
    assert order == [folder.run_id for folder in folders]


def test_a_run_that_dies_fails_in_a_sentence_and_the_queue_goes_on(home: Home, dataset: Dataset, stand_in) -> None:
    first, second = queued(home, dataset, 0), queued(home, dataset, 1)
    worker = Worker(home, stand_in("work:60"))
    until(lambda: status(first) == "running", worker)
    worker.command = stand_in("work:0")
    kill(first)
    until(lambda: status(second) == "finished", worker)
    state = first.state
    assert state is not None
    assert state.status == "failed"
    assert "memory" in state.reason
    assert state.remedy


@pytest.mark.parametrize(("how", "told"), [("crash", "code 7: out of luck"), ("broken", "nothing works here")])
def test_what_a_dead_process_said_last_is_told(home: Home, dataset: Dataset, stand_in, how: str, told: str) -> None:
    folder, worker = queued(home, dataset), Worker(home, stand_in(how))
    until(lambda: status(folder) == "failed", worker)
    state = folder.state
    assert state is not None
    assert told in state.reason


def test_a_new_worker_adopts_what_runs(home: Home, dataset: Dataset, stand_in) -> None:
    first, second = queued(home, dataset, 0), queued(home, dataset, 1)
    until(lambda: status(first) == "running", Worker(home, stand_in("work:2")))
    heir = Worker(home, stand_in("work:0"))
    heir.step()
    assert status(first) == "running"
    assert status(second) == "queued"
    until(lambda: status(second) == "finished", heir)
    assert status(first) == "finished"


def test_worker_and_run_killed_the_next_reader_queues_it_again(home: Home, dataset: Dataset, stand_in) -> None:
    folder = queued(home, dataset)
    until(lambda: status(folder) == "running", Worker(home, stand_in("work:60")))
    kill(folder)
    assert [found.run_id for found in reconcile(home)] == [folder.run_id]
    assert status(folder) == "queued"
    assert reconcile(home) == []
    until(lambda: status(folder) == "finished", Worker(home, stand_in("work:0")))


def test_a_run_that_keeps_dying_is_given_up(home: Home, dataset: Dataset, stand_in) -> None:
    folder = queued(home, dataset)
    for _ in range(MOST_INTERRUPTIONS):
        until(lambda: status(folder) == "running", Worker(home, stand_in("work:60")))
        kill(folder)
        reconcile(home)
    assert status(folder) == "failed"


@pytest.mark.parametrize("how", ["work:60", "stubborn:60"])
def test_a_cancel_ends_a_run_within_five_seconds(home: Home, dataset: Dataset, stand_in, how: str) -> None:
    folder, worker = queued(home, dataset), Worker(home, stand_in(how))
    until(lambda: status(folder) == "running", worker)
    state = folder.state
    assert state is not None
    began = time.monotonic()
    launch.cancel(home, folder.run_id)
    assert time.monotonic() - began < 6
    assert status(folder) == "cancelled"
    assert not folder.is_executing
    worker.step()
    assert status(folder) == "cancelled"
    assert not psutil.pid_exists(state.pid or 0)
    launch.cancel(home, folder.run_id)


def test_a_finished_run_is_never_called_cancelled(home: Home, dataset: Dataset, stand_in) -> None:
    folder, worker = queued(home, dataset), Worker(home, stand_in("work:0"))
    until(lambda: status(folder) == "finished", worker)
    assert status(launch.cancel(home, folder.run_id)) == "finished"
    folder.set_state("cancelled")
    assert status(folder) == "finished"
    with pytest.raises(TradeoffError, match="has finished"):
        launch.retry(home, folder.run_id)


@pytest.fixture
def served(home: Home) -> Iterator[Home]:
    yield home
    for process in psutil.process_iter(["cmdline"]):
        if str(home.root) in (process.info["cmdline"] or []):
            process.kill()


def test_a_launch_is_run_by_a_real_worker_and_two_launches_make_one_run(served: Home, dataset: Dataset) -> None:
    grid = Experiment(dataset="things", candidates=["majority"], seeds=[0, 1])
    code = (
        "import sys\nfrom pathlib import Path\nfrom core.home import Home\nfrom core.spec import Experiment\n"
        "from core import launch\n"
        f"launch.launch(Home(Path(sys.argv[1])), Experiment(**{grid.model_dump()!r}))\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(served.root)], cwd=ROOT) for _ in range(2)]
    assert [child.wait(60) for child in both] == [0, 0]
    folders = launch.launch(served, grid)
    assert len(folders) == len(list(served.runs.iterdir())) == 2
    until(lambda: all(status(folder) == "finished" for folder in folders), seconds=120)
    assert [folder.state.attempt for folder in folders if folder.state] == [1, 1]
    before = [folder.state for folder in folders]
    assert [folder.state for folder in launch.launch(served, grid)] == before
    assert files.is_held(lock_path(served))


def test_there_is_one_worker_however_often_it_is_asked_for(served: Home) -> None:
    for _ in range(3):
        ensure_worker(served)
    found = [p for p in psutil.process_iter(["cmdline"]) if str(served.root) in (p.info["cmdline"] or [])]
    assert len(found) == 1
    found[0].kill()
    until(lambda: not files.is_held(lock_path(served)))
    ensure_worker(served)
    assert files.is_held(lock_path(served))


def test_a_deleted_run_can_be_restored(served: Home, dataset: Dataset) -> None:
    folder = queued(served, dataset)
    launch.delete(served, folder.run_id)
    assert not folder.path.exists()
    with pytest.raises(TradeoffError, match="no run"):
        launch.cancel(served, folder.run_id)
    restored = launch.restore(served, folder.run_id)
    assert restored.spec == queued(served, dataset).spec
    with pytest.raises(TradeoffError, match="not in the trash"):
        launch.restore(served, folder.run_id)


def test_a_cancelled_run_is_retried_and_afresh_forgets(served: Home, dataset: Dataset) -> None:
    folder = queued(served, dataset)
    launch.cancel(served, folder.run_id)
    assert status(folder) == "cancelled"
    (folder.path / "parts").mkdir()
    launch.retry(served, folder.run_id, afresh=True)
    assert not folder.cancel_requested
    until(lambda: status(folder) == "finished", seconds=90)


@pytest.mark.parametrize(("text", "told"), [
    ("a: [", "line 1"), ("- x", "no keys"), ("dataset: d\ncandidate: [a]", 'Did you mean "candidates"'),
    ("dataset: d\ncandidates: []", "candidates"), ("dataset: d\ncandidates: [a]\nseeds: [x]", "seeds"),
    ("!!python/object/apply:os.system ['true']", "not YAML"),
])  # fmt: skip
def test_a_bad_experiment_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "e.yaml").write_text(text)
    with pytest.raises(TradeoffError, match=told):
        launch.read_experiment(tmp_path / "e.yaml")


def test_progress_is_told_in_words_with_the_time_left(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset, candidate="minilm-full")
    assert summary(folder).share == 0
    folder.set_state("running", started_at="2020-01-01T00:00:00.000+00:00")
    events = [
        {"at": f"2020-01-01T00:00:{second:02}.000+00:00", "phase": "fit", "step": 10 * second, "steps": 1000,
         "epoch": second / 20, "loss": 1.0}
        for second in range(1, 21)
    ]  # fmt: skip
    files.append_jsonl(folder.path / "progress.jsonl", events)
    found = summary(folder)
    assert (found.phase, found.done, found.total) == ("fit", 200, 1000)
    assert found.line.startswith("fitting, epoch 1.0")
    assert 0.1 < found.share < 0.3
    assert found.seconds_left is not None
    assert found.seconds_left >= 0
    assert len(curves(folder, most=7)["loss"]) <= 7
    folder.set_state("finished")
    assert summary(folder).share == 1
