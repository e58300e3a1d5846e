"""The Labels page: what to do first, then curves, three answers, ways to the goal and how much hangs on a prompt."""

import pytest

from core.data.dataset import Dataset
from core.home import Home
from core.runs import list_runs
from tests.core.findings.test_curves import CURVE, learn
from tests.ui.fixtures import finished_run, of_task, questions
from tests.ui.test_flows import press
from tests.ui.test_pages import open_page, sound, words


@pytest.fixture
def asked(here: Home) -> Dataset:
    return questions(here, test=100)


def test_the_page_leads_from_nothing_to_a_launch(here: Home) -> None:
    app = open_page("labels")
    sound(app)
    assert [button.label for button in app.button] == ["Add a dataset"]
    dataset = questions(here, test=100)
    app = open_page("labels")
    sound(app)
    assert "Launch candidates" in [button.label for button in app.button]
    finished_run(here, dataset, "tfidf-linear")
    app = open_page("labels")
    sound(app)
    assert "No learning curve yet" in app.subheader[0].value
    before = len(list(list_runs(here)))
    press(app, next(button.label for button in app.button if button.label.startswith("Launch 11 runs")))
    assert len(list(list_runs(here))) == before + 11


def test_the_three_answers_and_the_curve(here: Home, asked: Dataset) -> None:
    learn(here, asked, CURVE)
    finished_run(here, asked, "minilm-full")
    app = open_page("labels", goal="minilm-full", margin="0.02")
    sound(app)
    assert "tfidf-linear" in app.subheader[0].value.replace("\\", "")
    read = words(app)
    for question in ("More labels?", "More test texts?", "More seeds?", "What is the cheapest way to the goal?"):
        assert question in read
    assert "minilm-full ran once" in read
    table = next(frame.value for frame in app.dataframe if "Twice the labels" in frame.value)
    assert table["Candidate"].tolist() == ["tfidf-linear", "minilm-full"]
    assert table["Runs"].tolist() == [8, 1]
    ways = next(frame.value for frame in app.dataframe if "In all" in frame.value)
    assert "minilm-full" in ways["Candidate"].tolist()


def test_numbers_and_choices_come_from_the_url_and_nonsense_is_the_default(here: Home, asked: Dataset) -> None:
    learn(here, asked, CURVE)
    app = open_page("labels", label_usd="2.5", volume="nan", months="none", goal="nobody", margin="7")
    sound(app)
    assert app.number_input(key="label_usd").value == 2.5
    assert app.number_input(key="volume").value == 100_000
    assert app.number_input(key="months").value == 12
    app.number_input(key="volume").set_value(2000.0).run()
    sound(app)
    assert app.query_params["volume"] == "2000.0"


def test_a_prompt_has_its_band_and_a_button_for_more(here: Home, asked: Dataset) -> None:
    for wording in range(3):
        for order in range(2):
            finished_run(here, asked, "smollm2-zero-shot", paraphrase=wording, label_order=order)
    app = open_page("labels")
    sound(app)
    assert "over 6 ways of asking" in words(app)
    press(app, next(button.label for button in app.button if button.label.startswith("Launch 3 runs")))
    assert len(list(list_runs(here))) == 9


@pytest.mark.parametrize("task", ["multi_label", "token_labels"])
def test_other_tasks_and_hostile_names(here: Home, task: str) -> None:
    dataset = of_task(here, task, "a *b* [x](javascript:alert) $1$", test=60)
    learn(here, dataset, {30: 0.4, 60: 0.5, None: 0.6})
    finished_run(here, dataset, "smollm2-few-shot")
    sound(open_page("labels"))


def test_what_is_too_small_for_a_curve_says_so(here: Home) -> None:
    tiny = questions(here, "tiny", test=20)
    finished_run(here, tiny, "tfidf-linear")
    app = open_page("labels")
    assert not app.exception
    assert "too few for a learning curve" in app.error[0].value
