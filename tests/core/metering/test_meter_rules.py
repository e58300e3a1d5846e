"""What the meter makes of counters that this machine may not have: RAPL, a GPU's counter, a busy machine."""

import os
import re
import time
from collections.abc import Iterator

import psutil
import pytest

from core.metering import probes
from core.metering.energy import EnergyReader, Reading
from core.metering.meter import GPU_SAMPLED, NO_ENERGY, TOO_SHORT, Meter
from core.metering.nvml import Gpu
from core.metering.usage import Usage
from core.preferences import Preferences


class Scripted(EnergyReader):
    """Answers with given kWh (CPU, RAM, GPU) in turn, a minute apart each."""

    def __init__(self, *readings: tuple[float, float, float], measured: bool = False) -> None:
        super().__init__()
        self.problem, self.cpu_provenance = "", "measured" if measured else "modelled"
        self.watts_per_core = None if measured else 4.0
        self._readings: Iterator[tuple[float, float, float]] = iter(readings)

    def start(self) -> None:
        """Nothing is started."""

    def read(self) -> Reading | None:
        cpu, ram, gpu = next(self._readings)
        return Reading(time.perf_counter(), cpu, ram, gpu, ram_watts=10.0)


class CountingGpu(Gpu):
    """A GPU whose counter answers in turn."""

    def energy_kwh(self) -> float | None:
        answers: list[float | None] = self.handle
        return answers.pop(0)

    def processes(self) -> dict[int, int]:
        return {1: 50, **dict.fromkeys(OWN, 70)}


OWN: list[int] = []


def metered(reader: EnergyReader, gpu: Gpu | None = None, seconds: float = 0.0) -> Usage:
    meter = Meter("cuda" if gpu else "cpu", Preferences())
    meter.reader, meter.gpu = reader, gpu
    with meter.phase("fit") as phase:
        time.sleep(seconds)
    return phase.usage()


def test_a_counter_of_the_cpu_is_taken_as_it_is_even_in_a_short_phase() -> None:
    usage = metered(Scripted((1.0, 1.0, 0.0), (1.5, 1.25, 0.0), measured=True))
    assert usage.energy["cpu"].kwh == 0.5
    assert usage.energy["cpu"].provenance == "measured"
    assert usage.energy_provenance == "modelled", "RAM is modelled, and the least sure part decides"
    assert TOO_SHORT in usage.flags


def test_a_counter_that_stands_still_is_no_reading() -> None:
    usage = metered(Scripted((1.0, 1.0, 0.0), (1.0, 1.25, 0.0), measured=True))
    assert usage.energy["cpu"].kwh is None
    assert usage.kwh is None
    assert NO_ENERGY in usage.flags


def test_a_zero_of_the_model_is_replaced_by_power_times_time() -> None:
    usage = metered(Scripted((1.0, 1.0, 0.0), (1.0, 1.0, 0.0)), seconds=0.6)
    assert usage.energy["cpu"].kwh == pytest.approx(4.0 * usage.cpu_seconds / 3.6e6)
    assert usage.energy["ram"].kwh == pytest.approx(10.0 * usage.wall_seconds / 3.6e6)
    assert usage.energy_provenance == "modelled"


def test_a_gpus_counter_is_read_at_both_ends() -> None:
    gpu = CountingGpu(0, "Tesla T4", "GPU-x", 2**34, [2.0, 2.75])
    usage = metered(Scripted((0, 0, 0), (1, 1, 99)), gpu)
    assert (usage.energy["gpu"].kwh, usage.energy["gpu"].provenance) == (0.75, "measured")
    assert usage.device_name == "Tesla T4"
    assert GPU_SAMPLED not in usage.flags


def test_without_a_counter_codecarbons_samples_are_taken_and_told() -> None:
    gpu = CountingGpu(0, "Tesla K80", "GPU-x", 2**34, [None, None])
    usage = metered(Scripted((0, 0, 0.5), (1, 1, 0.75)), gpu)
    assert usage.energy["gpu"].kwh == 0.25
    assert GPU_SAMPLED in usage.flags


def test_without_either_the_energy_is_unknown() -> None:
    gpu = CountingGpu(0, "Tesla K80", "GPU-x", 2**34, [None, None])
    usage = metered(Scripted((0, 0, 0), (1, 1, 0)), gpu)
    assert usage.energy["gpu"].kwh is None
    assert usage.kwh is None
    assert usage.co2e_kg is None


def test_a_gpu_run_without_a_gpu_in_sight_is_metered_as_unknown() -> None:
    meter = Meter("cuda", Preferences())
    meter.reader = Scripted((0, 0, 0), (1, 1, 0))
    with meter.phase("fit") as phase:
        pass
    assert phase.usage().energy["gpu"].kwh is None
    assert phase.usage().device_name == "unknown GPU"


def test_others_on_the_gpu_are_told_only_where_process_ids_can_be_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    flag = "another process used the GPU"
    gpu = CountingGpu(0, "Tesla T4", "GPU-x", 2**34, [1.0, 2.0, 3.0, 4.0])
    assert flag not in metered(Scripted((0, 0, 0), (1, 1, 0)), gpu).flags
    monkeypatch.setitem(globals(), "OWN", [os.getpid()])
    usage = metered(Scripted((0, 0, 0), (1, 1, 0)), gpu)
    assert flag in usage.flags
    assert usage.peak_gpu_bytes == 70


def test_all_gpus_of_a_fit_that_several_processes_share_are_metered_and_billed() -> None:
    gpus: list[Gpu] = [CountingGpu(i, "H100", f"GPU-{i}", 2**34, [1.0, 1.5 + i, 3.0 + i, 3.5 + i]) for i in range(2)]
    meter = Meter("cuda", Preferences(), processes=2)
    meter.reader, meter.gpu, meter.others = Scripted((0, 0, 0), (1, 1, 0), (1, 1, 0), (2, 2, 0)), gpus[0], gpus[1:2]
    with meter.phase("fit") as phase:
        pass
    usage = phase.usage()
    assert (usage.energy["gpu"].kwh, usage.energy["gpu"].provenance) == (0.5 + 1.5, "measured")
    assert usage.device_seconds == 2 * usage.wall_seconds
    with meter.phase("predict") as phase:
        pass
    assert (phase.usage().energy["gpu"].kwh, phase.usage().device_seconds) == (0.5, phase.usage().wall_seconds)


@pytest.mark.parametrize(("others", "told"), [(0.02, False), (0.9, True)])
def test_a_machine_busy_with_other_work_is_flagged(monkeypatch: pytest.MonkeyPatch, others: float, told: bool) -> None:
    began = time.perf_counter()
    cores = psutil.cpu_count() or 1
    own = probes.cpu_seconds
    monkeypatch.setattr(probes, "machine_busy_seconds", lambda: own() + others * cores * (time.perf_counter() - began))
    usage = metered(Scripted((0, 0, 0), (1, 1, 0)), seconds=0.55)
    busy = [flag for flag in usage.flags if "busy with other work" in flag]
    assert bool(busy) == told
    assert all(re.search(r"about \d+0 %$", flag) for flag in busy)
