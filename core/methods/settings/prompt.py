"""Settings of prompts."""

from typing import Literal

from pydantic import Field

from core.methods.settings.base import Settings


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
