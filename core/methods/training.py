"""The training loop of every fine-tuned model: it can be stopped at any step and goes on exactly where it was."""

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from core.errors import TradeoffError
from core.methods.base import Cancelled, Context
from core.methods.batching import epoch_batches
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
from core.methods.settings.training import TrainingSettings
from core.methods.stepping import adamw, evaluation_steps, parameter_groups, schedule
from core.methods.swift import swift, usual_attention

CHECKPOINT_SECONDS = 30.0
CHECKPOINT_SHARE = 0.03
"""Of the training time, at most, that writing checkpoints may take: big models write them less often."""

NOTHING_YET = -1e300
"""Lower than any metric, and a number that JSON can hold."""


@dataclass
class Progress:
    """Where a training stands; with the weights, the optimizer and the random states it is all there is to resume."""

    step: int = 0
    tokens: int = 0
    evaluated: int = 0
    without_gain: int = 0
    best_step: int | None = None
    best_value: float = NOTHING_YET
    best_loss: float | None = None
    stopped_early: bool = False


@dataclass(frozen=True)
class Evaluation:
    """What validation says: the metric that decides (higher is better), and the mean loss that breaks its ties.

    `more` are other metrics by name, for the curves only.
    """

    metric: str
    value: float
    loss: float | None = None
    more: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingData:
    """What is trained on, whatever the model.

    Attributes:
        lengths: tokens of each item; batches hold items of similar length.
        loss: the mean loss over the items at these positions; called in training mode inside autocast. Where a batch
            needs too much memory at once it comes in parts that add up to it: the graph of each is gone before the
            next is computed.
        evaluate: evaluates the model on validation, in evaluation mode; None when there is nothing to choose by.
        digest: of the items and their targets: a checkpoint is only resumed on the same ones.
    """

    lengths: Sequence[int]
    loss: Callable[[list[int]], torch.Tensor | Iterator[torch.Tensor]]
    evaluate: Callable[[], Evaluation] | None
    digest: str


class Trainer:
    """Fine-tunes the parameters of `model` that require a gradient and leaves its best weights in it.

    `head` names the parameters that learn faster by `head_learning_rate_factor`; `optimizer` makes another optimizer
    than AdamW of `parameter_groups`.
    """

    def __init__(
        self, model: torch.nn.Module, data: TrainingData, settings: TrainingSettings, arithmetic: Arithmetic,
        context: Context, head: frozenset[str] = frozenset(),
        optimizer: Callable[[list[dict[str, Any]]], torch.optim.Optimizer] | None = None,
    ) -> None:  # fmt: skip
        self.model, self.data, self.settings = model, data, settings
        self.arithmetic, self.context, self.progress = arithmetic, context, Progress()
        self.parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        groups = parameter_groups(self.parameters, head, settings)
        self.optimizer = (optimizer or adamw)(groups)
        self.scaler = arithmetic.scaler()
        self.steps_per_epoch = math.ceil(len(data.lengths) / settings.batch_size)
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
            with swift(self.model, self.arithmetic.device):
                self._go_through()
        except Cancelled:
            self._checkpoint()
            raise
        if self.best is not None:
            self._load_weights(self.best)
        return self.progress

    def _go_through(self) -> None:
        self._evaluate_if_due()
        for batch in self._batches():
            self.context.stop_if_asked()
            self._step(batch)
            self._evaluate_if_due()
            self._checkpoint_if_due()

    def _batches(self) -> Iterator[list[int]]:
        while self.progress.step < self.steps and not self.progress.stopped_early:
            epoch, position = divmod(self.progress.step, self.steps_per_epoch)
            order = epoch_batches(self.data.lengths, self.settings.batch_size, self.context.seed, epoch)
            for batch in order[position : position + self.steps - self.progress.step]:
                if not self.progress.stopped_early:
                    yield batch

    def _step(self, batch: list[int]) -> None:
        self.model.train()
        rate = schedule(self.progress.step, self.steps, self.settings)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * group["factor"] * rate
        value = self._backward(batch)
        self.scaler.unscale_(self.optimizer)
        self._clip()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.progress.step += 1
        self.progress.tokens += sum(self.data.lengths[i] for i in batch)
        self._report(loss=value, learning_rate=self.settings.learning_rate * rate)

    def _clip(self) -> None:
        """Bound the norm of the gradients; a fused optimizer divides them as it reads them, which saves a pass."""
        most = self.settings.max_grad_norm
        if self.scaler.is_enabled() or not self.optimizer.defaults.get("fused"):
            torch.nn.utils.clip_grad_norm_(self.parameters.values(), most)
            return
        gradients = [p.grad for p in self.parameters.values() if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        self.optimizer.grad_scale = ((norm + 1e-6) / most).clamp(min=1.0)  # type: ignore[attr-defined]

    def _backward(self, batch: list[int]) -> float:
        """Add up the gradients of a batch; its mean loss."""
        total = 0.0
        for loss in self._losses(batch):
            value = loss.item()
            if not math.isfinite(value):
                raise TradeoffError(
                    f"The loss is no longer a number at step {self.progress.step + 1}",
                    remedy="Lower learning_rate, or set precision to fp32.",
                )
            self.scaler.scale(loss).backward()
            total += value
        return total

    def _losses(self, batch: list[int]) -> Iterator[torch.Tensor]:
        with self.arithmetic.autocast():
            found = self.data.loss(batch)
        if isinstance(found, torch.Tensor):
            yield found
            return
        while True:
            with self.arithmetic.autocast():
                part = next(found, None)
            if part is None:
                return
            yield part

    def _evaluate_if_due(self) -> None:
        """Evaluate after the steps that ask for it, once: also when the training was stopped inside an evaluation."""
        progress = self.progress
        if self.data.evaluate is None or progress.step not in self.evaluations or progress.evaluated == progress.step:
            return
        self.model.eval()
        with usual_attention(self.model):
            found = self.data.evaluate()
        progress.evaluated = progress.step
        if (found.value, -_or_infinite(found.loss)) > (progress.best_value, -_or_infinite(progress.best_loss)):
            progress.best_step, progress.best_value, progress.best_loss = progress.step, found.value, found.loss
            progress.without_gain = 0
            self.best = {name: value.clone() for name, value in self._weights().items()}
        else:
            progress.without_gain += 1
            progress.stopped_early = 0 < self.settings.patience <= progress.without_gain
        losses = {} if found.loss is None else {"loss": found.loss}
        for metric, value in {found.metric: found.value, **found.more, **losses}.items():
            self._report(metric=f"validation_{metric}", value=value)

    def _report(self, **more: Any) -> None:
        epoch = round(self.progress.step / self.steps_per_epoch, 4)
        self.context.report({"phase": "fit", "step": self.progress.step, "steps": self.steps, "epoch": epoch, **more})

    def _checkpoint_if_due(self) -> None:
        if self._checkpoint_is_due():
            began = time.monotonic()
            self._checkpoint()
            took = time.monotonic() - began
            self._next_checkpoint = time.monotonic() + max(CHECKPOINT_SECONDS, took / CHECKPOINT_SHARE)

    def _checkpoint_is_due(self) -> bool:
        return time.monotonic() >= self._next_checkpoint

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
        """What a checkpoint must share with this training to be resumed: settings, seed, items, trained weights."""
        shapes = {name: list(value.shape) for name, value in self.parameters.items()}
        about = [self.settings.model_dump(), self.context.seed, self.data.digest, shapes]
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _or_infinite(loss: float | None) -> float:
    return math.inf if loss is None else loss


def _named(prefix: str, tensors: Tensors) -> Tensors:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
