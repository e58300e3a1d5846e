"""Does a model of the catalogue fit this machine? Told for every method before anything is downloaded."""

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from core.architectures import cached_config
from core.candidates import API, resolve
from core.catalogue import ModelCard
from core.data.dataset import DatasetInfo
from core.devices import DeviceInfo
from core.errors import TradeoffError
from core.estimating.estimate import PastRun, estimate
from core.methods import METHODS, can_do
from core.preferences import Preferences
from core.spec import Device, Record, RunSpec
from core.tasks import get_task

WAYS: dict[str, tuple[str, ...]] = {
    "encoder": ("full", "lora", "linear", "setfit"),
    "seq2seq": ("lora", "qlora", "full", "zero-shot", "few-shot"),
    "decoder": ("lora", "qlora", "full", "zero-shot", "few-shot"),
    "api": ("zero-shot", "few-shot"),
    "zero-shot encoder": ("gliclass", "gliner"),
}
"""What can be done with a model of each kind: ends of candidates' names."""
TYPICAL_TOKENS = 40.0
PROMPTED = ("zero-shot", "few-shot")
NEEDS_TOKEN = "Gated: accept its terms on its hub page and set HF_TOKEN to your access token."


class Fit(Record):
    """A model of the catalogue through one method, on this machine.

    Attributes:
        candidate: the name to launch it by.
        memory_bytes: what it needs at its peak, on the GPU where it computes there; None where it is not known.
        fits: None where nothing tells how large the model is. why: what is in the way, a sentence; empty when nothing.
    """

    candidate: str
    model: str
    memory_bytes: int | None
    fits: bool | None
    why: str


def candidate_name(card: ModelCard, way: str) -> str | None:
    """The candidate that a model is through a way of using it; prompts take the sibling that follows instructions."""
    if way not in ways(card):
        return None
    if card.api:
        return f"{API}{card.name}-{way}"
    return f"{(way in PROMPTED and card.chat) or card.name}-{way}"


def ways(card: ModelCard) -> tuple[str, ...]:
    """What can be done with a model."""
    return WAYS["api" if card.api else card.architecture or "encoder"]


def fit_of(
    card: ModelCard, way: str, info: DatasetInfo, mean_tokens: float, device: Device, devices: Sequence[DeviceInfo],
    history: Sequence[PastRun] = (), preferences: Preferences | None = None,
) -> Fit | None:  # fmt: skip
    """Whether the model fits, used this way on a dataset; None when it cannot be used so, or not for its task."""
    name = candidate_name(card, way)
    try:
        candidate = resolve(name) if name else None
    except TradeoffError:
        return None
    if candidate is None or not can_do(candidate.method, info.task):
        return None
    if card.api:
        return Fit(candidate=candidate.id, model=card.name, memory_bytes=None, fits=True, why="")
    spec = RunSpec(
        dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=candidate, train_size=None,
        seed=0, device=device,
    )  # fmt: skip
    found = estimate(spec, info, mean_tokens, history, devices, preferences or Preferences())
    memory = found.peak_gpu_bytes if found.peak_gpu_bytes is not None else found.peak_ram_bytes
    why = found.why_not or (NEEDS_TOKEN if needs_token(card) else "")
    return Fit(candidate=candidate.id, model=candidate.model or "", memory_bytes=memory, fits=found.fits, why=why)


def typical_dataset(task: str) -> tuple[DatasetInfo, float]:
    """A set of short texts to count on where none is named: its facts and its mean length in tokens.

    Raises:
        TradeoffError: there is no such task.
    """
    counts = {"train": 1000, "validation": 100, "test": 500}
    return DatasetInfo(
        name="typical", task=get_task(task).name, fingerprint="", labels=["a", "b"], counts=counts, created_at=""
    ), TYPICAL_TOKENS


def possible_ways(task: str) -> list[str]:
    """The ways of using a model that can do `task` with some kind of model."""
    found = []
    for way in dict.fromkeys(way for kind in WAYS.values() for way in kind):
        methods = {"zero-shot": ("prompt", "api-prompt"), "few-shot": ("prompt", "api-prompt"), "setfit": ("setfit",),
                   "linear": ("embedding-linear",), "gliclass": ("gliclass",), "gliner": ("gliner",)}  # fmt: skip
        names = methods.get(way, tuple(f"{kind}-{way}" for kind in WAYS))
        if any(name in METHODS and can_do(name, task) for name in names):
            found.append(way)
    return found


def needs_token(card: ModelCard) -> bool:
    """Whether the model is gated, not here yet, and no access token is set."""
    return bool(card.gated) and not has_token() and not cached_config(card.name)


@lru_cache(maxsize=1)
def _token_file() -> Path:
    from huggingface_hub.constants import HF_TOKEN_PATH

    return Path(HF_TOKEN_PATH)


def has_token() -> bool:
    """Whether an access token of the hub is set; it is not read further than that."""
    return bool(os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN") or _token_file().is_file())
