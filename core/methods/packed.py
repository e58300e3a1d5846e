"""Linear layers of an encoder laid out for answers on a CPU, in fp32 or bf16, through oneDNN."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import torch

Kind = Literal["fp32", "bf16", "int8"]
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
ROWS = 1024
"""Rows that weights are laid out for; others work as well."""


class LayerProducts(Protocol):
    """The matrix products of one layer of an encoder. States are fp32, of shape (tokens, width)."""

    def attention(self, states: torch.Tensor) -> torch.Tensor:
        """Queries, keys and values side by side, shape (tokens, 3 × width)."""

    def after_attention(self, given: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """What attention gave, through its last linear layer, plus the states."""

    def feed_forward(self, states: torch.Tensor) -> torch.Tensor:
        """The two linear layers with the activation between, plus the states."""


class PackedRows:
    """One or several `torch.nn.Linear` side by side, in fp32 or bf16: shape (rows, inputs) to (rows, outputs)."""

    def __init__(self, linears: Sequence[torch.nn.Linear], kind: torch.dtype) -> None:
        weight, bias = joined(linears)
        self.kind, self.bias = kind, bias.to(kind)
        self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.to(kind), ROWS)

    def __call__(self, inputs: torch.Tensor, then: str = "none") -> torch.Tensor:
        """`then` may be `gelu` or `relu`, on the way out."""
        how = "none" if then == "gelu" else ""
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            inputs.to(self.kind), self.packed, self.bias, then, [], how
        )
        return found

    def added(self, inputs: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """The product plus `other`, which stays in fp32."""
        if self.kind != torch.float32:
            return self(inputs) + other
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise.binary(inputs, other, self.packed, self.bias, "add")
        return found


class FloatProducts:
    """The products of one layer of BERT's build in fp32 or bf16: its own numbers, but for rounding."""

    def __init__(self, layer: Any, activation: str, kind: Kind) -> None:
        dtype, own = DTYPES[kind], layer.attention.self
        self.all = PackedRows([own.query, own.key, own.value], dtype)
        self.out = PackedRows([layer.attention.output.dense], dtype)
        self.up, self.down = PackedRows([layer.intermediate.dense], dtype), PackedRows([layer.output.dense], dtype)
        self.activation = activation

    def attention(self, states: torch.Tensor) -> torch.Tensor:
        """Queries, keys and values side by side, shape (tokens, 3 × width)."""
        return self.all(states).float()  # attention over few tokens is slower in bf16

    def after_attention(self, given: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """What attention gave, through its last linear layer, plus the states."""
        return self.out.added(given, states)

    def feed_forward(self, states: torch.Tensor) -> torch.Tensor:
        """The two linear layers with the activation between, plus the states."""
        return self.down.added(self.up(states, self.activation), states)


def can_pack(kind: Kind) -> bool:
    """Whether oneDNN is there with its fused linear layers, and computes in this kind."""
    there = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    return there and (kind != "bf16" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()))


def joined(linears: Sequence[torch.nn.Linear]) -> tuple[torch.Tensor, torch.Tensor]:
    """The weights of linear layers of the same inputs, shape (outputs, inputs), and their biases, shape (outputs,)."""
    weight = torch.cat([linear.weight.detach() for linear in linears]).float()
    nothing = [torch.zeros(linear.out_features) if linear.bias is None else linear.bias.detach() for linear in linears]
    return weight, torch.cat(nothing).float()
