"""The one path: a run executed by its real process, killed for real, resumed, failed and cancelled."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core import files
from core.candidates import resolve
from core.data.dataset import Dataset
from core.home import Home
from core.methods.base import EXCLUDED, Prediction, Tokens
from core.prediction_log import PredictionLog
from core.runs import PREDICTIONS, RunFolder, create_run
from core.scoring import run_scores
from core.spec import RunSpec
from core.tasks import get_task

ROOT = Path(__file__).parents[2]


def queued(home: Home, dataset: Dataset, candidate: str, **settings: object) -> RunFolder:
    info = dataset.info
    spec = RunSpec(
        dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=resolve(candidate, dict(settings))
    )
    return create_run(home, spec)


def start(folder: RunFolder) -> "subprocess.Popen[bytes]":
    with open(folder.path / "log.txt", "ab") as log:
        command = [sys.executable, "-m", "core.execute", str(folder.path)]
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)


def wait_until(condition: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def phases(folder: RunFolder) -> list[str]:
    return [event["phase"] for event in folder.progress()]


def status(folder: RunFolder) -> tuple[str, int]:
    state = folder.state
    assert state is not None
    return state.status, state.attempt


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    from tests.models import tiny_encoder

    return str(tiny_encoder(tmp_path / "tiny-encoder"))


def test_a_finished_run_holds_all_that_its_figures_come_from(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset, "tfidf-linear")
    assert start(folder).wait(120) == 0
    state = folder.state
    assert state is not None
    assert (state.status, state.attempt) == ("finished", 1), folder.log_tail()
    table = pq.read_table(folder.path / "predictions.parquet")
    assert table.schema.equals(PREDICTIONS)
    rows = table.to_pylist()
    assert [r["id"] for r in rows] == [e.id for split in ("validation", "test") for e in dataset.examples(split)]
    assert all(sum(r["probabilities"]) == pytest.approx(1, abs=1e-4) for r in rows)
    told = [r for r in rows if r["split"] == "test"]
    again = get_task("single_label").score(
        [r["target"] for r in told], [r["prediction"] for r in told], folder.labels, "test"
    )
    assert [s for s in folder.scores if s.split == "test" and s.metric != "invalid_rate"] == again
    assert set(folder.usage) == {"fit", "predict", "latency"}
    assert folder.usage["predict"].texts == len(rows)
    assert folder.usage["latency"].latency_ms
    assert folder.environment
    assert not (folder.path / "parts").exists()
    assert not (folder.path / "checkpoints").exists()
    assert (folder.path / "model").is_dir()


def test_a_finished_run_is_not_run_again(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset, "majority")
    assert start(folder).wait(60) == 0
    before = {
        path.name: path.stat().st_mtime_ns for path in folder.path.iterdir() if path.name not in ("log.txt", ".lock")
    }
    assert start(folder).wait(60) == 0
    assert {p.name: p.stat().st_mtime_ns for p in folder.path.iterdir() if p.name not in ("log.txt", ".lock")} == before


def test_a_run_stopped_and_then_killed_resumes_from_its_checkpoint(home: Home, dataset: Dataset, tiny: str) -> None:
    folder = queued(home, dataset, f"{tiny}-full", epochs=8, batch_size=4, patience=0)
    child = start(folder)
    wait_until(lambda: phases(folder).count("fit") > 3)
    child.terminate()
    assert child.wait(30) == 0
    assert status(folder) == ("queued", 1)

    lines = len(folder.progress())
    child = start(folder)
    wait_until(lambda: phases(folder)[lines:].count("fit") > 1)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert not folder.is_executing
    folder.set_state("queued")

    lines = len(folder.progress())
    assert start(folder).wait(120) == 0
    assert status(folder) == ("finished", 3), folder.log_tail()
    resumed = [event["step"] for event in folder.progress()[lines:] if event["phase"] == "fit" and event.get("step")]
    assert min(resumed) > 2, "it began again"
    assert folder.usage["fit"].attempts >= 2


def test_a_cancelled_run_ends_as_cancelled(home: Home, dataset: Dataset, tiny: str) -> None:
    folder = queued(home, dataset, f"{tiny}-full", epochs=50, batch_size=4, patience=0)
    child = start(folder)
    wait_until(lambda: "fit" in phases(folder))
    (folder.path / "cancel").touch()
    child.terminate()
    child.wait(30)
    assert status(folder) == ("cancelled", 1)


def test_a_failure_is_one_sentence_with_its_remedy(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset, "no/such-model-full")
    assert start(folder).wait(120) == 0
    state = folder.state
    assert state is not None
    assert state.status == "failed"
    assert "no/such-model" in state.reason
    assert state.remedy
    assert "Traceback" not in state.reason


def test_two_processes_do_not_execute_one_run_twice(home: Home, dataset: Dataset) -> None:
    folder = queued(home, dataset, "majority")
    children = [start(folder), start(folder)]
    assert [child.wait(60) for child in children] == [0, 0]
    state = folder.state
    assert state is not None
    assert (state.status, state.attempt) == ("finished", 1)


def test_no_finished_prediction_is_lost_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "parts" / "predictions.jsonl"
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom core.methods.base import Prediction\n"
        "from core.prediction_log import PredictionLog\n"
        "with PredictionLog(Path(sys.argv[1])) as log:\n"
        "    for i in range(10_000):\n        log.add(Prediction(str(i), 'a', probabilities=[0.25, 0.75]))\n"
        "        print(i, flush=True)\n        time.sleep(0.2 if i == 50 else 0.0)\n"
        "        time.sleep(60 if i == 51 else 0.0)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if line.strip() == "51":
            break
    time.sleep(0.3)
    child.kill()
    child.wait()
    log = PredictionLog(path)
    assert set(log.done) == {str(i) for i in range(52)}
    assert log.done["7"] == Prediction("7", "a", probabilities=[0.25, 0.75], tokens=Tokens())


def test_a_full_disk_is_told_and_not_swallowed(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    from core.errors import TradeoffError

    with pytest.raises(TradeoffError, match=r"No space left.*Free some disk space"):
        files.append_jsonl(Path("/dev/full"), [{"a": 1}])


def test_texts_that_a_candidate_leaves_out_are_told_as_coverage_and_not_scored() -> None:
    task, labels, targets, answers = get_task("single_label"), ["a", "b"], ["a"] * 4, ["a", "b", None, None]
    found = run_scores(task, labels, "test", targets, answers, [None, None, f"{EXCLUDED}no label", "no label"])
    scores = {score.metric: score for score in found}
    assert (scores["accuracy"].value, scores["accuracy"].n) == (pytest.approx(1 / 3), 3)
    assert (scores["coverage"].value, scores["coverage"].n) == (0.75, 4)
    assert (scores["invalid_rate"].value, scores["invalid_rate"].n) == (0.5, 4)
    found = run_scores(task, labels, "test", targets, [None] * 4, [f"{EXCLUDED}no label"] * 4)
    scores = {score.metric: score for score in found}
    assert scores["accuracy"].value == 0
    assert "coverage" not in scores
