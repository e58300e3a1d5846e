"""A data folder with many finished runs, to see whether the pages stay quick: `python bench/make_runs.py FOLDER`.

The runs are made up (random answers, plausible usage) and written in the run folder's format without being executed.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: its statistics.py would hide the one of Python

from core.candidates import CANDIDATES, resolve
from core.data.dataset import Dataset, save_dataset
from core.home import Home
from core.metering.usage import Energy, Usage
from core.runs import PREDICTIONS, create_run
from core.spec import RunSpec
from core.tasks import Score, get_task

SIZES = (None, 50, 100)
"""Training texts; None is all of them."""
LABELS = [f"label-{i:02}" for i in range(20)]
STEPS = 50
"""Of the loss that each run tells."""
CHECKED_DEVICE = "made-up CPU (2 cores)"


def dataset_of(home: Home, texts: int, generator: np.random.Generator) -> Dataset:
    """A set of `texts` test texts and a few to train on."""
    sizes = {"train": 200, "validation": 100, "test": texts}
    rows = [
        {"id": f"{split}-{i}", "text": f"made up text number {i} of {split}", "target": LABELS[i % 20], "split": split}
        for split, size in sizes.items()
        for i in range(size)
    ]
    generator.shuffle(rows)
    return save_dataset(home, pd.DataFrame(rows), "many runs", "single_label", note="made up for a benchmark")


def make_run(
    home: Home, dataset: Dataset, candidate: str, seed: int, size: int | None, generator: np.random.Generator
) -> None:
    """One finished run with its predictions, scores and usage."""
    info = dataset.info
    folder = create_run(
        home,
        RunSpec(
            dataset=info.name,
            fingerprint=info.fingerprint,
            task=info.task,
            candidate=resolve(candidate),
            seed=seed,
            train_size=size,
        ),
    )
    better = (list(CANDIDATES).index(candidate) + generator.random()) / len(CANDIDATES)
    share = 0.5 + 0.45 * better - 2 / (size or dataset.info.counts["train"])
    tested = dataset.frame[dataset.frame["split"] != "train"]
    target = tested["target"].to_numpy(str)
    n = len(target)
    right = generator.random(n) < share
    prediction = np.where(right, target, generator.choice(LABELS, n))
    confidence = np.clip(generator.normal(0.8, 0.1, n), 0.05, 1).astype(np.float32)
    columns = {
        "id": tested["id"].to_numpy(str), "split": tested["split"].to_numpy(str), "target": target,
        "prediction": prediction, "reason": pa.nulls(n, pa.string()), "confidence": confidence,
        "probabilities": pa.nulls(n, pa.list_(pa.float32())), "completion": pa.nulls(n, pa.string()),
        "seconds": np.full(n, 0.01),
        **{f"tokens_{kind}": np.zeros(n, np.int32) for kind in ("input", "cached", "output", "reasoning")},
    }  # fmt: skip
    pq.write_table(pa.table(columns, schema=PREDICTIONS), folder.path / "predictions.parquet", compression="zstd")
    scores = [
        score
        for split in ("validation", "test")
        for mask in [tested["split"].to_numpy(str) == split]
        for score in scored(info.task, target[mask].tolist(), prediction[mask].tolist(), split)
    ]
    folder.write_scores(scores, LABELS)
    energy = {"cpu": Energy(kwh=1e-4, provenance="modelled"), "ram": Energy(kwh=2e-4, provenance="modelled")}
    usage = {
        phase: Usage(
            phase=phase, texts=n, wall_seconds=0.01 * n, cpu_seconds=0.02 * n, device_seconds=0.01 * n,  # type: ignore[arg-type]
            device_name=CHECKED_DEVICE, energy=energy, co2e_kg=1e-5,  # type: ignore[arg-type]
            latency_ms=tuple(generator.gamma(4, 3, 50)) if phase == "latency" else (),
        )
        for phase in ("fit", "predict", "latency")
    }  # fmt: skip
    folder.write_usage(usage, {})
    write_progress(folder.path, generator)
    folder.set_state("finished")


def write_progress(folder: Path, generator: np.random.Generator) -> None:
    """A loss that falls, step by step."""
    losses = np.sort(generator.gamma(2, 0.4, STEPS))[::-1]
    events = [
        {"phase": "fit", "step": step, "steps": STEPS, "loss": float(loss)} for step, loss in enumerate(losses, 1)
    ]
    (folder / "progress.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")


def scored(task: str, targets: list[str], predictions: list[str | None], split: str) -> list[Score]:
    """Every metric, with an interval about as wide as the real one, which takes longer to compute."""
    values = {name: one.overall for name, one in get_task(task).statistics(targets, predictions, LABELS).items()}
    n = len(targets)
    halves = {name: 1.96 * (max(0.0, value * (1 - value)) / n) ** 0.5 for name, value in values.items()}
    return [Score(name, split, value, value - halves[name], value + halves[name], n) for name, value in values.items()]


def main() -> None:
    """Fill the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--predictions", type=int, default=10_000_000, help="of all runs together")
    parser.add_argument("--sizes", type=int, choices=(1, 2, 3), default=3, help="training sizes of each candidate")
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    home = Home(options.folder).prepare()
    dataset = dataset_of(home, max(1, options.predictions // options.runs - 100), generator)
    names = list(CANDIDATES)
    for number in range(options.runs):
        seed, place = divmod(number, len(names) * options.sizes)
        make_run(home, dataset, names[place % len(names)], seed, SIZES[place // len(names)], generator)
    print(f"{options.runs:,} runs with {options.predictions:,} predictions in {options.folder}")


if __name__ == "__main__":
    main()
