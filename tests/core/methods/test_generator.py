"""Fine-tuned language models: each learns twenty examples by heart, on every task, and says the same once saved."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import TradeoffError
from core.methods import checked_settings, method_class
from core.methods.base import Context, Part
from core.tasks import Example, get_task
from core.tasks.target import Span, Target
from tests.core.methods.learners import learning_decoder, learning_seq2seq

CITIES, DAYS, INTENTS = (
    ["berlin", "paris", "oslo", "rome"],
    ["monday", "friday", "sunday"],
    ["weather", "travel", "music"],
)
TASKS = ["single_label", "multi_label", "token_labels", "intent_slots"]
LEARNING = {"epochs": 40, "learning_rate": 6e-3, "batch_size": 10, "patience": 0, "evaluations_per_epoch": 1,
            "select_by": "loss", "warmup_share": 0.1}  # fmt: skip


def examples(task_name: str, count: int = 20) -> list[Example]:
    """Texts with two spans, an intent and a set of labels, of which a task takes what it knows."""
    task, draw, found = get_task(task_name), random.Random(0), []
    for place in range(count):
        city, day, intent = draw.choice(CITIES), draw.choice(DAYS), draw.choice(INTENTS)
        text = f"{intent} in {city} on {day} please"
        spans = [
            Span(text.index(word), text.index(word) + len(word), kind) for word, kind in ((city, "city"), (day, "day"))
        ]
        targets = {
            "single_label": Target((intent,)),
            "multi_label": Target.of([intent, "work"] if day != "sunday" else [intent]),
            "token_labels": Target.of((), spans),
            "intent_slots": Target.of([intent], spans),
        }
        found.append(Example(str(place), text, task.encode(targets[task_name])))
    return found


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    texts = [text for task in TASKS for example in examples(task) for text in (example.text, example.target)]
    return {
        "decoder": str(learning_decoder(folder / "decoder", texts)),
        "seq2seq": str(learning_seq2seq(folder / "seq2seq", texts)),
    }


def made(name: str, models: dict[str, str], **changes: Any) -> Any:
    return method_class(name)(checked_settings(name, changes, name), models[name.split("-")[0]])


def context_of(task_name: str, folder: Path, **more: Any) -> Context:
    task = get_task(task_name)
    labels = task.label_set([example.target for example in examples(task_name)])
    return Context(task, labels, models=folder / "cache", **more)


def answers(method: Any, asked: list[Example], where: Context) -> dict[str, Any]:
    return {prediction.id: prediction for prediction in method.predict(asked, where)}


def right(found: dict[str, Any], asked: list[Example]) -> int:
    return sum(found[example.id].target == example.target for example in asked)


@pytest.mark.parametrize("name", ["decoder-full", "seq2seq-full"])
@pytest.mark.parametrize("task", TASKS)
def test_it_learns_by_heart_and_says_the_same_once_saved(
    name: str, task: str, models: dict[str, str], tmp_path: Path
) -> None:
    where, known = context_of(task, tmp_path), examples(task)
    style = "json" if task == "multi_label" else "serial"
    method = made(name, models, **LEARNING, style=style)
    method.fit(known, known[:4], where)
    before = answers(method, known, where)
    assert right(before, known) >= 18
    assert "answers_not_spelled" not in where.notes
    method.save(tmp_path_of(tmp_path))
    after = answers(method_class(name).load(tmp_path / "saved", where), known, where)
    for key, prediction in before.items():
        assert (after[key].target, after[key].completion) == (prediction.target, prediction.completion)
        assert after[key].confidence == pytest.approx(prediction.confidence, abs=1e-4)


def tmp_path_of(folder: Path) -> Path:
    (folder / "saved").mkdir()
    return folder / "saved"
