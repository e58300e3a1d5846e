"""Settings of prompts."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from core.methods.settings.base import Settings
from core.methods.settings.worded import VersionedSettings
from core.prompts.rewording import MOST
from core.prompts.styles import StyleName


class DemonstrationSettings(Settings):
    """Which solved examples a prompt shows."""

    shots: int = Field(0, ge=0, le=64, description="Solved examples shown in the prompt")
    demonstrations: Literal["balanced", "random", "similar"] = Field(
        "balanced",
        description="How the solved examples are chosen from the training texts: every label in turn, at random, or "
        "those most similar to each text",
    )
    order: Literal["most_similar_last", "most_similar_first", "shuffled"] = Field(
        "most_similar_last", description="How similar examples are ordered"
    )
    similar_to: str = Field(
        "minilm",
        min_length=1,
        max_length=300,
        description="Whose vectors tell what is similar: a frozen encoder by its name, or the id of a finished "
        "fine-tuned encoder run of this dataset",
    )
    most_per_label: int = Field(
        0, ge=0, le=64, description="Most similar examples of one label in a prompt; 0 sets no limit"
    )
    pool: int = Field(
        0, ge=0, description="Training texts among which similar ones are looked for, drawn at random; 0 takes all"
    )


class WordedSettings(VersionedSettings, DemonstrationSettings):
    """How a text is asked, with or without solved examples."""

    style: StyleName = Field(
        "serial",
        description="How a text is asked and answered: plain lines, JSON, reasoning before the answer (cot), or clues "
        "and reasoning (carp)",
    )
    paraphrase: int = Field(
        0,
        ge=0,
        le=MOST,
        description="Wording of the standard instruction: 0 is the usual one; others tell how much hangs on it",
    )
    label_order: int = Field(
        0,
        ge=0,
        le=1000,
        description="Order in which the instruction lists the labels: 0 as the dataset does, another number shuffles "
        "them its way",
    )

    @field_validator("instruction", check_fields=False)
    @classmethod
    def _one_wording(cls, value: str, info: ValidationInfo) -> str:
        if value.strip() and info.data.get("paraphrase"):
            raise PydanticCustomError("both", "paraphrase rewords the standard instruction, so set one of the two")
        return value


class PromptSettings(WordedSettings):
    """Asking a language model."""

    answer: Literal["auto", "score", "generate"] = Field(
        "auto",
        description="score: the most likely label (always valid); generate: the model writes, the answer is read; "
        "auto scores single labels, else generates",
    )
    score_by: Literal["sum", "mean", "content_free"] = Field(
        "mean",
        description="Log-likelihood of a label: summed over its tokens, averaged, or divided by that after texts that "
        "say nothing",
    )
    calibration: Literal["none", "content_free", "train_texts"] = Field(
        "content_free",
        description="Even out the model's leaning to some labels (score): measured on texts that say nothing, "
        "or on some training texts",
    )
    samples: int = Field(1, ge=1, le=50, description="Answers written for each text; the majority counts (generate)")
    temperature: float = Field(
        0.0, ge=0, le=2, description="0 writes the likeliest answer; higher varies more, as several samples need"
    )
    invalid: Literal["wrong", "retry", "majority", "rank", "exclude"] = Field(
        "wrong",
        description="An answer that cannot be read counts as wrong, is written again, is put to a vote of further "
        "answers, is replaced by the likeliest label, or is left out of the scores",
    )
    retries: int = Field(3, ge=1, le=20, description="Further answers written where one cannot be read")
    chat_template: bool = Field(True, description="Ask in the model's own chat format, where it has one")
    instruction: str = Field(
        "",
        max_length=4000,
        description="What to ask, in your words, {labels} standing for the label list ({slots} for slot names); "
        "empty takes the standard instruction",
    )
    max_text_tokens: int = Field(512, ge=16, le=32_768, description="Longer texts are cut after this many tokens")
    max_new_tokens: int = Field(
        0, ge=0, le=4096, description="Most tokens the model may write (generate); 0 takes what task and style need"
    )
    batch_tokens: int = Field(
        1024, ge=64, le=262_144, description="Tokens computed at once; lower it when memory is short"
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto", description="Arithmetic; auto takes bf16 (else fp16) on a GPU and fp32 on a CPU"
    )
    weights: Literal["float", "int8"] = Field(
        "float",
        description="Weights as they are, or rounded to eight bits (CPUs only): less memory once loaded, faster where "
        "the processor has bf16; a few answers may differ",
    )
