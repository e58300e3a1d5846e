"""Where a run ran: code version, libraries and hardware. No secrets, no environment variables, no host name."""

import hashlib
import os
import platform
import re
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from core.devices import DeviceInfo, cpu_model, devices, resolve_device, usable_cores, usable_memory
from core.metering import nvml

__all__ = ["DeviceInfo", "describe", "devices", "machine_id", "resolve_device"]

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = (
    "torch", "transformers", "tokenizers", "peft", "scikit-learn", "numpy", "scipy", "pandas", "pyarrow", "duckdb",
    "streamlit", "codecarbon", "cleanlab", "safetensors", "gguf", "openai", "ecologits", "genai-prices",
)  # fmt: skip


def describe() -> dict[str, Any]:
    """What is needed to know in a year why two runs differ; JSON-able. Imports none of the libraries it names."""
    return {
        "commit": _commit(),
        "python": platform.python_version(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
        "system": platform.platform(),
        "cpu": cpu_model(),
        "cores": {"logical": psutil.cpu_count(), "physical": psutil.cpu_count(logical=False), "usable": usable_cores()},
        "ram_bytes": usable_memory(),
        "gpus": [{"name": gpu.name, "memory_bytes": gpu.memory_bytes} for gpu in nvml.gpus()],
        "gpu_driver": nvml.driver(),
        "threads": _threads(),
        "machine": machine_id(),
    }


@lru_cache(maxsize=1)
def machine_id() -> str:
    """The same for the same machine with the same hardware, and nothing can be read from it.

    Hardware is part of it because estimates are calibrated on past runs of "this machine": a virtual machine given
    twice the cores is another one in that respect.
    """
    parts = [_system_id(), cpu_model(), str(usable_cores()), f"{usable_memory() / 2**30:.0f} GiB"]
    parts += [gpu.name for gpu in nvml.gpus()]
    return hashlib.sha256("\n".join(["tradeoff", *parts]).encode()).hexdigest()[:12]


def _system_id() -> str:
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            return Path(path).read_text().strip()
        except OSError:
            continue
    return ""


@lru_cache(maxsize=1)
def _commit() -> str:
    """The commit of the code, `-dirty` when files were changed since; the version where there is no git."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True, stdin=subprocess.DEVNULL)
        return done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return f"version {_project_version()}"


def _project_version() -> str:
    try:
        match = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    except OSError:
        match = None
    return match[1] if match else "unknown"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _threads() -> int:
    """How many threads the numeric libraries will take: OMP_NUM_THREADS, else a thread a usable core."""
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return int(asked) if asked.isdigit() and int(asked) > 0 else usable_cores()
