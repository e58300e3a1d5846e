"""Finished run folders made through the run folder's own writing paths, so that pages have something to show."""

import random
from dataclasses import replace
from pathlib import Path

import pandas as pd

from core import files
from core.candidates import resolve
from core.data.dataset import Dataset, save_dataset
from core.home import Home
from core.metering.usage import Energy, TokenCount, Usage
from core.methods.base import Prediction, Tokens
from core.prediction_log import write_predictions
from core.runs import RunFolder, create_run
from core.spec import DatasetRef, RunSpec
from core.tasks import Example, Span, Target, Task, get_task
from core.tasks.base import Score

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


CITIES, TIMES, CARRIERS = ("Berlin", "São Paulo", "New York City"), ("at 7 am", "tomorrow"), ("Delta", "KLM")
INTENTS = {"flight": "Is there a flight", "fare": "What is the <b>fare</b>", "meal": "Is there a meal on the way"}
SUBJECTS = ("sport", "money", "health", "law")


def of_task(home: Home, task: str, name: str = "", test: int = 60) -> Dataset:
    """A made-up set of any task: `test` test texts, as many for validation and twice as many for training."""
    if task == "single_label":
        return questions(home, name or "questions", test=test)
    draw, rows = random.Random(1), []
    make = {"multi_label": _subjects, "token_labels": _places, "intent_slots": _trips}[task]
    for split, count in (("train", 2 * test), ("validation", test), ("test", test)):
        for place in range(count):
            text, target = make(draw, place)
            target = get_task(task).encode(target)
            rows.append({"id": f"{split}-{place}", "text": text, "target": target, "split": split})
    return save_dataset(home, pd.DataFrame(rows), name or task.replace("_", " "), task)  # type: ignore[arg-type]


def _subjects(draw: random.Random, place: int) -> tuple[str, Target]:
    labels = draw.sample(SUBJECTS, k=draw.choice((0, 1, 1, 2, 3)))
    return f"News {place} about {' and '.join(labels) or 'nothing'} & <i>more</i>", Target.of(labels)


def _places(draw: random.Random, place: int) -> tuple[str, Target]:
    spans, text = [], f"Traveller {place}:"
    for words, label in ((CITIES, "city"), (TIMES, "time"), (CARRIERS, "airline")):
        if draw.random() < 0.6:
            word = draw.choice(words)
            spans.append(Span(len(text) + 1, len(text) + 1 + len(word), label))
            text = f"{text} {word} 🙂"
    return text, Target.of(spans=spans)


def _trips(draw: random.Random, place: int) -> tuple[str, Target]:
    intent = draw.choice(list(INTENTS))
    text, spans = INTENTS[intent], []
    for word, words, label in (("from", CITIES, "from"), ("to", CITIES, "to"), ("", TIMES, "time")):
        if draw.random() < 0.7:
            text = f"{text} {word}".rstrip() + " "
            found = draw.choice(words)
            spans.append(Span(len(text), len(text) + len(found), label))
            text += found
    return f"{text} ({place})", Target.of([intent], spans)


def finished_run(
    home: Home,
    dataset: Dataset,
    candidate: str,
    seed: int = 0,
    train_size: int | None = None,
    joint: tuple[DatasetRef, ...] = (),
    **settings: object,
) -> RunFolder:
    """A run that finished, with predictions of about the quality and speed that the candidate would have."""
    right, milliseconds, fit_seconds = LIKELY[candidate]
    info = dataset.info
    spec = RunSpec(
        dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=resolve(candidate, dict(settings)),
        seed=seed, train_size=train_size, joint=joint,
    )  # fmt: skip
    folder = create_run(home, spec)
    draw = random.Random(spec.run_id)
    task, scores = get_task(info.task), []
    by_split = {split: dataset.examples(split) for split in ("validation", "test")}
    done: dict[str, Prediction] = {}
    for split, examples in by_split.items():
        answers = [_answer(task, example, info.labels, right, milliseconds, draw) for example in examples]
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
    """A run that has not finished: queued, running (with nobody holding it), failed, set aside or cancelled."""
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
    elif status == "paused":
        folder.set_state("paused", "Set aside after 20 validation texts", "Resume takes it to the end.")
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


def _answer(
    task: Task, example: Example, labels: list[str], right: float, ms: float, draw: random.Random
) -> Prediction:
    hit = draw.random() < right
    target = example.target if hit else _mistake(task, example, labels, draw)
    written = task.shown(target, example.text) if task.name != "single_label" and draw.random() < 0.3 else None
    probabilities, sure = None, min(0.99, max(1 / len(labels) + 0.01, draw.gauss(right if hit else right - 0.2, 0.12)))
    if task.name == "single_label":
        rest = (1 - sure) / (len(labels) - 1)
        probabilities = [sure if label == target else rest for label in labels]
    elif task.name == "multi_label":
        given = set(task.decode(target).labels)
        probabilities = [0.9 if label in given else 0.1 for label in labels]
    return Prediction(
        example.id, target, confidence=sure, probabilities=probabilities, seconds=ms / 1000, tokens=Tokens(input=12),
        completion=written,
    )  # fmt: skip


def _mistake(task: Task, example: Example, labels: list[str], draw: random.Random) -> str:
    """Another answer: another label, a span lost, moved, renamed or invented."""
    if task.name == "single_label":
        return draw.choice(labels)
    right = task.decode(example.target)
    given, spans = list(right.labels), list(right.spans)
    texts = task.text_label_set(labels)
    if texts and (not task.has_spans or draw.random() < 0.5):
        given = [draw.choice(texts)] if task.text_labels == "one" else draw.sample(texts, draw.randint(0, len(texts)))
    if task.has_spans:
        spans = [span for span in spans if draw.random() < 0.7]
        spans = [replace(span, label=draw.choice(task.span_label_set(labels))) if draw.random() < 0.3 else
                 replace(span, start=span.start + 1) if draw.random() < 0.3 else span for span in spans]  # fmt: skip
        if not spans or spans[0].start > 4:
            spans.append(Span(0, 4, draw.choice(task.span_label_set(labels))))
    return task.encode(Target.of(given, spans))


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
