"""Running a model over texts: sorted by length, in batches within a budget of tokens, each batch timed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from core.methods.base import Context, memory_guard
from core.methods.batching import Encoded, TextTokenizer, budget_batches
from core.methods.device import Arithmetic

WINDOW = 4096
"""Texts that are tokenized and sorted at once: bounds memory, and the first answers come soon."""

Outputs = TypeVar("Outputs")


@dataclass(frozen=True)
class Batch:
    """What a model gave for some of the texts.

    Attributes:
        positions: which texts, as positions in the sequence that was given.
        outputs: shape (texts, outputs), fp32.
        tokens: each text's tokens, padding excluded.
        seconds: each text's share of the wall time.
        truncated: how many of the texts were cut.
    """

    positions: list[int]
    outputs: NDArray[np.float32]
    tokens: list[int]
    seconds: float
    truncated: int


def run_batches(
    forward: Callable[[Sequence[Encoded]], torch.Tensor], texts: Sequence[str], tokenizer: TextTokenizer,
    batch_tokens: int, arithmetic: Arithmetic, context: Context, window: int = WINDOW,
) -> Iterator[Batch]:  # fmt: skip
    """Give `forward` encoded texts, batch after batch, window after window; its output has shape (texts, outputs).

    Raises:
        Cancelled: the run is to stop.
        TradeoffError: memory ran out.
    """
    for start in range(0, len(texts), window):
        began = perf_counter()
        encoded = tokenizer.encode(texts[start : start + window])
        overhead = (perf_counter() - began) / max(1, len(encoded))

        def outputs(chosen: Sequence[Encoded]) -> NDArray[np.float32]:
            given: NDArray[np.float32] = forward(chosen).float().cpu().numpy()
            return given

        for places, found, seconds in forward_passes(outputs, encoded, batch_tokens, arithmetic, context):
            chosen = [encoded[place] for place in places]
            yield Batch(
                positions=[start + place for place in places], outputs=found,
                tokens=[len(text.ids) for text in chosen], seconds=seconds / len(places) + overhead,
                truncated=sum(text.truncated for text in chosen),
            )  # fmt: skip


def forward_passes(
    forward: Callable[[Sequence[Any]], Outputs], encoded: Sequence[Encoded], batch_tokens: int,
    arithmetic: Arithmetic, context: Context,
) -> Iterator[tuple[list[int], Outputs, float]]:  # fmt: skip
    """Give `forward` items of similar length within a budget of tokens: their positions, its outputs, its seconds.

    Raises:
        Cancelled: the run is to stop.
        TradeoffError: memory ran out.
    """
    for places in budget_batches([len(text.ids) for text in encoded], batch_tokens):
        context.stop_if_asked()
        began = perf_counter()
        with memory_guard("batch_tokens", context.device), torch.inference_mode(), arithmetic.autocast():
            outputs = forward([encoded[place] for place in places])
        yield places, outputs, perf_counter() - began
