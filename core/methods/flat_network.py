"""A fine-tuned encoder with its heads, laid out for answers on a CPU: what it gives for windows of texts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from core.errors import TradeoffError
from core.methods.byte_products import Ranges, measured
from core.methods.device import Arithmetic
from core.methods.flat import BUILT_LIKE_BERT, FlatEncoder, fits
from core.methods.heads import HeadedEncoder
from core.methods.outputs import PartOutputs
from core.methods.packed import Kind
from core.methods.windows import Window

HEADS = ("ForSequenceClassification", "ForTokenClassification")


class FlatNetwork:
    """The same outputs as the network's, but for rounding (int8: nearly the same)."""

    def __init__(self, network: HeadedEncoder, kind: Kind, ranges: Ranges | None = None) -> None:
        self.network, self.body = network, FlatEncoder(network.encoder.base_model, kind, ranges)

    def outputs(self, part: PartOutputs, windows: Sequence[Window]) -> tuple[np.ndarray, np.ndarray]:
        """A part's scores of windows, shape (windows, labels), and of all their words in order, shape (words, tags)."""
        of_texts, of_words = np.zeros((len(windows), 0), np.float32), np.zeros((0, len(part.tags)), np.float32)
        states = self.body.states(windows, first_only=not part.tags)
        starts = np.cumsum([0, *(len(window.ids) for window in windows[:-1])])
        with torch.autocast("cpu", enabled=False):
            if part.text_labels:
                of_texts = self._text_scores(states[starts] if part.tags else states)[:, part.text_columns].numpy()
            tokens = [start + token for start, window in zip(starts, windows, strict=True) for token in window.tokens]
            if part.tags and tokens:
                of_words = self._word_scores(states[tokens])[:, part.tag_columns].numpy()
        return of_texts, of_words

    def _text_scores(self, first: torch.Tensor) -> torch.Tensor:
        """By the states of the first tokens; BERT pools them, its kin do so inside the head."""
        encoder, pooler = self.network.encoder, getattr(self.network.encoder.base_model, "pooler", None)
        states = first[:, None]
        scores: torch.Tensor = encoder.classifier(pooler(states) if pooler is not None else states)
        return scores

    def _word_scores(self, states: torch.Tensor) -> torch.Tensor:
        head: Any = self.network.word_head if self.network.word_head is not None else self.network.encoder.classifier
        scores: torch.Tensor = head(states)
        return scores


def flat_network(network: HeadedEncoder, where: Arithmetic, ranges: Ranges | None = None) -> FlatNetwork | None:
    """The network laid out for answers, in int8 where `ranges` are given; None where it cannot be.

    Its weights are those of now: make another one once they have changed.
    """
    kind: Kind = "int8" if ranges is not None else "bf16" if where.precision == "bf16" else "fp32"
    if where.device.type != "cpu" or not _known(network, kind):
        return None
    with torch.no_grad():
        return FlatNetwork(network, kind, ranges)


def check_build(network: HeadedEncoder, name: str) -> None:
    """Raises TradeoffError when an encoder cannot answer in int8."""
    if not _known(network, "int8"):
        raise TradeoffError(
            f"{name} cannot answer in int8: only encoders of these builds can: {', '.join(BUILT_LIKE_BERT.values())}",
            remedy="Set weights to float, or choose another encoder.",
        )


def measured_ranges(network: HeadedEncoder, batches: Sequence[dict[str, torch.Tensor]]) -> Ranges:
    """The ranges of what every linear layer of the network reads, over padded batches of inputs."""

    def run() -> None:
        with torch.inference_mode():
            for batch in batches:
                network(**batch)

    return measured(network.encoder.base_model.encoder.layer, run)


def _known(network: HeadedEncoder, kind: Kind) -> bool:
    encoder = network.encoder
    headed = isinstance(encoder, PreTrainedModel) and type(encoder).__name__.endswith(HEADS)
    return headed and encoder.base_model is not encoder and fits(encoder.base_model, kind)
