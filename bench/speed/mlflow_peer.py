"""MLflow over the same runs, as a process that answers questions: `.venv-mlflow/bin/python bench/speed/mlflow_peer.py
DATA_FOLDER STORE_FOLDER`. It needs MLflow and nothing of the project.

The runs are logged once into a SQLite store in STORE_FOLDER: parameters, every score as a metric, the steps of the loss
as its history, and the run's own folder as the place of its artifacts. Then each line on stdin is a question and each
line on stdout its answer as JSON: `{"units": rows, "answers": […]}`. Imported, it offers `answer` for other processes.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

import mlflow
import pandas as pd
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

MOST = 1000
"""Runs that are asked for at once: as many as there are."""


def read(path: Path) -> dict:
    """The content of a JSON file."""
    return json.loads(path.read_bytes())


def log_runs(client: MlflowClient, data: Path) -> None:
    """Log every run of the data folder that is not logged yet; a dataset is an experiment."""
    experiments: dict[str, str] = {}
    for folder in sorted((data / "runs").iterdir()):
        spec = read(folder / "spec.json")
        name = spec["dataset"]
        if name not in experiments:
            experiments[name] = client.create_experiment(name, artifact_location=(data / "runs").as_uri())
        run = client.create_run(experiments[name], run_name=folder.name)
        client.log_batch(run.info.run_id, metrics_of(folder), params_of(spec), tags_of(folder))
        client.set_terminated(run.info.run_id)


def params_of(spec: dict) -> list[Param]:
    """What a run was told to do."""
    told = {"candidate": spec["candidate"]["id"], "seed": spec["seed"], "train_size": spec["train_size"] or 0}
    return [Param(name, str(value)) for name, value in told.items()]


def metrics_of(folder: Path) -> list[Metric]:
    """Every score, and the loss of each step."""
    scores = read(folder / "scores.json")["scores"]
    found = [Metric(f"{one['split']}.{one['metric']}", one["value"], 0, 0) for one in scores]
    with open(folder / "progress.jsonl", encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    return [*found, *(Metric("loss", one["loss"], one["step"], one["step"]) for one in events)]


def tags_of(folder: Path) -> list[RunTag]:
    """Which run folder it is."""
    return [RunTag("folder", str(folder))]


class Peer:
    """The questions, asked as MLflow's documentation shows: `search_runs` into a DataFrame."""

    def __init__(self, data: Path, store: Path) -> None:
        store.mkdir(parents=True, exist_ok=True)
        self.data, self.uri = data, f"sqlite:///{store / 'mlflow.db'}"
        mlflow.set_tracking_uri(self.uri)
        self.client, done = MlflowClient(), store / "whole"
        if not done.exists():
            log_runs(self.client, data)
            done.touch()
        self.experiments = [one.name for one in self.client.search_experiments() if one.name != "Default"]

    def search(self, **asked: object) -> pd.DataFrame:
        """Runs of all datasets, or as asked."""
        return mlflow.search_runs(experiment_names=self.experiments, max_results=MOST, **asked)

    def runs(self) -> list[str]:
        """Every run with its parameters and a metric."""
        found = self.search()
        columns = ["tags.folder", "params.candidate", "params.seed", "params.train_size", "metrics.test.macro_f1"]
        return sorted(told(*row) for row in found[columns].itertuples(index=False))

    def best(self) -> list[str]:
        """The best run of each dataset on validation."""
        order = ["metrics.`validation.macro_f1` DESC"]
        frames = [
            mlflow.search_runs(experiment_names=[name], order_by=order, max_results=1) for name in self.experiments
        ]
        return [Path(folder).name for frame in frames for folder in frame["tags.folder"]]

    def good(self) -> list[str]:
        """Runs of one dataset that reach a score."""
        asked = "metrics.`test.macro_f1` > 0.8"
        found = mlflow.search_runs(experiment_names=self.experiments[:1], filter_string=asked, max_results=MOST)
        return sorted(Path(folder).name for folder in found["tags.folder"])

    def history(self) -> list[str]:
        """The loss of one run, step by step: the first by name."""
        name = min(os.listdir(self.data / "runs"))
        run = self.search(filter_string=f"tags.`mlflow.runName` = '{name}'")["run_id"].iloc[0]
        return [f"{one.step}:{one.value:.6f}" for one in self.client.get_metric_history(run, "loss")]

    def hardest(self) -> list[str]:
        """The test texts that most runs get wrong: their predictions are artifacts, read with pandas."""
        wrong: dict[str, int] = {}
        for folder in self.search()["tags.folder"]:
            count_wrong(Path(folder), wrong)
        return hardest(wrong)


def count_wrong(folder: Path, wrong: dict[str, int]) -> None:
    """Add a run's wrong answers on test."""
    frame = pd.read_parquet(folder / "predictions.parquet", columns=["id", "split", "target", "prediction"])
    for name in frame["id"][(frame["split"] == "test") & (frame["prediction"] != frame["target"])]:
        wrong[name] = wrong.get(name, 0) + 1


def hardest(wrong: dict[str, int]) -> list[str]:
    """The fifty hardest, of equals the first by name."""
    return [f"{name}:{count}" for name, count in sorted(wrong.items(), key=lambda one: (-one[1], one[0]))[:50]]


def told(folder: str, candidate: str, seed: str, size: str, value: float) -> str:
    """A run in a line, the same for whoever read it."""
    return f"{Path(folder).name} {candidate} {seed} {size} {value:.6f}"


def main() -> None:
    """Answer what is asked on stdin."""
    peer = Peer(Path(sys.argv[1]), Path(sys.argv[2]))
    print(json.dumps({"version": mlflow.__version__}), flush=True)
    for line in sys.stdin:
        found = getattr(peer, line.strip())()
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
