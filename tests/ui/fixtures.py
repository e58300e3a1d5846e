"""Finished run folders made through the run folder's own writing paths, so that pages have something to show."""

import random
from dataclasses import replace
from pathlib import Path

import pandas as pd

from core import files
from core.candidates import resolve
from core.data.dataset import Dataset, save_dataset
from core.home import Home
from core.methods.base import Prediction, Tokens
from core.prediction_log import write_predictions
from core.runs import RunFolder, create_run
from core.spec import RunSpec
from core.tasks import Example, get_task
from core.tasks.base import Score
from core.usage import Energy, TokenCount, Usage

LIKELY = {  # share right, milliseconds a text, seconds to fit
    "majority": (0.19, 0.002, 0.02),
    "tfidf-linear": (0.86, 0.4, 3.1),
    "minilm-linear": (0.90, 5.0, 14.0),
    "minilm-full": (0.95, 9.0, 118.0),
    "minilm-lora": (0.94, 9.6, 96.0),
    "smollm2-zero-shot": (0.42, 160.0, 0.5),
    "smollm2-few-shot": (0.61, 240.0, 0.9),
}
TOPICS = ["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"]


def questions(home: Home, name: str = "questions", labels: list[str] | None = None, test: int = 120) -> Dataset:
    """A made-up set: `test` test texts, as many for validation and twice as many for training."""
    labels, draw, rows = labels or TOPICS, random.Random(0), []
    for split, count in (("train", 2 * test), ("validation", test), ("test", test)):
        for place in range(count):
            label = labels[min(int(draw.expovariate(1.2) * len(labels) / 3), len(labels) - 1) if place >= len(labels)
                           else place]  # fmt: skip
            text = f"What about {label.lower()} number {place}, <b>seen</b> in {split}?"
            rows.append({"id": f"{split}-{place}", "text": text, "target": label, "split": split})
    return save_dataset(home, pd.DataFrame(rows), name, "single_label")


def finished_run(
    home: Home, dataset: Dataset, candidate: str, seed: int = 0, train_size: int | None = None, **settings: object
) -> RunFolder:
    """A run that finished, with predictions of about the quality and speed that the candidate would have."""
    right, milliseconds, fit_seconds = LIKELY[candidate]
    info = dataset.info
    spec = RunSpec(
        dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=resolve(candidate, dict(settings)),
        seed=seed, train_size=train_size,
    )  # fmt: skip
    folder = create_run(home, spec)
    draw = random.Random(spec.run_id)
    task, scores = get_task(info.task), []
    by_split = {split: dataset.examples(split) for split in ("validation", "test")}
    done: dict[str, Prediction] = {}
    for split, examples in by_split.items():
        answers = [_answer(example, info.labels, right, milliseconds, draw) for example in examples]
        if candidate.startswith("smollm2"):
            answers[0] = replace(answers[0], target=None, reason="no label in the answer", probabilities=None)
        done |= {answer.id: answer for answer in answers}
        scores += task.score([e.target for e in examples], [a.target for a in answers], info.labels, split)
        invalid = sum(answer.target is None for answer in answers)
        scores.append(Score("invalid_rate", split, invalid / len(answers), 0.0, 0.05, len(answers)))
    write_predictions(folder.path / "predictions.parquet", by_split, done)
    folder.write_scores(scores, info.labels)
    trained = train_size or info.counts["train"]
    folder.write_usage(
        {
            "fit": _usage("fit", trained, fit_seconds),
            "predict": _usage("predict", len(done), len(done) * milliseconds / 1000),
            "latency": _usage("latency", 50, 50 * milliseconds / 1000,
                              tuple(milliseconds * draw.uniform(0.9, 1.6) for _ in range(50))),
        },
        {"truncated_texts": 3},
    )  # fmt: skip
    progress(folder, epochs=3)
    files.write_json(folder.path / "environment.json", {"python": "3.11.2", "cpu": "Test CPU", "threads": 2})
    (folder.path / "log.txt").write_text("loading\nfitted\n")
    (folder.path / "model").mkdir(exist_ok=True)
    folder.set_state("finished", started_at=files.now(), attempt=1)
    return folder


def waiting_run(home: Home, dataset: Dataset, candidate: str, status: str = "queued", seed: int = 0) -> RunFolder:
    """A run that has not finished: queued, running (with nobody holding it), failed or cancelled."""
    info = dataset.info
    spec = RunSpec(
        dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=resolve(candidate), seed=seed
    )
    folder = create_run(home, spec)
    if status == "running":
        progress(folder, epochs=1)
        folder.set_state("running", started_at=files.now(), attempt=1)
    elif status == "failed":
        folder.set_state("failed", "The run needed more memory than the device has (cpu)", "Lower batch_size.")
    elif status == "cancelled":
        folder.set_state("cancelled", "Cancelled", "Retry resumes it from where it was.")
    return folder


def progress(folder: RunFolder, epochs: int) -> None:
    """Progress events of `epochs` epochs of 40 steps, out of 120."""
    events = []
    for step in range(0, 40 * epochs + 1, 4):
        events.append({"phase": "fit", "step": step, "steps": 120, "loss": 1.7 * 0.98**step, "epoch": step / 40})
        if step and step % 40 == 0:
            events.append({"phase": "fit", "step": step, "steps": 120, "metric": "validation_accuracy",
                           "value": 1 - 0.5 * 0.97**step, "epoch": step / 40})  # fmt: skip
    files.append_jsonl(folder.path / "progress.jsonl", [{"at": files.now(), **event} for event in events])


def _answer(example: Example, labels: list[str], right: float, ms: float, draw: random.Random) -> Prediction:
    hit = draw.random() < right
    target = example.target if hit else draw.choice(labels)
    sure = min(0.99, max(1 / len(labels) + 0.01, draw.gauss(right if hit else right - 0.2, 0.12)))
    rest = (1 - sure) / (len(labels) - 1)
    return Prediction(
        example.id, target, confidence=sure, probabilities=[sure if label == target else rest for label in labels],
        seconds=ms / 1000, tokens=Tokens(input=12),
    )  # fmt: skip


def _usage(phase: str, texts: int, seconds: float, latency: tuple[float, ...] = ()) -> Usage:
    hours = seconds / 3600
    return Usage(
        phase=phase, texts=texts, wall_seconds=seconds, cpu_seconds=1.8 * seconds, device="cpu",  # type: ignore[arg-type]
        device_name="Test CPU (2 cores)", device_seconds=seconds, tokens=TokenCount(input=12 * texts),
        peak_ram_bytes=900 * 2**20,
        energy={"cpu": Energy(kwh=0.008 * hours, provenance="modelled"),
                "ram": Energy(kwh=0.02 * hours, provenance="modelled")},
        co2e_kg=0.028 * hours * 0.4, grid_g_per_kwh=400.0, grid_source="country DEU", latency_ms=latency,
    )  # fmt: skip


if __name__ == "__main__":
    import sys

    root = Home(Path(sys.argv[1])).prepare()
    made = questions(root, test=500)
    for name in LIKELY:
        finished_run(root, made, name)
