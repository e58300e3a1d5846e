"""Layers of an encoder in eight bits, for answers on a CPU.

Weights and what they are multiplied with become bytes, products are summed exactly in 32 bits, all else stays in fp32.
Each output has a weight scale of its own. The ranges of the inputs are measured once on training texts, so that an
answer does not hang on the texts beside it; wide input channels are evened out against the weights (SmoothQuant, Xiao
et al. 2023), and the few widest channels between the two feed-forward layers are computed apart in fp32 (as LLM.int8,
Dettmers et al. 2022, does). On TREC, this beside scales chosen anew for every token: docs/encoders.md.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from core import files
from core.errors import TradeoffError
from core.methods.models import loading
from core.methods.packed import can_pack, joined

RANGES = "ranges.safetensors"
SIGNS = ("avx512_vnni", "avx_vnni", "amx_int8")
"""What a processor can do that sums products of bytes exactly; others may saturate on the way."""
EVENED = 0.75
"""How much of a channel's width moves into the weights (SmoothQuant's alpha)."""
WIDEST = 16
"""Channels between the feed-forward layers that stay in fp32."""
LEAST_GELU = -0.17
MOST, MIDDLE = 127.0, 128
ROUNDED = MIDDLE + 0.5
"""Added before the fraction is cut, which rounds."""

Ranges = dict[str, torch.Tensor]


def check_int8(device: str) -> None:
    """Raises TradeoffError where int8 answers cannot be computed, or not exactly."""
    able = torch.cpu.get_capabilities()
    if device != "cpu":
        what, remedy = "int8 answers are for CPUs", "Launch with --device cpu, or set weights to float."
    elif not (can_pack("int8") and hasattr(torch.ops.onednn, "qlinear_pointwise")):
        what, remedy = "This PyTorch has no oneDNN, which int8 answers need", "Set weights to float."
    elif not any(able.get(sign) for sign in SIGNS):
        what, remedy = "This processor has no instructions for int8 (VNNI or AMX)", "Set weights to float."
    else:
        return
    raise TradeoffError(what, device, remedy)


class ByteRows:
    """Linear layers side by side; their inputs are fp32 of a measured width, or bytes already.

    `widths` has the largest magnitude of each input channel. Without it inputs are bytes that stand for
    `LEAST_GELU` up to `highest`.
    """

    def __init__(
        self, weight: torch.Tensor, bias: torch.Tensor, widths: torch.Tensor | None = None, highest: float = 0.0
    ) -> None:
        if widths is None:
            self.step = (highest - LEAST_GELU) / 255
            self.zero = round(-LEAST_GELU / self.step)
        else:
            widths = widths.clamp(min=1e-5)
            evening = widths**EVENED / weight.abs().amax(0).clamp(min=1e-5) ** (1 - EVENED)
            self.step, self.zero = float((widths / evening).max()) / MOST, MIDDLE
            self.factors, weight = 1 / (evening * self.step), weight * evening
        self.scales = weight.abs().amax(1).clamp(min=1e-12) / MOST
        codes = (weight / self.scales[:, None]).round().to(torch.int8)
        self.packed = torch.ops.onednn.qlinear_prepack(codes, None)
        self.zeros, self.bias = torch.zeros(len(weight), dtype=torch.int64), bias
        self.half = torch.tensor(ROUNDED)

    def codes(self, inputs: torch.Tensor) -> torch.Tensor:
        """Inputs as bytes; what is wider than measured becomes the widest."""
        if inputs.dtype == torch.uint8:
            return inputs
        return torch.addcmul(self.half, inputs, self.factors).clamp_(0, 255).to(torch.uint8)

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        """Shape (rows, inputs) to (rows, outputs), fp32."""
        found: torch.Tensor = torch.ops.onednn.qlinear_pointwise(
            self.codes(inputs), self.step, self.zero, self.packed, self.scales, self.zeros, self.bias,
            1.0, 0, torch.float32, "none", [], "",
        )  # fmt: skip
        return found

    def activated(self, inputs: torch.Tensor, into: "ByteRows") -> torch.Tensor:
        """GELU of the product, as bytes that `into` takes."""
        found: torch.Tensor = torch.ops.onednn.qlinear_pointwise(
            self.codes(inputs), self.step, self.zero, self.packed, self.scales, self.zeros, self.bias,
            into.step, into.zero, torch.uint8, "gelu", [], "none",
        )  # fmt: skip
        return found

    def added(self, inputs: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """The product plus `other`, fp32."""
        found: torch.Tensor = torch.ops.onednn.qlinear_pointwise.binary(
            self.codes(inputs), self.step, self.zero, self.packed, self.scales, self.zeros, other, self.bias,
            1.0, 0, torch.float32, 1.0, 0, "add", 1.0, "none", [], "",
        )  # fmt: skip
        return found


class ByteProducts:
    """The products of one layer of BERT's build (with GELU) in bytes, by ranges that were measured."""

    def __init__(self, layer: Any, ranges: Ranges, number: int) -> None:
        own = layer.attention.self
        widths = {name: ranges[f"{number}.{name}"].clone() for name in ("all", "out", "up", "down")}
        self.all = ByteRows(*joined([own.query, own.key, own.value]), widths["all"])
        self.out = ByteRows(*joined([layer.attention.output.dense]), widths["out"])
        weight, bias = joined([layer.intermediate.dense])
        wide = widths["down"].topk(min(WIDEST, len(weight) - 1)).indices
        self.up, self.wide_up = ByteRows(weight, bias, widths["up"]), (bias[wide], weight[wide].t().contiguous())
        weight, bias = joined([layer.output.dense])
        self.wide_down = weight[:, wide].t().contiguous()
        weight[:, wide], widths["down"][wide] = 0.0, 0.0
        self.down = ByteRows(weight, bias, highest=max(float(widths["down"].max()), -LEAST_GELU))

    def attention(self, states: torch.Tensor) -> torch.Tensor:
        """Queries, keys and values side by side, shape (tokens, 3 × width)."""
        return self.all(states)

    def after_attention(self, given: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """What attention gave, through its last linear layer, plus the states."""
        return self.out.added(given, states)

    def feed_forward(self, states: torch.Tensor) -> torch.Tensor:
        """The two linear layers with GELU between, plus the states; the widest channels go apart."""
        bias, weight = self.wide_up
        apart = torch.nn.functional.gelu(torch.addmm(bias, states, weight))
        return self.down.added(self.up.activated(states, self.down), torch.addmm(states, apart, self.wide_down))


def measured(layers: Sequence[Any], run: Callable[[], object]) -> Ranges:
    """The largest magnitude of each input channel of every linear layer of `layers`, while `run` goes through them."""
    ranges: Ranges = {}
    hooks = []
    for number, layer in enumerate(layers):
        places = {
            "all": layer.attention.self.query, "out": layer.attention.output.dense,
            "up": layer.intermediate.dense, "down": layer.output.dense,
        }  # fmt: skip
        for name, linear in places.items():
            hooks.append(linear.register_forward_pre_hook(_watch(ranges, f"{number}.{name}")))
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    return ranges


def _watch(ranges: Ranges, name: str) -> Callable[[Any, Any], None]:
    def see(_linear: Any, inputs: Any) -> None:
        widths = inputs[0].detach().float().abs().flatten(0, -2).amax(0)
        ranges[name] = torch.maximum(ranges[name], widths) if name in ranges else widths

    return see


def save_ranges(ranges: Ranges, folder: Path) -> None:
    """Write measured ranges beside the weights."""
    files.write_through(folder / RANGES, lambda part: save_file(ranges, part))


def load_ranges(folder: Path) -> Ranges:
    """The inverse of `save_ranges`.

    Raises:
        TradeoffError: the file is absent or damaged.
    """
    with loading(f"saved in {folder}"):
        return load_file(folder / RANGES)
