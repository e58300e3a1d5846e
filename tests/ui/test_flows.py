"""What a visitor does on the pages, through to what it changes on disk."""

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset, list_datasets, load_dataset, versions
from core.data.finding import Audit, Finding
from core.home import Home
from core.runs import RunFolder, list_runs
from tests.ui.fixtures import finished_run, questions, waiting_run
from tests.ui.test_pages import open_page, sound, words


@pytest.fixture
def asked(here: Home) -> Dataset:
    return questions(here, test=40)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label.startswith(label)).click().run()


def csv(rows: int = 60) -> bytes:
    return b"id;frage;art\n" + "".join(f"{i};Wie groß ist Nummer {i}?;{'ab'[i % 2]}\n" for i in range(rows)).encode()


def test_a_file_is_uploaded_mapped_and_imported(here: Home) -> None:
    app = open_page("datasets")
    app.file_uploader(key="upload.train").set_value(("../../Fragen (neu).csv", csv(), "text/csv")).run()
    sound(app)
    assert "separated by semicolon: 60 rows, 3 columns" in words(app)
    boxes = {box.label: box for box in app.selectbox}
    boxes["Text column"].set_value("frage")
    boxes["Label column"].set_value("art")
    boxes["Id column"].set_value("id")
    app.run()
    press(app, "Import")
    (info,) = list_datasets(here)
    assert info.name == "Fragen neu"
    assert info.labels == ["a", "b"]
    assert sum(info.counts.values()) == 60
    assert info.source["files"][0]["filename"] == "Fragen (neu).csv"
    kept = [path.name for path in (here.cache / "uploads").iterdir()]
    assert all("Fragen" not in name and name.endswith(".csv") for name in kept)


def test_a_file_that_is_no_table_is_told_and_changes_nothing(here: Home) -> None:
    app = open_page("datasets")
    app.file_uploader(key="upload.train").set_value(("a.csv", b"", "text/csv")).run()
    assert not app.exception
    assert app.error[0].value
    assert "unforeseen" not in app.error[0].value
    assert not list_datasets(here)


def test_texts_are_left_out_and_taken_back(here: Home, asked: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = tuple(asked.frame["id"][:3])
    found = Finding(kind="copies", title="3 texts stand twice", explanation="They count double.", severity="warning",
                    count=3, ids=ids, leave_out_ids=ids, leave_out_note="the copies")  # fmt: skip
    audit = Audit(dataset="questions", fingerprint=asked.info.fingerprint, made_at="", seconds=0, findings=(found,),
                  label_counts=(), imbalance=None, lengths=())  # fmt: skip
    monkeypatch.setattr("ui.datasets.audits.load_audit", lambda dataset: audit if dataset.info.left_out == 0 else None)
    app = open_page("datasets")
    sound(app)
    press(app, "Leave 3 texts out")
    sound(app)
    after = load_dataset(here, "questions").info
    assert after.left_out == 3
    assert sum(after.counts.values()) == len(asked.frame) - 3
    press(app, "Undo")
    assert load_dataset(here, "questions").info.fingerprint == asked.info.fingerprint
    assert len(versions(here, "questions")) == 2


def test_a_launch_queues_exactly_what_the_button_said(here: Home, asked: Dataset) -> None:
    app = open_page("launch")
    for name in ("minilm-linear", "minilm-full", "minilm-lora", "smollm2-zero-shot", "smollm2-few-shot"):
        app.checkbox(key=f"take.{name}").set_value(False)
    app.number_input(key="repeats").set_value(2)
    app.run()
    press(app, "Launch 4 runs")
    folders = list(list_runs(here))
    assert {(f.spec.candidate.id, f.spec.seed) for f in folders} == {
        (name, seed) for name in ("majority", "tfidf-linear") for seed in (0, 1)
    }
    assert {folder.state.status for folder in folders if folder.state} == {"queued"}


def status(folder: RunFolder) -> str:
    state = folder.state
    return state.status if state else "gone"


def test_a_run_is_cancelled_retried_deleted_and_taken_back(here: Home, asked: Dataset) -> None:
    folder = waiting_run(here, asked, "tfidf-linear")
    app = open_page("runs")
    press(app, "Cancel")
    assert status(folder) == "cancelled"
    press(app, "Retry")
    assert status(folder) == "queued"
    press(app, "Cancel")
    press(app, "Delete")
    assert not folder.path.exists()
    finished_run(here, asked, "majority")
    app.run()
    press(app, "Undo")
    assert status(folder) == "cancelled"
