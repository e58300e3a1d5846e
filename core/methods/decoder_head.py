"""A decoder with a classification head in place of its vocabulary: it reads a text and labels it by its last token."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from core.errors import TradeoffError
from core.methods.adapters import adapter_tensors, load_adapter
from core.methods.base import Context, Part
from core.methods.batching import TextTokenizer
from core.methods.device import Arithmetic, arithmetic
from core.methods.encoder import Encoder, EncoderLora
from core.methods.heads import load_headed
from core.methods.pretrained import load_tokenizer
from core.methods.quantised import keep_layout, quantisation_config
from core.methods.settings import (
    AdapterSettings,
    DecoderSettings,
    EncoderLoraSettings,
    EncoderSettings,
    QuantisedSettings,
)


class QuantisedHead(EncoderLora):
    """Adapters beside weights of four bits; the head is whole. Adapters stay apart for prediction too."""

    quantisation: ClassVar[QuantisedSettings]
    tokenizer: TextTokenizer | None
    arithmetic: Arithmetic | None

    def _start(self, name: str, context: Context, folder: Path | None = None) -> set[str]:
        self.arithmetic = arithmetic(context.device, self.settings.precision)
        device = self.arithmetic.device
        self.network, new = load_headed(
            name, self.parts, self.settings.dropout, context, folder, device_map={"": device.index or device.type},
            quantization_config=quantisation_config(self.quantisation, self.arithmetic, keep=["score", "classifier"]),
        )  # fmt: skip
        keep_layout(self.network)
        self.tokenizer = load_tokenizer(name, self.network.encoder, self.settings.max_tokens, context, folder)
        self.network.to(device)
        return new

    def _restore(self, folder: Path, context: Context) -> None:
        self._start(self.model_name, context)
        network = self._network()
        network.encoder, self.adapter_config, self.adapter = load_adapter(network.encoder, folder)
        network.eval()

    def _prepare_training(self, new: set[str]) -> frozenset[str]:
        from peft import prepare_model_for_kbit_training

        encoder = self._network().encoder
        prepare_model_for_kbit_training(
            encoder, use_gradient_checkpointing=self.quantisation_checkpoints(),
            gradient_checkpointing_kwargs={"use_reentrant": False},
        )  # fmt: skip
        return super()._prepare_training(new)

    def _finish_training(self) -> None:
        self.adapter = adapter_tensors(self._network().encoder)
        self._network().eval()

    def quantisation_checkpoints(self) -> bool:
        """Whether activations are computed twice to save memory."""
        return self.quantisation.gradient_checkpointing


def head_class(settings: DecoderSettings) -> type[Encoder]:
    """What trains a classification head as the settings say: all weights, adapters, or adapters on four bits."""
    if isinstance(settings, QuantisedSettings):
        return type("QuantisedHeadOfSettings", (QuantisedHead,), {"quantisation": settings})
    return EncoderLora if isinstance(settings, AdapterSettings) else Encoder


def head_settings(settings: DecoderSettings) -> EncoderSettings:
    """The settings that a decoder's classification head shares with an encoder's."""
    kind = EncoderLoraSettings if isinstance(settings, AdapterSettings) else EncoderSettings
    content = settings.model_dump()
    return kind(**{name: content[name] for name in kind.model_fields if name in content})


def check_parts(parts: Sequence[Part]) -> None:
    """Raises TradeoffError when a task labels more than whole texts."""
    for part in parts:
        if part.task.has_spans:
            raise TradeoffError(
                f"A decoder's classification head cannot do the task {part.task.name}",
                part.dataset, "Set head to generate, or fine-tune an encoder.",
            )  # fmt: skip
