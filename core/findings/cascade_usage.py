"""What a cascade uses: the sums of what its stages used for the texts that reached them, each with its provenance."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.analysis.cascade import latency_mixture
from core.metering.usage import PROVENANCES, Energy, Phase, TokenCount, Usage, UsagePart

PUT_TOGETHER = "put together from the runs of its stages"
TIMES = 100
"""Times of single texts that stand for all of them."""


def shared(usage: Usage, share: float, texts: int) -> Usage:
    """The share of a phase that `texts` of its texts took; peaks stay."""
    energy = {
        name: Energy(kwh=_times(part.kwh, share), provenance=part.provenance, low_kwh=_times(part.low_kwh, share),
                     high_kwh=_times(part.high_kwh, share))
        for name, part in usage.energy.items()
    }  # fmt: skip
    tokens = {name: round(count * share) for name, count in usage.tokens.model_dump().items()}
    return usage.model_copy(update={
        "texts": texts, "wall_seconds": usage.wall_seconds * share, "cpu_seconds": usage.cpu_seconds * share,
        "device_seconds": usage.device_seconds * share, "tokens": TokenCount(**tokens), "energy": energy,
        "co2e_kg": _times(usage.co2e_kg, share), "uncounted": math.ceil(usage.uncounted * share), "latency_ms": (),
    })  # fmt: skip


def added(phase: Phase, parts: Sequence[UsagePart], texts: int, device: str) -> Usage:
    """The sum over the stages of a cascade. While it answers all of its models are in memory, while fitting one is."""
    usages = [part.usage for part in parts]
    together = max if phase == "fit" else sum
    ram = [usage.peak_ram_bytes for usage in usages if usage.peak_ram_bytes]
    gpu = [usage.peak_gpu_bytes for usage in usages if usage.peak_gpu_bytes]
    return Usage(
        phase=phase, texts=texts, wall_seconds=sum(usage.wall_seconds for usage in usages),
        cpu_seconds=sum(usage.cpu_seconds for usage in usages), device=device,
        device_name=" + ".join(dict.fromkeys(usage.device_name for usage in usages if usage.device_name)),
        device_seconds=sum(usage.device_seconds for usage in usages),
        tokens=TokenCount(**{name: sum(getattr(usage.tokens, name) for usage in usages)
                             for name in TokenCount.model_fields}),
        peak_ram_bytes=together(ram) if ram else None, peak_gpu_bytes=together(gpu) if gpu else None,
        energy={name: _energy([usage.energy[name] for usage in usages if name in usage.energy])
                for name in dict.fromkeys(name for usage in usages for name in usage.energy)},
        co2e_kg=_sum([usage.co2e_kg for usage in usages]), grid_g_per_kwh=_grid(usages),
        grid_source=" + ".join(dict.fromkeys(usage.grid_source for usage in usages if usage.grid_source)),
        flags=(PUT_TOGETHER, *dict.fromkeys(flag for usage in usages for flag in usage.flags)),
        uncounted=sum(usage.uncounted for usage in usages), parts=tuple(parts),
    )  # fmt: skip


def timed(parts: Sequence[UsagePart], answered: NDArray[np.float64], device: str) -> Usage | None:
    """Single texts, where stage k answers the share `answered[k]`, from those of each stage; None when one has none."""
    mixture = latency_mixture([part.usage.latency_ms for part in parts])
    if mixture is None:
        return None
    counts = [round(TIMES * float(share)) for share in answered]
    levels = [(np.arange(count) + 0.5) / count for count in counts if count]
    rows = [row for row, count in zip(mixture, counts, strict=True) if count]
    times = np.concatenate([np.quantile(row, at) for row, at in zip(rows, levels, strict=True)])
    reached = 1 - np.concatenate([[0.0], np.cumsum(answered)[:-1]])
    shares = [
        part.model_copy(update={"usage": shared(part.usage, float(share) * len(times) / max(1, part.usage.texts),
                                                round(float(share) * len(times)))})
        for part, share in zip(parts, reached, strict=True)
    ]  # fmt: skip
    return added("latency", shares, len(times), device).model_copy(update={"latency_ms": tuple(times.tolist())})


def _energy(parts: Sequence[Energy]) -> Energy:
    ranged = any(part.low_kwh is not None and part.high_kwh is not None for part in parts)
    return Energy(
        kwh=_sum([part.kwh for part in parts]),
        provenance=max((part.provenance for part in parts), key=PROVENANCES.index),
        low_kwh=_sum([part.kwh if part.low_kwh is None else part.low_kwh for part in parts]) if ranged else None,
        high_kwh=_sum([part.kwh if part.high_kwh is None else part.high_kwh for part in parts]) if ranged else None,
    )


def _grid(usages: Sequence[Usage]) -> float | None:
    """Grams of CO2e a kWh: the mean weighted by energy; None where one is not known."""
    grids = [usage.grid_g_per_kwh for usage in usages]
    known = [grid for grid in grids if grid is not None]
    if len(known) < len(grids) or not known:
        return None
    weights = [usage.kwh or 0.0 for usage in usages]
    return float(np.average(known, weights=weights)) if sum(weights) else sum(known) / len(known)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _times(value: float | None, share: float) -> float | None:
    return None if value is None else value * share
