"""Settings of the baselines: majority and logistic regression over fixed features."""

from typing import Literal

from pydantic import Field

from core.methods.settings.base import Settings


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
    word_regularisation: float = Field(
        3.0, gt=0, le=1000, description="As regularisation, of the model that labels words (spans, slots)"
    )
    max_features: int = Field(200_000, ge=100, le=5_000_000, description="Most features kept, the frequent ones first")


class EmbeddingLinearSettings(LinearSettings):
    """Frozen encoder embeddings + logistic regression."""

    pooling: Literal["mean", "cls"] = Field("mean", description="How token vectors become one text vector")
    max_tokens: int = Field(256, ge=8, le=8192, description="Longer texts are cut after this many tokens")
    batch_tokens: int = Field(
        1024, ge=64, le=262_144, description="Tokens computed at once; lower it when memory is short"
    )
