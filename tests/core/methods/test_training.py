"""The training loop and what it stands on: schedule, label weights, optimizer, early stopping, checkpoints."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from sklearn.utils.class_weight import compute_class_weight

from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.methods.base import Cancelled, Context
from core.methods.checkpoint import LATEST, best_path, read_checkpoint, write_checkpoint
from core.methods.encoder import Encoder
from core.methods.losses import OneLabelLoss
from core.methods.settings import EncoderSettings
from core.methods.stepping import evaluation_steps, parameter_groups, schedule
from core.tasks import Example, get_task
from tests.models import tiny_encoder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_encoder(tmp_path_factory.mktemp("model")))


def context(dataset: Dataset, checkpoints: Path | None = None, **more: Any) -> Context:
    return Context(get_task("single_label"), dataset.info.labels, checkpoints=checkpoints, **more)


def fitted(model: str, dataset: Dataset, where: Context, **settings: Any) -> Encoder:
    method = Encoder(EncoderSettings(**{"precision": "fp32", "epochs": 2, **settings}), model)
    method.fit(dataset.examples("train"), dataset.examples("validation"), where)
    return method


def test_the_loss_weighs_labels_as_scikit_learn_does() -> None:
    codes = np.array([0] * 7 + [1] * 2 + [2])
    criterion = OneLabelLoss(codes, 3, EncoderSettings(class_weights=True))
    expected = compute_class_weight("balanced", classes=np.arange(3), y=codes)
    logits = torch.randn(10, 3)
    losses = -torch.log_softmax(logits, 1)[torch.arange(10), torch.from_numpy(codes)].numpy()
    by_hand = np.average(losses, weights=expected[codes])
    assert criterion(logits, torch.from_numpy(codes)).item() == pytest.approx(by_hand, rel=1e-5)
    assert OneLabelLoss(codes, 3, EncoderSettings()).weights is None


def test_label_smoothing_is_in_the_loss() -> None:
    criterion = OneLabelLoss(np.array([0, 1]), 2, EncoderSettings(label_smoothing=0.2))
    sure = torch.tensor([[20.0, -20.0], [-20.0, 20.0]])
    assert criterion(sure, torch.tensor([0, 1])).item() == pytest.approx(0.1 * 40, rel=1e-4)


@pytest.mark.parametrize(("name", "middle", "end"), [("linear", 0.5, 0.0), ("cosine", 0.5, 0.0), ("constant", 1, 1)])
def test_the_learning_rate_rises_then_falls(name: Any, middle: float, end: float) -> None:
    settings = EncoderSettings(schedule=name, warmup_share=0.2)
    rates = [schedule(step, 100, settings) for step in range(101)]
    assert rates[:20] == pytest.approx([(i + 1) / 21 for i in range(20)])
    assert max(rates) == pytest.approx(1)
    assert rates[20] == pytest.approx(1)
    assert rates[60] == pytest.approx(middle)
    assert rates[100] == pytest.approx(end, abs=1e-9)


def test_evaluations_are_spread_over_the_epochs() -> None:
    assert evaluation_steps(30, 10, 1) == {10, 20, 30}
    assert evaluation_steps(20, 10, 2) == {5, 10, 15, 20}
    assert evaluation_steps(25, 10, 1) == {10, 20, 25}
    assert evaluation_steps(3, 10, 20) == {1, 2, 3}


def test_biases_do_not_decay_and_the_head_learns_faster() -> None:
    shapes = {"body.weight": (2, 2), "body.bias": (2,), "head.weight": (2, 2), "head.bias": (2,)}
    parameters = {name: torch.nn.Parameter(torch.zeros(shape)) for name, shape in shapes.items()}
    settings = EncoderSettings(weight_decay=0.1, head_learning_rate_factor=7)
    groups = parameter_groups(parameters, frozenset({"head.weight", "head.bias"}), settings)
    found = {id(p): (g["weight_decay"], g["factor"]) for g in groups for p in g["params"]}
    assert {name: found[id(p)] for name, p in parameters.items()} == {
        "body.weight": (0.1, 1), "body.bias": (0, 1), "head.weight": (0.1, 7), "head.bias": (0, 7)
    }  # fmt: skip


def test_a_training_that_does_not_gain_stops_early_and_keeps_its_best(model: str, dataset: Dataset) -> None:
    events: list[dict[str, Any]] = []
    where = context(dataset, report=events.append)
    method = fitted(model, dataset, where, epochs=40, learning_rate=1e-3, patience=2)
    assert where.notes["stopped_early"]
    assert where.notes["epochs"] < 40
    seen = [e["value"] for e in events if e.get("metric") == "validation_accuracy"]
    losses = [e["value"] for e in events if e.get("metric") == "validation_loss"]
    best = max(range(len(seen)), key=lambda i: (seen[i], -losses[i]))
    assert where.notes["best_epoch"] == best + 1
    assert len(seen) == best + 1 + 2
    validation = dataset.examples("validation")
    answers = {p.id: p.target for p in method.predict(validation, where)}
    assert np.mean([answers[e.id] == e.target for e in validation]) == pytest.approx(seen[best])


def test_the_same_seed_gives_the_same_weights(model: str, dataset: Dataset) -> None:
    first, again, other = (fitted(model, dataset, context(dataset, seed=seed), epochs=1) for seed in (3, 3, 4))
    weights = [dict(method.network.encoder.named_parameters())["classifier.weight"] for method in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_loss_that_is_no_number_names_the_setting(dataset: Dataset, tmp_path: Path) -> None:
    folder = tiny_encoder(tmp_path)
    with safe_open(folder / "model.safetensors", "pt") as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    weights["encoder.layer.0.output.dense.weight"].fill_(float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TradeoffError, match="no longer a number") as error:
        fitted(str(folder), dataset, context(dataset))
    assert "learning_rate" in error.value.remedy


def test_a_stop_inside_an_evaluation_repeats_it(model: str, dataset: Dataset, tmp_path: Path) -> None:
    whole = fitted(model, dataset, context(dataset))
    steps: list[dict[str, Any]] = []
    per_epoch = -(-len(dataset.examples("train")) // 16)
    halted = context(
        dataset, tmp_path, report=steps.append, should_stop=lambda: bool(steps) and steps[-1]["step"] == per_epoch
    )
    with pytest.raises(Cancelled):
        fitted(model, dataset, halted)
    assert not any("metric" in event for event in steps)
    events: list[dict[str, Any]] = []
    resumed = fitted(model, dataset, context(dataset, tmp_path, report=events.append))
    assert [e["step"] for e in events if e.get("metric") == "validation_accuracy"] == [per_epoch, 2 * per_epoch]
    for name, value in whole.network.encoder.state_dict().items():
        torch.testing.assert_close(resumed.network.encoder.state_dict()[name], value)


def test_a_checkpoint_of_another_training_is_not_resumed(model: str, dataset: Dataset, tmp_path: Path) -> None:
    steps: list[int] = []
    halted = context(
        dataset, tmp_path, report=lambda e: steps.append(e["step"]), should_stop=lambda: bool(steps) and steps[-1] >= 3
    )
    with pytest.raises(Cancelled):
        fitted(model, dataset, halted)
    events: list[dict[str, Any]] = []
    fitted(model, dataset, context(dataset, tmp_path, report=events.append), epochs=1, learning_rate=1e-3)
    assert events[0]["step"] == 1


def test_checkpoints_hold_tensors_and_json_only(tmp_path: Path) -> None:
    state = {"step": 5, "best_step": 4, "best_loss": None}
    write_checkpoint(tmp_path, {"model.w": torch.ones(2)}, state, {"w": torch.zeros(2)})
    found = read_checkpoint(tmp_path)
    assert found is not None
    assert found[1] == state
    assert torch.equal(found[0]["model.w"], torch.ones(2))
    assert torch.equal(found[0]["best.w"], torch.zeros(2))
    write_checkpoint(tmp_path, {"model.w": torch.ones(2)}, {**state, "best_step": 6}, {"w": torch.ones(2)})
    assert {path.name for path in tmp_path.iterdir()} == {LATEST, best_path(tmp_path, 6).name}
    with safe_open(tmp_path / LATEST, "pt") as file:
        assert json.loads(file.metadata()["state"])["best_step"] == 6


@pytest.mark.parametrize("damage", ["torn", "no best", "nonsense"])
def test_a_damaged_checkpoint_is_passed_over(damage: str, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, {"model.w": torch.ones(500)}, {"step": 5, "best_step": 4}, {"w": torch.zeros(2)})
    if damage == "torn":
        (tmp_path / LATEST).write_bytes((tmp_path / LATEST).read_bytes()[:700])
    elif damage == "no best":
        best_path(tmp_path, 4).unlink()
    else:
        (tmp_path / LATEST).write_text("{}")
    assert read_checkpoint(tmp_path) is None


def test_odd_label_sets(model: str, dataset: Dataset) -> None:
    where = context(dataset)
    method = Encoder(EncoderSettings(epochs=1, precision="fp32"), model)
    train = [example for example in dataset.examples("train") if example.target != "animal"]
    method.fit(train, dataset.examples("validation"), where)
    for prediction in method.predict(dataset.examples("test"), where):
        assert prediction.probabilities is not None
        assert prediction.probabilities[dataset.info.labels.index("animal")] == 0
        assert sum(prediction.probabilities) == pytest.approx(1)
    method = Encoder(EncoderSettings(epochs=1, precision="fp32"), model)
    method.fit([Example("1", "one", "number")], [Example("2", "two", "colour")], where)
    assert {p.target for p in method.predict(dataset.examples("test"), where)} == {"number"}
