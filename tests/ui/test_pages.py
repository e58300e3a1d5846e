"""Every page opens with nothing, with one run and with hundreds, and never shows a traceback."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import files
from core.candidates import resolve
from core.data.dataset import Dataset
from core.home import Home
from core.runs import RunFolder, create_run
from tests.ui.fixtures import finished_run, questions, waiting_run
from ui import data

ROOT = Path(__file__).parents[2]
PAGES = ("overview", "datasets", "launch", "race", "runs", "decide", "tradeoff", "costs", "labels", "results")
SECONDS = 30


def open_page(name: str, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "ui" / "shell.py"), default_timeout=SECONDS)
    app.run()
    for key, value in parameters.items():
        app.query_params[key] = value
    if name != "overview":
        app.switch_page(str(ROOT / "pages" / f"{name}.py"))
    return app.run()


def words(app: AppTest) -> str:
    """Everything that is read on a page."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.info, app.warning, app.success)
    return "\n".join(str(element.value).replace("\\", "") for kind in kinds for element in kind)


def sound(app: AppTest) -> None:
    assert not app.exception, app.exception
    assert not [error.value for error in app.error]


@pytest.fixture
def asked(here: Home) -> Dataset:
    return questions(here, test=40)


@pytest.mark.parametrize("name", PAGES)
def test_with_nothing(here: Home, name: str) -> None:
    app = open_page(name)
    sound(app)
    assert app.button or app.get("file_uploader"), "an empty page holds the next step"


@pytest.mark.parametrize("name", PAGES)
def test_with_a_dataset_only(asked: Dataset, name: str) -> None:
    app = open_page(name)
    sound(app)
    assert app.button


@pytest.mark.parametrize("name", PAGES)
def test_with_one_run(here: Home, asked: Dataset, name: str) -> None:
    finished_run(here, asked, "tfidf-linear")
    sound(open_page(name))


@pytest.mark.parametrize("name", PAGES)
def test_with_runs_in_every_state_and_hostile_names(here: Home, name: str) -> None:
    odd = questions(
        here, "a *b* [x](javascript:alert) $1$", labels=["<img src=x>", "=1+1", "عربي", "🙂", "a|b", "c\nd"], test=40
    )
    for candidate in ("majority", "minilm-full", "smollm2-few-shot"):
        finished_run(here, odd, candidate)
    for place, status in enumerate(("queued", "running", "failed", "paused", "cancelled")):
        waiting_run(here, odd, "minilm-lora", status, seed=place)
    sound(open_page(name))


@pytest.mark.parametrize("name", ["overview", "runs", "tradeoff", "results"])
def test_with_hundreds(crowded: Home, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TRADEOFF_HOME", str(crowded.root))
    sound(open_page(name))


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("crowded")).prepare()
    copies(home, finished_run(home, questions(home, test=40), "tfidf-linear"), 250)
    return home


def copies(home: Home, of: RunFolder, count: int) -> None:
    """Runs of other seeds and sizes with the same files."""
    for seed in range(1, count + 1):
        candidate = resolve("tfidf-linear", {"max_features": 1000 + seed % 5})
        folder = create_run(home, of.spec.model_copy(update={"seed": seed, "candidate": candidate}))
        for name in ("scores.json", "usage.json", "predictions.parquet"):
            (folder.path / name).hardlink_to(of.path / name)
        folder.set_state("finished", started_at=files.now())


def test_half_made_and_broken_run_folders_do_no_harm(here: Home, asked: Dataset) -> None:
    finished_run(here, asked, "tfidf-linear")
    (here.runs / "empty").mkdir()
    broken = finished_run(here, asked, "majority")
    (broken.path / "scores.json").write_text("{torn")
    for name in PAGES:
        sound(open_page(name))


def test_overview_names_the_best_and_the_next_step(here: Home, asked: Dataset) -> None:
    for candidate in ("majority", "minilm-full"):
        finished_run(here, asked, candidate)
    app = open_page("overview")
    assert "minilm-full is better than all others" in words(app)
    assert "memory 50 mWh modelled" in words(app)
    assert {"Launch"} <= {button.label for button in app.button}


def test_results_are_of_the_run_in_the_link(here: Home, asked: Dataset) -> None:
    finished_run(here, asked, "minilm-full")
    poor = finished_run(here, asked, "smollm2-zero-shot")
    app = open_page("results", run=poor.run_id)
    sound(app)
    assert "smollm2-zero-shot got" in words(app)
    assert app.selectbox(key="run").value == poor.run_id


def test_results_of_a_deleted_dataset(here: Home, asked: Dataset) -> None:
    from core.data.dataset import delete_dataset

    finished_run(here, asked, "minilm-full")
    questions(here, "another", test=40)
    delete_dataset(here, "questions")
    for name in PAGES:
        sound(open_page(name))


def test_many_labels_have_tables_instead_of_a_crowded_matrix(here: Home) -> None:
    many = questions(here, "many", labels=[f"label {i}" for i in range(150)], test=300)
    finished_run(here, many, "minilm-full")
    app = open_page("results")
    sound(app)
    assert "150 labels are too many to draw" in words(app)


def test_tradeoff_says_what_it_shows_and_the_metric_can_be_changed(here: Home, asked: Dataset) -> None:
    for candidate in ("majority", "minilm-full", "minilm-lora"):
        finished_run(here, asked, candidate)
    app = open_page("tradeoff")
    assert "minilm" in app.subheader[0].value
    app.selectbox(key="metric").set_value("mcc").run()
    app.selectbox(key="against").set_value("latency_p95_ms").run()
    sound(app)
    assert app.query_params["metric"] == "mcc"
    app.selectbox(key="candidate").set_value("majority").run()
    sound(app)
    assert "majority" in words(app)


def test_runs_can_be_filtered_and_a_failure_says_why(here: Home, asked: Dataset) -> None:
    finished_run(here, asked, "tfidf-linear")
    waiting_run(here, asked, "minilm-full", "failed")
    app = open_page("runs", status="failed")
    assert not app.exception
    assert "more memory than the device has" in app.error[0].value
    assert "Lower batch" in app.error[0].value
    assert {"Retry"} <= {button.label for button in app.button}


def test_launch_counts_runs_and_reuses_finished_ones(here: Home, asked: Dataset) -> None:
    finished_run(here, asked, "majority")
    app = open_page("launch")
    launches = [button.label for button in app.button if button.label.startswith("Launch")]
    assert launches[0].startswith("Launch 6 runs")
    assert "1 finished before" in words(app)
    app.number_input(key="repeats").set_value(2).run()
    app.checkbox(key="take.smollm2-few-shot").set_value(False).run()
    sound(app)
    assert next(b.label for b in app.button if b.label.startswith("Launch")).startswith("Launch 11 runs")


def test_launch_shows_the_same_as_a_command(here: Home, asked: Dataset) -> None:
    app = open_page("launch")
    app.number_input(key="set.minilm-full.epochs").set_value(5.0).run()
    assert "--set minilm-full.epochs=5.0 --wait" in app.code[-1].value


def test_a_choice_is_kept_across_pages(here: Home, asked: Dataset) -> None:
    questions(here, "newer", test=40)
    app = open_page("launch")
    assert app.selectbox(key="dataset").value == "newer"
    app.selectbox(key="dataset").set_value("questions").run()
    app.switch_page(str(ROOT / "pages" / "datasets.py")).run()
    assert app.selectbox(key="dataset").value == "questions"


def test_a_surprise_is_told_without_a_traceback(here: Home, asked: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.data.rows_of", lambda *_: 1 / 0)
    app = open_page("tradeoff")
    assert not app.exception
    assert "unforeseen" in app.error[0].value
    assert "ZeroDivisionError" in app.error[0].value


def test_what_is_kept_of_one_dataset_is_not_shown_for_another(here: Home) -> None:
    first, second = questions(here, "first", test=40), questions(here, "second", test=60)
    for dataset in (first, second):
        for candidate in ("majority", "minilm-full"):
            finished_run(here, dataset, candidate)
    for dataset in (first, second, first):
        found = data.decision_of(data.rows_of(dataset.info))
        assert found is not None
        assert {gap.n for gap in found.differences.values()} == {dataset.info.counts["test"]}
