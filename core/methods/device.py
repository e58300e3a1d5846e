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
    """What to compute with: bf16 (else fp16) on a GPU and fp32 on a CPU, unless `precision` says otherwise.

    fp16 on a CPU becomes fp32: it is slower there and has no use.

    Raises:
        TradeoffError: a GPU is asked for and there is none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise TradeoffError("There is no GPU that can be used", remedy="Launch the run with --device cpu.")
    if device != "cuda":
        return Arithmetic(torch.device("cpu"), "bf16" if precision == "bf16" else "fp32")
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "auto" or (precision == "bf16" and not bf16):
        precision = "bf16" if bf16 else "fp16"
    return Arithmetic(torch.device("cuda"), precision)


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
