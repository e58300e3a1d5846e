"""Linear layers through oneDNN on a CPU, for inference and for training around frozen layers.

PyTorch multiplies fp32 matrices with MKL, which leaves half of an AMD processor unused; oneDNN with weights packed
once is 2.4 times as fast there (256 × 576 × 1536: 480 against 200 GFLOP/s on 2 cores of an EPYC 9005) and no slower
on Intel. Results differ in rounding only.
"""

from collections.abc import Callable
from typing import Any

import torch

ASKED_FOR_WEIGHT = "wo"
"""T5 looks at the weights of its layers of this name at every pass: they would be unpacked each time."""


class PackedLinear(torch.nn.Module):
    """`torch.nn.Linear` in fp32 for inference, its weight of shape (outputs, inputs) packed for oneDNN."""

    def __init__(self, linear: torch.nn.Linear, kind: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach().to(kind), None)
        self.bias = linear.bias

    @property
    def weight(self) -> torch.Tensor:
        """The weight unpacked, for the few architectures (Mamba) that take it by name. Slow."""
        return self.packed.to_dense()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Shape (…, inputs) to (…, outputs)."""
        return _product(inputs, self.packed, self.bias)


class FrozenLinear(PackedLinear):
    """A linear layer that does not learn, yet lets gradients through: low-rank adapters stand beside it.

    `kind` is what its products are computed in; what comes in and goes out is fp32.
    """

    def __init__(self, linear: torch.nn.Linear, kind: torch.dtype = torch.float32) -> None:
        super().__init__(linear, kind)
        self.kind = kind
        self.exact = () if kind == torch.float32 else (linear.weight.detach(),)  # in a tuple it is no parameter
        turned = linear.weight.detach().to(kind).t().contiguous()
        self.turned = torch.ops.mkldnn._reorder_linear_weight(turned, None)

    @property
    def weight(self) -> torch.Tensor:
        """The weight as it was."""
        return self.exact[0] if self.exact else super().weight

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Shape (…, inputs) to (…, outputs)."""
        result: torch.Tensor = _ThroughFrozen.apply(inputs, self)  # type: ignore[no-untyped-call]
        return result

    def product(self, inputs: torch.Tensor) -> torch.Tensor:
        """The layer's outputs, outside of any graph."""
        found = _product(inputs.to(self.kind), self.packed).float()
        return found if self.bias is None else found.add_(self.bias)

    def turned_product(self, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient by the inputs, of shape (…, inputs), from that by the outputs."""
        return _product(gradient.to(self.kind), self.turned).float()


def _product(inputs: torch.Tensor, packed: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, packed, bias, "none", [], "")
    return found


class _ThroughFrozen(torch.autograd.Function):
    """y = x Wᵀ + b and its gradient by x alone, both by packed weights."""

    @staticmethod
    def forward(ctx: Any, inputs: Any, frozen: Any) -> Any:  # type: ignore[override]
        ctx.frozen = frozen
        return frozen.product(inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:  # type: ignore[override]
        return ctx.frozen.turned_product(gradient.contiguous()), None


def freeze_linear_layers(model: Any, kind: torch.dtype = torch.float32) -> int:
    """Replace the fp32 linear layers that do not learn, in place, so that training goes on faster around them.

    Their products are computed in `kind`, save for those of the last layer, which tells answers apart. How many; 0
    where oneDNN cannot be used. `unpack_linear_layers` undoes it.
    """
    last = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None

    def frozen(linear: torch.nn.Linear) -> FrozenLinear:
        return FrozenLinear(linear, torch.float32 if linear is last else kind)

    return _replace(model, frozen, lambda child: _fits(child) and not child.weight.requires_grad)


def pack_linear_layers(model: Any) -> int:
    """Replace the fp32 linear layers of a CPU model in place; how many. 0 where oneDNN cannot be used.

    The model can no longer be trained or saved afterwards, unless it is unpacked.
    """
    return _replace(model, PackedLinear, _fits)


def unpack_linear_layers(model: Any) -> None:
    """The inverse of `pack_linear_layers`: the same weights, ready to be saved or trained; tied ones are tied again."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, PackedLinear):
                linear = torch.nn.Linear(child.in_features, child.out_features, child.bias is not None, device="meta")
                linear.weight = torch.nn.Parameter(
                    child.weight.clone(), requires_grad=not isinstance(child, FrozenLinear)
                )
                linear.bias = child.bias
                setattr(parent, name, linear)
    model.tie_weights()


def available() -> bool:
    """Whether oneDNN can be used here."""
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def _replace(
    model: Any, made: Callable[[torch.nn.Linear], PackedLinear], wanted: Callable[[torch.nn.Linear], bool]
) -> int:
    if not available():
        return 0
    packed = 0
    with torch.no_grad():
        for path, parent in list(model.named_modules()):
            for name, child in list(parent.named_children()):
                plain = ASKED_FOR_WEIGHT not in (*path.split("."), name)
                if plain and type(child) is torch.nn.Linear and wanted(child):
                    setattr(parent, name, made(child))
                    packed += 1
    return packed


def _fits(linear: torch.nn.Linear) -> bool:
    return linear.weight.dtype == torch.float32 and linear.weight.device.type == "cpu"
