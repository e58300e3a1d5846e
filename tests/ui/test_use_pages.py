"""Playground, Query and Settings: what a visitor does there, over a real run and a real index."""

import pytest

from core.data.dataset import Dataset, save_dataset
from core.home import Home
from core.preferences import load
from tests.conftest import small_frame
from tests.core.test_execute import queued, start
from tests.ui.test_pages import open_page, sound, words
from ui import query_parts
from ui.answers import agreement, table_rows
from ui.session import predictor_of


@pytest.fixture
def fitted(here: Home) -> Dataset:
    dataset = save_dataset(here, small_frame(), "things", "single_label")
    assert start(queued(here, dataset, "tfidf-linear")).wait(120) == 0
    return dataset


def test_the_playground_answers_a_text_and_several(here: Home, fitted: Dataset) -> None:
    app = open_page("playground", dataset="things")
    sound(app)
    app.text_area(key="playground.text").set_value("the cat and the dog and the <b>cow</b>")
    app.button[0].click()
    app.run()
    sound(app)
    assert "animal" in words(app)
    app.text_area(key="playground.text").set_value("the cat and the dog\n\nseven and nine\n=1+1")
    app.button[0].click()
    app.run()
    sound(app)
    table = app.dataframe[0].value
    assert table["text"].tolist() == ["the cat and the dog", "seven and nine", "=1+1"]
    assert table["tfidf-linear"].tolist()[:2] == ["animal", "number"]
    predictor_of(here).close()


def test_the_playground_without_a_text_says_so(here: Home, fitted: Dataset) -> None:
    app = open_page("playground", dataset="things")
    app.button[0].click()
    app.run()
    sound(app)
    assert "Type a text first" in words(app)


def test_agreement_is_told_in_a_sentence() -> None:
    answers = {"a": [{"prediction": "x", "confidence": 1.0}], "b": [{"prediction": "x", "confidence": 0.5}]}
    assert agreement(answers, 0) == (True, "All 2 agree.")
    answers["c"] = [{"prediction": None, "confidence": None}]
    same, sentence = agreement(answers, 0)
    assert not same
    assert "c: no answer" in sentence
    assert table_rows(answers, ["t"]) == [
        {"text": "t", "a": "x", "a confidence": 1.0, "b": "x", "b confidence": 0.5, "c": None, "c confidence": None,
         "agree": False}
    ]  # fmt: skip


@pytest.mark.parametrize("example", sorted(query_parts.EXAMPLES))
def test_every_example_query_runs(here: Home, fitted: Dataset, example: str) -> None:
    app = open_page("query", sql=query_parts.EXAMPLES[example])
    sound(app)
    app.button[0].click()
    app.run()
    sound(app)
    assert " rows in " in words(app)


def test_a_mistake_in_a_query_is_told_on_the_page(here: Home) -> None:
    app = open_page("query", sql="drop table runs")
    app.button[0].click()
    app.run()
    assert not app.exception
    assert "is not a query" in app.error[0].value.replace("\\", "")


def test_settings_are_kept_and_bad_ones_told(here: Home) -> None:
    app = open_page("settings")
    sound(app)
    app.selectbox[0].set_value("FRA")
    app.number_input[0].set_value(42.0)
    next(button for button in app.button if button.label == "Save").click()
    app.run()
    sound(app)
    assert load(here).country_iso == "FRA"
    assert load(here).grid.g_per_kwh == 42
    assert "42 g" in words(app)
    here.preferences_file.write_text("{broken")
    app = open_page("settings")
    assert not app.exception
    assert "could not be read" in words(app)


@pytest.mark.parametrize("name", ["playground", "query", "settings"])
def test_with_nothing(here: Home, name: str) -> None:
    app = open_page(name)
    sound(app)
    assert app.button
