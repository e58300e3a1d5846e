"""What a candidate needs for 1,000 texts and to begin with: device time, energy of each component, labels."""

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

from core.metering.usage import PROVENANCES, Energy, Usage
from core.methods import METHODS
from core.spec import RunSpec

READ_LABELS = ("gliclass", "gliner")
"""Methods that read the names of the labels and are not trained."""


def labels_used(spec: RunSpec, fit: Usage | None) -> int | None:
    """Labelled training texts that a run stands on; None where its fit was not metered.

    A prompt stands on the examples that it shows; where they are looked up for each text, on all of those looked
    through; a cascade on those of its hungriest stage. The texts for validation and test, which every candidate needs
    alike, are not counted.
    """
    trained, settings = fit.texts if fit else None, spec.candidate.settings
    if fit and fit.parts:
        return max(part.usage.texts for part in fit.parts)
    if spec.candidate.method in READ_LABELS:
        return 0
    if METHODS[spec.candidate.method].family not in ("prompted_llm", "api"):
        return trained
    if not settings.get("shots"):
        return 0
    if settings.get("demonstrations") == "similar":
        return min(settings.get("pool") or trained, trained) if trained is not None else None
    return int(settings["shots"])


def device_seconds_per_1k(usages: Sequence[Usage]) -> float | None:
    """Seconds that devices of ours are occupied by 1,000 texts, averaged over runs; None where a provider does all."""
    rates = [
        1000 * sum(part.device_seconds for part in own) / usage.texts
        for usage in usages
        if usage.texts and (own := on_own_devices(usage))
    ]
    return fmean(rates) if rates and len(rates) == len(usages) else None


def rent_usd_per_hour(usages: Sequence[Usage], price: Callable[[Usage, str | None], Any]) -> float | None:
    """What an hour of the devices costs that 1,000 texts occupy; None at a provider or where it is unknown.

    Stages of a cascade that share a device pay for it once. Electricity that is billed apart is not in it.
    """
    devices = {(part.device, part.device_name) for usage in usages[:1] for part in on_own_devices(usage)}
    hours = [
        Usage(phase="fit", device=kind, device_name=name, device_seconds=3600.0, energy={"cpu": Energy(kwh=0.0)})
        for kind, name in sorted(devices)
    ]
    found = [price(hour, None).usd for hour in hours]
    return sum(found) if found and None not in found else None


def on_own_devices(usage: Usage) -> list[Usage]:
    """The parts of a usage that devices of ours did: all of it, none of it, or some stages of a cascade."""
    parts = [part.usage for part in usage.parts] or [usage]
    return [part for part in parts if part.device != "api"]


def energy_per_1k(usages: Sequence[Usage]) -> dict[str, Energy]:
    """Energy of each component for 1,000 texts, averaged over runs, as sure as the least sure of them."""
    found: dict[str, Energy] = {}
    for name in dict.fromkeys(name for usage in usages for name in usage.energy):
        parts = [(usage.energy.get(name, Energy()), usage.texts) for usage in usages]
        means = {
            field: _mean_rate([(getattr(part, field), texts) for part, texts in parts])
            for field in ("kwh", "low_kwh", "high_kwh")
        }
        sure = max((part.provenance for part, _ in parts), key=PROVENANCES.index)
        found[name] = Energy(**means, provenance="unknown" if means["kwh"] is None else sure)
    return found


def _mean_rate(values: Sequence[tuple[float | None, int]]) -> float | None:
    rates = [1000 * value / texts for value, texts in values if value is not None and texts]
    return fmean(rates) if rates and len(rates) == len(values) else None
