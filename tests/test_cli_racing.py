"""`race` on the command line, in this process; the runs are played."""

import json
from pathlib import Path

import pytest

import cli
from core import launch
from core.data.dataset import save_dataset
from core.home import Home
from core.racing import managing
from tests.conftest import small_frame
from tests.core.racing.playing import of, race_on
from verbs import race_watch

SKILLS = of({"majority": 0.3, "tfidf-linear": 0.9})
START = ("race", "things", "--candidates", "majority,tfidf-linear", "--minutes", "10", "--seeds", "0,1")


@pytest.fixture
def here(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    save_dataset(home, small_frame(200), "things", "single_label")
    for module in (managing, launch):
        monkeypatch.setattr(module, "ensure_worker", lambda home: None)
    return home


def asked(capsys: pytest.CaptureFixture[str], *arguments: str):  # type: ignore[no-untyped-def]
    assert cli.main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(list(arguments)) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    return told


def test_a_race_is_started_waited_for_and_shown(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(race_watch, "ensure_worker", lambda home: race_on(home, SKILLS))
    found = asked(capsys, *START, "--wait")
    assert (found["status"], found["leader"]) == ("finished", "tfidf-linear")
    assert found["race"]["budget"] == {"minutes": 10, "usd": None, "kwh": None}
    assert cli.main(["race", "show", found["race"]["id"][:8]]) == 0
    shown = capsys.readouterr().out
    assert "dropped majority: " in shown
    assert "of 10 minutes spent" in shown
    assert "Risk taken" in shown
    assert [row["race"] for row in asked(capsys, "race")] == [found["race"]["id"]]
    assert cli.main([*START, "--wait"]) == 0
    told = capsys.readouterr()
    assert "tfidf-linear is the best on validation" in told.err
    assert cli.main(["race", "list"]) == 0
    assert "tfidf-linear" in capsys.readouterr().out


def test_a_dropped_candidate_is_resumed_a_race_stopped_continued_and_deleted(
    here: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    race = asked(capsys, *START)["race"]["id"]
    assert asked(capsys, "race", "stop", race)["status"] == "stopped"
    again = asked(capsys, "race", "continue", race, "--minutes", "20", "--kwh", "1")
    assert again["race"]["budget"] == {"minutes": 20, "usd": None, "kwh": 1}
    race_on(here, SKILLS)
    assert asked(capsys, "race", "resume", race, "majority")["status"] == "running"
    race_on(here, SKILLS)
    found = asked(capsys, "race", "show", race)
    assert {row["position"] for row in found["standings"]} == {"finished"}
    assert asked(capsys, "race", "delete", race) == {"deleted": race}
    assert asked(capsys, "race", "list") == []
    assert cli.main(["race"]) == 0
    assert "No race yet" in capsys.readouterr().out


def test_an_experiment_file_is_raced(here: Home, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    file.write_text("dataset: things\ncandidates: [majority, tfidf-linear]\nseeds: [0, 1, 2]\n")
    found = asked(capsys, "race", str(file), "--risk", "0.1", "--aim", "front", "--shares", "1/4", "--finalists", "2",
                  "--margin", "0.02")  # fmt: skip
    wanted = {"shares": [0.25, 1.0], "risk": 0.1, "aim": "front", "margin": 0.02, "finalists": 2}
    assert found["race"]["rules"] == wanted
    assert found["race"]["experiment"]["seeds"] == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("race", "nothing", "--candidates", "majority,tfidf-linear"), "nothing"),
        (("race", "things"), "candidates are needed"),
        (("race", "things", "others", "--candidates", "majority"), "cannot be raced"),
        (("race", "things", "--dataset", "things", "--candidates", "majority"), "Two datasets"),
        (("race", "things", "--candidates", "majority"), "two candidates"),
        ((*START[:4], "--minutes", "0"), "no amount"),
        ((*START[:4], "--kwh", "nan"), "no amount"),
        ((*START[:4], "--risk", "0.9"), "no risk"),
        ((*START[:4], "--margin", "0.9"), "no margin"),
        ((*START[:4], "--shares", "1/3,1/9"), "no shares"),
        ((*START[:4], "--shares", "1/0"), "no share"),
        ((*START[:4], "--minutes", "1e9"), "--minutes"),
        ((*START[:4], "--finalists", "99"), "--finalists"),
        (("race", "show"), "needs the race"),
        (("race", "show", "nobody"), "nobody"),
        (("race", "resume", "nobody"), "the candidate"),
    ],
)
def test_mistakes_are_told_in_a_line(
    here: Home, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert words in refused(capsys, *arguments)
