"""`report DATASET` and `verify`: files, exit codes, and words on mistakes."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

import cli
from core.home import Home
from tests.ui.fixtures import finished_run, questions


@dataclass
class Done:
    """What a verb answered."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def shell(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    dataset = questions(home, test=40)
    for name in ("majority", "minilm-full"):
        finished_run(home, dataset, name)
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        code = cli.main(arguments)
        return Done(code, *capsys.readouterr())

    return run


def test_a_record_is_written_and_checked(shell, home: Home, tmp_path: Path) -> None:
    done = shell("report", "questions", "--margin", "0.03", "--out", "decision.html", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["winner"] == "minilm-full"
    assert made["hash"] in (tmp_path / "decision.html").read_text(encoding="utf-8")

    done = shell("verify", "decision.html")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "agree" in done.stdout

    run = next(path for path in home.runs.iterdir() if "minilm-full" in path.name)
    (run / "usage.json").write_text((run / "usage.json").read_text().replace("118.0", "118.5"))
    done = shell("verify", "decision.html", "--json")
    assert done.returncode == 1
    verdict = json.loads(done.stdout)
    assert verdict["agrees"] is False
    assert f"usage.json of {run.name} was changed" in verdict["faults"]
    assert any(fault.startswith("candidates, minilm-full, fit seconds: 118 in") for fault in verdict["faults"])


def test_a_run_and_a_dataset_are_told_apart(shell) -> None:
    assert json.loads(shell("report", "minilm-full", "--dataset", "questions", "--json").stdout)["texts"] == 40
    assert json.loads(shell("report", "questions", "--json").stdout)["data"]["name"] == "questions"
    for arguments, words in (
        (("report", "questions"), "Add --out FILE.html"),
        (("report", "question", "--out", "a.html"), 'Did you mean "questions"?'),
        (("report", "questions", "--out", "a.docx"), "End the file's name in .html, .pdf or .json"),
        (("report", "questions", "--out", "a.html", "--margin", "7"), "margin"),
        (("verify", "absent.html"), "cannot be read"),
    ):
        done = shell(*arguments)
        assert done.returncode == 2, done.stdout
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
