"""Work that was done once and used by several: who uses it is charged as if it had done it."""

from dataclasses import dataclass
from pathlib import Path

from core.metering.meter import PhaseMeter
from core.metering.usage import Component, Energy, TokenCount, Usage


@dataclass
class Ledger:
    """Where shared work lies, and the account of the run that uses it.

    Attributes:
        folder: where it is kept.
        run: the run's id: what an earlier attempt of the same run did is in its usage already.
        phase: the phase that is metered now; None between phases, where nothing is charged or kept.
        device: the name of the device: what another one used says nothing of this one.
        texts: how many texts of other runs were used.
    """

    folder: Path
    run: str
    phase: PhaseMeter | None = None
    device: str = ""
    texts: int = 0

    def spent(self) -> Usage | None:
        """What the phase has used until now."""
        return self.phase.usage() if self.phase else None

    def charge(self, usage: Usage, texts: int, run: str) -> None:
        """Count what another run used for `texts` of its texts as used by this phase."""
        if run == self.run or self.phase is None:
            return
        self.texts += texts
        self.phase.attribute(usage)


def difference(after: Usage | None, before: Usage | None) -> Usage | None:
    """What was used between two moments of a phase that is metered; None where that is not known."""
    if after is None or before is None:
        return None

    def parts(name: Component) -> Energy:
        late, early = after.energy[name], before.energy.get(name, Energy())
        kwh = None if late.kwh is None else max(0.0, late.kwh - (early.kwh or 0.0))
        return Energy(kwh=kwh, provenance=late.provenance)

    return after.model_copy(
        update={
            "texts": 0, "wall_seconds": after.wall_seconds - before.wall_seconds, "tokens": TokenCount(),
            "cpu_seconds": max(0.0, after.cpu_seconds - before.cpu_seconds), "latency_ms": (), "co2e_kg": None,
            "device_seconds": after.device_seconds - before.device_seconds, "reused_seconds": 0.0, "reused_kwh": None,
            "energy": {name: parts(name) for name in after.energy},
        }
    )  # fmt: skip


def scaled(usage: Usage, share: float) -> Usage:
    """A share of a usage: what adds up is scaled, peaks of memory stay."""

    def part(value: float | None) -> float | None:
        return None if value is None else value * share

    energy = {
        name: Energy(
            kwh=part(each.kwh), provenance=each.provenance, low_kwh=part(each.low_kwh), high_kwh=part(each.high_kwh)
        )
        for name, each in usage.energy.items()
    }
    tokens = TokenCount(**{name: round(count * share) for name, count in usage.tokens.model_dump().items()})
    return usage.model_copy(
        update={
            "texts": round(usage.texts * share), "wall_seconds": usage.wall_seconds * share,
            "cpu_seconds": usage.cpu_seconds * share, "device_seconds": usage.device_seconds * share,
            "reused_seconds": usage.reused_seconds * share, "reused_kwh": part(usage.reused_kwh),
            "tokens": tokens, "energy": energy, "co2e_kg": part(usage.co2e_kg),
        }
    )  # fmt: skip
