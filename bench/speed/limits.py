"""How fast it could be at all: the rate at which this machine multiplies matrices, and the work that is needed.

A token costs a linear layer of k × n weights 2·k·n operations forward; training all weights costs three times that, and
twice where the weights are frozen (their own gradient is not computed). Attention and all else come on top, so that a
share of 100 % cannot be reached.
"""

import time
from functools import lru_cache
from typing import Any

import torch

ROWS = 1024
SECONDS = 0.5


@lru_cache(maxsize=4)
def rate(inner: int, outer: int, kind: torch.dtype = torch.float32) -> float:
    """Operations a second of a product of (1024, inner) with (inner, outer), the best of many: what fits the caches."""
    left, right = torch.randn(ROWS, inner, dtype=kind), torch.randn(inner, outer, dtype=kind)
    best, began = 0.0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        start = time.perf_counter()
        left @ right
        best = max(best, 2 * ROWS * inner * outer / (time.perf_counter() - start))
    return best


def operations(model: Any, without: tuple[str, ...] = ("lm_head", "classifier", "score")) -> int:
    """Operations a token costs forward in all linear layers of a model but those named."""
    linears = (
        module for name, module in model.named_modules()
        if getattr(module, "weight", None) is not None and module.weight.ndim == 2
        and not isinstance(module, torch.nn.Embedding) and name.rsplit(".", 1)[-1] not in without
    )  # fmt: skip
    return sum(2 * module.weight.numel() for module in linears)
