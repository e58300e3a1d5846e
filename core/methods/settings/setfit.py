"""Settings of SetFit."""

from typing import Literal

from pydantic import Field

from core.methods.settings.linear import EmbeddingLinearSettings


class SetFitSettings(EmbeddingLinearSettings):
    """Fine-tuning a sentence encoder on pairs of texts, then logistic regression (Tunstall et al. 2022)."""

    epochs: float = Field(1, gt=0, le=20, description="Passes over the pairs")
    learning_rate: float = Field(2e-5, gt=0, le=1, description="Learning rate of the encoder (AdamW)")
    batch_size: int = Field(16, ge=2, le=1024, description="Pairs a training step; lower it when memory is short")
    most_steps: int = Field(
        500, ge=1, le=1_000_000, description="Steps at most: the number of pairs grows with the square of the texts"
    )
    sampling: Literal["oversampling", "undersampling", "unique"] = Field(
        "oversampling", description="How pairs of equal and of different labels are evened out"
    )
    max_tokens: int = Field(128, ge=8, le=8192, description="Longer texts are cut after this many tokens")
