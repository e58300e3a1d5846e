"""The candidates by name: the bundled ones, and any model through the same methods.

`minilm-full` is a row of the table; `FacebookAI/roberta-base-full` or `./my-model-lora` is read as
*model* + *suffix*, so every Hugging Face name or local folder is a candidate too.
"""

import difflib
from dataclasses import dataclass, field
from typing import Any

from core.errors import unknown
from core.methods import checked_settings, method_entry
from core.spec import Candidate


@dataclass(frozen=True)
class CandidateEntry:
    """A bundled candidate: its id, method, model and the settings it sets away from the method's defaults."""

    id: str
    method: str
    model: str | None
    summary: str
    settings: dict[str, Any] = field(default_factory=dict)


SUFFIXES: dict[str, tuple[str, dict[str, Any]]] = {
    "linear": ("embedding-linear", {}),
    "full": ("encoder-full", {}),
    "lora": ("encoder-lora", {}),
    "zero-shot": ("prompt", {"shots": 0}),
    "few-shot": ("prompt", {"shots": 6, "calibration": "train_texts"}),
}

CANDIDATES: dict[str, CandidateEntry] = {
    entry.id: entry
    for entry in (
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
    )
}


def resolve(name: str, changes: dict[str, Any] | None = None) -> Candidate:
    """The candidate called `name` with `changes` to its settings.

    Raises:
        TradeoffError: no such candidate, or a setting is unknown or out of bounds.
    """
    entry = CANDIDATES.get(name) or _from_suffix(name)
    if entry is None:
        raise unknown("candidate", name, [*CANDIDATES, *(f"<model>-{suffix}" for suffix in SUFFIXES)])
    method_entry(entry.method)
    defaults = checked_settings(entry.method, entry.settings, entry.id).model_dump()
    settings = checked_settings(entry.method, {**entry.settings, **(changes or {})}, entry.id).model_dump()
    changed = tuple(key for key, value in settings.items() if value != defaults[key])
    return Candidate(id=entry.id, method=entry.method, model=entry.model, settings=settings, changed=changed)


def _from_suffix(name: str) -> CandidateEntry | None:
    for suffix, (method, settings) in SUFFIXES.items():
        model = name.removesuffix(f"-{suffix}")
        mistyped = "/" not in model and difflib.get_close_matches(name, CANDIDATES, n=1, cutoff=0.8)
        if model != name and model and not mistyped:
            return CandidateEntry(name, method, model, f"{model}: {method_entry(method).summary.lower()}", settings)
    return None
