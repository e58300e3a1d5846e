"""Linear layers kept in eight bits on a CPU, for inference: little more than a quarter of their memory once loaded.

Weights are rounded in groups along the inputs, each with a step and a least value of its own, as llama.cpp's blocks
are; they are unrolled while a layer computes, and activations are not rounded to eight bits. That keeps the answers: of
100 TREC questions SmolLM2 135M answered 98 as in fp32, 85 when activations had eight bits for each token, 94 with one
step for all weights of an output. Products are in bf16 where the processor has it (twice as fast), else in fp32.
"""

from typing import Any

import torch

from core.methods.device import arithmetic
from core.methods.onednn import ASKED_FOR_WEIGHT

LEVELS = 255
GROUP = 32
"""Weights with a step of their own, where the number of inputs can be divided so."""


class EightBitLinear(torch.nn.Module):
    """`torch.nn.Linear` with weights of eight bits; inputs of shape (…, inputs) give (…, outputs) of their own kind."""

    def __init__(self, linear: torch.nn.Linear, kind: torch.dtype) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        size = GROUP if linear.in_features % GROUP == 0 else linear.in_features
        weight = linear.weight.detach().float().view(linear.out_features, -1, size)
        least, most = weight.amin(2, keepdim=True), weight.amax(2, keepdim=True)
        # Codes are chosen for the least value and the step as they are kept, so that their rounding costs nothing.
        self.least = least.to(kind)
        self.step = ((most - self.least.float()) / LEVELS).clamp(min=1e-12).to(kind)
        codes = ((weight - self.least.float()) / self.step.float()).round()
        self.codes = codes.clamp_(0, LEVELS).to(torch.uint8)
        self.bias = None if linear.bias is None else linear.bias.detach().to(kind)

    @property
    def weight(self) -> torch.Tensor:
        """The weight unrolled, shape (outputs, inputs)."""
        return torch.addcmul(self.least, self.codes.to(self.step.dtype), self.step).view(self.out_features, -1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Shape (…, inputs) to (…, outputs)."""
        return torch.nn.functional.linear(inputs.to(self.step.dtype), self.weight, self.bias).to(inputs.dtype)


def to_eight_bits(model: Any) -> int:
    """Turn the linear layers of a model on a CPU into eight bits, in place; how many. The last one stays as it is."""
    kind = torch.bfloat16 if arithmetic("cpu").precision == "bf16" else torch.float32
    last, changed = model.get_output_embeddings(), 0
    for path, parent in list(model.named_modules()):
        for name, child in list(parent.named_children()):
            plain = ASKED_FOR_WEIGHT not in (*path.split("."), name)
            if plain and type(child) is torch.nn.Linear and child is not last:
                setattr(parent, name, EightBitLinear(child, kind))
                changed += 1
    return changed
