"""`compare` and `front` as a shell calls them: what scripts rely on, what people read, and mistakes in one line."""

import json

import pytest

import cli
from core.home import Home
from tests.ui.fixtures import finished_run, questions


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("data")).prepare()
    dataset = questions(home, test=60)
    for name in ("majority", "tfidf-linear", "minilm-full"):
        finished_run(home, dataset, name)
    return home


@pytest.fixture
def here(filled: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TRADEOFF_HOME", str(filled.root))
    return filled


@pytest.mark.usefixtures("here")
def test_compare_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "questions", "majority", "minilm-full", "--texts", "3", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"dataset", "metric", "margin", "texts", "best", "sentence", "candidates", "pairs", "agreement", "labels",
            "settings", "disagreements"} == set(answer)  # fmt: skip
    (pair,) = answer["pairs"]
    assert {"a", "b", "value", "low", "high", "n", "p", "p_holm", "test", "verdict"} <= set(pair)
    assert len(answer["disagreements"]) == 3
    assert answer["candidates"][0]["energy_per_1k"]["ram"]["provenance"] == "modelled"


@pytest.mark.usefixtures("here")
def test_compare_as_people_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "questions", "--metric", "macro_f1", "--margin", "0.02", "--texts", "1"]) == 0
    shown = capsys.readouterr().out
    for part in ("p, all pairs", "both right", "F1 of label", "set differently", "encoder-full", "modelled",
                 "is the best of these 3"):  # fmt: skip
        assert part in shown


@pytest.mark.usefixtures("here")
def test_front(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["front", "questions", "--against", "latency", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert {one["candidate"]: one["chance"] for one in records}["majority"] == 1.0
    assert cli.main(["front", "questions", "--up", "memory", "--against", "usd"]) == 0
    assert "900 MiB" in capsys.readouterr().out


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "questions", "minilm"], 'Did you mean "minilm-full"'),
        (["compare", "questions", "--margin", "1"], "0.01 stands for one point"),
        (["compare", "questions", "--texts", "-1"], "no number of texts"),
        (["compare", "questions", "--train-size", "many"], "no train size"),
        (["compare", "questions", "--train-size", "7"], "No run on questions has finished"),
        (["compare", "nothing"], "nothing"),
        (["front", "questions", "--against", "co2"], 'Did you mean "co2e"'),
        (["front", "questions", "--up", "usd"], "needs two figures"),
    ],
)
def test_mistakes(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""
