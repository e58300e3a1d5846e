"""Linear layers through oneDNN on a CPU, for inference.

PyTorch multiplies fp32 matrices with MKL, which leaves half of an AMD processor unused; oneDNN with weights packed
once is 2.4 times as fast there (256 × 576 × 1536: 480 against 200 GFLOP/s on 2 cores of an EPYC 9005) and no slower
on Intel. Results differ in rounding only.
"""

from typing import Any

import torch


class PackedLinear(torch.nn.Module):
    """`torch.nn.Linear` in fp32 for inference, its weight of shape (outputs, inputs) packed for oneDNN."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), None)
        self.bias = linear.bias

    @property
    def weight(self) -> torch.Tensor:
        """The weight unpacked, for the few architectures (Mamba) that take it by name. Slow."""
        return self.packed.to_dense()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Shape (…, inputs) to (…, outputs)."""
        result: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, self.packed, self.bias, "none", [], "")
        return result


def pack_linear_layers(model: Any) -> int:
    """Replace the fp32 linear layers of a CPU model in place; how many. 0 where oneDNN cannot be used.

    The model can no longer be trained or saved afterwards, unless it is unpacked.
    """
    if not (torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        return 0
    packed = 0
    with torch.inference_mode():
        for parent in list(model.modules()):
            for name, child in list(parent.named_children()):
                if type(child) is torch.nn.Linear and _fits(child):
                    setattr(parent, name, PackedLinear(child))
                    packed += 1
    return packed


def unpack_linear_layers(model: Any) -> None:
    """The inverse of `pack_linear_layers`: the same weights, ready to be saved or trained; tied ones are tied again."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, PackedLinear):
                linear = torch.nn.Linear(child.in_features, child.out_features, child.bias is not None, device="meta")
                linear.weight = torch.nn.Parameter(child.weight.clone())
                linear.bias = child.bias
                setattr(parent, name, linear)
    model.tie_weights()


def _fits(linear: torch.nn.Linear) -> bool:
    return linear.weight.dtype == torch.float32 and linear.weight.device.type == "cpu"
