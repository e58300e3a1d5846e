"""The verbs curve and sensitivity, in this process: what they print, and what they refuse."""

import json

import pytest

from cli import main
from core.data.dataset import Dataset
from core.home import Home
from tests.core.findings.test_curves import CURVE, learn
from tests.ui.fixtures import finished_run, questions


@pytest.fixture
def asked(home: Home, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    monkeypatch.setattr("core.launch.ensure_worker", lambda _: None)
    return questions(home, test=100)


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    printed = capsys.readouterr()
    return printed.err if code else printed.out


def test_curve(home: Home, asked: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    empty = said(capsys, "curve", "questions")
    assert "No candidate that learns from labels" in empty
    finished_run(home, asked, "tfidf-linear")
    assert "--train-size 25,50,100,all" in said(capsys, "curve", "questions")
    learn(home, asked, CURVE)
    told = json.loads(said(capsys, "curve", "questions", "--reach", "0.6", "--usd-per-label", "0.2", "--json"))
    assert told["goal"]["quality"] == 0.6
    (curve,) = told["curves"]
    assert [point["texts"] for point in curve["points"]] == [40, 80, 160, 200]
    assert curve["needed"]["state"] == "reached"
    assert told["paths"][0]["candidate"] == "tfidf-linear"
    assert "Cheapest way over 12 months" in said(
        capsys, "curve", "questions", "--reach", "0.6", "--usd-per-label", "0.2", "--volume", "1M"
    )


@pytest.mark.parametrize(
    "wrong",
    [("--candidate", "nix"), ("--target", "nix"), ("--reach", "90"), ("--margin", "-1"), ("--usd-per-label", "-1"),
     ("--usd-per-label", "0.1", "--months", "0"), ("--metric", "hamming")],
)  # fmt: skip
def test_curve_refuses_in_one_line(
    home: Home, asked: Dataset, capsys: pytest.CaptureFixture[str], wrong: tuple[str, ...]
) -> None:
    learn(home, asked, CURVE)
    told = said(capsys, "curve", "questions", *wrong, code=2)
    assert len(told.strip().splitlines()) == 1


def test_sensitivity_launches_and_then_tells(home: Home, asked: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    assert "No prompt candidate has finished" in said(capsys, "sensitivity", "questions")
    launched = json.loads(
        said(
            capsys,
            "sensitivity",
            "questions",
            "--candidate",
            "smollm2-zero-shot",
            "--launch",
            "--orders",
            "2",
            "--json",
        )
    )
    assert len({run["run"] for run in launched}) == 6
    for wording in range(3):
        for order in range(2):
            finished_run(home, asked, "smollm2-zero-shot", paraphrase=wording, label_order=order)
    (told,) = json.loads(said(capsys, "sensitivity", "questions", "--json"))
    assert len(told["ways"]) == 6
    assert told["spread"]["low"] <= told["spread"]["mean"] <= told["spread"]["high"]
    assert "over 6 ways of asking" in said(capsys, "sensitivity", "questions", "--candidate", "smollm2-zero-shot")
    for wrong in (("--launch",), ("--candidate", "majority"), ("--candidate", "tfidf-linear", "--launch"),
                  ("--candidate", "smollm2-zero-shot", "--launch", "--wordings", "99")):  # fmt: skip
        assert said(capsys, "sensitivity", "questions", *wrong, code=2)
