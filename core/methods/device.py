"""Where a model computes and with which arithmetic."""

import contextlib
import os
import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass

import psutil
import torch

from core.errors import TradeoffError


@dataclass(frozen=True)
class Arithmetic:
    """The device and the precision that matrix products are computed in; weights stay in fp32."""

    device: torch.device
    precision: str

    def autocast(self) -> AbstractContextManager[object]:
        """The context to run a model in."""
        if self.precision == "fp32":
            return contextlib.nullcontext()
        kind = torch.bfloat16 if self.precision == "bf16" else torch.float16
        return torch.autocast(self.device.type, dtype=kind)

    def scaler(self) -> torch.amp.GradScaler:
        """Scales the loss in fp16, where small gradients vanish; does nothing otherwise."""
        return torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16")


def arithmetic(device: str, precision: str = "auto") -> Arithmetic:
    """What to compute with, unless `precision` says so: bf16 where the hardware has it, else fp16 on a GPU, else fp32.

    A CPU with bf16 instructions trains and predicts about twice as fast in bf16 (MiniLM, AVX512-BF16). fp16 on a
    CPU becomes fp32, since it is slower there and loses range.

    Raises:
        TradeoffError: a GPU is asked for and there is none.
    """
    if device != "cuda":
        bf16 = precision == "bf16" or (precision == "auto" and cpu_has_bf16())
        return Arithmetic(torch.device("cpu"), "bf16" if bf16 else "fp32")
    if not torch.cuda.is_available():
        raise TradeoffError("There is no GPU that can be used", remedy="Launch the run with --device cpu.")
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "auto" or (precision == "bf16" and not bf16):
        precision = "bf16" if bf16 else "fp16"
    return Arithmetic(torch.device("cuda"), precision)


def cpu_has_bf16() -> bool:
    """Whether the processor multiplies in bf16."""
    features = torch.cpu.get_capabilities()
    return bool(features.get("avx512_bf16") or features.get("amx_bf16"))


def settle(seed: int) -> None:
    """Seed torch and make it repeatable; no more threads than cores, unless OMP_NUM_THREADS says how many."""
    torch.manual_seed(seed)
    if not os.environ.get("OMP_NUM_THREADS"):
        visible = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        cores = min(torch.get_num_threads(), psutil.cpu_count(logical=False) or visible, visible)
        if cores != torch.get_num_threads():
            torch.set_num_threads(max(1, cores))
    if torch.cuda.is_available():
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        warnings.filterwarnings("ignore", message=".*deterministic.*")
        torch.use_deterministic_algorithms(True, warn_only=True)
