"""How models become predictors: one table of methods over a few classes.

This module is light (no torch): the classes are named here and imported by `method_class` in the process that
runs them.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from core.errors import TradeoffError, unknown
from core.methods.settings import (
    ApiPromptSettings,
    CascadeSettings,
    DecoderLoraSettings,
    DecoderQloraSettings,
    DecoderSettings,
    EmbeddingLinearSettings,
    EncoderLoraSettings,
    EncoderSettings,
    GliclassSettings,
    GlinerSettings,
    MajoritySettings,
    PromptSettings,
    Seq2SeqLoraSettings,
    Seq2SeqQloraSettings,
    Seq2SeqSettings,
    SetFitSettings,
    Settings,
    TfidfLinearSettings,
)
from core.tasks import get_task


@dataclass(frozen=True)
class MethodEntry:
    """A row of the table: where the class is, its settings, and what a user should know."""

    name: str
    path: str
    settings: type[Settings]
    family: str
    """Colour on every chart: `baseline`, `encoder`, `finetuned_llm`, `prompted_llm`, `api` or `cascade`."""
    tasks: tuple[str, ...]
    """What it can do; `can_do` also counts tasks that derive from these."""
    needs_model: bool
    summary: str
    memory_setting: str = ""
    """The setting to lower when memory runs out."""
    joint: bool = False
    """Whether one model can be fitted on several datasets together (`fit_parts`)."""
    trained: bool = True
    """Whether it learns from all training texts; else more of them gain it little: a prompt shows a few at most."""
    launched: bool = True
    """Whether it is launched and fitted; else it is put together from finished runs, and nothing is spent on it."""


EVERY_TASK = ("single_label", "multi_label", "token_labels", "intent_slots")

METHODS: dict[str, MethodEntry] = {
    entry.name: entry
    for entry in (
        MethodEntry(
            "majority",
            "core.methods.majority:Majority",
            MajoritySettings,
            "baseline",
            EVERY_TASK,
            False,
            "The most frequent label, the most frequent tag of each word: the floor that all must beat",
        ),
        MethodEntry(
            "tfidf-linear",
            "core.methods.tfidf:TfidfLinear",
            TfidfLinearSettings,
            "baseline",
            EVERY_TASK,
            False,
            "Word and character counts + logistic regression: seconds to fit, no neural network",
            "max_features",
        ),
        MethodEntry(
            "embedding-linear",
            "core.methods.embedding:EmbeddingLinear",
            EmbeddingLinearSettings,
            "encoder",
            ("single_label", "multi_label"),
            True,
            "Frozen text embeddings + logistic regression",
            "batch_tokens",
        ),
        MethodEntry(
            "encoder-full",
            "core.methods.encoder:Encoder",
            EncoderSettings,
            "encoder",
            EVERY_TASK,
            True,
            "All weights of a small encoder are fine-tuned on your texts",
            "batch_size",
            joint=True,
        ),
        MethodEntry(
            "encoder-lora",
            "core.methods.encoder:EncoderLora",
            EncoderLoraSettings,
            "encoder",
            EVERY_TASK,
            True,
            "Small adapters are fine-tuned, the encoder stays frozen",
            "batch_size",
            joint=True,
        ),
        *(
            MethodEntry(
                f"{kind}-{training}",
                f"core.methods.{kind}:{name}",
                settings,
                "finetuned_llm",
                EVERY_TASK,
                True,
                summary,
                "train_tokens",
                joint=True,
            )
            for kind, training, name, settings, summary in (
                ("seq2seq", "full", "Seq2Seq", Seq2SeqSettings, "All weights of a T5 learn to write the answers"),
                ("seq2seq", "lora", "Seq2SeqLora", Seq2SeqLoraSettings, "Small adapters teach a frozen T5 the answers"),
                ("seq2seq", "qlora", "Seq2SeqQlora", Seq2SeqQloraSettings, "Adapters teach a T5 kept in four bits"),
                ("decoder", "full", "Decoder", DecoderSettings, "All weights of a language model learn the answers"),
                ("decoder", "lora", "DecoderLora", DecoderLoraSettings, "Small adapters teach a frozen language model"),
                ("decoder", "qlora", "DecoderQlora", DecoderQloraSettings, "Adapters teach a model kept in four bits"),
            )
        ),
        MethodEntry(
            "setfit",
            "core.methods.setfit:SetFit",
            SetFitSettings,
            "encoder",
            ("single_label",),
            True,
            "A sentence encoder is fine-tuned on pairs of texts: made for few labelled texts; an optional install",
            "batch_size",
        ),
        MethodEntry(
            "gliclass",
            "core.methods.gliclass:Gliclass",
            GliclassSettings,
            "encoder",
            ("single_label", "multi_label"),
            True,
            "An encoder reads the labels beside the text, nothing is trained; an optional install",
            "batch_tokens",
            trained=False,
        ),
        MethodEntry(
            "gliner",
            "core.methods.gliner:Gliner",
            GlinerSettings,
            "encoder",
            ("token_labels",),
            True,
            "An encoder reads the labels beside the text and finds spans, nothing is trained; an optional install",
            "batch_tokens",
            trained=False,
        ),
        MethodEntry(
            "prompt",
            "core.methods.prompt:Prompt",
            PromptSettings,
            "prompted_llm",
            EVERY_TASK,
            True,
            "A language model is asked in words; nothing is trained",
            "batch_tokens",
            trained=False,
        ),
        MethodEntry(
            "api-prompt",
            "core.methods.api:ApiPrompt",
            ApiPromptSettings,
            "api",
            ("single_label", "multi_label", "token_labels", "intent_slots"),
            True,
            "A model behind an API is asked in words; nothing is trained",
            trained=False,
        ),
        MethodEntry(
            "cascade",
            "core.methods.cascade:Cascade",
            CascadeSettings,
            "cascade",
            EVERY_TASK,
            False,
            "A small candidate answers when it is sure, else a stronger one: put together from finished runs",
            launched=False,
        ),
    )
}


def method_entry(name: str) -> MethodEntry:
    """The row of the method called `name`.

    Raises:
        TradeoffError: there is no such method.
    """
    if name not in METHODS:
        raise unknown("method", name, METHODS)
    return METHODS[name]


def can_do(method: str, task: str) -> bool:
    """Whether a method can do a task: its row names the task, or the one that the task derives from.

    Raises:
        TradeoffError: there is no such method or task.
    """
    return get_task(task).kind in method_entry(method).tasks


def asks_provider(name: str) -> bool:
    """Whether a method sends its texts to an endpoint instead of computing on a device of ours.

    Raises:
        TradeoffError: there is no such method.
    """
    return method_entry(name).family == "api"


def method_class(name: str) -> type[Any]:
    """Import the class of a method. It may import torch: call this in a child process only."""
    module, _, attribute = method_entry(name).path.partition(":")
    found: type[Any] = getattr(import_module(module), attribute)
    return found


def checked_settings(method: str, values: dict[str, Any], where: str) -> Settings:
    """The settings record of `method` with `values` over its defaults.

    Raises:
        TradeoffError: an unknown setting (with the nearest name) or a value out of bounds.
    """
    kind = method_entry(method).settings
    for name in values:
        if name not in kind.model_fields:
            raise unknown(f"setting of {where}", name, kind.model_fields)
    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        help_text = kind.model_fields[name].description or ""
        raise TradeoffError(
            f"{where}.{name} = {values.get(name)!r} cannot be used: {first['msg'].lower()}", remedy=f"{help_text}."
        ) from None
