"""The candidates by name: the bundled ones, and any model through the same methods.

`minilm-full` is a row of the table; `FacebookAI/roberta-base-full` or `./my-model-lora` is read as *model* + *suffix*,
so every Hugging Face name or local folder is a candidate too. What kind of transformer the model is decides the
method: `-lora` of an encoder is `encoder-lora`, of Llama `decoder-lora`. `api:gpt-4o-mini-zero-shot` asks a model
behind an API.
"""

import difflib
from dataclasses import dataclass, field
from typing import Any

from core.catalogue import architecture, card, known_architecture, recommended
from core.errors import TradeoffError, unknown
from core.methods import METHODS, can_do, checked_settings, method_entry
from core.spec import Candidate

API = "api:"
"""What the name of a candidate behind an API begins with."""


@dataclass(frozen=True)
class CandidateEntry:
    """A bundled candidate: its id, method, model and the settings it sets away from the method's defaults."""

    id: str
    method: str
    model: str | None
    summary: str
    settings: dict[str, Any] = field(default_factory=dict)


TRAINED = ("full", "lora", "qlora")
"""Suffixes whose method is named by the model's architecture: `encoder-full`, `decoder-qlora`."""

SUFFIXES: dict[str, tuple[str, dict[str, Any]]] = {
    "linear": ("embedding-linear", {}),
    "full": ("", {}),
    "lora": ("", {}),
    "qlora": ("", {}),
    "zero-shot": ("prompt", {"shots": 0}),
    "few-shot": ("prompt", {"shots": 6, "calibration": "train_texts"}),
    "setfit": ("setfit", {}),
    "gliclass": ("gliclass", {}),
    "gliner": ("gliner", {}),
}
"""Method and settings by the end of a name; the method is empty where the architecture decides it."""

API_SUFFIXES: dict[str, dict[str, Any]] = {"zero-shot": {"shots": 0}, "few-shot": {"shots": 6}}

_BUNDLED = (
    CandidateEntry("majority", "majority", None, "Always the most frequent label"),
    CandidateEntry("tfidf-linear", "tfidf-linear", None, "Word and character counts, logistic regression"),
    CandidateEntry("minilm-linear", "embedding-linear", "minilm", "Frozen MiniLM embeddings, logistic regression"),
    CandidateEntry(
        "minilm-full",
        "encoder-full",
        "minilm",
        "MiniLM, all weights fine-tuned",
        # So small an encoder learns faster than the larger ones that the defaults suit (measured on TREC).
        {"epochs": 4, "learning_rate": 1e-4},
    ),
    CandidateEntry("minilm-lora", "encoder-lora", "minilm", "MiniLM, LoRA adapters fine-tuned"),
    CandidateEntry("smollm2-zero-shot", "prompt", "smollm2", "SmolLM2 135M, asked without examples", {"shots": 0}),
    CandidateEntry(
        "smollm2-few-shot",
        "prompt",
        "smollm2",
        "SmolLM2 135M, shown six examples",
        # So small a model follows plain examples better than a chat (measured on training texts of two sets).
        {"shots": 6, "calibration": "train_texts", "chat_template": False},
    ),
    CandidateEntry(
        "smollm2-lora",
        "decoder-lora",
        "smollm2",
        "SmolLM2 135M, LoRA adapters fine-tuned to answer",
        # So small a model takes a higher rate than the 7B ones that the default suits.
        {"learning_rate": 1e-3},
    ),
    CandidateEntry("smollm2-full", "decoder-full", "smollm2", "SmolLM2 135M, all weights fine-tuned to answer"),
)

CANDIDATES: dict[str, CandidateEntry] = {entry.id: entry for entry in _BUNDLED if entry.method in METHODS}


def resolve(name: str, changes: dict[str, Any] | None = None) -> Candidate:
    """The candidate called `name` with `changes` to its settings.

    Raises:
        TradeoffError: no such candidate, a method that the model cannot have, or a setting is unknown or out of
            bounds.
    """
    entry = CANDIDATES.get(name) or _from_suffix(name)
    if entry is None:
        raise unknown("candidate", name, [*CANDIDATES, *(f"<model>-{suffix}" for suffix in SUFFIXES)])
    method_entry(entry.method)
    defaults = checked_settings(entry.method, entry.settings, entry.id).model_dump()
    settings = checked_settings(entry.method, {**entry.settings, **(changes or {})}, entry.id).model_dump()
    # The version of a prompt style follows from the style: it tells runs apart, but nobody changed it.
    changed = tuple(key for key, value in settings.items() if value != defaults[key] and key != "style_version")
    return Candidate(id=entry.id, method=entry.method, model=entry.model, settings=settings, changed=changed)


def candidates_for(task: str) -> list[CandidateEntry]:
    """The bundled candidates that can do `task`."""
    return [entry for entry in CANDIDATES.values() if can_do(entry.method, task)]


def _from_suffix(name: str) -> CandidateEntry | None:
    if name.startswith(API):
        return _api(name)
    for suffix, (method, settings) in SUFFIXES.items():
        model = name.removesuffix(f"-{suffix}")
        mistyped = "/" not in model and not card(model) and difflib.get_close_matches(name, CANDIDATES, 1, 0.8)
        if model != name and model and not mistyped:
            method = method or f"{architecture(model)}-{suffix}"
            _check_method(name, model, method)
            summary = f"{model}: {method_entry(method).summary.lower()}"
            return CandidateEntry(name, method, model, summary, {**recommended(model, method), **settings})
    return None


def _api(name: str) -> CandidateEntry:
    for suffix, settings in API_SUFFIXES.items():
        model = name.removeprefix(API).removesuffix(f"-{suffix}")
        if f"{API}{model}" != name and model:
            _check_method(name, model, "api-prompt")
            return CandidateEntry(name, "api-prompt", model, f"{model}, asked through its API", settings)
    raise TradeoffError(
        f'"{name}" does not say how the model is to be asked', remedy="End it in -zero-shot or -few-shot."
    )


def _check_method(name: str, model: str, method: str) -> None:
    if method == "encoder-qlora":
        raise TradeoffError(
            f"{model} is an encoder: they are small enough for plain LoRA", name, f"Take {model}-lora instead."
        )
    if method == "prompt" and known_architecture(model) == "encoder":
        raise TradeoffError(
            f"{model} is an encoder and writes no text", name, "Prompts need a language model such as smollm2."
        )
    if method not in METHODS:
        raise TradeoffError(f"{name} needs the method {method}, which is not here", remedy="Choose another candidate.")
