"""The verbs models, presets and candidates, and studies launched from the command line."""

import json
from pathlib import Path

import pytest

import cli
from core.data.dataset import Dataset
from core.home import Home
from core.runs import list_runs


@pytest.fixture(autouse=True)
def here(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    monkeypatch.setattr("core.launch.ensure_worker", lambda _: None)  # what is queued shall stay queued
    return home


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert cli.main([*arguments, "--json"]) == 0
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_models_are_found_with_what_they_need(capsys: pytest.CaptureFixture[str], dataset: Dataset) -> None:
    rows = said(capsys, "models", "flan", "xl", "--how", "qlora", "--dataset", dataset.info.name)
    assert [row["candidate"] for row in rows] == ["google/flan-t5-xl-qlora", "google/flan-t5-xxl-qlora"]
    assert all(row["memory_bytes"] and row["licence"] == "Apache-2.0" and row["sources"] for row in rows)
    assert said(capsys, "models", "no-such-model") == []
    assert {row["candidate"] for row in said(capsys, "models", "gpt-4o-mini")} == {
        "api:gpt-4o-mini-zero-shot", "api:gpt-4o-mini-few-shot"
    }  # fmt: skip


def test_a_way_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "--how", "linaer"]) == 2
    assert "Take full, lora" in capsys.readouterr().err
    assert cli.main(["models", "--task", "single_lable"]) == 2
    assert "single_label" in capsys.readouterr().err


def test_presets_are_listed_and_launched_from_any_folder(
    capsys: pytest.CaptureFixture[str], here: Home, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [row["preset"] for row in said(capsys, "presets")]
    assert "presets/study1-small.yaml" in listed
    monkeypatch.chdir(tmp_path)
    arguments = ["launch", "presets/study1-small.yaml", "--dataset", dataset.info.name, "--train-size", "20"]
    assert cli.main(arguments) == 0
    assert {folder.spec.train_size for folder in list_runs(here)} == {20}
    assert len(list(list_runs(here))) == 6
    capsys.readouterr()
    for wrong, told in (
        (["launch", "presets/study9.yaml", "--dataset", dataset.info.name], "no preset"),
        (["launch", "presets/study1-small.yaml"], "--dataset NAME"),
        (["launch", "study1-small", "--dataset", dataset.info.name, "--candidates", "majority"], "--candidates"),
        (["launch", "--dataset", dataset.info.name, "--candidates", "majority", "--max-usd", "-3"], "dollars"),
        (["launch", "--dataset", dataset.info.name, "--candidates", "majority", "--with", "nowhere"], "nowhere"),
    ):
        assert cli.main(wrong) == 2
        assert told in capsys.readouterr().err


def test_candidates_of_a_task(capsys: pytest.CaptureFixture[str]) -> None:
    assert "minilm-full" in {row["candidate"] for row in said(capsys, "candidates", "--task", "token_labels")}
    assert cli.main(["candidates", "--task", "nothing"]) == 2
