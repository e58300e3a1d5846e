"""The state of a training, on disk: tensors as safetensors, the rest as JSON in their header. No pickle."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from core import files

LATEST = "training.safetensors"

Tensors = dict[str, torch.Tensor]


def write_checkpoint(folder: Path, tensors: Tensors, state: dict[str, Any], best: Tensors | None) -> None:
    """Write the state of step `state["step"]`, and the best weights that `state["best_step"]` names.

    The best weights are written first, under the name of their step and only once, and older ones are removed
    last: a kill at any moment leaves a whole state with the best weights it names.

    Raises:
        TradeoffError: the disk is full.
    """
    kept = best_path(folder, state["best_step"])
    if best is not None and not kept.exists():
        files.write_through(kept, lambda part: save_file(best, part))
    text = json.dumps(state, allow_nan=False)
    files.write_through(folder / LATEST, lambda part: save_file(tensors, part, metadata={"state": text}))
    for other in folder.glob("best-*.safetensors"):
        if other != kept:
            other.unlink(missing_ok=True)


def read_checkpoint(folder: Path | None) -> tuple[Tensors, dict[str, Any]] | None:
    """The tensors and the state last written; None when there are none, or they are damaged."""
    if folder is None or not (folder / LATEST).exists():
        return None
    try:
        with safe_open(folder / LATEST, "pt") as file:
            state = json.loads(file.metadata()["state"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if state["best_step"] is not None:
            with safe_open(best_path(folder, state["best_step"]), "pt") as file:
                tensors |= {f"best.{name}": file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError, TypeError):
        return None
    return tensors, state


def best_path(folder: Path, step: int | None) -> Path:
    """Where the best weights are kept, those of `step`."""
    return folder / f"best-{step or 0:08d}.safetensors"


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> Tensors:
    """The optimizer's state as flat tensors, named `optimizer.<parameter>.<moment>`."""
    state = optimizer.state_dict()["state"]
    return {f"optimizer.{i}.{key}": value for i, moments in state.items() for key, value in moments.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Tensors) -> None:
    """The inverse of `optimizer_tensors`."""
    content = optimizer.state_dict()
    content["state"] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, i, key = name.split(".")
            content["state"].setdefault(int(i), {})[key] = value
    optimizer.load_state_dict(content)


def random_tensors() -> Tensors:
    """The states of torch's random generators, on the CPU and on each GPU."""
    states = {"random.cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states |= {f"random.cuda.{i}": state for i, state in enumerate(torch.cuda.get_rng_state_all())}
    return states


def restore_random(tensors: Tensors) -> None:
    """The inverse of `random_tensors`."""
    torch.set_rng_state(tensors["random.cpu"])
    if torch.cuda.is_available():
        states = [tensors[name] for name in sorted(tensors) if name.startswith("random.cuda.")]
        torch.cuda.set_rng_state_all(states)
