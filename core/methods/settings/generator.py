"""Settings of fine-tuned language models: seq2seq models (T5) and decoders (Llama and its kin)."""

from typing import Literal

from pydantic import Field

from core.methods.settings.adapters import AdapterSettings
from core.methods.settings.base import Settings
from core.methods.settings.training import TrainingSettings
from core.methods.settings.worded import VersionedSettings
from core.prompts.styles import TaughtStyleName


class GeneratorSettings(VersionedSettings, TrainingSettings):
    """Training a language model to write the answers of a prompt style."""

    batch_size: int = Field(16, ge=1, le=1024, description="Texts a training step")
    train_tokens: int = Field(
        4096, ge=64, le=1_048_576,
        description="Tokens trained on at once; a larger batch is computed in parts whose gradients are added up. "
        "Lower it when memory is short",
    )  # fmt: skip
    label_smoothing: float = Field(0.0, ge=0, le=0.5, description="Share of the target spread over all other tokens")
    style: TaughtStyleName = Field("serial", description="How a text is asked and answered")
    instruction: str = Field(
        "",
        max_length=4000,
        description="What stands before each text, in your words, {labels} standing for the label list; "
        "empty takes a short one",
    )
    list_labels: Literal["auto", "yes", "no"] = Field(
        "auto", description="Whether the instruction lists the labels; auto lists them when they take few tokens"
    )
    chat_template: bool = Field(
        False, description="Ask in the model's own chat format, where it has one; without it prompts are shorter"
    )
    max_tokens: int = Field(256, ge=8, le=32_768, description="Longer texts are cut after this many tokens")
    max_new_tokens: int = Field(128, ge=1, le=4096, description="Most tokens the model may write for one text")
    answer: Literal["auto", "score", "generate"] = Field(
        "auto",
        description="score: the most likely label (always valid, with probabilities; one label for each text only); "
        "generate: the model writes, the answer is read; auto scores where it can",
    )
    select_by: Literal["metric", "loss"] = Field(
        "metric", description="What the best weights are chosen by on validation: the task's main metric or the loss"
    )
    validation_texts: int = Field(
        128, ge=1, le=100_000, description="Validation texts, at most, that the best weights are chosen on"
    )
    mix: Literal["proportional", "equal"] = Field(
        "proportional",
        description="How several datasets are mixed when one model learns them together: each text once an epoch, "
        "or texts of small datasets repeated until all count the same",
    )
    gradient_checkpointing: bool = Field(
        False, description="Compute activations twice to save memory: about a third slower"
    )
    spread: bool = Field(
        False, description="Spread the model over all GPUs, and the CPU's memory, when it is larger than one GPU"
    )
    processes: int = Field(
        1, ge=1, le=64,
        description="GPUs (on a CPU: processes) that share the weights and each batch while fine-tuning (FSDP); with "
        "more than one, the best weights are those of the least validation loss",
    )  # fmt: skip
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto",
        description="Arithmetic; auto takes bf16 (else fp16) on a GPU, and on a CPU fp32, with bf16 for frozen layers "
        "while adapters learn, where it can",
    )
    batch_tokens: int = Field(
        1024, ge=64, le=262_144, description="Tokens predicted at once; lower it when memory is short"
    )


class QuantisedSettings(Settings):
    """What QLoRA (Dettmers et al. 2023) sets beside the adapters; a mixin for a method's settings."""

    quantisation: Literal["nf4", "fp4"] = Field("nf4", description="The four bits a frozen weight is kept in")
    double_quantisation: bool = Field(True, description="Quantise the quantisation constants too: 0.4 bits a weight")
    optimizer: Literal["auto", "adamw", "paged_adamw", "paged_adamw_8bit"] = Field(
        "auto", description="auto takes paged AdamW on a GPU, which moves to the CPU's memory when the GPU is full"
    )
    rank: int = Field(64, ge=1, le=512, description="Rank of the adapters (LoRA r): more can learn more")
    alpha: int = Field(16, ge=1, le=1024, description="Scale of the adapters (LoRA alpha)")
    lora_dropout: float = Field(0.1, ge=0, le=0.9, description="Dropout inside the adapters; 0.05 above 13 billion")
    schedule: Literal["linear", "cosine", "constant"] = Field("constant", description="How the learning rate falls")
    warmup_share: float = Field(0.03, ge=0, le=0.9, description="Share of the steps over which the learning rate rises")
    max_grad_norm: float = Field(0.3, gt=0, le=100, description="Gradients are clipped to this norm")
    gradient_checkpointing: bool = Field(
        True, description="Compute activations twice to save memory: about a third slower"
    )


class Seq2SeqSettings(GeneratorSettings):
    """Fine-tuning all weights of a seq2seq model (T5, Flan-T5)."""

    learning_rate: float = Field(3e-4, gt=0, le=1, description="Peak learning rate (AdamW)")


class Seq2SeqLoraSettings(Seq2SeqSettings, AdapterSettings):
    """Fine-tuning low-rank adapters on every linear layer of a frozen seq2seq model."""

    learning_rate: float = Field(1e-3, gt=0, le=1, description="Peak learning rate (AdamW)")


class Seq2SeqQloraSettings(QuantisedSettings, Seq2SeqLoraSettings):
    """Low-rank adapters on a seq2seq model that is kept in four bits."""

    learning_rate: float = Field(5e-4, gt=0, le=1, description="Peak learning rate (AdamW)")


class DecoderSettings(GeneratorSettings):
    """Fine-tuning all weights of a decoder (Llama, Mistral, Qwen, Gemma, SmolLM2); loss on the answer only."""

    head: Literal["generate", "classify"] = Field(
        "generate",
        description="generate: the model learns to write the answer; classify: it gets a classification head in place "
        "of its vocabulary (labels of whole texts only)",
    )


class DecoderLoraSettings(DecoderSettings, AdapterSettings):
    """Fine-tuning low-rank adapters on every linear layer of a frozen decoder."""

    learning_rate: float = Field(5e-4, gt=0, le=1, description="Peak learning rate (AdamW)")


class DecoderQloraSettings(QuantisedSettings, DecoderLoraSettings):
    """Low-rank adapters on a decoder that is kept in four bits (QLoRA, Dettmers et al. 2023)."""

    learning_rate: float = Field(2e-4, gt=0, le=1, description="Peak learning rate (AdamW): 1e-4 above 13 billion")
