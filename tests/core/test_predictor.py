"""The warm child: same answers as the run, progress, errors, idleness and death."""

import json
import os
import signal
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.candidates import resolve
from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.home import Home
from core.methods import checked_settings, method_class
from core.methods.base import Context, Prediction
from core.predictor import Predictor, find_fitted, read_answer, read_texts
from core.runs import RunFolder, create_run
from core.spec import RunSpec
from core.tasks import TASKS, get_task
from tests.core.test_execute import queued, start
from tests.ui.fixtures import of_task


@pytest.fixture
def run(home: Home, dataset: Dataset) -> RunFolder:
    folder = queued(home, dataset, "tfidf-linear")
    assert start(folder).wait(120) == 0
    return folder


def test_the_child_answers_as_the_run_did_and_survives_mistakes(home: Home, dataset: Dataset, run: RunFolder) -> None:
    rows = {row["id"]: row for row in pq.read_table(run.path / "predictions.parquet").to_pylist()}
    examples = dataset.examples("test")
    with Predictor(home) as predictor:
        answers = predictor.predict(run.run_id, [example.text for example in examples])
        assert [a["prediction"] for a in answers] == [rows[example.id]["prediction"] for example in examples]
        for answer, example in zip(answers, examples, strict=True):
            stored = rows[example.id]["probabilities"]
            assert list(answer["probabilities"].values()) == pytest.approx(stored, abs=1e-4)
        assert predictor.predict(run.run_id, []) == []
        hostile = ["", "\x00", "\n\n", "=cmd()", "🙂" * 500, "مرحبا", '{"run": "x"}', "\ud800"]
        assert len(predictor.predict(run.run_id, hostile)) == len(hostile)
        with pytest.raises(TradeoffError, match="no run"):
            predictor.predict("nothing", ["a"])
        with pytest.raises(TradeoffError, match="1,000,001 characters"):
            predictor.predict(run.run_id, ["x" * 1_000_001])
        assert predictor.is_warm
        child = predictor._child
        assert child is not None
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert predictor.predict(run.run_id, ["cat"])
    assert not predictor.is_warm


def test_models_are_let_go_when_idle(home: Home, run: RunFolder) -> None:
    with Predictor(home, idle_seconds=0.3) as predictor:
        predictor.predict(run.run_id, ["cat"])
        deadline = time.monotonic() + 20
        while predictor.is_warm:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert predictor.predict(run.run_id, ["cat"])


def test_a_candidate_is_found_on_its_dataset(home: Home, run: RunFolder) -> None:
    assert find_fitted(home, "tfidf-linear", "things").run_id == run.run_id
    assert find_fitted(home, run.run_id[:-2]).run_id == run.run_id
    with pytest.raises(TradeoffError, match='Did you mean "tfidf-linear"'):
        find_fitted(home, "tfidf", "things")
    with pytest.raises(TradeoffError, match="--dataset"):
        find_fitted(home, "tfidf-linear")


def test_texts_are_read_from_any_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n\ntwo\n")
    (tmp_path / "b.csv").write_text('id,text\n1,"a, b"\n2,c\n')
    assert read_texts(tmp_path / "a.txt") == ["one", "two"]
    assert read_texts(tmp_path / "b.csv") == ["a, b", "c"]


def test_answers_are_read_for_every_task() -> None:
    text = "Book me a table in Berlin"
    intent = '{"intent":"book","slots":[[19,25,"city"]]}'
    city = {"start": 19, "end": 25, "label": "city", "text": "Berlin"}
    assert read_answer("intent_slots", intent, text) == {
        "prediction": intent, "shown": "book: Berlin [city]", "labels": ["book"], "spans": [city],
    }  # fmt: skip
    assert read_answer("token_labels", '[[19,25,"city"]]', text)["spans"] == [city]
    assert read_answer("multi_label", '["a","b"]', text)["labels"] == ["a", "b"]
    assert read_answer("single_label", "a", text)["shown"] == "a"
    for task in TASKS:
        assert read_answer(task, None, text) == {"prediction": None, "shown": None, "labels": [], "spans": []}


def fitted_here(home: Home, dataset: Dataset) -> tuple[RunFolder, dict[str, Prediction]]:
    """A finished run of `tfidf-linear` and what it answered on the test split, without metering."""
    info, candidate = dataset.info, resolve("tfidf-linear")
    spec = RunSpec(dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=candidate)
    folder, context = create_run(home, spec), Context(get_task(info.task), info.labels)
    method = method_class(candidate.method)(checked_settings(candidate.method, candidate.settings, candidate.id))
    method.fit(dataset.examples("train"), dataset.examples("validation"), context)
    (folder.path / "model").mkdir()
    method.save(folder.path / "model")
    folder.write_scores([], info.labels)
    folder.set_state("finished")
    return folder, {answer.id: answer for answer in method.predict(dataset.examples("test"), context)}


@pytest.mark.parametrize("task", ["multi_label", "intent_slots"])
def test_a_fitted_run_answers_with_labels_and_spans(home: Home, task: str) -> None:
    dataset = of_task(home, task, test=20)
    folder, known = fitted_here(home, dataset)
    examples = dataset.examples("test")
    with Predictor(home) as predictor:
        answers = predictor.predict(folder.run_id, [example.text for example in examples])
    for answer, example in zip(answers, examples, strict=True):
        assert answer["prediction"] == known[example.id].target
        assert all(span["text"] == example.text[span["start"] : span["end"]] for span in answer["spans"])
        assert json.dumps(answer)
    given = get_task(task).text_label_set(dataset.info.labels)
    assert {label for answer in answers for label in answer["labels"]} <= set(given)
    assert any(answer["spans"] for answer in answers) == get_task(task).has_spans
    if task == "multi_label":
        assert list(answers[0]["probabilities"]) == dataset.info.labels
        assert list(answers[0]["probabilities"].values()) == pytest.approx(
            known[examples[0].id].probabilities, abs=1e-4
        )
    else:
        assert answers[0]["probabilities"] is None
