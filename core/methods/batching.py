"""Texts as token ids, and batches that waste little on padding: by similar length, within a budget of tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

MEGA_BATCH = 50
"""Batches that are shuffled together and sorted by length inside: enough to fill batches evenly, few enough to mix."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text's token ids, and token type ids where the tokenizer has them."""

    ids: list[int]
    types: list[int]
    truncated: bool


@dataclass(frozen=True)
class TextTokenizer:
    """Turns texts into the inputs of one model.

    Attributes:
        tokenizer: a Hugging Face tokenizer with a pad token.
        max_tokens: longer texts are cut.
        inputs: the names of the model's inputs among `input_ids`, `attention_mask` and `token_type_ids`.
    """

    tokenizer: Any
    max_tokens: int
    inputs: frozenset[str]

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Token ids of each text, special tokens included."""
        if not texts:
            return []
        longest = max(100_000, 64 * self.max_tokens)
        table = self.tokenizer(
            [text[:longest] for text in texts], truncation=True, max_length=self.max_tokens,
            return_token_type_ids=True, return_attention_mask=False,
        )  # fmt: skip
        types = table.get("token_type_ids") or [[0] * len(ids) for ids in table["input_ids"]]
        whole = [not fast.overflowing for fast in table.encodings] if table.encodings else [
            len(ids) < self.max_tokens for ids in table["input_ids"]
        ]  # fmt: skip
        rows = zip(texts, table["input_ids"], types, whole, strict=True)
        return [Encoded(ids, kinds, not fits or len(text) > longest) for text, ids, kinds, fits in rows]

    def pad(self, batch: Sequence[Encoded], device: torch.device) -> dict[str, torch.Tensor]:
        """The model's inputs for a batch, each of shape (texts, longest), padded as the tokenizer pads."""
        longest = max(1, max(len(encoded.ids) for encoded in batch))
        left = self.tokenizer.padding_side == "left"
        arrays = {
            "input_ids": np.full((len(batch), longest), self.tokenizer.pad_token_id, np.int64),
            "attention_mask": np.zeros((len(batch), longest), np.int64),
            "token_type_ids": np.full((len(batch), longest), self.tokenizer.pad_token_type_id, np.int64),
        }
        for row, encoded in enumerate(batch):
            start = longest - len(encoded.ids) if left else 0
            place = slice(start, start + len(encoded.ids))
            arrays["input_ids"][row, place] = encoded.ids
            arrays["attention_mask"][row, place] = 1
            arrays["token_type_ids"][row, place] = encoded.types
        return {name: torch.from_numpy(arrays[name]).to(device) for name in arrays if name in self.inputs}


def budget_batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Positions in batches of similar length, longest first (memory shows itself early).

    A batch holds at most `batch_tokens` tokens with padding, or one text.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    start = 0
    while start < len(order):
        size = max(1, batch_tokens // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def epoch_batches(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The batches of one epoch, the same for the same seed and epoch: shuffled, yet of similar length inside."""
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(len(lengths)).tolist()
    batches = []
    for start in range(0, len(order), batch_size * MEGA_BATCH):
        part = sorted(order[start : start + batch_size * MEGA_BATCH], key=lengths.__getitem__)
        batches += [part[i : i + batch_size] for i in range(0, len(part), batch_size)]
    return [batches[i] for i in generator.permutation(len(batches))]
