"""Quick runs one after the other: forked off a process that has imported what they need, and each by itself."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from bench.speed.material import questions
from bench.speed.timing import Contender, Outcome
from core.candidates import resolve
from core.data.dataset import save_dataset
from core.home import Home
from core.runs import RunFolder, create_run
from core.spec import RunSpec
from core.worker import EXECUTE, Worker

TEXTS = 60


def quick_runs(candidate: str = "minilm-linear", runs: int = 10) -> list[Contender]:
    """The worker works off a queue of runs over a few texts, from an empty data folder to the last end."""
    return [
        Contender("tradeoff", _worked_off(candidate, runs, EXECUTE)),
        Contender("a process that starts by itself for each run", _worked_off(candidate, runs, [*EXECUTE])),
    ]


def _worked_off(candidate: str, runs: int, command: Sequence[str]) -> Callable[[], Outcome]:
    def act() -> Outcome:
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder)).prepare()
            queued = _queued(home, candidate, runs)
            Worker(home, command, idle_seconds=0.0).serve()
            ended = [folder.state.status if folder.state else None for folder in queued]
        if set(ended) != {"finished"}:
            raise RuntimeError(f"not all runs finished: {ended}")
        return Outcome(runs)

    return act


def _queued(home: Home, candidate: str, runs: int) -> list[RunFolder]:
    splits = {"train": questions().train, "validation": questions().test[TEXTS:], "test": questions().test}
    rows = [
        {"id": f"{split}-{place}", "text": example.text, "target": example.target, "split": split}
        for split, examples in splits.items()
        for place, example in enumerate(examples[:TEXTS])
    ]
    info = save_dataset(home, pd.DataFrame(rows), "few", "single_label").info
    return [
        create_run(home, RunSpec(dataset="few", fingerprint=info.fingerprint, task="single_label",
                                 candidate=resolve(candidate), seed=seed))
        for seed in range(runs)
    ]  # fmt: skip
