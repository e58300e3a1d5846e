"""Fine-tuned decoders (Llama and its kin): they learn to go on from the prompt with the answer, or to classify."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from transformers import AutoModelForCausalLM

from core.errors import TradeoffError
from core.methods import checked_settings
from core.methods.base import Context, Part, Prediction
from core.methods.decoder_head import check_parts, head_class, head_settings
from core.methods.encoder import Encoder
from core.methods.generator import Generator
from core.methods.saved import read_about, write_about
from core.methods.settings import DecoderSettings
from core.tasks.base import Example

HEAD = "head"


class Decoder(Generator):
    """All weights are fine-tuned. With `head: classify` a classification head takes the vocabulary's place."""

    method = "decoder-full"
    kind = AutoModelForCausalLM
    task_type = "CAUSAL_LM"
    seq2seq = False

    def __init__(self, settings: DecoderSettings, model: str | None = None) -> None:
        super().__init__(settings, model)
        self.classifies = settings.head == "classify"
        self.head: Encoder | None = None

    def fit_parts(self, parts: Sequence[Part], context: Context) -> None:
        """Fine-tune one model on several datasets together; raises what `fit` raises."""
        if not self.classifies:
            return super().fit_parts(parts, context)
        if self.settings.processes > 1:
            raise TradeoffError(
                "Processes can share a decoder that writes its answers, not one with a classification head",
                remedy="Set processes to 1, or head to generate.",
            )
        check_parts(parts)
        self.head = head_class(self._own())(head_settings(self._own()), self.model_name)
        return self.head.fit_parts(parts, context)

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """A prediction an example, as the answer or the head says."""
        return self.head.predict(examples, context) if self.head else super().predict(examples, context)

    def save(self, folder: Path) -> None:
        """Write what was trained; a head's files lie in a folder of their own."""
        if self.head is None:
            return super().save(folder)
        write_about(folder, self.method, self.settings, self.head.parts[0].labels, self.model_name)
        (folder / HEAD).mkdir()
        return self.head.save(folder / HEAD)

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """Read what `save` wrote."""
        about = read_about(folder)
        settings: Any = checked_settings(cls.method, about["settings"], cls.method)
        if settings.head == "generate":
            return super().load(folder, context)
        method = cls(settings, about["model"])
        method.head = head_class(settings).load(folder / HEAD, context)
        return method

    def _own(self) -> DecoderSettings:
        assert isinstance(self.settings, DecoderSettings)
        return self.settings


class DecoderLora(Decoder):
    """Low-rank adapters are fine-tuned; for prediction they are added into the weights."""

    method = "decoder-lora"


class DecoderQlora(Decoder):
    """Low-rank adapters beside weights of four bits; they stay apart for prediction too."""

    method = "decoder-qlora"
