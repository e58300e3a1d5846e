"""What several attempts at a phase used together: what is unknown in one is unknown in the sum."""

from core.metering.usage import PROVENANCES, Component, Energy, TokenCount, Usage


def add_usage(before: Usage | None, more: Usage) -> Usage:
    """The usage of all attempts at a phase: sums, the higher peak, and for each component the least sure provenance.

    Energy that is unknown in one attempt is unknown in the sum. The grid's intensity is the mean weighted by energy.
    """
    if before is None:
        return more
    if before.phase != more.phase:
        raise ValueError(f"usage of {before.phase} and of {more.phase} cannot be added")
    flags = dict.fromkeys((*before.flags, *more.flags))
    if before.device_name != more.device_name:
        flags["attempts ran on different devices"] = None
    components: list[Component] = list(dict.fromkeys((*before.energy, *more.energy)))
    return Usage(
        phase=more.phase, texts=before.texts + more.texts, wall_seconds=before.wall_seconds + more.wall_seconds,
        cpu_seconds=before.cpu_seconds + more.cpu_seconds, device=more.device, device_name=more.device_name,
        device_seconds=before.device_seconds + more.device_seconds,
        tokens=TokenCount(**{name: getattr(before.tokens, name) + getattr(more.tokens, name)
                             for name in TokenCount.model_fields}),
        peak_ram_bytes=_higher(before.peak_ram_bytes, more.peak_ram_bytes),
        peak_gpu_bytes=_higher(before.peak_gpu_bytes, more.peak_gpu_bytes),
        energy={name: _sum_energy(before.energy.get(name), more.energy.get(name)) for name in components},
        co2e_kg=_sum(before.co2e_kg, more.co2e_kg), grid_g_per_kwh=_mean_grid(before, more),
        grid_source=" + ".join(dict.fromkeys(filter(None, (before.grid_source, more.grid_source)))),
        attempts=before.attempts + more.attempts, flags=tuple(flags),
        latency_ms=before.latency_ms + more.latency_ms, reused_seconds=before.reused_seconds + more.reused_seconds,
        reused_kwh=_reused(before.reused_kwh, more.reused_kwh),
    )  # fmt: skip


def _sum_energy(first: Energy | None, second: Energy | None) -> Energy:
    a, b = first or Energy(), second or Energy()
    return Energy(
        kwh=_sum(a.kwh, b.kwh), provenance=max(a.provenance, b.provenance, key=PROVENANCES.index),
        low_kwh=_sum(a.low_kwh, b.low_kwh), high_kwh=_sum(a.high_kwh, b.high_kwh),
    )  # fmt: skip


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def _reused(first: float | None, second: float | None) -> float | None:
    return None if first is None and second is None else (first or 0.0) + (second or 0.0)


def _higher(first: int | None, second: int | None) -> int | None:
    return max((value for value in (first, second) if value is not None), default=None)


def _mean_grid(first: Usage, second: Usage) -> float | None:
    if first.grid_g_per_kwh is None or second.grid_g_per_kwh is None:
        return None
    a, b = first.kwh or 0.0, second.kwh or 0.0
    if a + b == 0:
        return (first.grid_g_per_kwh + second.grid_g_per_kwh) / 2
    return (a * first.grid_g_per_kwh + b * second.grid_g_per_kwh) / (a + b)
