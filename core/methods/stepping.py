"""How far a training step goes and when one is looked at: optimizer, its groups, learning rate, evaluations."""

import math
from typing import Any

import torch

from core.methods.adapters import adapter_factor
from core.methods.settings.training import TrainingSettings


def parameter_groups(
    parameters: dict[str, torch.nn.Parameter], head: frozenset[str], settings: TrainingSettings
) -> list[dict[str, Any]]:
    """Groups for an optimizer: weights decay, biases and norms do not; the head and LoRA+'s B learn faster.

    `factor` is how many times faster: the training loop multiplies the learning rate by it.
    """
    groups: dict[tuple[bool, float], list[torch.nn.Parameter]] = {}
    for name, parameter in parameters.items():
        factor = getattr(settings, "head_learning_rate_factor", 1.0) if name in head else adapter_factor(name, settings)
        groups.setdefault((parameter.ndim > 1, factor), []).append(parameter)
    return [
        {
            "params": members, "weight_decay": settings.weight_decay if decays else 0.0, "factor": factor,
            "lr": settings.learning_rate * factor,
        }
        for (decays, factor), members in groups.items()
    ]  # fmt: skip


def adamw(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """AdamW in its fused form."""
    return torch.optim.AdamW(groups, fused=True)


def schedule(step: int, steps: int, settings: TrainingSettings) -> float:
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
