"""QLoRA's parts (Dettmers et al. 2023): weights of four bits and a paged optimizer, both by bitsandbytes."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch

from core.errors import TradeoffError
from core.methods.device import Arithmetic
from core.methods.settings import QuantisedSettings
from core.methods.stepping import adamw

PACKAGE = "bitsandbytes"


def check_installed() -> None:
    """Raises TradeoffError when the package for four bits is absent."""
    if find_spec(PACKAGE) is None:
        raise TradeoffError(
            f"Models of four bits need the package {PACKAGE}",
            remedy=f"Install it with `pip install {PACKAGE}`, or fine-tune with LoRA instead.",
        )


def quantisation_config(settings: QuantisedSettings, where: Arithmetic, keep: list[str] | None = None) -> Any:
    """How `from_pretrained` quantises the linear layers as it loads them; matrices are multiplied in bf16.

    Modules named in `keep` stay whole, beside those that transformers keeps by itself.

    Raises:
        TradeoffError: bitsandbytes is not installed.
    """
    check_installed()
    from transformers import BitsAndBytesConfig

    kinds = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    compute = kinds[where.precision] if where.device.type == "cuda" else torch.bfloat16
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type=settings.quantisation, bnb_4bit_compute_dtype=compute,
        bnb_4bit_use_double_quant=settings.double_quantisation, llm_int8_skip_modules=keep,
    )  # fmt: skip


def keep_layout(model: Any) -> None:
    """Keep weights of four bits as they were quantised.

    On some CPUs bitsandbytes lays them out anew, with coarser constants, when they first answer: training could not
    go on from there, and a loaded model would not say quite the same.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def optimizer_of(settings: QuantisedSettings, device: str) -> Callable[[list[dict[str, Any]]], torch.optim.Optimizer]:
    """What makes the optimizer that the settings name: `auto` is paged on a GPU and plain on a CPU.

    Raises:
        TradeoffError: a paged optimizer is asked for on a CPU.
    """
    wanted = settings.optimizer
    if wanted == "auto":
        wanted = "paged_adamw" if device == "cuda" else "adamw"
    if wanted == "adamw":
        return adamw
    if device != "cuda":
        raise TradeoffError(
            f"The optimizer {wanted} moves between a GPU's memory and the CPU's, and there is no GPU here",
            remedy="Set optimizer to auto or adamw.",
        )
    from bitsandbytes import optim

    kind: Any = optim.PagedAdamW8bit if wanted == "paged_adamw_8bit" else optim.PagedAdamW32bit
    return lambda groups: kind(groups)
