"""The settings of every method: bounds, default and help of each field.

Forms, flags and docs are drawn from these records, so a field's description is what a user reads.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Common ground: unknown fields are refused, values are validated on assignment."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MajoritySettings(Settings):
    """The majority baseline has nothing to set."""


class LinearSettings(Settings):
    """Logistic regression over fixed features."""

    regularisation: float = Field(
        3.0, gt=0, le=1000, description="Inverse strength of the L2 penalty (C): higher fits the training texts closer"
    )
    class_weights: bool = Field(False, description="Weigh rare labels up, so that each label counts the same")


class TfidfLinearSettings(LinearSettings):
    """TF-IDF of words and character n-grams + logistic regression."""

    regularisation: float = Field(
        10.0, gt=0, le=1000, description="Inverse strength of the L2 penalty (C): higher fits the training texts closer"
    )
    word_ngrams: int = Field(2, ge=1, le=4, description="Longest run of words that counts as a feature")
    char_ngrams: int = Field(
        5, ge=0, le=8, description="Longest run of characters that counts as a feature; 0 for none"
    )
    max_features: int = Field(200_000, ge=100, le=5_000_000, description="Most features kept, the frequent ones first")


class EmbeddingLinearSettings(LinearSettings):
    """Frozen encoder embeddings + logistic regression."""

    pooling: Literal["mean", "cls"] = Field("mean", description="How token vectors become one text vector")
    max_tokens: int = Field(256, ge=8, le=8192, description="Longer texts are cut after this many tokens")
    batch_tokens: int = Field(
        1024, ge=64, le=262_144, description="Tokens computed at once; lower it when memory is short"
    )


class EncoderSettings(Settings):
    """Fine-tuning an encoder with a classification head."""

    epochs: float = Field(3, gt=0, le=50, description="Passes over the training texts, at most")
    learning_rate: float = Field(5e-5, gt=0, le=1, description="Peak learning rate (AdamW)")
    head_learning_rate_factor: float = Field(
        10, ge=1, le=100, description="The new classification head learns this many times faster"
    )
    batch_size: int = Field(16, ge=1, le=1024, description="Texts a training step; lower it when memory is short")
    weight_decay: float = Field(0.01, ge=0, le=1, description="AdamW's weight decay")
    warmup_share: float = Field(0.06, ge=0, le=0.9, description="Share of the steps over which the learning rate rises")
    schedule: Literal["linear", "cosine", "constant"] = Field("linear", description="How the learning rate falls")
    max_tokens: int = Field(256, ge=8, le=8192, description="Longer texts are cut after this many tokens")
    dropout: float = Field(0.1, ge=0, le=0.9, description="Dropout before the classification head")
    label_smoothing: float = Field(0.0, ge=0, le=0.5, description="Share of the target spread over the other labels")
    class_weights: bool = Field(False, description="Weigh rare labels up, so that each label counts the same")
    patience: int = Field(
        2, ge=0, le=50, description="Stop after this many evaluations without gain; 0 never stops early"
    )
    evaluations_per_epoch: int = Field(
        1, ge=1, le=20, description="Evaluations on validation (and checkpoints) an epoch"
    )
    max_grad_norm: float = Field(1.0, gt=0, le=100, description="Gradients are clipped to this norm")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto",
        description="Arithmetic; auto takes bf16 where the hardware has it, else fp16 on a GPU and fp32 on a CPU",
    )
    batch_tokens: int = Field(
        1024, ge=64, le=262_144, description="Tokens predicted at once; lower it when memory is short"
    )


class EncoderLoraSettings(EncoderSettings):
    """Fine-tuning low-rank adapters on every linear layer of a frozen encoder."""

    learning_rate: float = Field(5e-4, gt=0, le=1, description="Peak learning rate (AdamW)")
    head_learning_rate_factor: float = Field(
        2, ge=1, le=100, description="The new classification head learns this many times faster"
    )
    rank: int = Field(16, ge=1, le=512, description="Rank of the adapters (LoRA r): more can learn more")
    alpha: int = Field(32, ge=1, le=1024, description="Scale of the adapters (LoRA alpha)")
    lora_dropout: float = Field(0.05, ge=0, le=0.9, description="Dropout inside the adapters")


class PromptSettings(Settings):
    """Asking a language model."""

    shots: int = Field(0, ge=0, le=64, description="Solved examples shown in the prompt")
    style: Literal["serial", "json"] = Field(
        "serial", description="How a text is asked and answered: plain lines or JSON"
    )
    answer: Literal["score", "generate"] = Field(
        "score",
        description="score: the most likely label (always valid); generate: the model writes, the label is read",
    )
    demonstrations: Literal["balanced", "random"] = Field(
        "balanced", description="How the solved examples are drawn from the training texts"
    )
    score_by: Literal["sum", "mean"] = Field(
        "mean", description="Log-likelihood of a label: summed over its tokens or averaged"
    )
    calibration: Literal["none", "content_free", "train_texts"] = Field(
        "content_free",
        description="Even out the model's leaning to some labels (score): measured on texts that say nothing, "
        "or on some training texts",
    )
    chat_template: bool = Field(True, description="Ask in the model's own chat format, where it has one")
    instruction: str = Field(
        "",
        max_length=4000,
        description="What to ask, in your words, {labels} standing for the label list; "
        "empty takes the standard instruction",
    )
    max_text_tokens: int = Field(512, ge=16, le=32_768, description="Longer texts are cut after this many tokens")
    max_new_tokens: int = Field(24, ge=1, le=512, description="Most tokens the model may write (generate)")
    batch_tokens: int = Field(
        1024, ge=64, le=262_144, description="Tokens computed at once; lower it when memory is short"
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto", description="Arithmetic; auto takes bf16 (else fp16) on a GPU and fp32 on a CPU"
    )
