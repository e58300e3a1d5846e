"""The training loop of every fine-tuned encoder: it can be stopped at any step and goes on exactly where it was."""

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from core.errors import TradeoffError
from core.methods.adapters import adapter_factor
from core.methods.base import Cancelled, Context
from core.methods.batching import Encoded, TextTokenizer, epoch_batches
from core.methods.checkpoint import (
    Tensors,
    optimizer_tensors,
    random_tensors,
    read_checkpoint,
    restore_optimizer,
    restore_random,
    write_checkpoint,
)
from core.methods.device import Arithmetic
from core.methods.settings import EncoderSettings

CHECKPOINT_SECONDS = 30.0
CHECKPOINT_SHARE = 0.03
"""Of the training time, at most, that writing checkpoints may take: big models write them less often."""


@dataclass
class Progress:
    """Where a training stands; with the weights, the optimizer and the random states it is all there is to resume."""

    step: int = 0
    tokens: int = 0
    evaluated: int = 0
    without_gain: int = 0
    best_step: int | None = None
    best_accuracy: float = -1.0
    best_loss: float | None = None
    stopped_early: bool = False


@dataclass(frozen=True)
class TrainingData:
    """Training texts as token ids with their label codes, and what evaluates the model on validation.

    `evaluate` gives accuracy and mean loss (None when no validation text has a label that is trained on).
    """

    texts: Sequence[Encoded]
    codes: NDArray[np.int64]
    labels: Sequence[str]
    evaluate: Callable[[], tuple[float, float | None]] | None


class Trainer:
    """Fine-tunes the parameters of `model` that require a gradient and leaves its best weights in it."""

    def __init__(
        self, model: torch.nn.Module, head: frozenset[str], tokenizer: TextTokenizer, data: TrainingData,
        settings: EncoderSettings, arithmetic: Arithmetic, context: Context,
    ) -> None:  # fmt: skip
        self.model, self.tokenizer, self.data, self.settings = model, tokenizer, data, settings
        self.arithmetic, self.context, self.progress = arithmetic, context, Progress()
        self.parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.optimizer = make_optimizer(self.parameters, head, settings)
        self.scaler = arithmetic.scaler()
        self.criterion = make_criterion(data.codes, len(data.labels), settings).to(arithmetic.device)
        self.lengths = [len(text.ids) for text in data.texts]
        self.steps_per_epoch = math.ceil(len(data.texts) / settings.batch_size)
        self.steps = max(1, round(settings.epochs * self.steps_per_epoch))
        self.evaluations = evaluation_steps(self.steps, self.steps_per_epoch, settings.evaluations_per_epoch)
        self.best: Tensors | None = None
        self._next_checkpoint = 0.0

    def train(self) -> Progress:
        """Train to the end, or to the evaluation after which validation has not gained for `patience` evaluations.

        Raises:
            Cancelled: the run is to stop; a checkpoint was written.
            TradeoffError: the loss is no longer a number.
        """
        self._resume()
        self._next_checkpoint = time.monotonic() + CHECKPOINT_SECONDS
        try:
            self._evaluate_if_due()
            for batch in self._batches():
                self.context.stop_if_asked()
                self._step(batch)
                self._evaluate_if_due()
                self._checkpoint_if_due()
        except Cancelled:
            self._checkpoint()
            raise
        if self.best is not None:
            self._load_weights(self.best)
        return self.progress

    def _batches(self) -> Iterator[list[int]]:
        while self.progress.step < self.steps and not self.progress.stopped_early:
            epoch, position = divmod(self.progress.step, self.steps_per_epoch)
            order = epoch_batches(self.lengths, self.settings.batch_size, self.context.seed, epoch)
            for batch in order[position : position + self.steps - self.progress.step]:
                if not self.progress.stopped_early:
                    yield batch

    def _step(self, batch: list[int]) -> None:
        self.model.train()
        rate = schedule(self.progress.step, self.steps, self.settings)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * group["factor"] * rate
        inputs = self.tokenizer.pad([self.data.texts[i] for i in batch], self.arithmetic.device)
        codes = torch.from_numpy(self.data.codes[batch]).to(self.arithmetic.device)
        with self.arithmetic.autocast():
            logits = self.model(**inputs).logits
        loss = self.criterion(logits.float(), codes)
        value = loss.item()
        if not math.isfinite(value):
            raise TradeoffError(
                f"The loss is no longer a number at step {self.progress.step + 1}",
                remedy="Lower learning_rate, or set precision to fp32.",
            )
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), self.settings.max_grad_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.progress.step += 1
        self.progress.tokens += sum(self.lengths[i] for i in batch)
        self._report(loss=value, learning_rate=self.settings.learning_rate * rate)

    def _evaluate_if_due(self) -> None:
        """Evaluate after the steps that ask for it, once: also when the training was stopped inside an evaluation."""
        progress = self.progress
        if self.data.evaluate is None or progress.step not in self.evaluations or progress.evaluated == progress.step:
            return
        self.model.eval()
        accuracy, loss = self.data.evaluate()
        progress.evaluated = progress.step
        if (accuracy, -_or_infinite(loss)) > (progress.best_accuracy, -_or_infinite(progress.best_loss)):
            progress.best_step, progress.best_accuracy, progress.best_loss = progress.step, accuracy, loss
            progress.without_gain = 0
            self.best = {name: value.clone() for name, value in self._weights().items()}
        else:
            progress.without_gain += 1
            progress.stopped_early = 0 < self.settings.patience <= progress.without_gain
        self._report(metric="validation_accuracy", value=accuracy)
        if loss is not None:
            self._report(metric="validation_loss", value=loss)

    def _report(self, **more: Any) -> None:
        epoch = round(self.progress.step / self.steps_per_epoch, 4)
        self.context.report({"phase": "fit", "step": self.progress.step, "steps": self.steps, "epoch": epoch, **more})

    def _checkpoint_if_due(self) -> None:
        if time.monotonic() >= self._next_checkpoint:
            began = time.monotonic()
            self._checkpoint()
            took = time.monotonic() - began
            self._next_checkpoint = time.monotonic() + max(CHECKPOINT_SECONDS, took / CHECKPOINT_SHARE)

    def _weights(self) -> Tensors:
        """Trained parameters and the model's buffers, on the CPU."""
        named = {**self.parameters, **dict(self.model.named_buffers())}
        return {name: value.detach().cpu().contiguous() for name, value in named.items()}

    def _load_weights(self, weights: Tensors) -> None:
        targets = {**self.parameters, **dict(self.model.named_buffers())}
        with torch.no_grad():
            for name, value in weights.items():
                targets[name].copy_(value)

    def _checkpoint(self) -> None:
        if self.context.checkpoints is None:
            return
        tensors = {f"model.{name}": value for name, value in self._weights().items()}
        tensors |= optimizer_tensors(self.optimizer) | random_tensors()
        state = {**asdict(self.progress), "signature": self._signature(), "scaler": self.scaler.state_dict()}
        write_checkpoint(self.context.checkpoints, tensors, state, self.best)

    def _resume(self) -> None:
        found = read_checkpoint(self.context.checkpoints)
        if found is None or found[1].pop("signature") != self._signature():
            return
        tensors, state = found
        self.scaler.load_state_dict(state.pop("scaler"))
        self.progress = Progress(**state)
        self._load_weights(_named("model.", tensors))
        self.best = _named("best.", tensors) or None
        restore_optimizer(self.optimizer, tensors)
        restore_random(tensors)
        self._report(message=f"resumed at step {self.progress.step} of {self.steps}")

    def _signature(self) -> str:
        """What a checkpoint must share with this training to be resumed: settings, seed, texts, labels, weights."""
        digest = hashlib.sha256(np.asarray(self.data.codes).tobytes())
        for text in self.data.texts:
            digest.update(np.asarray(text.ids, np.int32).tobytes() + b"|")
        shapes = {name: list(value.shape) for name, value in self.parameters.items()}
        about = [self.settings.model_dump(), self.context.seed, list(self.data.labels), shapes]
        digest.update(json.dumps(about, sort_keys=True).encode())
        return digest.hexdigest()


def make_optimizer(
    parameters: dict[str, torch.nn.Parameter], head: frozenset[str], settings: EncoderSettings
) -> torch.optim.AdamW:
    """AdamW in groups: weights decay, biases and norms do not; the head's parameters and LoRA+'s B learn faster."""
    groups: dict[tuple[bool, float], list[torch.nn.Parameter]] = {}
    for name, parameter in parameters.items():
        factor = settings.head_learning_rate_factor if name in head else adapter_factor(name, settings)
        groups.setdefault((parameter.ndim > 1, factor), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": members,
                "weight_decay": settings.weight_decay if decays else 0.0,
                "factor": factor,
            }
            for (decays, factor), members in groups.items()
        ],
        lr=settings.learning_rate,
        fused=True,
    )


def make_criterion(codes: NDArray[np.int64], labels: int, settings: EncoderSettings) -> torch.nn.CrossEntropyLoss:
    """Cross-entropy with label smoothing; class weights are n / (labels × count), scikit-learn's `balanced`."""
    weights = None
    if settings.class_weights:
        balanced = compute_class_weight("balanced", classes=np.arange(labels), y=codes)
        weights = torch.tensor(balanced, dtype=torch.float32)
    return torch.nn.CrossEntropyLoss(weights, label_smoothing=settings.label_smoothing)


def schedule(step: int, steps: int, settings: EncoderSettings) -> float:
    """The learning rate at `step` (from 0) relative to its peak: a linear rise, then the schedule's fall to 0."""
    warmup = round(settings.warmup_share * steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if settings.schedule == "constant":
        return 1.0
    passed = (step - warmup) / max(1, steps - warmup)
    return 1.0 - passed if settings.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * passed))


def evaluation_steps(steps: int, steps_per_epoch: int, an_epoch: int) -> frozenset[int]:
    """The steps after which validation is evaluated: `an_epoch` times each epoch, and at the end."""
    count = math.ceil(steps / steps_per_epoch) * an_epoch
    points = {max(1, round(i * steps_per_epoch / an_epoch)) for i in range(1, count + 1)}
    return frozenset({point for point in points if point < steps} | {steps})


def _or_infinite(loss: float | None) -> float:
    return math.inf if loss is None else loss


def _named(prefix: str, tensors: Tensors) -> Tensors:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
