"""Fine-tuning a language model in several processes that share its weights and its batches."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig

from core.errors import TradeoffError
from core.methods import adapters
from core.methods.answer_logits import Way
from core.methods.base import Context, Part
from core.methods.checkpoint import Tensors, optimizer_tensors, read_checkpoint, restore_optimizer, write_checkpoint
from core.methods.generator import Generator, Workshop
from core.methods.lessons import Lesson, Lessons
from core.methods.models import loading, local_path
from core.methods.pretrained import load_model
from core.methods.sharding import Group, gathered, scatter, sent, shard, spread
from core.methods.training import Progress, Trainer
from core.methods.tuned import KINDS, TunedModel


class ShardedModel(TunedModel):
    """A process's part of the network. Only the first process reads whole weights, those of four bits apart."""

    def __init__(self, *arguments: Any, group: Group) -> None:
        super().__init__(*arguments)
        self.group = group
        self.state: Tensors = {}

    def prepare(self) -> None:
        """Make ready for training, and give each process its part of the weights."""
        super().prepare()
        assert self.arithmetic is not None
        if self.arithmetic.precision == "fp16":
            raise TradeoffError(
                "Processes share a model in bf16 or fp32, and this GPU has no bf16", remedy="Set precision to fp32."
            )
        whole = not self.adapts and self.arithmetic.precision != "fp32"
        shard(self.network, self.group, self.arithmetic.device, KINDS[self.arithmetic.precision] if whole else None)
        _settle_four_bits(self.network, self.arithmetic.device)

    def freeze(self) -> None:
        """Shared layers stay as they are."""

    def finish(self) -> None:
        """After training: collect what was trained in the first process."""
        if self.adapts:
            from peft import get_peft_model_state_dict

            state = get_peft_model_state_dict(self.trained, save_embedding_layers=False)
            self.adapter = gathered(state, self.group)
            return
        assert self.arithmetic is not None
        on_gpu = self.arithmetic.device.type == "cuda"
        found: dict[int, torch.Tensor] = {}
        for name, value in self.network.named_parameters(remove_duplicate=False):
            if id(value) not in found:
                kept = value.detach().to(KINDS[self.arithmetic.precision]) if on_gpu else value
                found[id(value)] = gathered({name: kept}, self.group).get(name, torch.empty(0))
            self.state[name] = found[id(value)]
        self.state |= {name: value.cpu() for name, value in self.network.state_dict().items() if name not in self.state}

    def save(self, folder: Path) -> None:
        """In the first process: write what was trained as one process writes it."""
        if self.adapts:
            adapters.save_adapter(folder, self.adapter_config, self.adapter)
        else:
            self.network.save_pretrained(folder, state_dict=self.state)
        self.tokenizer.save_pretrained(folder)

    def _load(self, context: Context, folder: Path | None) -> Any:
        options = self._kinds()
        if self.quantised:
            return load_model(self.kind, self.name, context, folder, **options, device_map={"": "cpu"})[0]
        if self.group.first:
            return load_model(self.kind, self.name, context, folder, **options)[0]
        with loading(self.name), torch.device("meta"):
            config = AutoConfig.from_pretrained(local_path(self.name, context.models), trust_remote_code=False)
            return self.kind.from_config(config, trust_remote_code=False, dtype=options.get("dtype", torch.float32))


class SharedLessons(Lessons):
    """Each process learns its part of every batch, in as many passes as the one that has most to do."""

    def __init__(self, *arguments: Any, group: Group) -> None:
        super().__init__(*arguments)
        self.group = group

    def _way(self, *_lessons: Any) -> Way:
        # What is quickest hangs on a process's own texts: the processes would not do the same passes.
        return "whole"

    def loss(self, batch: Sequence[int]) -> Iterator[torch.Tensor]:
        """This process's part of the mean loss of a batch's answer tokens, times the number of processes.

        Gradients are averaged over the processes, which makes them those of the whole batch's mean.
        """
        lessons = [self.items[i] for i in batch]
        total = sum(len(lesson.answer) for lesson in lessons)
        for group, weight in self._passes(lessons):
            yield self.summed(group, self.settings.label_smoothing) * (weight * self.group.count / total)

    def mean_loss(self, lessons: Sequence[Lesson]) -> float:
        """The mean loss of answer tokens over all processes, without a gradient and without smoothing."""
        with torch.no_grad():
            summed = sum(self.summed(group).item() * weight for group, weight in self._passes(lessons))
        return self.group.total(summed) / max(1, sum(len(lesson.answer) for lesson in lessons))

    def _passes(self, lessons: Sequence[Lesson]) -> Iterator[tuple[list[Lesson], float]]:
        """This process's groups of lessons; a process without more of them repeats one that counts nothing."""
        shares = [list(self.groups(lessons[rank :: self.group.count])) for rank in range(self.group.count)]
        own = shares[self.group.rank]
        for place in range(max(map(len, shares))):
            yield (own[place], 1.0) if place < len(own) else ([lessons[0]], 0.0)


class SharedTrainer(Trainer):
    """The training loop over shared weights: all processes take every step, checkpoint and evaluation together."""

    def __init__(self, *arguments: Any, group: Group, **_optimizer: Any) -> None:
        super().__init__(*arguments)  # AdamW: paged optimizers know no shared weights
        self.group = group

    def _step(self, batch: list[int]) -> None:
        # Dropout differs between processes, and is the same when the step is done again after a stop.
        place = self.progress.step * self.group.count + self.group.rank
        torch.manual_seed(self.context.seed * 1_000_003 + place)
        super()._step(batch)

    def _backward(self, batch: list[int]) -> float:
        return self.group.total(super()._backward(batch)) / self.group.count

    def _weights(self) -> Tensors:
        return gathered(self._targets(), self.group)

    def _load_weights(self, weights: Tensors) -> None:
        scatter(weights, self._targets(), self.group)

    def _targets(self) -> Tensors:
        return {**self.parameters, **dict(self.model.named_buffers())}

    def _checkpoint_is_due(self) -> bool:
        return self.group.any(super()._checkpoint_is_due())

    def _checkpoint(self) -> None:
        if self.context.checkpoints is None:
            return
        tensors = {f"model.{name}": value for name, value in self._weights().items()}
        tensors |= gathered(optimizer_tensors(self.optimizer), self.group)
        state = {**asdict(self.progress), "signature": self._signature()}
        if self.group.first:
            write_checkpoint(self.context.checkpoints, tensors, state, self.best)

    def _resume(self) -> None:
        found = read_checkpoint(self.context.checkpoints) if self.group.first else None
        if found and found[1].pop("signature") != self._signature():
            found = None
        tensors, state = self.group.agreed(found and ({}, found[1])) or ({}, None)
        if state is None:
            return
        tensors = found[0] if found else tensors
        self.progress = Progress(**state)
        self._load_weights({k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")})
        if self.progress.best_step is not None:
            self.best = {k.removeprefix("best."): v for k, v in tensors.items() if k.startswith("best.")}
        restore_optimizer(self.optimizer, self._shared_moments(tensors))
        self._report(message=f"resumed at step {self.progress.step} of {self.steps}")

    def _shared_moments(self, tensors: Tensors) -> Tensors:
        """The optimizer's state of the first process's checkpoint, each process with its part."""
        moments = {name: value for name, value in tensors.items() if name.startswith("optimizer.")}
        told = self.group.agreed([(name, value.shape, value.dtype) for name, value in moments.items()])
        owners: list[Any] = [p for members in self.optimizer.param_groups for p in members["params"]]
        found = {}
        for name, shape, kind in told:
            owner = owners[int(name.split(".")[1])]
            value = sent(moments.get(name), shape, kind, owner.device, self.group)
            found[name] = spread(value, owner) if shape == owner.shape else value
        return found


def fit_shared(method: Generator, parts: Sequence[Part], context: Context, group: Group, folder: Path) -> None:
    """Fine-tune in one of the processes of `group`; the first one writes the method to `folder` at the end.

    Raises:
        Cancelled: the run is to stop; a checkpoint was written.
        TradeoffError: the model cannot be loaded, memory ran out, or the loss is no longer a number.
    """
    workshop = Workshop(
        partial(ShardedModel, group=group), partial(SharedLessons, group=group), partial(SharedTrainer, group=group)
    )
    method.fit_with(workshop, parts, context)
    if group.first:
        method.save(folder)


def _settle_four_bits(network: Any, device: torch.device) -> None:
    """Quantisation constants are small: each process keeps all of them, on its own device."""
    for module in network.modules():
        state = getattr(module, "quant_state", None)
        if state is not None and device.type != "cpu":
            state.to(device)
