"""One encoder for several datasets: outputs of each, mixed batches, saved, loaded and resumed."""

from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import TradeoffError
from core.methods.base import Cancelled, Context, Part
from core.methods.encoder import Encoder, EncoderLora
from core.methods.settings import EncoderLoraSettings, EncoderSettings
from core.tasks import Example, get_task
from tests.core.methods.labelled import labelled
from tests.models import tiny_encoder

TASKS = ["single_label", "multi_label", "token_labels", "intent_slots"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_encoder(tmp_path_factory.mktemp("model")))


def part(dataset: str, task_name: str, count: int = 60, seed: int = 0) -> Part:
    task = get_task(task_name)
    train, validation = labelled(task_name, count, seed), labelled(task_name, 12, seed + 50)
    return Part(dataset, task, task.label_set([e.target for e in [*train, *validation]]), train, validation)


def context(one: Part, **more: Any) -> Context:
    return Context(one.task, one.labels, dataset=one.dataset, **more)


def value(method: Encoder, one: Part) -> float:
    test = labelled(one.task.name, 40, 7)
    found = {prediction.id: prediction.target for prediction in method.predict(test, context(one))}
    statistics = one.task.statistics([e.target for e in test], [found[e.id] for e in test], one.labels)
    return statistics[one.task.primary_metric].overall


@pytest.mark.parametrize("kind", [Encoder, EncoderLora])
def test_one_encoder_learns_four_tasks(kind: Any, model: str, tmp_path: Path) -> None:
    parts = [part(f"set {name}", name) for name in TASKS]
    settings: Any = {"epochs": 10, "learning_rate": 5e-3, "head_learning_rate_factor": 1, "precision": "fp32"}
    settings = EncoderSettings(**settings) if kind is Encoder else EncoderLoraSettings(**{**settings, "epochs": 2})
    events: list[dict[str, Any]] = []
    method = kind(settings, model)
    method.fit_parts(parts, context(parts[0], report=events.append, seed=1))
    curves = {event["metric"] for event in events if "metric" in event}
    assert {"validation_mean", "validation_loss", "validation_f1 (set token_labels)"} <= curves
    # Adapters alone learn little on a random encoder.
    assert kind is EncoderLora or [value(method, one) > 0.3 for one in parts] == [True] * 4
    with pytest.raises(TradeoffError, match="set any"):
        list(method.predict(parts[0].validation, Context(parts[0].task, parts[0].labels, dataset="set any")))
    method.save(tmp_path)
    torch.manual_seed(9)
    loaded = kind.load(tmp_path, context(parts[0]))
    for one in parts:
        test = labelled(one.task.name, 6, 7)
        before = {prediction.id: prediction for prediction in method.predict(test, context(one))}
        for prediction in loaded.predict(test, context(one)):
            assert prediction.target == before[prediction.id].target
            assert prediction.confidence == pytest.approx(before[prediction.id].confidence, abs=1e-5)


def test_two_sets_of_one_task_keep_their_labels_apart(model: str) -> None:
    first, second = part("first", "single_label"), part("second", "single_label", seed=1)
    renamed = {"animal": "number", "colour": "animal", "number": "colour"}
    second = Part(
        "second", second.task, second.labels, [Example(e.id, e.text, renamed[e.target]) for e in second.train],
        [Example(e.id, e.text, renamed[e.target]) for e in second.validation],
    )  # fmt: skip
    settings = EncoderSettings(epochs=15, learning_rate=5e-3, head_learning_rate_factor=1, precision="fp32", patience=0)
    method = Encoder(settings, model)
    method.fit_parts([first, second], context(first))
    test = labelled("single_label", 30, 7)
    one = {p.id: p.target for p in method.predict(test, context(first))}
    other = {p.id: p.target for p in method.predict(test, context(second))}
    assert sum(renamed[str(one[key])] == other[key] for key in one) > 24


def test_a_stopped_joint_training_goes_on(model: str, tmp_path: Path) -> None:
    parts = [part("a", "token_labels", 40), part("b", "multi_label", 40)]
    settings = EncoderSettings(epochs=2, precision="fp32")
    whole, again = Encoder(settings, model), Encoder(settings, model)
    whole.fit_parts(parts, context(parts[0]))
    steps: list[int] = []
    halted = context(
        parts[0], checkpoints=tmp_path, report=lambda event: steps.append(event.get("step", 0)),
        should_stop=lambda: bool(steps) and max(steps) >= 6,
    )  # fmt: skip
    with pytest.raises(Cancelled):
        Encoder(settings, model).fit_parts(parts, halted)
    events: list[dict[str, Any]] = []
    again.fit_parts(parts, context(parts[0], checkpoints=tmp_path, report=events.append))
    assert min(event["step"] for event in events if event.get("step")) >= 6
    kept = again._network().state_dict()
    for name, tensor in whole._network().state_dict().items():
        torch.testing.assert_close(kept[name], tensor)
