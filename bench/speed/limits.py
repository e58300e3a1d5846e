"""The work that is needed at least, by which a rate of products tells how fast it could be at all.

A token costs a linear layer of k × n weights 2·k·n operations forward; training all weights costs three times that, and
twice where the weights are frozen (their own gradient is not computed). Attention and all else come on top, so that a
share of 100 % cannot be reached.
"""

from typing import Any

import torch


def operations(model: Any, without: tuple[str, ...] = ("lm_head", "classifier", "score")) -> int:
    """Operations a token costs forward in all linear layers of a model but those named."""
    linears = (
        module for name, module in model.named_modules()
        if getattr(module, "weight", None) is not None and module.weight.ndim == 2
        and not isinstance(module, torch.nn.Embedding) and name.rsplit(".", 1)[-1] not in without
    )  # fmt: skip
    return sum(2 * module.weight.numel() for module in linears)
