"""Meters the phases of a run apart: time, memory, tokens, energy by component with its provenance, CO2e.

No failure of a meter fails the run: what can't be read is unknown (never 0) and a flag says so.
"""

import os
import time
from dataclasses import dataclass
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

import psutil

from core import devices
from core.metering import nvml, probes
from core.metering.adding import add_usage
from core.metering.energy import JOULES_PER_KWH, EnergyReader, Reading
from core.metering.usage import Component, Energy, Phase, TokenCount, Usage
from core.methods.base import Tokens
from core.preferences import Preferences

SAMPLE_SECONDS = 0.5
ENERGY_EVERY_SAMPLES = 40
"""RAPL's counters wrap after some minutes at full power: they are read every 20 s at least."""
SHORT_SECONDS = 0.5
BUSY_SHARE = 0.2

TOO_SHORT = "too short to meter well"
NO_ENERGY = "energy could not be metered"
GPU_SAMPLED = "GPU energy from power samples, the GPU has no energy counter"
ONE_GPU_OF_SEVERAL = "energy of one GPU, where several shared the model"
GPU_SHARED = "another process used the GPU"
REUSED = "work of another run was used: its time and energy are counted here"


class Meter:
    """Meters one process on one device. Entering it warms CodeCarbon (about two seconds), leaving it stops that.

    `processes` that share the fit of one model each have a GPU of their own: all of them are metered in that phase.
    """

    def __init__(self, device: str, preferences: Preferences, processes: int = 1) -> None:
        self.device, self.preferences, self.processes = device, preferences, processes
        self.gpu: nvml.Gpu | None = None
        self.others: list[nvml.Gpu] = []
        self.reader = EnergyReader()

    def __enter__(self) -> Self:
        if self.device == "cuda":
            self.gpu = nvml.current_gpu()
            self.others = nvml.visible_gpus()[1 : self.processes]
            self.reader = EnergyReader(self.gpu.index if self.gpu else None)
        if self.device != "api":
            self.reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.device != "api":
            self.reader.stop()

    @property
    def device_name(self) -> str:
        """The device as prices know it."""
        if self.device == "cuda":
            return self.gpu.name if self.gpu else "unknown GPU"
        if self.device == "api":
            return ""
        return devices.cpu_device_name()

    def phase(self, name: Phase) -> "PhaseMeter":
        """A meter of one phase, to be used in a `with`; one phase at a time."""
        return PhaseMeter(self, name)


@dataclass(frozen=True)
class _Moment:
    """All counters at one moment."""

    at: float
    cpu_seconds: float
    machine_busy_seconds: float
    gpu_kwh: float | None
    reading: Reading | None


class PhaseMeter:
    """One phase. The caller adds to `texts`, `tokens` and `latency_ms`.

    `usage()` may be asked at any time by the thread that works; what the asking takes is not counted.
    """

    def __init__(self, meter: Meter, name: Phase) -> None:
        self.texts = 0
        self.tokens = Tokens()
        self.latency_ms: list[float] = []
        self._meter, self._name = meter, name
        self._shares = meter.processes if name == "fit" and meter.device == "cuda" else 1
        self._gpus = [gpu for gpu in (meter.gpu, *(meter.others if self._shares > 1 else ())) if gpu]
        self._began: _Moment | None = None
        self._ended: _Moment | None = None
        self._stop, self._lock = Event(), Lock()
        self._sampler = Thread(target=self._sample_on, name=f"meter-{name}", daemon=True)
        self._peak_ram = 0
        self._peak_gpu = 0
        self._metering_seconds = 0.0
        self._gpu_shared = False
        self._exact_ram = False
        self._attributed: Usage | None = None

    def __enter__(self) -> Self:
        self._exact_ram = probes.reset_peak_ram()
        probes.reset_peak_gpu()
        reading = self._meter.reader.read()
        self._began = self._moment(reading)
        self._sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        at = time.perf_counter()
        self._stop.set()
        self._sampler.join()
        self._sample()
        self._ended = self._now(at)

    def usage(self) -> Usage:
        """What the phase has used: until now while it runs, in all when it has ended."""
        if self._began is None:
            return Usage(phase=self._name, device=self._meter.device, device_name=self._meter.device_name)
        asked_at = time.perf_counter()
        self._sample()
        began, now = self._began, self._ended or self._now(asked_at)
        usage = self._usage(began, now)
        if self._ended is None:
            self._metering_seconds += time.perf_counter() - asked_at
        return usage

    def attribute(self, usage: Usage) -> None:
        """Count work that another run did and this phase used, as if it was done here."""
        told = usage.model_copy(
            update={
                "phase": self._name, "device": self._meter.device, "device_name": self._meter.device_name,
                "attempts": 0, "flags": (*usage.flags, REUSED), "reused_seconds": usage.wall_seconds,
                "reused_kwh": usage.kwh, "grid_g_per_kwh": self._meter.preferences.grid.g_per_kwh, "grid_source": "",
            }
        )  # fmt: skip
        self._attributed = add_usage(self._attributed, told)

    def _usage(self, began: _Moment, now: _Moment) -> Usage:
        wall = now.at - began.at
        cpu = max(0.0, now.cpu_seconds - began.cpu_seconds)
        energy, flags = self._energy(began, now, cpu)
        usage = Usage(
            phase=self._name, texts=self.texts, wall_seconds=wall, cpu_seconds=cpu, device=self._meter.device,
            device_name=self._meter.device_name, device_seconds=wall * self._shares,
            tokens=TokenCount(input=self.tokens.input, cached=self.tokens.cached, output=self.tokens.output,
                              reasoning=self.tokens.reasoning),
            peak_ram_bytes=self._peak_ram or None, peak_gpu_bytes=self._peak_gpu or None,
            energy=energy, flags=(*flags, *self._crowd(began, now, cpu)), latency_ms=tuple(self.latency_ms),
        )  # fmt: skip
        whole = add_usage(usage, self._attributed) if self._attributed else usage
        return _with_co2e(whole, self._meter.preferences)

    def _now(self, at: float) -> _Moment:
        """The counters now, at time `at` less what metering itself took. CodeCarbon's reading may wait: it is last."""
        waited = probes.wait_for_gpu()
        at += waited - self._metering_seconds
        cpu, busy, gpu = probes.cpu_seconds(), probes.machine_busy_seconds(), self._gpu_kwh()
        return _Moment(at, cpu, busy, gpu, self._meter.reader.read())

    def _moment(self, reading: Reading | None) -> _Moment:
        busy, gpu = probes.machine_busy_seconds(), self._gpu_kwh()
        return _Moment(time.perf_counter(), probes.cpu_seconds(), busy, gpu, reading)

    def _gpu_kwh(self) -> float | None:
        told = [kwh for gpu in self._gpus if (kwh := gpu.energy_kwh()) is not None]
        return sum(told) if told and len(told) == self._shares else None

    def _energy(self, began: _Moment, now: _Moment, cpu_seconds: float) -> tuple[dict[Component, Energy], list[str]]:
        """Energy by component, and flags. See docs/metering.md for what each figure is.

        What this machine draws while it waits for a provider is not the model's: that energy is estimated apart.
        """
        if self._meter.device == "api":
            return {"api": Energy()}, []
        wall = now.at - began.at
        flags = [TOO_SHORT] if wall < SHORT_SECONDS else []
        energy: dict[Component, Energy] = {"cpu": Energy(), "ram": Energy()}
        if began.reading and now.reading:
            energy["cpu"] = self._cpu_energy(began.reading, now.reading, wall, cpu_seconds)
            energy["ram"] = _ram_energy(began.reading, now.reading, wall)
        if self._meter.device == "cuda":
            energy["gpu"], sampled = self._gpu_energy(began, now)
            flags += [GPU_SAMPLED] if sampled else []
            flags += [ONE_GPU_OF_SEVERAL] if sampled and self._shares > 1 else []
        if any(part.kwh is None for part in energy.values()):
            why = self._meter.reader.problem
            flags.append(f"{NO_ENERGY}: {why}" if why else NO_ENERGY)
        return energy, flags

    def _cpu_energy(self, began: Reading, now: Reading, wall: float, cpu_seconds: float) -> Energy:
        reader = self._meter.reader
        kwh = now.cpu_kwh - began.cpu_kwh
        if reader.cpu_provenance == "measured":
            return Energy(kwh=kwh, provenance="measured") if kwh > 0 else Energy()
        modelled = None if reader.watts_per_core is None else reader.watts_per_core * cpu_seconds / JOULES_PER_KWH
        if modelled and (kwh <= 0 or wall < SHORT_SECONDS):
            kwh = modelled
        return Energy(kwh=kwh, provenance="modelled") if kwh > 0 else Energy()

    def _gpu_energy(self, began: _Moment, now: _Moment) -> tuple[Energy, bool]:
        """From NVML's counter at both ends; else CodeCarbon's power samples, which the second value tells."""
        if began.gpu_kwh is not None and now.gpu_kwh is not None and now.gpu_kwh >= began.gpu_kwh:
            return Energy(kwh=now.gpu_kwh - began.gpu_kwh, provenance="measured"), False
        if began.reading and now.reading and (kwh := now.reading.gpu_kwh - began.reading.gpu_kwh) > 0:
            return Energy(kwh=kwh, provenance="measured"), True
        return Energy(), False

    def _crowd(self, began: _Moment, now: _Moment, cpu_seconds: float) -> list[str]:
        """Flags for others at work on the machine: they slow a run down and draw power that RAPL counts."""
        wall = now.at - began.at
        flags = [GPU_SHARED] if self._gpu_shared else []
        if self._meter.device == "api":
            return flags
        if wall >= SHORT_SECONDS:
            others = now.machine_busy_seconds - began.machine_busy_seconds - cpu_seconds
            share = others / wall / (psutil.cpu_count() or 1)
            if share > BUSY_SHARE:
                # Tens are enough, and attempts and seeds then mostly carry the same flag.
                flags.append(f"the machine was busy with other work: about {min(100, round(share * 10) * 10)} %")
        return flags

    def _sample_on(self) -> None:
        samples = 0
        while not self._stop.wait(SAMPLE_SECONDS):
            samples += 1
            self._sample()
            if samples % ENERGY_EVERY_SAMPLES == 0:
                self._meter.reader.read()

    def _sample(self) -> None:
        if self._ended is not None:
            return
        with self._lock:
            own, family = probes.memory()
            self._peak_ram = max(self._peak_ram, family, probes.peak_ram() if self._exact_ram else own)
            if self._meter.device == "cuda":
                self._sample_gpu()

    def _sample_gpu(self) -> None:
        family = {os.getpid(), *(child.pid for child in probes.children())}
        own = 0
        for gpu in self._gpus:
            by_process = gpu.processes()
            # Inside a container NVML may list foreign process ids only; then it can't be told who is who.
            if family & by_process.keys():
                self._gpu_shared |= any(pid not in family for pid in by_process)
            own = max(own, sum(by_process.get(pid, 0) for pid in family))
        exact = probes.peak_gpu()
        self._peak_gpu = max(self._peak_gpu, own if self._shares > 1 or not exact else exact)


def _with_co2e(usage: Usage, preferences: Preferences) -> Usage:
    """CO2e in kg = kWh × g/kWh / 1000."""
    grid = preferences.grid
    co2e = None if usage.kwh is None or grid.g_per_kwh is None else usage.kwh * grid.g_per_kwh / 1000
    return usage.model_copy(update={"co2e_kg": co2e, "grid_g_per_kwh": grid.g_per_kwh, "grid_source": grid.source})


def _ram_energy(began: Reading, now: Reading, wall: float) -> Energy:
    """CodeCarbon models RAM power from its size. The reading may reach past the phase, so it is cut to its time."""
    kwh = now.ram_kwh - began.ram_kwh
    window = now.at - began.at
    kwh = kwh * min(1.0, wall / window) if kwh > 0 and window > 0 else now.ram_watts * wall / JOULES_PER_KWH
    return Energy(kwh=kwh, provenance="modelled") if kwh > 0 else Energy()
