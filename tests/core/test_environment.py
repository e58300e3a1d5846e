"""What a run says of where it ran, and which devices there are."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from core import devices, environment
from core.devices import DeviceInfo
from core.errors import TradeoffError
from core.metering import nvml

ROOT = Path(__file__).parents[2]
GPU = DeviceInfo(kind="cuda", name="Tesla T4", memory_bytes=2**34)
CPU = DeviceInfo(kind="cpu", name="X (4 cores)", memory_bytes=2**34)


def test_the_description_is_enough_to_compare_two_runs_and_tells_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "very-secret-value")
    found = environment.describe()
    text = json.dumps(found)
    assert "very-secret-value" not in text
    assert socket.gethostname() not in (found["machine"], found["system"])
    assert str(ROOT) not in text
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["libraries"]["codecarbon"]
    assert found["commit"]
    assert 1 <= found["cores"]["usable"] <= (psutil.cpu_count() or 1)


def test_it_loads_no_heavy_library() -> None:
    code = (
        "import sys; from core import environment; environment.describe(); environment.devices()\n"
        "print(sorted({'torch', 'transformers', 'sklearn', 'codecarbon', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_machine_has_one_name_in_every_process() -> None:
    code = "from core.environment import machine_id; print(machine_id())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == environment.machine_id()


def test_the_cpu_is_always_there_with_its_cores_in_its_name() -> None:
    cpu = environment.devices()[0]
    assert cpu.kind == "cpu"
    assert devices.cores_in_name(cpu.name) == devices.usable_cores()
    assert 0 < cpu.memory_bytes <= psutil.virtual_memory().total


def test_fewer_cores_by_affinity_are_fewer_cores() -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("no affinity on this system")
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from core.devices import usable_cores; print(usable_cores())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_a_containers_limits_are_the_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text("1073741824\n")
    monkeypatch.setattr(devices, "CGROUP", tmp_path)
    assert devices.usable_cores() == 1
    assert devices.usable_memory() == 2**30
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert devices.usable_memory() == psutil.virtual_memory().total


def test_auto_takes_a_gpu_that_can_be_used() -> None:
    broken = GPU.model_copy(update={"why_not": "the installed torch is a CPU build"})
    assert environment.resolve_device("auto", [CPU, GPU]) == "cuda"
    assert environment.resolve_device("auto", [CPU]) == "cpu"
    assert environment.resolve_device("auto", [CPU, broken]) == "cpu"
    assert environment.resolve_device("cpu", [CPU, GPU]) == "cpu"
    with pytest.raises(TradeoffError, match="CPU build"):
        environment.resolve_device("cuda", [CPU, broken])
    with pytest.raises(TradeoffError, match="No GPU"):
        environment.resolve_device("cuda", [CPU])
    with pytest.raises(TradeoffError, match='Did you mean "cuda"'):
        environment.resolve_device("cud", [CPU])


def test_the_gpu_is_the_one_that_cuda_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [nvml.Gpu(index, f"G{index}", f"GPU-{letter}", 1, None) for index, letter in enumerate("ab")]
    monkeypatch.setattr(nvml, "gpus", lambda: known)
    for visible, wanted in ((None, "G0"), ("1,0", "G1"), ("GPU-b", "G1"), ("", None), ("-1", None)):
        if visible is None:
            monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        else:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        found = nvml.current_gpu()
        assert (found.name if found else None) == wanted
