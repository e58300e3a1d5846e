"""Settings of fine-tuned encoders."""

from typing import Literal

from pydantic import Field

from core.methods.settings.adapters import AdapterSettings
from core.methods.settings.base import Settings


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


class EncoderLoraSettings(EncoderSettings, AdapterSettings):
    """Fine-tuning low-rank adapters on every linear layer of a frozen encoder."""

    learning_rate: float = Field(5e-4, gt=0, le=1, description="Peak learning rate (AdamW)")
    head_learning_rate_factor: float = Field(
        2, ge=1, le=100, description="The new classification head learns this many times faster"
    )
