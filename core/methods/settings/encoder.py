"""Settings of fine-tuned encoders."""

from typing import Literal

from pydantic import Field

from core.methods.settings.adapters import AdapterSettings
from core.methods.settings.training import TrainingSettings


class EncoderSettings(TrainingSettings):
    """Fine-tuning an encoder with new heads."""

    head_learning_rate_factor: float = Field(
        10, ge=1, le=100, description="The new classification head learns this many times faster"
    )
    max_tokens: int = Field(
        256,
        ge=8,
        le=8192,
        description="Longer texts are cut after this many tokens; where words are labelled they are read in windows",
    )
    window_overlap: float = Field(
        0.25, ge=0, le=0.9, description="Share that windows of a long text overlap (tasks that label words)"
    )
    dropout: float = Field(0.1, ge=0, le=0.9, description="Dropout before the classification head")
    label_smoothing: float = Field(0.0, ge=0, le=0.5, description="Share of the target spread over the other labels")
    class_weights: bool = Field(False, description="Weigh rare labels up, so that each label counts the same")
    span_weight: float = Field(
        1.0, gt=0, le=100, description="Weight of the slots' loss beside the intent's (intents with slots)"
    )
    batch_tokens: int = Field(
        1024, ge=64, le=262_144, description="Tokens predicted at once; lower it when memory is short"
    )
    weights: Literal["float", "int8"] = Field(
        "float",
        description="Weights for answers: float as they were trained, or rounded to int8, which is faster on CPUs and "
        "may answer a few texts otherwise",
    )


class EncoderLoraSettings(EncoderSettings, AdapterSettings):
    """Fine-tuning low-rank adapters on every linear layer of a frozen encoder."""

    learning_rate: float = Field(5e-4, gt=0, le=1, description="Peak learning rate (AdamW)")
    head_learning_rate_factor: float = Field(
        2, ge=1, le=100, description="The new classification head learns this many times faster"
    )
