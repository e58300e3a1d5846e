"""The Multi-task page: what to do first, then one model beside two, and one model over several sets."""

import json

import pytest

from core.data import views
from core.data.dataset import Dataset, list_datasets, load_dataset
from core.findings.consolidated import besides, parts_of, systems
from core.findings.results import pricing
from core.home import Home
from core.preferences import Preferences
from core.spec import DatasetRef
from tests.ui.fixtures import finished_run, of_task
from tests.ui.test_flows import press
from tests.ui.test_pages import open_page, sound, words
from ui import data


def parts(home: Home, name: str) -> list[Dataset]:
    return [views.derive(home, name, part) for part in ("intent", "slots")]


def refs(*datasets: Dataset) -> tuple[DatasetRef, ...]:
    return tuple(DatasetRef(dataset=d.info.name, fingerprint=d.info.fingerprint, task=d.info.task) for d in datasets)


def test_the_page_leads_from_nothing_to_a_comparison(here: Home) -> None:
    sound(open_page("multitask"))
    whole = of_task(here, "intent_slots", "trips")
    app = open_page("multitask", dataset="trips")
    sound(app)
    press(app, "Make both sets")
    assert {info.name for info in list_datasets(here)} == {"trips", "trips-intent", "trips-slots"}
    app = open_page("multitask", dataset="trips")
    sound(app)
    assert {"Launch on trips", "Launch on trips\\-intent"} <= {button.label for button in app.button}
    for dataset in (whole, load_dataset(here, "trips-intent"), load_dataset(here, "trips-slots")):
        finished_run(here, dataset, "minilm-full")
    app = open_page("multitask", dataset="trips-slots")
    sound(app)
    assert app.subheader[0].value.replace("\\", "").startswith("One minilm-full for both is")
    table = app.dataframe[0].value
    assert "Intent and slots all right" in table[""].tolist()
    assert "Peak memory" in table[""].tolist()


def test_any_pair_can_be_chosen(here: Home) -> None:
    whole = of_task(here, "intent_slots", "trips")
    intent, slots = parts(here, "trips")
    for dataset, candidate in ((whole, "minilm-full"), (intent, "majority"), (slots, "smollm2-few-shot")):
        finished_run(here, dataset, candidate)
    app = open_page("multitask", dataset="trips")
    sound(app)
    assert "majority for intents with smollm2-few-shot for slots" in words(app)


def test_systems_are_found_with_their_seeds(here: Home) -> None:
    whole = of_task(here, "intent_slots", "trips")
    intent, slots = parts(here, "trips")
    for seed in (0, 1):
        finished_run(here, whole, "minilm-full", seed)
        finished_run(here, intent, "minilm-full", seed)
    finished_run(here, slots, "minilm-full", 1)
    both = refs(intent, slots)
    for dataset in (intent, slots):
        finished_run(here, dataset, "smollm2-few-shot", joint=both)
    summaries = [run.summary for run in data.all_runs(here)]
    made = parts_of(whole.info, list_datasets(here))
    ones, twos = systems(whole.info, made, summaries, pricing(Preferences()))
    assert {system.name for system in ones} == {"one minilm-full for both", "one smollm2-few-shot asked for each"}
    (two,) = twos
    assert two.name == "two minilm-full, one for each"
    assert [len(group) for group in two.groups] == [2]
    asked = next(system for system in ones if system.shared)
    assert len(asked.groups[0]) == 2


def test_the_command_line_compares_the_same(here: Home, capsys: pytest.CaptureFixture[str]) -> None:
    import cli

    whole = of_task(here, "intent_slots", "trips", test=20)
    derived = parts(here, "trips")
    assert cli.main(["multitask", "trips"]) != 0
    assert "launch one candidate on all three" in capsys.readouterr().err
    for dataset in (whole, *derived):
        finished_run(here, dataset, "minilm-full")
    assert cli.main(["multitask", "trips", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["metric"] == "exact_match"
    assert {row["texts"] for row in rows} == {20}
    assert rows[0]["two_takes"]["latency_p50_ms"] > rows[0]["one_takes"]["latency_p50_ms"]


def test_one_model_over_several_sets_stands_beside_itself_alone(here: Home) -> None:
    first, second = of_task(here, "multi_label", "news"), of_task(here, "token_labels", "places")
    for dataset in (first, second):
        finished_run(here, dataset, "minilm-full", joint=refs(first, second))
    finished_run(here, first, "minilm-full")
    found = besides([run.summary for run in data.all_runs(here)], pricing(Preferences()))
    assert [beside.dataset for beside in found] == ["news"]
    app = open_page("multitask", dataset="news")
    sound(app)
    assert "minilm-full (with places)" in words(app)
    assert "Labels found right (F1)" in app.dataframe[0].value[""].tolist()
