"""Settings of the training loop, shared by every method that trains a neural network."""

from typing import Literal

from pydantic import Field

from core.methods.settings.base import Settings


class TrainingSettings(Settings):
    """Epochs, learning rate and when to stop."""

    epochs: float = Field(3, gt=0, le=50, description="Passes over the training texts, at most")
    learning_rate: float = Field(5e-5, gt=0, le=1, description="Peak learning rate (AdamW)")
    batch_size: int = Field(16, ge=1, le=1024, description="Texts a training step; lower it when memory is short")
    weight_decay: float = Field(0.01, ge=0, le=1, description="AdamW's weight decay")
    warmup_share: float = Field(0.06, ge=0, le=0.9, description="Share of the steps over which the learning rate rises")
    schedule: Literal["linear", "cosine", "constant"] = Field("linear", description="How the learning rate falls")
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
