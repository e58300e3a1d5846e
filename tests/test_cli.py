"""The command line as a user's shell sees it: real processes, exit codes, stdout and stderr."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import small_frame

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("cli")
    frame = small_frame()
    frame[frame["split"] != "test"][["text", "target"]].rename(columns={"target": "label"}).to_csv(
        folder / "train.csv", index=False
    )
    frame[frame["split"] == "test"][["text", "target"]].rename(columns={"target": "label"}).to_csv(
        folder / "test.csv", index=False
    )

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "TRADEOFF_HOME": str(folder / "home")}
        return subprocess.run(
            [sys.executable, str(ROOT / "cli.py"), *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )

    run.folder = folder  # type: ignore[attr-defined]
    done = run("import", "train.csv", "--name", "things", "--test", "test.csv", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["test"] == 18
    done = run("launch", "--dataset", "things", "--candidates", "majority,tfidf-linear", "--wait", "--json")
    assert done.returncode == 0, done.stderr
    assert {row["status"] for row in json.loads(done.stdout)} == {"finished"}
    return run


def test_power_holds_what_scripts_rely_on(shell) -> None:
    found = json.loads(shell("power", "things", "--margin", "0.02", "--json").stdout)
    assert (found["dataset"], found["best"], found["margin"], found["texts"]) == ("things", "tfidf-linear", 0.02, 18)
    (other,) = found["candidates"]
    assert other["candidate"] == "majority"
    assert other["low"] <= other["difference"] <= other["high"]
    assert 0 < other["detectable"] < 1
    assert other["standing"] in ("tied", "unsettled", "worse")
    assert found["reason"] in shell("power", "things", "--margin", "0.02").stdout
    refused = shell("power", "things", "--margin", "2")
    assert refused.returncode == 2
    assert "no share" in refused.stderr


def test_results_hold_what_scripts_rely_on(shell) -> None:
    rows = json.loads(shell("results", "things", "--json").stdout)
    assert {row["candidate"] for row in rows} == {"majority", "tfidf-linear"}
    keys = {
        "candidate", "runs", "metric", "quality", "quality_low", "quality_high", "metrics", "invalid_rate",
        "usd_per_1k", "kwh_per_1k", "energy_provenance", "latency_p50_ms", "latency_p95_ms", "texts_per_second",
        "fit_seconds", "fit_kwh", "fit_usd",
    }  # fmt: skip
    for row in rows:
        assert keys <= set(row)
        assert row["quality_low"] <= row["quality"] <= row["quality_high"]
        assert row["runs"] == 1
        assert row["latency_p50_ms"] > 0
        assert list(row["metrics"]) == ["accuracy", "macro_f1", "weighted_f1", "mcc"]
        assert row["metrics"]["accuracy"] == row["quality"]
    assert rows[0]["candidate"] == "tfidf-linear"
    assert rows[0]["metrics"]["accuracy"] > rows[1]["metrics"]["accuracy"]
    assert "tfidf-linear is better than all others" in shell("results", "things").stdout


@pytest.mark.parametrize("verb", [
    ["datasets"], ["candidates"], ["runs"], ["results", "things"], ["doctor"], ["audit", "things"],
    ["sql", "select candidate, count(*) as runs from runs group by all order by all"],
    ["predict", "tfidf-linear", "the cat", "=1+1", "--dataset", "things"],
    ["report", "tfidf-linear", "--dataset", "things"],
])  # fmt: skip
def test_every_answer_reads_well_and_is_json_when_asked(shell, verb: list[str]) -> None:
    told, asked = shell(*verb), shell(*verb, "--json")
    assert (told.returncode, asked.returncode) == (0, 0), told.stderr + asked.stderr
    assert told.stdout.strip()
    assert json.loads(asked.stdout)
    assert asked.stderr == ""


def test_a_reader_that_has_seen_enough_is_no_error(shell) -> None:
    command = [sys.executable, str(ROOT / "cli.py"), "report", "tfidf-linear", "--dataset", "things", "--json"]
    environment = {**os.environ, "TRADEOFF_HOME": str(shell.folder / "home")}
    reader = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert reader.stdout is not None
    reader.stdout.close()
    assert reader.stderr is not None
    assert reader.stderr.read() == b""
    assert reader.wait() == 0


def test_launching_again_reuses_what_is_finished(shell) -> None:
    before = json.loads(shell("runs", "--json").stdout)
    done = shell("launch", "--dataset", "things", "--candidates", "majority,tfidf-linear", "--wait")
    assert done.returncode == 0
    assert json.loads(shell("runs", "--json").stdout) == before


@pytest.mark.parametrize(("arguments", "told"), [
    (["lunch"], 'Did you mean "launch"'),
    (["results", "thing"], 'Did you mean "things"'),
    (["launch", "--dataset", "things", "--candidates", "tfidf"], 'Did you mean "tfidf-linear"'),
    (["launch", "--dataset", "things", "--candidates", "majority", "--set", "majority.epochs=2"], "setting"),
    (["launch", "--dataset", "things", "--candidates", "minilm-full", "--set", "minilm-full.epochs=-1"], "epochs"),
    (["launch", "--dataset", "things", "--candidates", "minilm-full", "--set", "epochs"], "candidate.setting=value"),
    (["launch", "--dataset", "things", "--candidates", "majority", "--train-size", "100000"], "train"),
    (["launch", "--dataset", "things", "--candidates", "majority", "--seeds", "x"], "--help"),
    (["launch", "--dataset", "things"], "--candidates"),
    (["launch", "nothing.yaml"], "nothing.yaml"),
    (["import", "nothing.csv", "--name", "x"], "nothing.csv"),
    (["import", "train.csv"], "--name"),
    (["import", "train.csv", "--name", "x", "--label", "lable"], 'Did you mean "label"'),
    (["import", "train.csv", "--name", "x", "--task", "single"], "single_label"),
    (["cancel", "nothing"], "no run"), (["predict", "nothing", "text"], "no run"),
    (["predict", "tfidf-linear", "--dataset", "things"], "No text"),
    (["sql", "drop table runs"], ""), (["sql", "selec 1"], ""), (["results"], "--help"), ([], "--help"),
])  # fmt: skip
def test_a_mistake_is_one_helpful_line_and_exit_code_2(shell, arguments: list[str], told: str) -> None:
    done = shell(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_file_is_answered_and_opens_safely_in_a_spreadsheet(shell) -> None:
    folder = shell.folder
    (folder / "in.csv").write_text('text\n"=HYPERLINK(""http://x"")"\nthe red cat\n', encoding="utf-8")
    done = shell("predict", "tfidf-linear", "--dataset", "things", "--file", "in.csv", "--out", "out.csv", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["texts"] == 2
    lines = (folder / "out.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 3
    assert not any(cell.lstrip('"').startswith("=") for line in lines for cell in line.split(","))


def test_an_experiment_file_is_launched(shell) -> None:
    (shell.folder / "grid.yaml").write_text(
        "dataset: things\ncandidates: [majority]\nseeds: [0, 1]\ntrain_sizes: [20]\n"
    )
    done = shell("launch", "grid.yaml", "--wait", "--json")
    assert done.returncode == 0, done.stderr
    assert [(row["seed"], row["train_size"]) for row in json.loads(done.stdout)] == [(0, 20), (1, 20)]


def test_a_run_that_fails_makes_the_wait_fail(shell) -> None:
    done = shell("launch", "--dataset", "things", "--candidates", "no/such-model-full,majority", "--wait", "--json")
    assert done.returncode == 1
    rows = {row["candidate"]: row for row in json.loads(done.stdout)}
    assert rows["no/such-model-full"]["status"] == "failed"
    assert rows["no/such-model-full"]["remedy"]
    assert rows["majority"]["status"] == "finished"
