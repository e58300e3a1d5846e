"""Counters of this process, its children, the machine and torch's GPU memory. None of them needs torch imported."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

CHILDREN_TOLD = Path("/proc/thread-self/children").exists()
_inherited = 0


def children() -> list[psutil.Process]:
    """The living processes that this one has started, and theirs."""
    try:
        # Asking each process of the machine who its parent is would take many times as long.
        return _offspring(os.getpid()) if CHILDREN_TOLD else psutil.Process().children(recursive=True)
    except (psutil.Error, OSError):
        return []


def _offspring(pid: int) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with suppress(OSError):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                with suppress(OSError, psutil.Error):
                    found += [psutil.Process(int(child)), *_offspring(int(child))]
    return found


def cpu_seconds() -> float:
    """CPU time of this process, of its living children and of those that have ended."""
    times = os.times()
    seconds = time.process_time() + times.children_user + times.children_system
    for child in children():
        try:
            of_child = child.cpu_times()
            seconds += of_child.user + of_child.system
            seconds += getattr(of_child, "children_user", 0.0) + getattr(of_child, "children_system", 0.0)
        except psutil.Error:
            continue
    return seconds


def machine_busy_seconds() -> float:
    """CPU time of everybody on the machine, in core-seconds."""
    times = psutil.cpu_times()
    return float(sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq")))


def count_inherited(file_bytes: int) -> None:
    """Of a process forked from one with libraries in memory: count what that had of their files.

    A forked process has a page of a file only once it touches it; one that started by itself has touched them all.
    """
    global _inherited
    _inherited = file_bytes


def file_bytes() -> int:
    """Resident bytes of files, libraries above all; 0 where it is not told."""
    return _status("RssFile")


def memory() -> tuple[int, int]:
    """Resident bytes of this process, and of it with its children."""
    try:
        own = int(psutil.Process().memory_info().rss) + _not_touched()
    except psutil.Error:
        return 0, 0
    family = own
    for child in children():
        try:
            family += int(child.memory_info().rss)
        except psutil.Error:
            continue
    return own, family


def reset_peak_ram() -> bool:
    """Let the kernel's high-water mark of resident memory start anew; False where only samples can tell the peak."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return peak_ram() > 0


def peak_ram() -> int:
    """The kernel's high-water mark of resident bytes; 0 where it is not told."""
    peak = _status("VmHWM")
    return peak + _not_touched() if peak else 0


def _not_touched() -> int:
    return max(0, _inherited - file_bytes()) if _inherited else 0


def _status(name: str) -> int:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return 0


def open_cuda() -> Any | None:
    """torch.cuda when this process computes on a GPU; the meter itself never imports torch."""
    torch = sys.modules.get("torch")
    try:
        return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
    except Exception:  # a half-imported torch in another thread
        return None


def wait_for_gpu() -> float:
    """Seconds waited: CUDA works on after a call has returned, and what a phase started belongs to it."""
    if (cuda := open_cuda()) is None:
        return 0.0
    began = time.perf_counter()
    cuda.synchronize()
    return time.perf_counter() - began


def reset_peak_gpu() -> None:
    """Let torch's high-water mark of GPU memory start anew."""
    if (cuda := open_cuda()) is not None:
        cuda.reset_peak_memory_stats()


def peak_gpu() -> int:
    """Bytes that torch has reserved at most: what a GPU must have for the run to fit, CUDA's own context apart."""
    return int(cuda.max_memory_reserved()) if (cuda := open_cuda()) is not None else 0
