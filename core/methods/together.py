"""Fine-tuning a language model by several processes: what is refused, and what the process of the run does."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from core.errors import TradeoffError
from core.methods.base import Context, Part
from core.methods.crew import Job, fit_together
from core.methods.settings import GeneratorSettings


@contextmanager
def fitted(
    method: str, settings: GeneratorSettings, model: str, parts: Sequence[Part], context: Context
) -> Iterator[Path]:
    """Fit by `settings.processes` processes; the folder that the method was saved in, gone after the block.

    Raises:
        Cancelled: the run is to stop; a checkpoint was written.
        TradeoffError: the settings cannot be kept, or a process failed or was killed.
    """
    check(settings, context.device)
    if context.checkpoints is not None:  # weights may be larger than the system's temporary folder
        context.checkpoints.mkdir(parents=True, exist_ok=True)
        for left in context.checkpoints.glob("shared-*"):
            shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix="shared-", dir=context.checkpoints) as place:
        folder = Path(place).resolve() / "model"
        folder.mkdir()
        context.notes |= fit_together(_job(method, settings, model, parts, context, folder), context)
        unit = "GPUs" if context.device == "cuda" else "CPU processes"
        context.notes["shared_by"] = f"{settings.processes} {unit} shared weights and batches (FSDP)"
        if settings.select_by == "metric":
            context.notes["selected_by"] = "the loss: processes that share a model do not write answers"
        yield folder


def check(settings: GeneratorSettings, device: str) -> None:
    """Raises TradeoffError for settings that processes which share a model cannot keep, or too few GPUs or cores."""
    there = torch.cuda.device_count() if device == "cuda" else os.cpu_count() or 1
    wanted, unit = settings.processes, "GPU" if device == "cuda" else "CPU core"
    if wanted > there:
        raise TradeoffError(
            f"{wanted} processes need {wanted} {unit}s, and there {'is' if there == 1 else 'are'} {there} here",
            remedy=f"Set processes to {max(1, there)}{' or less' if there > 1 else ''}.",
        )
    if settings.precision == "fp16":
        raise TradeoffError("Processes that share a model compute in bf16 or fp32", remedy="Set precision to bf16.")
    if getattr(settings, "dora", False):
        raise TradeoffError("DoRA needs whole weights, and processes share them", remedy="Set dora to false.")
    if "paged" in getattr(settings, "optimizer", ""):
        raise TradeoffError("Paged optimizers know no shared weights", remedy="Set optimizer to auto: AdamW, shared.")


def _job(
    method: str, settings: GeneratorSettings, model: str, parts: Sequence[Part], context: Context, folder: Path
) -> Job:
    told = [(p.dataset, p.task.name, list(p.labels), list(p.train), list(p.validation)) for p in parts]
    return Job(
        method, settings.model_dump(), model, told, context.dataset, context.task.name, list(context.labels),
        context.device, context.seed, context.models, context.checkpoints, folder, settings.processes,
    )  # fmt: skip
