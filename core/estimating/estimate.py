"""What a run will take, told before it is launched and calibrated on what past runs of this machine took."""

import math
from collections.abc import Sequence
from statistics import median, pstdev
from typing import Any

from core.data.dataset import DatasetInfo
from core.devices import DeviceInfo, cores_in_name
from core.environment import machine_id
from core.estimating.footprint import Bytes, work_bytes
from core.estimating.work import Seconds, work_seconds
from core.estimating.workload import Workload
from core.metering.prices import PriceBook, cost
from core.metering.usage import Usage
from core.methods import method_entry
from core.preferences import Preferences
from core.spec import Record, RunSpec

GUESS_FACTOR = 3.0
"""Without a past run the truth lies within this factor, mostly."""
METHOD_FACTOR = 1.8
LEAST_FACTOR = 1.15
SHRINK = 0.25
"""Weight, in runs, of what is believed before: of the method's other runs, and of the bare model of the work."""
CPU_CORE_WATTS, RAM_WATTS, GPU_WATTS = 4.0, 10.0, 150.0
USABLE_MEMORY = 0.95
GIBIBYTE = 2**30


class PastRun(Record):
    """What a finished run took, and what decides it. Seconds are those of its phases; memory in bytes."""

    method: str
    model: str | None
    settings: dict[str, Any] = {}
    device: str = "cpu"
    machine_id: str = ""
    task: str = "single_label"
    labels: int = 2
    train_texts: int
    validation_texts: int = 0
    predict_texts: int
    mean_tokens: float
    fit_seconds: float
    predict_seconds: float
    other_seconds: float | None = None
    kwh: float | None = None
    peak_ram: int | None = None
    peak_gpu: int | None = None

    @property
    def workload(self) -> Workload:
        """The part that the model of the work needs."""
        return Workload(**{name: getattr(self, name) for name in Workload.model_fields})


class Estimate(Record):
    """An estimate of one run. What is not known is None, never 0; `basis` says what the figures rest on.

    `seconds` spans the whole run, start and timing of single texts included; `kwh` and `usd` cover the phases that
    are metered (fit and predict), so that they can be held against the figures of the finished run.
    """

    seconds: float | None = None
    seconds_low: float | None = None
    seconds_high: float | None = None
    fit_seconds: float | None = None
    predict_seconds: float | None = None
    kwh: float | None = None
    usd: float | None = None
    peak_ram_bytes: int | None = None
    peak_gpu_bytes: int | None = None
    fits: bool | None = None
    why_not: str = ""
    basis: str


class _Calibration(Record):
    """What past runs say of one kind of figure: the factor on the model of the work, and how sure it is."""

    ratio: float
    spread: float
    same: int
    related: int


def estimate(
    spec: RunSpec, info: DatasetInfo, mean_tokens: float, history: Sequence[PastRun],
    devices: Sequence[DeviceInfo], preferences: Preferences,
) -> Estimate:  # fmt: skip
    """Time, energy, money and memory of the run `spec` on one of `devices`.

    `mean_tokens` is the mean length of the dataset's texts in tokens. Of `history` the runs of this machine and this
    kind of device count. A model of the work gives the shape of the answer, the median ratio of measured to modelled
    its scale; with few runs of the same method and model the ratio leans on other runs of the method.
    """
    load = _workload(spec, info, mean_tokens)
    if spec.device == "api":
        return _at_provider(load, history, devices, preferences)
    device = next((found for found in devices if found.kind == spec.device), None)
    if device is None or not device.usable:
        why = device.why_not if device else f"this machine has no device {spec.device}"
        return Estimate(fits=False, why_not=f"It can't run here: {why}.", basis="unknown")
    past = [run for run in history if run.machine_id == machine_id() and run.device == spec.device]
    seconds, needed = work_seconds(load, device), work_bytes(load, device)
    if seconds is None or needed is None:
        return Estimate(basis=f"unknown: the size of the model {load.model} is not known before it is here")
    memory = _memory(load, device, past, needed)
    fits, why_not = _fits(load, device, devices, memory)
    return Estimate(
        **_times(load, device, past, seconds, preferences),
        peak_ram_bytes=int(memory.ram), peak_gpu_bytes=None if memory.gpu is None else int(memory.gpu),
        fits=fits, why_not=why_not,
    )  # fmt: skip


def _at_provider(
    load: Workload, history: Sequence[PastRun], devices: Sequence[DeviceInfo], preferences: Preferences
) -> Estimate:
    """Time alone: money goes by the prompts (`core.clients.estimating`), energy by the answers once they are there."""
    host = next(found for found in devices if found.kind == "cpu")
    times = _times(load, host, [run for run in history if run.device == "api"], work_seconds(load, host), preferences)
    memory = work_bytes(load, host)
    return Estimate(
        **{**times, "kwh": None, "usd": None}, peak_ram_bytes=int(memory.ram) if memory else None, fits=True
    )


def _times(
    load: Workload, device: DeviceInfo, past: Sequence[PastRun], modelled: Seconds | None, preferences: Preferences
) -> dict[str, Any]:
    values, lows, highs = [], [], []
    best = _Calibration(ratio=1.0, spread=GUESS_FACTOR, same=0, related=0)
    compared = [(run, work_seconds(run.workload, device)) for run in past if run.method == load.method]
    for place, seconds in enumerate(modelled or ()):
        found = _calibration(load, compared, place)
        values.append(seconds * found.ratio)
        lows.append(values[-1] / found.spread)
        highs.append(values[-1] * found.spread)
        best = found if place < 2 and (found.same, found.related) > (best.same, best.related) else best
    working = values[0] + values[1]
    usage = Usage(phase="fit", device=device.kind, device_name=device.name, device_seconds=working)
    return {
        "seconds": sum(values), "seconds_low": sum(lows), "seconds_high": sum(highs),
        "fit_seconds": values[0], "predict_seconds": values[1],
        "kwh": _watts(load, device, past) * working / 3.6e6,
        "usd": cost(usage, PriceBook.of(preferences), load.model).usd,
        "basis": _basis(best),
    }  # fmt: skip


def _calibration(load: Workload, compared: Sequence[tuple[PastRun, Seconds | None]], place: int) -> _Calibration:
    """The factor on the modelled seconds at `place` (fit, predict, other), shrunk from run to method to none.

    `compared` holds past runs of the method, each with what the model of the work says of it.
    """
    related, same = [], []
    for run, modelled in compared:
        measured = (run.fit_seconds, run.predict_seconds, run.other_seconds)[place]
        if modelled is None or not measured or measured <= 0 or modelled[place] <= 0:
            continue
        ratio = math.log(measured / modelled[place])
        related.append(ratio)
        if run.model == load.model:
            same.append(ratio)
    belief = 0.0
    for ratios in (related, same):
        if ratios:
            belief = (len(ratios) * median(ratios) + SHRINK * belief) / (len(ratios) + SHRINK)
    return _Calibration(ratio=math.exp(belief), spread=_spread(same, related), same=len(same), related=len(related))


def _spread(same: list[float], related: list[float]) -> float:
    if not same:
        return METHOD_FACTOR if related else GUESS_FACTOR
    # Two runs agree by chance: the floor falls with their number.
    floor = LEAST_FACTOR + 0.35 / len(same)
    return min(GUESS_FACTOR, max(floor, math.exp(2 * pstdev(same))))


def _basis(found: _Calibration) -> str:
    if found.same:
        return f"from {_count(found.same)} on this machine"
    if found.related:
        return f"from {_count(found.related)} of the same method on this machine"
    return "rough guess, no past run yet"


def _count(runs: int) -> str:
    return "1 past run" if runs == 1 else f"{runs} past runs"


def _watts(load: Workload, device: DeviceInfo, past: Sequence[PastRun]) -> float:
    """Mean power of past runs, those of the same method first; else a typical one of the device."""
    for chosen in ([run for run in past if run.method == load.method], past):
        powers = [run.kwh * 3.6e6 / seconds for run in chosen
                  if run.kwh and (seconds := run.fit_seconds + run.predict_seconds) >= 1.0]  # fmt: skip
        if powers:
            return median(powers)
    if device.kind == "cuda":
        return GPU_WATTS + RAM_WATTS + CPU_CORE_WATTS
    return CPU_CORE_WATTS * (cores_in_name(device.name) or 1) + RAM_WATTS


def _memory(load: Workload, device: DeviceInfo, past: Sequence[PastRun], modelled: Bytes) -> Bytes:
    """The model's peaks, scaled by what past runs of the same method and model needed."""
    rams, gpus = [], []
    for run in past:
        if (run.method, run.model) != (load.method, load.model):
            continue
        then = work_bytes(run.workload, device)
        if then and run.peak_ram:
            rams.append(run.peak_ram / then.ram)
        if then and then.gpu and run.peak_gpu:
            gpus.append(run.peak_gpu / then.gpu)
    gpu = None if modelled.gpu is None else modelled.gpu * (median(gpus) if gpus else 1.0)
    return Bytes(modelled.ram * (median(rams) if rams else 1.0), gpu)


def _fits(load: Workload, device: DeviceInfo, devices: Sequence[DeviceInfo], needed: Bytes) -> tuple[bool, str]:
    host = next((found for found in devices if found.kind == "cpu"), None)
    checks = [(needed.ram, host.memory_bytes, "memory", "this machine")] if host else []
    if needed.gpu is not None and device.memory_bytes:
        checks.insert(0, (needed.gpu, device.memory_bytes, "GPU memory", f"the {device.name}"))
    lower = method_entry(load.method).memory_setting
    for bytes_needed, there, what, where in checks:
        if bytes_needed > there * USABLE_MEMORY:
            remedy = f"Lower {lower}, or choose a smaller model." if lower else "Use fewer texts."
            sizes = f"it needs about {_gib(bytes_needed)} of {what} and {where} has {_gib(there)}"
            return False, f"It will not fit: {sizes}. {remedy}"
    return True, ""


def _gib(size: float) -> str:
    return f"{size / GIBIBYTE:.1f} GiB"


def _workload(spec: RunSpec, info: DatasetInfo, mean_tokens: float) -> Workload:
    there = info.counts.get("train", 0)
    return Workload(
        method=spec.candidate.method, model=spec.candidate.model, settings=spec.candidate.settings,
        device=spec.device, task=info.task, labels=len(info.labels), train_texts=min(spec.train_size or there, there),
        validation_texts=info.counts.get("validation", 0),
        predict_texts=info.counts.get("validation", 0) + info.counts.get("test", 0), mean_tokens=mean_tokens,
    )  # fmt: skip
