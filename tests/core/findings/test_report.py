"""The report of a run: scores, labels, and how spans are wrong."""

import json

import pytest

from core.findings.report import report
from core.home import Home
from core.tasks import TASKS, get_task
from tests.ui.fixtures import finished_run, of_task
from verbs.show import show


@pytest.mark.parametrize("task", TASKS)
def test_a_report_adds_up(home: Home, task: str, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = of_task(home, task)
    found = report(finished_run(home, dataset, "smollm2-few-shot"))
    texts = dataset.info.counts["test"]
    assert json.loads(json.dumps(found)) == found
    assert found["texts"] == texts
    assert {score["metric"] for score in found["scores"]} == {*get_task(task).metrics, "invalid_rate"}
    assert [row["label"] for row in found["labels"]] == dataset.info.labels
    if get_task(task).has_spans:
        spans = {row["label"].removeprefix("slot:"): row for row in found["labels"]}
        for row in found["spans"]:
            assert (row["gold"], row["predicted"]) == (spans[row["label"]]["support"], spans[row["label"]]["predicted"])
            wrong = sum(pair["spans"] for pair in found["confusions"] if pair["gold"] == row["label"])
            assert wrong == row["wrong_label"]
    if task == "intent_slots":
        assert sum(found["agreement"].values()) == texts
        exact = next(score["value"] for score in found["scores"] if score["metric"] == "exact_match")
        assert found["agreement"]["both right"] == pytest.approx(exact * texts)
    show("report", found)
    told = capsys.readouterr().out
    assert found["candidate"] in told
    assert all(row["label"] in told for row in found["labels"] if row["support"])
