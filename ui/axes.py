"""What quality can be held against, and log axes whose ticks are read as money, energy or time."""

from collections.abc import Callable
from dataclasses import dataclass

from core import format as f
from core.analysis.results import CandidateRow
from core.scales import log_range, log_ticks


@dataclass(frozen=True)
class Axis:
    """A field of a candidate's row: what to call it, its unit, and how a value is written."""

    field: str
    name: str
    unit: str
    show: Callable[[float | None], str]
    short: str
    low: str = ""
    high: str = ""
    """The fields that hold the range of what is only known as one."""

    def span(self, row: CandidateRow) -> tuple[float, float] | None:
        """From where to where a row's value may lie; None where it is known as one figure."""
        low, high = getattr(row, self.low or self.field), getattr(row, self.high or self.field)
        return (low, high) if self.low and low and high and low < high else None

    def told(self, row: CandidateRow) -> str:
        """A row's value in words, with its range and how it came about where it is only known as one."""
        span, said = self.span(row), self.show(getattr(row, self.field))
        if not span:
            return said
        return f"{said} ({self.show(span[0])} – {self.show(span[1])}, {row.energy_provenance})"

    @property
    def title(self) -> str:
        """The title of a log axis."""
        return f"{self.name} ({self.unit}, log scale)"


AXES: dict[str, Axis] = {
    axis.field: axis
    for axis in (
        Axis("usd_per_1k", "Cost per 1,000 texts", "USD", f.exact_usd, "cost"),
        Axis("kwh_per_1k", "Energy per 1,000 texts", "Wh", f.energy, "energy", "kwh_low_per_1k", "kwh_high_per_1k"),
        Axis("latency_p50_ms", "Typical time for one text", "ms", f.milliseconds, "time for one text"),
        Axis("latency_p95_ms", "Time for one text, 95 of 100 are faster", "ms", f.milliseconds, "slow texts"),
        Axis("fit_seconds", "Time to fit", "s", f.duration, "time to fit"),
    )
}


__all__ = ["AXES", "Axis", "log_range", "log_ticks"]
