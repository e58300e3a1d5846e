"""Low-rank adapters beside frozen layers on a CPU, each pair as one step: what PEFT computes, in fewer passes."""

from typing import Any

import torch
from peft.tuners.lora.layer import Linear

from core.methods.onednn import FrozenLinear
from core.methods.swift import DRAWS, kept_places


class QuickLora(Linear):
    """PEFT's LoRA layer whose frozen part is a `FrozenLinear`; its parameters and files are PEFT's own."""

    def forward(self, x: torch.Tensor, *arguments: Any, **more: Any) -> torch.Tensor:
        """Shape (…, inputs) to (…, outputs)."""
        if x.dtype != torch.float32 or self.disable_adapters or self.merged or arguments or more:
            return super().forward(x, *arguments, **more)
        (name,) = self.active_adapters
        dropout: Any = self.lora_dropout[name]
        share = dropout.p if dropout.training and isinstance(dropout, torch.nn.Dropout) else 0.0
        frozen: Any = self.base_layer
        found: torch.Tensor = _Adapted.apply(  # type: ignore[no-untyped-call]
            x.flatten(0, -2), self.lora_A[name].weight, self.lora_B[name].weight, frozen, self.scaling[name],
            round(share * DRAWS),
        )  # fmt: skip
        return found.unflatten(0, x.shape[:-1])


def quicken(model: torch.nn.Module) -> None:
    """Have the plain LoRA layers around frozen ones take one step, until `slow_down`."""
    for module in model.modules():
        if type(module) is Linear and isinstance(module.base_layer, FrozenLinear) and _is_plain(module):
            module.__class__ = QuickLora


def slow_down(model: torch.nn.Module) -> None:
    """The inverse of `quicken`."""
    for module in model.modules():
        if type(module) is QuickLora:
            module.__class__ = Linear  # type: ignore[assignment]


def _is_plain(module: Linear) -> bool:
    names = module.active_adapters
    if len(names) != 1 or names[0] in module.lora_variant:
        return False
    down, up = module.lora_A[names[0]], module.lora_B[names[0]]
    return down.weight.dtype == up.weight.dtype == torch.float32 and down.bias is None and up.bias is None


class _Adapted(torch.autograd.Function):
    """y = x Wᵀ + b + s · drop(x) Aᵀ Bᵀ (Hu et al. 2021), inputs of shape (tokens, inputs).

    `fall` of 65,536 inputs are dropped on the adapter's way, the others scaled up, so that the mean stays.
    """

    @staticmethod
    def forward(ctx: Any, inputs: Any, down: Any, up: Any, frozen: Any, scaling: float, fall: int) -> Any:  # type: ignore[override]
        keep = kept_places(inputs, fall) if fall else None
        seen = inputs if keep is None else _only(inputs, keep)
        scale = scaling * DRAWS / max(1, DRAWS - fall)
        inner = seen @ down.t()
        ctx.frozen, ctx.scale = frozen, scale
        ctx.save_for_backward(seen, keep, inner, down, up)
        return frozen.product(inputs).addmm_(inner, up.t(), alpha=scale)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:  # type: ignore[override]
        seen, keep, inner, down, up = ctx.saved_tensors
        gradient = gradient.contiguous()
        within = (gradient @ up).mul_(ctx.scale)
        by_up = (gradient.t() @ inner).mul_(ctx.scale)
        by_down = within.t() @ seen
        passed = None
        if ctx.needs_input_grad[0]:
            passed = ctx.frozen.turned_product(gradient)
            if keep is None:
                passed.addmm_(within, down)
            else:
                passed.add_(_only(within @ down, keep))
        return passed, by_down, by_up, None, None, None


def _only(values: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """Values where they are kept, else 0: by their bits, which is several times as fast as `torch.where`."""
    bits = keep.to(torch.int32).neg_()
    return bits.bitwise_and_(values.view(torch.int32)).view(torch.float32)
