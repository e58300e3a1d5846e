"""Two processes that share weights and batches: the same training as in one, stopped, resumed, killed."""

from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from core.errors import TradeoffError
from core.methods import checked_settings, method_class, together
from core.methods.base import Cancelled, Context
from core.methods.crew import _outcome
from core.tasks import get_task
from tests.core.methods.learners import learning_decoder
from tests.core.methods.test_generator import examples

EXAMPLES = examples("single_label")
SETTINGS: dict[str, Any] = {
    "epochs": 15, "batch_size": 5, "learning_rate": 1e-3, "list_labels": "no", "select_by": "loss",
}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    texts = [text for example in EXAMPLES for text in (example.text, example.target)]
    return str(learning_decoder(tmp_path_factory.mktemp("shared") / "decoder", texts))


class Run:
    """A fit, what it reported and what it left."""

    def __init__(self, name: str, model: str, folder: Path, **settings: Any) -> None:
        self.folder, self.name, self.model, self.settings = folder, name, model, {**SETTINGS, **settings}
        self.losses: dict[int, float] = {}
        self.validation: list[float] = []
        self.first_message = ""
        self.stopping = False
        self.ask_first: Any = lambda: None

    def fit(self, then: Any = None) -> None:
        """Fit from where it was; `then` is called after the third step."""
        folder, task = self.folder, get_task("single_label")

        def report(event: dict[str, Any]) -> None:
            self.first_message = self.first_message or event.get("message", "")
            if "loss" in event:
                self.losses[event["step"]] = event["loss"]
            if event.get("metric") == "validation_loss":
                self.validation.append(event["value"])
            if then and event["step"] == 3:
                then()

        labels = task.label_set([example.target for example in EXAMPLES])
        self.context = Context(
            task, labels, models=folder / "cache", checkpoints=folder / "checkpoints", report=report,
            should_stop=self.asked,
        )  # fmt: skip
        self.method: Any = method_class(self.name)(checked_settings(self.name, self.settings, self.name), self.model)
        self.method.fit(EXAMPLES[:17], EXAMPLES[17:], self.context)

    def stop(self) -> None:
        self.stopping = True

    def asked(self) -> bool:
        self.ask_first()
        return self.stopping

    def probabilities(self, method: Any) -> torch.Tensor:
        """Of all examples, by a method."""
        return torch.tensor([prediction.probabilities for prediction in method.predict(EXAMPLES, self.context)])

    def saved(self) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """The weights on disk, and what they say once loaded again, which is what was said before."""
        place = self.folder / "saved"
        place.mkdir(parents=True)
        self.method.save(place)
        loaded = type(self.method).load(place, self.context)
        assert torch.equal(self.probabilities(loaded), self.probabilities(self.method))
        return load_file(next(place.glob("*model.safetensors"))), self.probabilities(loaded)


def assert_same_training(one: Run, two: Run) -> None:
    assert two.losses == pytest.approx(one.losses, rel=2e-3)
    assert two.validation == pytest.approx(one.validation, rel=2e-3)
    (weights, said), (shared_weights, shared_said) = one.saved(), two.saved()
    assert weights.keys() == shared_weights.keys()
    for name, value in weights.items():
        assert torch.allclose(shared_weights[name], value, atol=2e-3), name
    assert torch.allclose(shared_said, said, atol=5e-3)


def workers() -> list[psutil.Process]:
    living = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in living if any("spawn_main" in part for part in child.cmdline())]


def test_two_processes_train_as_one_does_also_when_they_are_stopped_and_go_on(model: str, tmp_path: Path) -> None:
    one, two = Run("decoder-full", model, tmp_path / "one"), Run("decoder-full", model, tmp_path / "two", processes=2)
    one.fit()
    with pytest.raises(Cancelled):
        two.fit(then=two.stop)
    assert 3 <= max(two.losses) < 60
    two.stopping = False
    two.fit()
    assert "resumed at step" in two.first_message
    assert two.context.notes["shared_by"].startswith("2 CPU processes")
    assert not workers()
    assert_same_training(one, two)


def test_two_processes_train_adapters_as_one_does(model: str, tmp_path: Path) -> None:
    more: dict[str, Any] = {
        "lora_dropout": 0.0,
        "precision": "fp32",
        "gradient_checkpointing": True,
        "epochs": 3,
        "train_tokens": 64,
    }
    one = Run("decoder-lora", model, tmp_path / "one", **more)
    two = Run("decoder-lora", model, tmp_path / "two", **more, processes=2)
    one.fit()
    two.fit()
    assert_same_training(one, two)


def test_a_killed_process_ends_all_of_them_with_a_plain_error(model: str, tmp_path: Path) -> None:
    run = Run("decoder-full", model, tmp_path, processes=2, epochs=50)
    run.ask_first = lambda: [worker.kill() for worker in sorted(workers(), key=lambda worker: worker.pid)[1:]]
    with pytest.raises(TradeoffError, match=r"Process 2 of 2 that share the model was killed \(signal 9\)"):
        run.fit()
    assert not workers()
    assert not list((tmp_path / "checkpoints").glob("shared-*"))


def test_the_cause_is_told_before_what_followed_from_it() -> None:
    told = TradeoffError("Too large", "cpu", "Lower train_tokens.")
    ends = {0: ("failed", "RuntimeError: peer"), 1: ("error", (told.what, told.where, told.remedy)), 2: ("died", 1)}
    with pytest.raises(TradeoffError, match="Too large"):
        _outcome(ends, 3)
    with pytest.raises(TradeoffError, match="Process 3 of 3"):
        _outcome({0: ends[0], 2: ("died", -9)}, 3)
    with pytest.raises(Cancelled):
        _outcome({0: ("stopped", None), 1: ("stopped", None)}, 2)


@pytest.mark.parametrize(
    ("name", "device", "settings", "why"),
    [
        ("decoder-full", "cuda", {"processes": 64}, "64 processes need 64 GPUs"),
        ("decoder-full", "cpu", {"processes": 2, "precision": "fp16"}, "bf16 or fp32"),
        ("decoder-lora", "cpu", {"processes": 2, "dora": True}, "DoRA"),
        ("decoder-qlora", "cpu", {"processes": 2, "optimizer": "paged_adamw"}, "Paged"),
    ],
)
def test_what_cannot_be_shared_is_refused_at_once(name: str, device: str, settings: dict[str, Any], why: str) -> None:
    with pytest.raises(TradeoffError, match=why):
        together.check(checked_settings(name, settings, name), device)  # type: ignore[arg-type]
