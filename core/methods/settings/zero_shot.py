"""Settings of encoders that read the labels beside the text: GLiClass and GLiNER."""

from typing import Literal

from pydantic import Field

from core.methods.settings.base import Settings


class ZeroShotSettings(Settings):
    """What both share. No weight is trained; at most a threshold is chosen."""

    label_words: bool = Field(
        True, description="Show labels as words: fromloc.city_name becomes fromloc city name; off: as they are written"
    )
    max_tokens: int = Field(
        512, ge=32, le=8192, description="Tokens read at once, labels and text together; what does not fit is told"
    )
    batch_tokens: int = Field(
        4096, ge=64, le=262_144, description="Tokens computed at once; lower it when memory is short"
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field(
        "fp32", description="Arithmetic: fp32 is exact, bf16 and fp16 are faster on GPUs"
    )
    tune_threshold: bool = Field(
        True, description="Choose the threshold on validation texts; off: none of your labelled texts is used"
    )
    validation_texts: int = Field(
        500, ge=1, le=1_000_000, description="Validation texts at most that the threshold is chosen on"
    )


class GliclassSettings(ZeroShotSettings):
    """Zero-shot labels of texts by a GLiClass model (Stepanov et al. 2025)."""

    threshold: float = Field(
        0.5, ge=0.01, le=0.99, description="Labels above it are given, where a text may have several"
    )


class GlinerSettings(ZeroShotSettings):
    """Zero-shot entities by a GLiNER model (Zaratiana et al. 2023)."""

    threshold: float = Field(0.5, ge=0.1, le=0.95, description="Spans above it are given")
    overlap: float = Field(
        0.25, ge=0, le=0.9, description="Share of a window that the next one of a long text reads again"
    )
