"""What a phase would have used with other caching, electricity or batches: stored usage, changed part by part."""

from typing import Any

from core.metering.usage import PROVENANCES, Energy, Provenance, TokenCount, Usage, UsagePart


def altered(usage: Usage, cached_share: float | None, pue: float, grid_g_per_kwh: float | None) -> Usage:
    """A phase under assumptions about tokens and electricity; of a cascade, each of its models apart.

    `cached_share` is of the tokens that a provider reads, `pue` a factor on the energy of devices of ours and
    `grid_g_per_kwh` their grid. A provider's energy is an estimate that has its own grid and losses in it.
    """
    if usage.parts:
        parts = tuple(
            part.model_copy(update={"usage": altered(part.usage, cached_share, pue, grid_g_per_kwh)})
            for part in usage.parts
        )
        return summed(usage, parts)
    if usage.device != "api":
        return _electric(usage, pue, grid_g_per_kwh)
    if cached_share is None:
        return usage
    tokens = usage.tokens.model_copy(update={"cached": round(cached_share * usage.tokens.input)})
    return usage.model_copy(update={"tokens": tokens})


def _electric(usage: Usage, pue: float, grid_g_per_kwh: float | None) -> Usage:
    """Energy with cooling and losses, CO2e by the grid."""
    if pue == 1 and grid_g_per_kwh is None:
        return usage
    changed = usage.model_copy(update={"energy": {name: _cooled(part, pue) for name, part in usage.energy.items()}})
    if grid_g_per_kwh is None:
        return changed.model_copy(update={"co2e_kg": None if usage.co2e_kg is None else usage.co2e_kg * pue})
    co2e = None if changed.kwh is None else changed.kwh * grid_g_per_kwh / 1000
    return changed.model_copy(
        update={"co2e_kg": co2e, "grid_g_per_kwh": grid_g_per_kwh, "grid_source": "assumed: what if"}
    )


def _cooled(part: Energy, pue: float) -> Energy:
    """Energy with cooling and losses; what is multiplied by an assumption is no longer measured."""
    kwh, low, high = (None if one is None else one * pue for one in (part.kwh, part.low_kwh, part.high_kwh))
    sure = "modelled" if part.provenance == "measured" and pue != 1 else part.provenance
    return Energy(kwh=kwh, provenance=sure, low_kwh=low, high_kwh=high)


def summed(usage: Usage, parts: tuple[UsagePart, ...]) -> Usage:
    """A cascade's phase with other parts: what it sums up is summed anew, the rest stays."""
    each = [part.usage for part in parts]
    energy: dict[Any, Energy] = {}
    for name in dict.fromkeys(name for one in each for name in one.energy):
        found = [one.energy[name] for one in each if name in one.energy]
        kwh, low, high = (_total([getattr(one, field) for one in found]) for field in ("kwh", "low_kwh", "high_kwh"))
        sure = max((one.provenance for one in found), key=PROVENANCES.index)
        energy[name] = Energy(kwh=kwh, provenance=sure, low_kwh=low, high_kwh=high)
    tokens = {name: sum(getattr(one.tokens, name) for one in each) for name in TokenCount.model_fields}
    co2e = _total([one.co2e_kg for one in each])
    seconds = sum(one.device_seconds for one in each)
    return usage.model_copy(
        update={"parts": parts, "energy": energy, "tokens": TokenCount(**tokens), "co2e_kg": co2e,
                "device_seconds": seconds}
    )  # fmt: skip


def _total(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if values and len(known) == len(values) else None


def mixed(predict: Usage, single: Usage | None, batched: float) -> Usage | None:
    """Usage of a stream of texts of which the share `batched` comes in batches; None where singles were not metered.

    A provider's requests are single texts anyway. Seconds, energy and CO2e are those of both phases by text.
    """
    if predict.parts:
        alike = {part.candidate: part.usage for part in single.parts} if single else {}
        parts = [part.model_copy(update={"usage": each}) for part in predict.parts
                 if (each := mixed(part.usage, alike.get(part.candidate), batched))]  # fmt: skip
        return summed(predict, tuple(parts)) if len(parts) == len(predict.parts) else None
    if predict.device == "api":
        return predict
    if single is None or not single.texts or not predict.texts:
        return None
    alone = (1 - batched) * predict.texts / single.texts

    def mix(first: float | None, second: float | None) -> float | None:
        return None if first is None or second is None else batched * first + alone * second

    energy = {
        name: Energy(
            kwh=mix(part.kwh, (other := single.energy.get(name, Energy())).kwh),
            provenance=_least_sure(part.provenance, other.provenance),
        )
        for name, part in predict.energy.items()
    }
    seconds = {name: mix(getattr(predict, name), getattr(single, name))
               for name in ("wall_seconds", "cpu_seconds", "device_seconds", "co2e_kg")}  # fmt: skip
    tokens = {name: round(mix(getattr(predict.tokens, name), getattr(single.tokens, name)) or 0)
              for name in TokenCount.model_fields}  # fmt: skip
    flags = tuple(dict.fromkeys((*predict.flags, *single.flags)))
    return predict.model_copy(update={**seconds, "energy": energy, "tokens": TokenCount(**tokens), "flags": flags})


def _least_sure(first: Provenance, second: Provenance) -> Provenance:
    return max(first, second, key=PROVENANCES.index)
