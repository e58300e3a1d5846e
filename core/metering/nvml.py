"""NVIDIA GPUs by NVML: names, memory, the energy counter. Light: no torch, no CUDA context.

Every function answers None or an empty list when there is no GPU, no driver or no NVML: that is an ordinary machine.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MILLIJOULES_PER_KWH = 3.6e9


@dataclass(frozen=True)
class Gpu:
    """One GPU as NVML sees it. `index` counts in PCI order, which need not be CUDA's order."""

    index: int
    name: str
    uuid: str
    memory_bytes: int
    handle: Any

    def energy_kwh(self) -> float | None:
        """The counter of all energy since the driver was loaded (Volta and later), else None."""
        millijoules = _asked(lambda nvml: nvml.nvmlDeviceGetTotalEnergyConsumption(self.handle))
        return None if millijoules is None else float(millijoules) / MILLIJOULES_PER_KWH

    def processes(self) -> dict[int, int]:
        """Bytes by process id of the processes that compute on it; empty when it is not told."""
        found = _asked(lambda nvml: nvml.nvmlDeviceGetComputeRunningProcesses(self.handle)) or []
        return {int(process.pid): int(process.usedGpuMemory or 0) for process in found}


@lru_cache(maxsize=1)
def _library() -> Any | None:
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # an absent package, driver or permission all mean the same here
        return None
    return pynvml


def _asked(question: Callable[[Any], Any]) -> Any | None:
    library = _library()
    if library is None:
        return None
    try:
        return question(library)
    except Exception:  # NVML raises a class of its own for each thing a GPU does not support
        return None


def driver() -> str | None:
    """The driver's version."""
    version = _asked(lambda nvml: nvml.nvmlSystemGetDriverVersion())
    return _text(version) if version else None


def gpus() -> list[Gpu]:
    """All GPUs, in NVML's order."""
    found = []
    for index in range(_asked(lambda nvml: nvml.nvmlDeviceGetCount()) or 0):
        handle = _asked(lambda nvml, index=index: nvml.nvmlDeviceGetHandleByIndex(index))  # type: ignore[misc]
        if handle is not None:
            found.append(_described(index, handle))
    return found


def current_gpu() -> Gpu | None:
    """The GPU that `cuda` (CUDA's device 0) means in this process.

    Asks torch when it has one open, else follows CUDA_VISIBLE_DEVICES; both may name it by UUID.
    """
    known = gpus()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    wanted = _torch_uuid() or (None if visible is None else visible.split(",")[0].strip())
    if wanted is None:
        return known[0] if known else None
    return next((g for g in known if wanted and (g.uuid.startswith(wanted) or str(g.index) == wanted)), None)


def visible_gpus() -> list[Gpu]:
    """The GPUs that CUDA shows to this process, in CUDA's order where CUDA_VISIBLE_DEVICES names it."""
    known, visible = gpus(), os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return known
    names = [name.strip() for name in visible.split(",") if name.strip()]
    found = [next((g for g in known if g.uuid.startswith(name) or str(g.index) == name), None) for name in names]
    return [gpu for gpu in found if gpu is not None]


def _torch_uuid() -> str | None:
    torch = sys.modules.get("torch")
    try:
        if torch is None or not torch.cuda.is_initialized():
            return None
        return f"GPU-{torch.cuda.get_device_properties(torch.cuda.current_device()).uuid}"
    except Exception:  # older builds of torch do not tell the UUID
        return None


def _described(index: int, handle: Any) -> Gpu:
    memory = _asked(lambda nvml: nvml.nvmlDeviceGetMemoryInfo(handle))
    return Gpu(
        index=index,
        name=_text(_asked(lambda nvml: nvml.nvmlDeviceGetName(handle)) or "NVIDIA GPU"),
        uuid=_text(_asked(lambda nvml: nvml.nvmlDeviceGetUUID(handle)) or ""),
        memory_bytes=int(memory.total) if memory is not None else 0,
        handle=handle,
    )


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
