"""The last layer of a language model, asked only what is needed: a vocabulary of 50,000 makes it the dearest one."""

from collections.abc import Sequence
from typing import Any

import torch

from core.methods.onednn import PackedLinear, available

PART = 4096
"""Words of the vocabulary at once: their logits stay in the processor's cache until they are added up."""


class SplitHead(torch.nn.Module):
    """A linear layer in fp32 for inference on a CPU, split by its outputs.

    Args:
        linear: the layer; its weight of shape (vocabulary, size) may be tied to the embeddings.
    """

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = linear.weight, linear.bias
        self.parts = torch.nn.ModuleList(_part(linear, start) for start in range(0, linear.out_features, PART))

    @classmethod
    def into(cls, model: Any) -> None:
        """Replace the last layer of a model that has a plain one."""
        layer = model.get_output_embeddings()
        if type(layer) is torch.nn.Linear and available():
            with torch.no_grad():
                model.set_output_embeddings(cls(layer))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Logits, shape (…, vocabulary), from states of shape (…, size)."""
        return torch.cat([part(states) for part in self.parts], -1)

    def log_probabilities(self, states: torch.Tensor, tokens: Sequence[int]) -> torch.Tensor:
        """Of `tokens` only, shape (states, tokens): the whole vocabulary is added up, part by part."""
        sums = torch.stack([part(states).logsumexp(1) for part in self.parts], 1)
        chosen = list(tokens)
        bias = None if self.bias is None else self.bias[chosen]
        logits = torch.nn.functional.linear(states, self.weight[chosen], bias)
        return logits - sums.logsumexp(1, keepdim=True)


class WholeHead:
    """The same of any last layer, as it is at the moment."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """Logits, shape (states, vocabulary)."""
        logits: torch.Tensor = self.layer(states)
        return logits

    def log_probabilities(self, states: torch.Tensor, tokens: Sequence[int]) -> torch.Tensor:
        """Of `tokens` only, shape (states, tokens), fp32."""
        logits = self(states).float()
        return logits[:, list(tokens)] - logits.logsumexp(1, keepdim=True)


def _part(whole: torch.nn.Linear, start: int) -> PackedLinear:
    rows = whole.weight.detach()[start : start + PART]
    part = torch.nn.Linear(rows.shape[1], len(rows), whole.bias is not None, device="meta")
    part.weight = torch.nn.Parameter(rows, requires_grad=False)
    if whole.bias is not None:
        part.bias = torch.nn.Parameter(whole.bias.detach()[start : start + PART], requires_grad=False)
    return PackedLinear(part)
