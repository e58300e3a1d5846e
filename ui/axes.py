"""What candidates can be held against each other by: quality, and what less of is better, on log axes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

from core import format as f
from core.analysis.results import CandidateRow
from core.charting.scales import log_range, log_ticks
from core.findings.fronts import QUALITY
from ui.metrics import metric_axis, metric_name, metric_span

Span = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """A field of a candidate's row of which less is better, on a log axis: its name, unit and how values are told."""

    field: str
    name: str
    unit: str
    show: Callable[[float | None], str]
    short: str
    low: str = ""
    high: str = ""
    """The fields that hold the range of what is only known as one."""
    per: float = 1.0
    """Ticks are round numbers of this many, told in the unit."""

    def span(self, row: CandidateRow) -> Span | None:
        """From where to where a row's value may lie; None where it is known as one figure."""
        low, high = getattr(row, self.low or self.field), getattr(row, self.high or self.field)
        return (low, high) if self.low and low and high and low < high else None

    def value(self, row: CandidateRow) -> float | None:
        """A row's figure; None where it is unknown, or 0, which a log axis cannot hold."""
        return getattr(row, self.field) or None

    def ends(self, row: CandidateRow) -> tuple[float | None, float | None]:
        """The ends of the range of what is only known as one."""
        return self.span(row) or (None, None)

    def told(self, row: CandidateRow) -> str:
        """A row's value in words, with its range and how it came about where it is only known as one."""
        span, said = self.span(row), self.show(getattr(row, self.field))
        if not span:
            return said
        return f"{said} ({self.show(span[0])} – {self.show(span[1])}, {row.energy_provenance})"

    def place(self, value: float) -> float:
        """Its power of ten."""
        return log10(value)

    def range(self, rows: Sequence[CandidateRow]) -> Span:
        """Powers of ten around every value and range."""
        return log_range([edge for row in rows for edge in (self.value(row), *self.ends(row)) if edge])

    def layout(self, rows: Sequence[CandidateRow], span: Span) -> dict[str, Any]:
        """A log axis with ticks as people write them."""
        ticks, texts = log_ticks([value / self.per for row in rows if (value := self.value(row))], self.show)
        if self.per != 1:
            ticks, texts = [tick * self.per for tick in ticks], [f"{tick:,.9g} {self.unit}" for tick in ticks]
        return {"title": self.title, "type": "log", "tickvals": ticks, "ticktext": texts, "range": list(span)}

    @property
    def title(self) -> str:
        """The title of a log axis."""
        return f"{self.name} ({self.unit}, log scale)"


@dataclass(frozen=True)
class Quality:
    """The metric that rows are ranked by, of which more is better."""

    metric: str
    field: str = QUALITY

    @property
    def name(self) -> str:
        """The metric in plain words."""
        return metric_name(self.metric)

    def value(self, row: CandidateRow) -> float | None:
        """The row's metric."""
        return row.quality

    def ends(self, row: CandidateRow) -> tuple[float | None, float | None]:
        """Its 95 % interval."""
        return row.quality_low, row.quality_high

    def told(self, row: CandidateRow) -> str:
        """The metric with its interval."""
        return metric_span(self.metric, row.quality, row.quality_low, row.quality_high)

    def place(self, value: float) -> float:
        """The value itself."""
        return value

    def range(self, rows: Sequence[CandidateRow]) -> Span:
        """Around every interval."""
        low = min(row.quality if row.quality_low is None else row.quality_low for row in rows)
        high = max(row.quality if row.quality_high is None else row.quality_high for row in rows)
        room = max(0.08 * (high - low), 0.02)
        return low - room, min(high + room, 1.02) if high <= 1 else high + room

    def layout(self, rows: Sequence[CandidateRow], span: Span) -> dict[str, Any]:  # noqa: ARG002
        """A linear axis."""
        return metric_axis(self.metric, *span)


Scale = Axis | Quality


def _grams(grams: float | None) -> str:
    return f.co2e(None if grams is None else grams / 1000)


AXES: dict[str, Axis] = {
    axis.field: axis
    for axis in (
        Axis("usd_per_1k", "Cost per 1,000 texts", "USD", f.exact_usd, "cost"),
        Axis("kwh_per_1k", "Energy per 1,000 texts", "Wh", f.energy, "energy", "kwh_low_per_1k", "kwh_high_per_1k"),
        Axis("co2e_g_per_1k", "CO₂e per 1,000 texts", "g", _grams, "CO₂e", "co2e_low_g_per_1k", "co2e_high_g_per_1k"),
        Axis("latency_p50_ms", "Typical time for one text", "ms", f.milliseconds, "time for one text"),
        Axis("latency_p95_ms", "Time for one text, 95 of 100 are faster", "ms", f.milliseconds, "slow texts"),
        Axis("memory_bytes", "Memory while answering", "GiB", f.memory, "memory", per=2.0**30),
        Axis("fit_seconds", "Time to fit", "s", f.duration, "time to fit"),
    )
}  # fmt: skip


__all__ = ["AXES", "Axis", "Quality", "Scale", "log_range", "log_ticks"]
