"""What a phase of a run used: the record kept in `usage.json`. Costs are computed from it, never stored alone."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from core.spec import Record

Component = Literal["cpu", "gpu", "ram", "api"]
Provenance = Literal["measured", "modelled", "estimated", "unknown"]
PROVENANCES: tuple[Provenance, ...] = ("measured", "modelled", "estimated", "unknown")
"""From the surest to the least sure."""

Phase = Literal["fit", "predict", "latency"]


class Energy(Record):
    """Energy of one component in kWh with its provenance; None when unknown."""

    kwh: float | None = None
    provenance: Provenance = "unknown"
    low_kwh: float | None = None
    high_kwh: float | None = None


class TokenCount(Record):
    """Token buckets; `cached` are those of `input` that were reused and not computed or billed in full."""

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0


class Usage(Record):
    """Usage of one phase, summed over all attempts of the run (a killed attempt used its energy too).

    Units: seconds, bytes, kWh, kg CO2e. `texts` is how many texts the phase handled, so that a rate can be given.
    `device_seconds` is the wall time that the device was occupied: what a rent by the hour would bill. A process
    started before an update reads what a younger one wrote: what it does not know is passed over.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    phase: Phase
    texts: int = 0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    device: str = "cpu"
    device_name: str = ""
    device_seconds: float = 0.0
    tokens: TokenCount = TokenCount()
    peak_ram_bytes: int | None = None
    peak_gpu_bytes: int | None = None
    energy: dict[Component, Energy] = Field(default_factory=dict)
    co2e_kg: float | None = None
    grid_g_per_kwh: float | None = None
    grid_source: str = ""
    attempts: int = 1
    flags: tuple[str, ...] = ()
    """What makes the figures less sure, in words: `too short to meter`, `another metered run overlapped`, …"""
    latency_ms: tuple[float, ...] = ()
    """Phase latency only: wall milliseconds of single texts, one at a time, warm; at a provider those of requests."""
    reused_seconds: float = 0.0
    """Of `wall_seconds`: what another run spent on work that was used here, and is counted as if it was done here."""
    reused_kwh: float | None = None
    """Of the energy: the same; None when nothing was reused."""
    uncounted: int = 0
    """Answers of a provider that came without token counts: what they cost is unknown."""
    batch: bool = False
    """Whether the cost is told at the provider's batch price."""
    parts: tuple["UsagePart", ...] = ()
    """Of a cascade: what each of its models used. Its cost is the sum of theirs; the other figures hold the sums."""

    @property
    def each(self) -> tuple["Usage", ...]:
        """The usage of each of several models, or this one."""
        return tuple(part.usage for part in self.parts) or (self,)

    @property
    def kwh(self) -> float | None:
        """Energy of all components, or None when any component is unknown or there is none."""
        parts = [part.kwh for part in self.energy.values()]
        known = [part for part in parts if part is not None]
        return sum(known) if parts and len(known) == len(parts) else None

    @property
    def kwh_range(self) -> tuple[float, float] | None:
        """The least and the most energy where a component is only known as a range, else None."""
        if self.kwh is None or all(part.low_kwh is None or part.high_kwh is None for part in self.energy.values()):
            return None
        lows = [part.kwh if part.low_kwh is None else part.low_kwh for part in self.energy.values()]
        highs = [part.kwh if part.high_kwh is None else part.high_kwh for part in self.energy.values()]
        return sum(low or 0.0 for low in lows), sum(high or 0.0 for high in highs)

    @property
    def energy_provenance(self) -> Provenance:
        """The least sure provenance among the components."""
        kinds = [part.provenance for part in self.energy.values()] or ["unknown"]
        return max(kinds, key=PROVENANCES.index)


class UsagePart(Record):
    """What one of several models used, of a phase that they share."""

    candidate: str
    model: str | None = None
    usage: Usage


Usage.model_rebuild()


def read_usage(content: dict[str, Any] | None) -> dict[str, Usage]:
    """Usage by phase from the content of `usage.json`."""
    return {phase: Usage(**record) for phase, record in (content or {}).get("phases", {}).items()}
