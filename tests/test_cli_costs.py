"""`breakeven`, `spent` and assumptions on the command line, in this process."""

import json
import re
from pathlib import Path

import pytest

import cli
from core.analysis.scenario import Scenario
from core.home import Home
from tests.ui.fixtures import finished_run, questions
from ui.what_if import CONTROLS, GROUPS

ROOT = Path(__file__).parents[1]


@pytest.fixture
def here(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    made = questions(home, test=40)
    for name in ("majority", "minilm-full"):
        finished_run(home, made, name)
    return home


def asked(capsys: pytest.CaptureFixture[str], *arguments: str):  # type: ignore[no-untyped-def]
    assert cli.main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_breakeven_for_scripts_and_for_people(here: Home, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "breakeven", "questions", "--volume", "2.5M", "--if", "hours_on=730", "--if", "doubt=1")
    assert found["scenario"]["volume"] == 2.5e6
    assert found["winner"] == "minilm-full"
    own = next(one["money"] for one in found["forecasts"] if one["candidate"] == "minilm-full")
    assert own["usd"] == pytest.approx(own["serving"] + own["training"] + own["labels"])
    assert own["serving"] >= 730 * 2 * 0.05
    met = next(one for one in found["break_evens"] if one["candidate"] == "minilm-full")
    assert met["working"] == met["always_on"]
    assert met["always_on"]["low"] < met["always_on"]["volume"] < met["always_on"]["high"]
    assert cli.main(["breakeven", "questions"]) == 0
    told = capsys.readouterr().out
    assert "minilm-full (recommended)" in told
    assert re.search(r"by the token from .* texts a month on", told)


def test_spent_adds_up(here: Home, capsys: pytest.CaptureFixture[str]) -> None:
    months, candidates = asked(capsys, "spent"), asked(capsys, "spent", "--by", "candidate")
    assert sum(row["runs"] for row in months) == sum(row["runs"] for row in candidates) == 2
    assert sum(row["usd"] for row in months) == pytest.approx(sum(row["usd"] for row in candidates))
    assert asked(capsys, "spent", "--dataset", "another") == []


def test_results_and_recommend_under_assumptions(here: Home, capsys: pytest.CaptureFixture[str]) -> None:
    plain, half = asked(capsys, "results", "questions"), asked(capsys, "results", "questions", "--if", "rent_share=0.5")
    for one, other in zip(plain, half, strict=True):
        assert other["usd_per_1k"] == pytest.approx(one["usd_per_1k"] / 2)
        assert other["kwh_per_1k"] == one["kwh_per_1k"]
    total = ("recommend", "questions", "--cheap", "total", "--volume", "1000")
    assert asked(capsys, *total, "--if", "usd_per_label=1")["winner"] == "minilm-full"


@pytest.mark.parametrize(
    "wrong", [["--volume", "0"], ["--volume", "many"], ["--if", "rent=1"], ["--if", "pue"], ["--if", "pue=0.1"],
              ["--if", "volume=1e999"], ["--against", "no-such-model"]],
)  # fmt: skip
def test_mistakes_are_one_line(here: Home, capsys: pytest.CaptureFixture[str], wrong: list[str]) -> None:
    assert cli.main(["breakeven", "questions", *wrong]) == 2
    told = capsys.readouterr().err.strip()
    assert told
    assert "\n" not in told


def test_the_panel_and_the_docs_know_every_assumption() -> None:
    assert set(CONTROLS) == set(Scenario.model_fields)
    text = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
    told = {name for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert told == set(Scenario.model_fields)
    plain = Scenario()
    for control in (one for group in GROUPS.values() for one in group):
        assert getattr(plain, control.field) in control.stops, f"{control.field} cannot be put back"
        for stop in control.stops:
            Scenario(**{control.field: stop})
