"""A key/value cache whose first part, the prefix that all prompts share, is kept once and not once a text."""

from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicLayer


@dataclass(frozen=True)
class Prefix:
    """The tokens that all prompts begin with and their keys and values, computed once.

    `states` holds a pair (keys, values) a layer, each of shape (1, heads, tokens, size). `packs` says that rows
    after it can be packed (`core.prompts.packed`).
    """

    ids: tuple[int, ...]
    states: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    packs: bool = False

    def cache(self) -> Cache:
        """A cache for one batch that goes on from this prefix."""
        return Cache(layers=[PrefixedLayer(keys, values) for keys, values in self.states])


class PrefixedLayer(DynamicLayer):
    """Keeps what a batch adds; the prefix is joined to it only while a layer computes, so it costs no memory a text."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self.prefix_keys, self.prefix_values = keys, values

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Add a batch's states; the keys and values of prefix + batch, of shape (texts, heads, tokens, size)."""
        keys, values = super().update(key_states, value_states, *args, **kwargs)
        return _joined(self.prefix_keys, keys), _joined(self.prefix_values, values)

    def get_seq_length(self) -> int:
        """Tokens of the prefix and of what was added."""
        return int(self.prefix_keys.shape[-2]) + super().get_seq_length()

    def keep(self, rows: torch.Tensor) -> None:
        """Keep only the texts at `rows` of the batch."""
        if self.keys is not None and self.values is not None:
            self.keys, self.values = self.keys[rows], self.values[rows]


def _joined(prefix: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    return torch.cat([prefix.expand(own.shape[0], -1, -1, -1), own], dim=-2)
