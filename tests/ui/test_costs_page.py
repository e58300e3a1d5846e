"""The Costs page: its figures are those of the core, assumptions live in the URL and change every chart."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import files, preferences
from core import format as f
from core.analysis.scenario import Scenario, monthly_usd
from core.data.dataset import Dataset
from core.findings.results import results
from core.home import Home
from core.metering.prices import DevicePrice, TokenPrice
from tests.ui.fixtures import finished_run, questions, waiting_run
from tests.ui.test_pages import open_page, sound, words


@pytest.fixture
def asked(here: Home) -> Dataset:
    made = questions(here, test=40)
    for name in ("majority", "minilm-full"):
        finished_run(here, made, name)
    return made


def slider(app: AppTest, field: str):  # type: ignore[no-untyped-def]
    return next(one for one in app.select_slider if one.key == f"if.{field}")


def month(home: Home, scenario: Scenario, candidate: str = "minilm-full") -> str:
    rows = results(home, "questions", preferences.load(home), scenario=scenario)
    money = monthly_usd(next(row for row in rows if row.candidate == candidate), scenario)
    assert money is not None
    return f.usd(money.usd)


def test_the_first_sentence_and_the_numbers_are_those_of_the_core(here: Home, asked: Dataset) -> None:
    app = open_page("costs", dataset="questions")
    sound(app)
    assert f"recommended minilm-full costs {month(here, Scenario())};" in words(app)
    labels = [metric.label for metric in app.metric]
    assert labels[:3] == ["Spent so far", "A month, recommended", "Break-even, rented all month"]
    assert app.metric[1].value == month(here, Scenario())
    assert "modelled" in labels[3]
    assert app.metric[2].value.endswith("million texts")


def test_assumptions_move_the_figures_and_stay_in_the_url(here: Home, asked: Dataset) -> None:
    app = open_page("costs", dataset="questions")
    slider(app, "volume").set_value(1e6)
    app.run()
    assert app.query_params["volume"] in ("1000000", ["1000000"])
    assert month(here, Scenario(volume=1e6)) in words(app)
    slider(app, "hours_on").set_value(730.0)
    app.run()
    sound(app)
    assert month(here, Scenario(volume=1e6, hours_on=730)) in words(app)
    assert "devices rented all month" in words(app)
    app.switch_page(str(Path(__file__).parents[2] / "pages" / "tradeoff.py")).run()
    sound(app)
    assert "devices rented all month" in words(app), "other pages assume the same"
    next(button for button in app.button if button.key == "if.reset.line").click()
    app.run()
    assert "Figures assume" not in words(app)


def test_a_link_shows_what_i_see_and_nonsense_in_it_does_no_harm(here: Home, asked: Dataset) -> None:
    app = open_page("costs", dataset="questions", volume="123456", rent_share="0.35", pue="99", grid_g_per_kwh="x",
                    versus="no-such-model")  # fmt: skip
    assert not app.exception
    assert slider(app, "volume").value == 123456
    assert slider(app, "rent_share").value == 0.35
    assert slider(app, "pue").value == 1.0, "out of bounds"
    assert month(here, Scenario(volume=123456, rent_share=0.35)) in words(app)
    assert "no-such-model" in app.error[0].value.replace("\\", ""), "a model without a price is told"
    assert [metric.label for metric in app.metric][-1] == "CO₂e a month"


def test_what_is_unknown_is_told_and_never_cheap(here: Home, asked: Dataset) -> None:
    app = open_page("costs", dataset="questions", usd_per_kwh="0.3")
    sound(app)
    for folder in sorted(here.runs.iterdir()):
        content = files.read_json(folder / "usage.json")
        for phase in content["phases"].values():
            phase["energy"]["cpu"]["kwh"] = None
        files.write_json(folder / "usage.json", content)
    app = open_page("costs", dataset="questions", usd_per_kwh="0.3")
    sound(app)
    assert "costs a month is unknown: electricity is billed apart" in words(app)
    assert {metric.label.split(",")[0]: metric.value for metric in app.metric[1:3]} == {
        "A month": "unknown", "Energy a month": "unknown"
    }  # fmt: skip


def test_spent_by_person_and_by_what(here: Home, asked: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEOFF_USER", "ada *x* <b>")
    finished_run(here, asked, "tfidf-linear")
    app = open_page("costs", dataset="questions", spent_by="Person", spent_what="CO₂e")
    sound(app)
    table = app.dataframe[-1].value
    assert set(table["Person"]) >= {"ada *x* <b>"}
    assert table["Runs"].sum() == 3


def test_money_that_failed_runs_took_shows_before_any_has_finished(here: Home) -> None:
    made = questions(here, test=40)
    failed, done = waiting_run(here, made, "minilm-lora", "failed"), finished_run(here, made, "minilm-full")
    files.write_json(failed.path / "parts" / "usage-fit-1.json", done.usage["fit"].model_dump(mode="json"))
    (done.path / "spec.json").unlink()
    app = open_page("costs", dataset="questions")
    sound(app)
    assert [metric.label for metric in app.metric] == ["Spent so far"]
    assert "Launch candidates" in [button.label for button in app.button]


def test_prices_of_the_settings_count(here: Home, asked: Dataset) -> None:
    mine = preferences.changed(preferences.load(here), device_prices=(DevicePrice(device="cpu", usd_per_hour=720.0),))
    preferences.save(here, mine)
    app = open_page("costs", dataset="questions")
    assert app.metric[1].value == month(here, Scenario())
    assert "rented all month one costs $530,000" in words(app)


def test_prices_of_nothing_are_drawn_all_the_same(here: Home, asked: Dataset) -> None:
    free = preferences.changed(
        preferences.load(here), device_prices=(DevicePrice(device="cpu", usd_per_hour=0.0),),
        token_prices=(TokenPrice(model="mine", input=0.0, output=0.0),),
    )  # fmt: skip
    preferences.save(here, free)
    app = open_page("costs", dataset="questions", versus="mine", volume="1")
    sound(app)
    assert "costs less than mine by the token at any volume" in words(app), "never dearer: both cost nothing"
    assert app.metric[1].value == "$0"
