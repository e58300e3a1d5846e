"""Vectors of whole texts by an encoder that does not learn (Reimers & Gurevych 2019), each of length 1."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch

from core.methods.batching import Encoded, TextTokenizer
from core.methods.device import Arithmetic
from core.methods.flat import FlatEncoder, fits
from core.methods.packed import Kind

Pooling = Literal["mean", "cls"]


class TextVectors:
    """Turns tokens into vectors: the mean of all token states, or the state of the first (`cls`).

    On a CPU an encoder of BERT's build computes without padding; the vectors are the same but for rounding.
    """

    def __init__(self, model: Any, tokenizer: TextTokenizer, where: Arithmetic, pooling: Pooling) -> None:
        self.model, self.tokenizer, self.where, self.pooling = model, tokenizer, where, pooling
        kind: Kind = "bf16" if where.precision == "bf16" else "fp32"
        with torch.no_grad():
            flat = where.device.type == "cpu" and fits(model, kind)
            self.flat = FlatEncoder(model, kind) if flat else None

    def __call__(self, texts: Sequence[Encoded]) -> torch.Tensor:
        """Vectors of shape (texts, width)."""
        have_tokens = all(text.ids for text in texts)
        found = self._flat(self.flat, texts) if self.flat and have_tokens else self._padded(texts)
        return torch.nn.functional.normalize(found, dim=-1)

    def _flat(self, encoder: FlatEncoder, texts: Sequence[Encoded]) -> torch.Tensor:
        if self.pooling == "cls":
            return encoder.states(texts, first_only=True)
        states, lengths = encoder.states(texts), [len(text.ids) for text in texts]
        owners = torch.from_numpy(np.repeat(np.arange(len(texts)), lengths))
        sums = states.new_zeros(len(texts), states.shape[1]).index_add_(0, owners, states)
        return sums / torch.tensor(lengths)[:, None]

    def _padded(self, texts: Sequence[Encoded]) -> torch.Tensor:
        inputs = self.tokenizer.pad(texts, self.where.device)
        states = self.model(**inputs).last_hidden_state.float()
        if self.pooling == "cls":
            return states[:, 0]
        mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(1) / mask.sum(1).clamp(min=1)
