"""The Cascade page: from two candidates to a saved third, with a person, prices of mistakes and thresholds by hand."""

import pytest

from core.data.dataset import Dataset
from core.findings.cascade_answers import Terms
from core.findings.cascade_saving import save
from core.findings.cascades import CascadeQuestion, cascade_of
from core.findings.results import results
from core.home import Home
from core.preferences import Preferences
from core.runs import list_runs
from tests.ui.fixtures import finished_run, of_task, questions
from tests.ui.test_pages import open_page, sound, words


@pytest.fixture
def asked(here: Home) -> Dataset:
    made = questions(here, test=120)
    for candidate in ("majority", "tfidf-linear", "minilm-full"):
        finished_run(here, made, candidate)
    return made


def test_it_leads_from_nothing_to_two_candidates(here: Home) -> None:
    app = open_page("cascade")
    sound(app)
    assert app.button
    made = questions(here, test=40)
    finished_run(here, made, "tfidf-linear")
    app = open_page("cascade", dataset="questions")
    sound(app)
    assert "needs two finished candidates" in words(app)


def test_it_answers_with_the_best_pair_and_saves_it(here: Home, asked: Dataset) -> None:
    app = open_page("cascade", dataset="questions")
    sound(app)
    assert app.multiselect(key="stages").value == ["tfidf-linear", "minilm-full"]
    assert app.subheader[0].value.replace("\\", "").startswith("tfidf-linear answers ")
    figures = app.dataframe[0].value
    assert figures["Candidate"].tolist() == ["This cascade", "tfidf-linear alone", "minilm-full alone"]
    app.text_input[0].set_value("both ways")
    next(button for button in app.button if button.label == "Save").click()
    app.run()
    assert "cannot be the name" in app.error[0].value.replace("\\", "")
    app.text_input[0].set_value("both-ways")
    next(button for button in app.button if button.label == "Save").click()
    app.run()
    sound(app)
    assert "both-ways is a candidate now" in words(app)
    assert any(folder.spec.candidate.id == "both-ways" for folder in list_runs(here))


def test_a_saved_cascade_is_a_candidate_on_other_pages(here: Home, asked: Dataset) -> None:
    terms, rows = Terms.of(Preferences()), results(here, "questions", Preferences())
    question = CascadeQuestion(("tfidf-linear", "minilm-full"))
    (folder,) = save(here, rows, terms.price, cascade_of(here, "questions", rows, terms, question), "both-ways")
    for page in ("results", "playground", "decide", "compare", "costs"):
        app = open_page(page, dataset="questions", run=folder.run_id)
        sound(app)
    app = open_page("tradeoff", dataset="questions", candidate="both-ways")
    sound(app)
    tables = [table.value for table in app.dataframe if "Candidate" in table.value]
    assert any("both-ways" in table["Candidate"].tolist() for table in tables)


def test_a_person_and_prices_of_mistakes_live_in_the_link(here: Home, asked: Dataset) -> None:
    app = open_page("cascade", dataset="questions", person="0.5", mistake="4", little="kwh")
    sound(app)
    assert "of the texts" in app.subheader[0].value
    assert "answering and mistakes cost" in app.subheader[0].value
    assert "a person" in words(app)
    assert not [button for button in app.button if button.label == "Save"]
    bad = open_page("cascade", dataset="questions", person="a lot", mistake="-3", sure0="1e9")
    sound(bad)
    assert "a person" not in bad.subheader[0].value


def test_thresholds_by_hand_and_one_stage_too_few(here: Home, asked: Dataset) -> None:
    app = open_page("cascade", dataset="questions", sure0="97")
    sound(app)
    assert "at least 97.0 % sure" in words(app)
    assert "--thresholds 0.97" in app.code[0].value
    app.multiselect(key="stages").set_value(["minilm-full"]).run()
    assert not app.exception
    assert "2 to 4 candidates" in app.error[0].value


@pytest.mark.parametrize("task", ["multi_label", "intent_slots"])
def test_every_task_has_cascades(here: Home, task: str) -> None:
    made = of_task(here, task)
    for candidate in ("tfidf-linear", "minilm-full"):
        finished_run(here, made, candidate)
    app = open_page("cascade", dataset=made.info.name, mistake="1")
    sound(app)
    assert app.subheader
