"""Training steps on a CPU as fast as it can take them: the same steps, but for rounding and the way dropout is drawn.

What PyTorch does by default leaves much of a CPU unused while a small model learns: memory goes back to the system
after every step and is fetched anew, fp32 products go through MKL (half as fast as oneDNN on AMD), dropout draws a
number for each activation one by one, and attention over few tokens goes through kernels made for many.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, eager_mask

ATTENTION = "tradeoff-small"
MOST_SCORES = 2**22
"""Attention scores computed at once (16 MiB); more of them go through PyTorch's kernel, which never holds them all."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 512 * 2**20
MAPPED_BYTES = 256 * 2**20
USUAL_MAPPED_BYTES, USUAL_KEPT_BYTES = 32 * 2**20, 64 * 2**20
"""What the GNU C library comes to by itself in a process that frees large arrays (mallopt(3), dynamic threshold)."""
DRAWS = 2**16
EXACT = 1e-5
"""Of a product's size, how far oneDNN may be from fp64 to count as fp32: bf16 would be a hundred times farther."""


@contextmanager
def swift(model: torch.nn.Module, device: torch.device) -> Iterator[None]:
    """Train `model` faster inside the block; does nothing on other devices than the CPU."""
    if device.type != "cpu":
        yield
        return
    draw_dropout_quickly(model)
    with memory_kept(), products_by_onednn(), small_attention(model):
        yield


@contextmanager
def memory_kept() -> Iterator[None]:
    """Have the C library keep freed memory (up to 512 MiB) for the next step inside the block, where it can be told.

    Afterwards it goes back to the system, so that the memory of later phases is their own.
    """
    library = ctypes.CDLL(None)
    tell, trim = getattr(library, "mallopt", None), getattr(library, "malloc_trim", None)
    if tell is None or trim is None:
        yield
        return
    tell(M_MMAP_THRESHOLD, MAPPED_BYTES)
    tell(M_TRIM_THRESHOLD, KEPT_BYTES)
    try:
        yield
    finally:
        tell(M_MMAP_THRESHOLD, USUAL_MAPPED_BYTES)
        tell(M_TRIM_THRESHOLD, USUAL_KEPT_BYTES)
        trim(0)


def _products() -> Any:
    backend: Any = torch.backends.mkldnn  # its types do not name what it has
    return backend.matmul


@contextmanager
def products_by_onednn() -> Iterator[None]:
    """Multiply fp32 matrices by oneDNN inside the block, where it keeps to fp32."""
    before = _products().fp32_precision
    _products().fp32_precision = "bf16" if onednn_is_exact() else before
    try:
        yield
    finally:
        _products().fp32_precision = before


@cache
def onednn_is_exact() -> bool:
    """Whether oneDNN multiplies in fp32 though it is allowed bf16, which is the only way to have PyTorch ask it.

    It takes bf16 only where the processor multiplies tiles of it (AMX); elsewhere it computes in fp32, as here checked.
    """
    if not torch.backends.mkldnn.is_available():
        return False
    random = torch.Generator().manual_seed(0)
    left, right = (torch.randn(shape, generator=random) for shape in ((192, 384), (384, 256)))
    before = _products().fp32_precision
    try:
        _products().fp32_precision = "bf16"
        found = left @ right
    except RuntimeError:
        return False
    finally:
        _products().fp32_precision = before
    wanted = left.double() @ right.double()
    return bool((found - wanted).abs().max() < EXACT * wanted.abs().max())


class QuickDropout(torch.nn.Dropout):
    """Dropout that on a CPU draws sixteen bits for each activation: its share is exact to 1 / 65,536."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Any shape."""
        if self.inplace or inputs.device.type != "cpu":
            return super().forward(inputs)
        return dropped(inputs, self.p if self.training else 0.0)


def draw_dropout_quickly(model: torch.nn.Module) -> None:
    """Have all plain dropout layers of a model draw quickly from now on."""
    for module in model.modules():
        if type(module) is torch.nn.Dropout:
            module.__class__ = QuickDropout


def dropped(inputs: torch.Tensor, share: float) -> torch.Tensor:
    """Inputs of which about `share` are nought and the others scaled up, so that the mean stays."""
    fall = round(share * DRAWS)
    return inputs if fall == 0 else inputs * kept(inputs, fall)


def kept(inputs: torch.Tensor, fall: int) -> torch.Tensor:
    """For each input nought, with the chance `fall` / 65,536, or what scales those up that stay; its shape and type."""
    if fall >= DRAWS:
        return torch.zeros_like(inputs)
    scaled: torch.Tensor = kept_places(inputs, fall) * (DRAWS / (DRAWS - fall))
    return scaled.to(inputs.dtype)


def kept_places(inputs: torch.Tensor, fall: int) -> torch.Tensor:
    """Which of the inputs stay where each falls with the chance `fall` / 65,536; their shape."""
    words = torch.empty((inputs.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)  # type: ignore[call-overload]
    drawn = words.view(torch.int16)[: inputs.numel()].view(inputs.shape)
    return drawn >= fall - DRAWS // 2


@contextmanager
def small_attention(model: torch.nn.Module) -> Iterator[None]:
    """Attention over few tokens by plain products, where the model takes PyTorch's own kernel."""
    found = [one for one in model.modules() if isinstance(one, PreTrainedModel)][:1]
    if not found or found[0].config._attn_implementation != "sdpa" or not found[0]._can_set_attn_implementation():
        yield
        return
    found[0].set_attn_implementation(ATTENTION)
    try:
        yield
    finally:
        found[0].set_attn_implementation("sdpa")


@contextmanager
def usual_attention(model: torch.nn.Module) -> Iterator[None]:
    """Inside `swift`: the model attends as ever, for those who ask it in ways of their own."""
    found = [one for one in model.modules() if isinstance(one, PreTrainedModel)][:1]
    if not found or found[0].config._attn_implementation != ATTENTION:
        yield
        return
    found[0].set_attn_implementation("sdpa")
    try:
        yield
    finally:
        found[0].set_attn_implementation(ATTENTION)


def attend(
    module: torch.nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: Any,
    dropout: float = 0.0, scaling: float | None = None, **more: Any,
) -> tuple[torch.Tensor, None]:  # fmt: skip
    """Scaled dot-product attention as transformers calls it, a group of queries a key head at once.

    Query of shape (texts, heads, queries, width), key and value (texts, key heads, keys, width), the mask added to the
    scores (texts, 1, queries, keys); the result has shape (texts, queries, heads, width).
    """
    texts, heads, queries, width = query.shape
    known = set(more) - {"is_causal", "position_ids", "use_cache", "output_attentions", "cache_position"}
    odd = any(more[name] is not None for name in known) or more.get("output_attentions")
    if odd or attention_mask is None or texts * heads * queries * key.shape[2] > MOST_SCORES:
        if attention_mask is not None:
            attention_mask = attention_mask.to(query.dtype)
        return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **more)
    scale = width**-0.5 if scaling is None else scaling
    grouped = (query * scale).reshape(texts, key.shape[1], -1, width)
    scores = (grouped @ key.transpose(2, 3)).view(texts, heads, queries, -1)
    shares = functional.softmax(scores + attention_mask, -1, dtype=torch.float32).to(value.dtype)
    if dropout:
        shares = dropped(shares, dropout)
    result = shares.view(texts, key.shape[1], -1, key.shape[2]) @ value
    return result.view(texts, heads, queries, -1).transpose(1, 2).contiguous(), None


AttentionInterface.register(ATTENTION, attend)
AttentionMaskInterface.register(ATTENTION, eager_mask)
