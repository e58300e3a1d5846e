"""The devices that runs compute on: what is here, which one to take, and the lock that keeps metered runs apart."""

import math
import os
import platform
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, cast

import psutil

from core.errors import TradeoffError, unknown
from core.home import Home
from core.metering import nvml
from core.spec import Device, Record

CGROUP = Path("/sys/fs/cgroup")


class DeviceInfo(Record):
    """A device: `cpu`, or `cuda` for the first NVIDIA GPU that this process may use.

    `name` of a CPU ends in the number of cores this process may use, `AMD EPYC (2 cores)`: prices go by it.
    `why_not` says why a device that is here can't be used; empty when it can.
    """

    kind: Literal["cpu", "cuda"]
    name: str
    memory_bytes: int
    why_not: str = ""

    @property
    def usable(self) -> bool:
        """Whether runs can compute on it."""
        return not self.why_not


def devices() -> list[DeviceInfo]:
    """The CPU, and the GPU when NVML finds one. Takes milliseconds; torch is not imported."""
    found = [DeviceInfo(kind="cpu", name=cpu_device_name(), memory_bytes=usable_memory())]
    gpu = nvml.current_gpu()
    if gpu is not None:
        why_not = "" if _torch_has_cuda() else "the installed torch is a CPU build"
        found.append(DeviceInfo(kind="cuda", name=gpu.name, memory_bytes=gpu.memory_bytes, why_not=why_not))
    return found


def resolve_device(asked: str, known: Sequence[DeviceInfo] | None = None) -> Device:
    """The device kind that `auto`, `cpu` or `cuda` means here; auto takes a usable GPU.

    Raises:
        TradeoffError: there is no such kind, or no GPU that can be used.
    """
    if asked not in ("auto", "cpu", "cuda"):
        raise unknown("device", asked, ("auto", "cpu", "cuda"))
    gpu = next((device for device in (devices() if known is None else known) if device.kind == "cuda"), None)
    if asked == "auto":
        return "cuda" if gpu and gpu.usable else "cpu"
    if asked == "cuda" and (gpu is None or not gpu.usable):
        why = gpu.why_not if gpu else "NVML finds no NVIDIA GPU"
        raise TradeoffError("No GPU can be used here", why, "Choose the device cpu or auto.")
    return cast(Device, asked)


def device_lock(home: Home, device: str) -> Path:
    """The lock file that a metered run holds: one at a time on a device, or their figures would mix."""
    return home.locks / f"device-{device}.lock"


def cpu_device_name() -> str:
    """The CPU's model with the cores this process may use: `AMD EPYC (2 cores)`."""
    cores = usable_cores()
    return f"{cpu_model()} ({cores} core{'' if cores == 1 else 's'})"


def cores_in_name(name: str) -> int | None:
    """The number of cores in a name made by `cpu_device_name`."""
    match = re.search(r"\((\d+) cores?\)$", name)
    return int(match[1]) if match else None


@lru_cache(maxsize=1)
def cpu_model() -> str:
    """The CPU's marketing name, or the architecture when the system tells no name."""
    try:
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.lower().startswith(("model name", "hardware")):
                return " ".join(line.partition(":")[2].split())
    except OSError:
        pass
    return platform.processor() or platform.machine() or "CPU"


def usable_cores() -> int:
    """Logical cores this process may use: the least of the machine's, its affinity and its container's quota."""
    cores = psutil.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = min(cores, len(os.sched_getaffinity(0)))
    quota = _cgroup("cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit():
        cores = min(cores, math.ceil(int(quota[0]) / int(quota[1])))
    return max(1, cores)


def usable_memory() -> int:
    """Bytes of RAM: the machine's, or its container's limit when that is lower."""
    total = int(psutil.virtual_memory().total)
    limit = _cgroup("memory.max")
    return min(total, int(limit)) if limit.isdigit() else total


def _cgroup(name: str) -> str:
    try:
        return (CGROUP / name).read_text().strip()
    except OSError:
        return ""


@lru_cache(maxsize=1)
def _torch_has_cuda() -> bool:
    """Read off torch's version file: importing torch to ask it would cost seconds and hundreds of megabytes."""
    spec = find_spec("torch")
    folders = list(spec.submodule_search_locations or []) if spec else []
    try:
        text = (Path(folders[0]) / "version.py").read_text() if folders else ""
    except OSError:
        return False
    return bool(re.search(r"^cuda\b[^=\n]*=\s*['\"]\d", text, re.MULTILINE))
