"""What a run's written answers lacked is told in plain sentences: unreadable ones, cut texts, dropped examples."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli import main
from core.data import views
from core.home import Home
from core.methods.base import EXCLUDED
from core.runs import PREDICTIONS, RunFolder
from core.tasks.base import Score
from tests.ui.fixtures import finished_run, of_task
from tests.ui.test_pages import open_page, sound, words

TASKS = ["single_label", "multi_label", "token_labels", "intent_slots"]
WHY = "the answer names no label that there is"


def unreadable(folder: RunFolder, reasons: list[str]) -> None:
    """Make the first test answers of a run unreadable, for these reasons; the model wrote something each time."""
    path = folder.path / "predictions.parquet"
    rows = pq.read_table(path).to_pylist()
    tests = [row for row in rows if row["split"] == "test"]
    tests[0] |= {"reason": None, "prediction": tests[0]["target"]}
    for row, reason in zip(tests, reasons, strict=False):
        row |= {"prediction": None, "reason": reason, "completion": "Well, <b>who</b> $knows$?", "probabilities": None}
    pq.write_table(pa.Table.from_pylist(rows, PREDICTIONS), path)


@pytest.mark.parametrize("task", TASKS)
def test_results_tell_what_could_not_be_read_and_what_was_cut(here: Home, task: str) -> None:
    folder = finished_run(here, of_task(here, task), "smollm2-few-shot", answer="generate")
    unreadable(folder, [WHY, WHY, *(f"reason {i}" for i in range(5))])
    notes = {"truncated_texts": 9, "demonstrations_dropped": 2, "demonstrations_dropped_for_room": 4,
             "answers_written": 120, "answers_unreadable": 9, "answers_unreadable_after_policy": 7,
             "unreadable_answers_are": "retry"}  # fmt: skip
    folder.write_usage(folder.usage, notes)
    app = open_page("results")
    sound(app)
    said = words(app)
    assert f"7 of 60 answers could not be read and count as wrong: {WHY} (2×); reason 0 (1×)" in said
    assert "and 2 other reasons." in said
    assert "9 of 120 texts were cut so that they fit into the prompt." in said
    assert "2 solved examples were left out of the prompt: the model's window holds no more." in said
    assert "4 solved examples were left out of prompts of long texts." in said
    assert "9 of 120 answers could not be read at first." in said
    assert "the model was asked again" in said
    assert "left out of the scores" not in said


@pytest.mark.parametrize("task", TASKS)
def test_texts_left_out_of_the_scores_are_told_with_the_coverage(here: Home, task: str) -> None:
    folder = finished_run(here, of_task(here, task), "smollm2-few-shot", answer="generate", invalid="exclude")
    unreadable(folder, [f"{EXCLUDED}{WHY}"] * 3)
    folder.write_scores([*folder.scores, Score("coverage", "test", 0.95, 0.86, 0.98, 60)], folder.labels)
    folder.write_usage(folder.usage, {"answers_written": 120, "unreadable_answers_are": "exclude"})
    app = open_page("results")
    sound(app)
    said = words(app)
    assert f"3 of 60 answers could not be read and are left out of the scores: {WHY} (3×)." in said
    assert "count as wrong" not in said
    names = [name for frame in app.dataframe for name in frame.value.get("Metric", [])]
    assert "Texts that were scored, the others left out" in names


def test_of_a_run_without_one_readable_answer_all_count_as_wrong(here: Home) -> None:
    folder = finished_run(here, of_task(here, "single_label"), "smollm2-few-shot", invalid="exclude")
    unreadable(folder, [f"{EXCLUDED}{WHY}"] * 60)
    app = open_page("results")
    sound(app)
    assert f"60 of 60 answers could not be read and count as wrong: {WHY} (60×)." in words(app)


def test_one_model_beside_two_tells_whose_answers_could_not_be_read(
    here: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = of_task(here, "intent_slots", "trips")
    for dataset in (whole, *(views.derive(here, "trips", part) for part in views.PARTS)):
        unreadable(finished_run(here, dataset, "smollm2-few-shot"), [f"{EXCLUDED}{WHY}", WHY])
    app = open_page("multitask", dataset="trips")
    sound(app)
    said = words(app)
    for name in ("trips", "trips-intent", "trips-slots"):
        assert f"smollm2-few-shot on {name}: 1.7 % of 60 answers could not be read." in said
    assert "All of them count as wrong here" in said
    assert main(["multitask", "trips", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["texts"] for row in found} == {60}
    assert main(["multitask", "trips"]) == 0
    assert "One smollm2-few-shot for both is" in capsys.readouterr().out
