"""`cli.py cascade`: figures, tables of mistakes, saving; each mistake of the user is one line."""

import json
from pathlib import Path

import pytest

import cli
from core.home import Home
from tests.ui.fixtures import finished_run, questions


@pytest.fixture
def asked(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    made = questions(home, test=100)
    for candidate in ("tfidf-linear", "minilm-full"):
        finished_run(home, made, candidate)
    return home


def test_the_best_pair_is_told_and_can_be_saved(asked: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cascade", "questions", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [stage["candidate"] for stage in found["stages"]] == ["tfidf-linear", "minilm-full"]
    assert found["suggestions"][0]["stages"] == ["tfidf-linear", "minilm-full"]
    assert cli.main(["cascade", "questions", "--save", "both"]) == 0
    told = capsys.readouterr().out
    assert "tfidf-linear answers when it is at least" in told
    assert "cascade minus it" in told
    assert cli.main(["results", "questions", "--json"]) == 0
    assert "both" in [row["candidate"] for row in json.loads(capsys.readouterr().out)]
    assert cli.main(["cascade", "questions", "--save", "both"]) == 2
    assert 'There is a candidate "both" already' in capsys.readouterr().err


def test_a_table_of_mistakes_is_read(asked: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = ["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"]
    rows = [",".join([due, *("" if due == label else "5" for label in labels)]) for due in labels]
    path = tmp_path / "mistakes.csv"
    path.write_text("\n".join([",".join(["", *labels]), *rows]))
    whole, plain = [], ["cascade", "questions", "--person", "0.5", "--json"]
    for options in (["--mistakes", str(path)], ["--mistake", "5"]):
        assert cli.main([*plain, *options]) == 0
        whole.append(json.loads(capsys.readouterr().out)["chosen"])
    assert whole[0] == whole[1]
    path.write_text("a,b\nc,-1,x")
    assert cli.main([*plain, "--mistakes", str(path)]) == 2
    assert "costs of mistakes cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nothing"], 'There is no dataset "nothing"'),
        (["questions", "--stages", "tfidf-liner,minilm-full"], 'Did you mean "tfidf-linear"'),
        (["questions", "--margin", "7"], "is no share"),
        (["questions", "--person", "-1"], "no amount of money"),
        (["questions", "--if", "rent_shar=1"], "rent_share"),
    ],
)
def test_mistakes_are_one_line(
    asked: Home, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:  # fmt: skip
    assert cli.main(["cascade", *options]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1
