"""The questions that pages ask of a thousand runs with ten million predictions, beside MLflow and pandas.

MLflow runs as a child process in an environment of its own (`make .venv-mlflow/.installed`), over a SQLite store of the
same runs. All three are warm: MLflow's store is open, the dashboard has read what it keeps. Ours looks at the folders
again for every question, as a page does when it is drawn. The data folder is made once (`build/many-runs`; or
`TRADEOFF_BENCH_RUNS`, one that `bench/make_runs.py` made).
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from bench.speed.material import ROOT
from bench.speed.timing import Contender, Outcome
from core.findings.hardest import hardest
from core.home import Home
from core.runs import RunFolder

PEER = Path(__file__).with_name("mlflow_peer.py")
PYTHON = ROOT / ".venv-mlflow" / "bin" / "python"
QUESTIONS = ("runs", "best", "good", "history")
METRIC, REACHED = "macro_f1", 0.8
TIMES = 5
"""How often each question is asked in a round by those that answer in milliseconds."""


@lru_cache(maxsize=1)
def home() -> Home:
    """The data folder with the runs, made where there is none."""
    asked = os.environ.get("TRADEOFF_BENCH_RUNS")
    root = Path(asked) if asked else ROOT / "build" / "many-runs"
    if not (root / "runs").exists():
        subprocess.run([sys.executable, "bench/make_runs.py", str(root)], cwd=ROOT, check=True)
    return Home(root).prepare()


def told(name: str, candidate: str, seed: int, size: int | None, value: float) -> str:
    """A run in a line, the same for whoever read it."""
    return f"{name} {candidate} {seed} {size or 0} {value:.6f}"


class Ours:
    """The functions that pages call."""

    def __init__(self) -> None:
        os.environ["TRADEOFF_HOME"] = str(home().root)
        self.hardest()  # keeps the answers as arrays, as the dashboard does ahead

    def _seen(self) -> Any:
        from ui import data

        data.look_again()
        return data.all_runs(home())

    def runs(self) -> list[str]:
        """Every run with its parameters and a metric."""
        found = []
        for run in self._seen():
            spec, score = run.summary.spec, run.summary.score(METRIC)
            found.append(told(run.run_id, spec.candidate.id, spec.seed, spec.train_size, score.value))
        return sorted(found)

    def best(self) -> list[str]:
        """The best run of each dataset on validation."""
        best: dict[str, tuple[float, str]] = {}
        for run in self._seen():
            value = run.summary.score(METRIC, "validation").value
            best[run.summary.spec.dataset] = max(best.get(run.summary.spec.dataset, (-1.0, "")), (value, run.run_id))
        return [name for _, name in best.values()]

    def good(self) -> list[str]:
        """Runs of one dataset that reach a score."""
        dataset = self._seen()[0].summary.spec.dataset
        return [
            run.run_id for run in self._seen()
            if run.summary.spec.dataset == dataset and run.summary.score(METRIC).value > REACHED
        ]  # fmt: skip

    def history(self) -> list[str]:
        """The loss of one run, step by step."""
        folder = self._seen()[0].folder
        return [f"{event['step']}:{event['loss']:.6f}" for event in folder.progress()]

    def hardest(self) -> list[str]:
        """The test texts that most runs get wrong."""
        return [f"{one.id}:{one.wrong}" for one in hardest(home(), [run.run_id for run in self._seen()])]


class Pandas:
    """The same from the run folders' files, as a notebook would read them."""

    def _frame(self) -> pd.DataFrame:
        rows = []
        for folder in sorted((home().root / "runs").iterdir()):
            spec, scores = (json.loads((folder / f"{name}.json").read_bytes()) for name in ("spec", "scores"))
            rows.append({
                "run": folder.name, "dataset": spec["dataset"], "candidate": spec["candidate"]["id"],
                "seed": spec["seed"], "size": spec["train_size"],
                **{f"{one['split']}.{one['metric']}": one["value"] for one in scores["scores"]},
            })  # fmt: skip
        return pd.DataFrame(rows)

    def runs(self) -> list[str]:
        """Every run with its parameters and a metric."""
        frame = self._frame()[["run", "candidate", "seed", "size", f"test.{METRIC}"]]
        return sorted(
            told(name, candidate, seed, None if pd.isna(size) else int(size), value)
            for name, candidate, seed, size, value in frame.itertuples(index=False)
        )

    def best(self) -> list[str]:
        """The best run of each dataset on validation."""
        frame = self._frame()
        return list(frame.loc[frame.groupby("dataset")[f"validation.{METRIC}"].idxmax(), "run"])

    def good(self) -> list[str]:
        """Runs of one dataset that reach a score."""
        frame = self._frame()
        return list(frame["run"][(frame["dataset"] == frame["dataset"][0]) & (frame[f"test.{METRIC}"] > REACHED)])

    def history(self) -> list[str]:
        """The loss of one run, step by step."""
        folder = RunFolder(min((home().root / "runs").iterdir()))
        frame = pd.read_json(folder.path / "progress.jsonl", lines=True)
        return [f"{step}:{loss:.6f}" for step, loss in zip(frame["step"], frame["loss"], strict=True)]

    def hardest(self) -> list[str]:
        """The test texts that most runs get wrong."""
        wrong: list[pd.Series] = []
        for folder in (home().root / "runs").iterdir():
            columns = ["id", "split", "target", "prediction"]
            frame = pd.read_parquet(folder / "predictions.parquet", columns=columns)
            wrong.append(frame["id"][(frame["split"] == "test") & (frame["prediction"] != frame["target"])])
        counts = pd.concat(wrong).value_counts().rename_axis("id").reset_index(name="wrong")
        first = counts.sort_values(["wrong", "id"], ascending=[False, True]).head(50)
        return [f"{name}:{count}" for name, count in zip(first["id"], first["wrong"], strict=True)]


class Mlflow:
    """The child process that asks MLflow."""

    def __init__(self) -> None:
        if not PYTHON.exists():
            raise ImportError("MLflow; `make .venv-mlflow/.installed` installs it")
        store = os.environ.get("TRADEOFF_BENCH_MLFLOW") or str(ROOT / "build" / "mlflow")
        self.process = subprocess.Popen(
            [str(PYTHON), str(PEER), str(home().root), store],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self._answer()

    def __getattr__(self, question: str) -> Callable[[], list[str]]:
        return lambda: self._ask(question)

    def _ask(self, question: str) -> list[str]:
        assert self.process.stdin
        print(question, file=self.process.stdin, flush=True)
        found: list[str] = self._answer()
        return found

    def _answer(self) -> Any:
        assert self.process.stdout
        while line := self.process.stdout.readline():
            with contextlib.suppress(ValueError):  # what MLflow itself prints is passed over
                return json.loads(line)
        raise RuntimeError("MLflow's process has ended")


def asked(questions: tuple[str, ...], times: int = TIMES) -> list[Contender]:
    """Each answers the questions: ours `times` times over, since it is over at once."""
    found: list[tuple[str, Any, int]] = [("tradeoff", Ours(), times), ("MLflow", Mlflow(), 1), ("pandas", Pandas(), 1)]
    return [Contender(name, _act(who, questions, often)) for name, who, often in found]


def _act(who: Any, questions: tuple[str, ...], often: int) -> Callable[[], Outcome]:
    def act() -> Outcome:
        for _ in range(often):
            answers = [line for question in questions for line in getattr(who, question)()]
        return Outcome(often * len(questions), answers)

    return act
