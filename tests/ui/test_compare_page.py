"""The Compare page: what it says, that its choices live in the link, and that it stands on any data."""

import pytest

from core.home import Home
from tests.ui.fixtures import finished_run, of_task, questions
from tests.ui.test_pages import open_page, sound, words

NAMES = ("majority", "tfidf-linear", "minilm-full", "minilm-lora", "smollm2-few-shot")


def test_it_says_what_differs_and_every_part_stands(here: Home) -> None:
    dataset = questions(here, test=80)
    for name in NAMES:
        finished_run(here, dataset, name)
    finished_run(here, dataset, "minilm-full", seed=1)
    app = open_page("compare", dataset="questions", compare=["minilm-full", "majority", "smollm2-few-shot"])
    sound(app)
    assert "minilm-full is the best of these 3" in words(app)
    assert app.multiselect(key="compare").value == ["minilm-full", "majority", "smollm2-few-shot"]
    for part, key in (("labels", "Right ones"), ("settings", "Setting"), ("pairs", "p, all pairs")):
        app.query_params["part"] = part
        app.run()
        sound(app)
        assert key in app.dataframe[0].value.columns
    app.query_params["part"] = "texts"
    app.run()
    assert any(option.startswith("only minilm-full right (") for option in app.selectbox(key="differ.kind").options)
    app.selectbox(key="differ.kind").set_value("only minilm-full right").run()
    app.text_input(key="differ.find").set_value("no such word").run()
    sound(app)
    assert "No text is like that." in words(app)
    app.selectbox(key="beside").set_value("majority").run()
    app.selectbox(key="margin").set_value("0.05").run()
    sound(app)
    assert app.query_params["margin"] == "0.05"
    assert "--margin 0.05 --json" in app.code[-1].value
    app.multiselect(key="compare").set_value(["majority", "tfidf-linear"]).run()
    sound(app)
    assert app.selectbox(key="differ.kind").value == "any difference", "a kind that there no longer is gives way"
    assert list(app.query_params["compare"]) == ["majority", "tfidf-linear"]


def test_the_next_step_where_nothing_can_be_compared(here: Home) -> None:
    app = open_page("compare")
    sound(app)
    assert "Add a dataset" in {button.label for button in app.button}
    dataset = questions(here, test=20)
    finished_run(here, dataset, "majority")
    app = open_page("compare")
    sound(app)
    assert "only majority has finished" in words(app)
    finished_run(here, dataset, "minilm-full")
    app = open_page("compare", compare="majority")
    sound(app)
    assert "Choose a second candidate" in words(app)
    app = open_page("compare", compare=["gone", "also gone"])
    sound(app)
    assert len(app.multiselect(key="compare").value) == 2, "names that are not there are passed over"


def test_predictions_that_are_gone_are_told_on_the_page(here: Home) -> None:
    dataset = questions(here, test=20)
    for name in ("majority", "minilm-full"):
        folder = finished_run(here, dataset, name)
    (folder.path / "predictions.parquet").unlink()
    app = open_page("compare")
    assert not app.exception
    assert "predictions of minilm-full cannot be read" in app.error[0].value.replace("\\", "")


@pytest.mark.parametrize("task", ["multi_label", "intent_slots"])
def test_every_task(here: Home, task: str) -> None:
    dataset = of_task(here, task, "other", test=30)
    for name in ("minilm-full", "smollm2-few-shot"):
        finished_run(here, dataset, name)
    for part in ("texts", "labels"):
        sound(open_page("compare", dataset="other", part=part))


def test_names_of_candidates_and_labels_stay_text(here: Home) -> None:
    odd = questions(here, "a *b* [x](javascript:alert) $1$", labels=["<img src=x>", "=1+1", "a|b"], test=30)
    for settings in ({}, {"epochs": 5}):
        finished_run(here, odd, "minilm-full", **settings)
    for part in ("labels", "texts"):
        app = open_page("compare", dataset=odd.info.name, part=part)
        sound(app)
        assert "minilm-full [epochs=5]" in words(app)


def test_the_tradeoff_of_two_costs_and_who_is_surely_on_the_front(here: Home) -> None:
    dataset = questions(here, test=60)
    for name in NAMES:
        finished_run(here, dataset, name)
    app = open_page("tradeoff", against="co2e_g_per_1k")
    sound(app)
    assert "On the front in 95 of 100 draws of the texts or more: " in words(app)
    assert "On the front" in app.dataframe[-1].value.columns
    app.selectbox(key="up").set_value("memory_bytes").run()
    sound(app)
    assert "Lower and further left is better" in words(app)
    app.selectbox(key="against").set_value("memory_bytes").run()
    sound(app)
    assert app.selectbox(key="up").value != "memory_bytes"
