"""What "cheap" can mean: the figures that candidates of equal quality are ranked by, and how they are told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core import format as f
from core.analysis.results import CandidateRow

Cheap = Literal["usd", "kwh", "latency", "total", "typical", "co2e", "memory", "fit"]
CLOSE = 1.05
"""Below this ratio two costs are told as about the same."""


@dataclass(frozen=True)
class Measure:
    """A figure of which less is better: the field of the row that holds it, and its words."""

    key: Cheap
    field: str
    name: str
    short: str
    less: str
    """How a saving is told; `{ratio}` is `3.2×`."""
    as_much: str
    show: Callable[[float | None], str]


MEASURES: dict[Cheap, Measure] = {
    one.key: one
    for one in (
        Measure("usd", "usd_per_1k", "Cost per 1,000 texts", "cost", "costs {ratio} less per text", "costs as much",
                f.exact_usd),
        Measure("kwh", "kwh_per_1k", "Energy per 1,000 texts", "energy", "uses {ratio} less energy per text",
                "uses as much energy", f.energy),
        Measure("latency", "latency_p95_ms", "Time for one text, 95 of 100 are faster", "time for slow texts",
                "answers {ratio} faster", "is as fast", f.milliseconds),
        Measure("total", "", "Total cost a month", "total cost", "costs {ratio} less a month in all",
                "costs as much a month", f.usd),
        Measure("typical", "latency_p50_ms", "Typical time for one text", "time for one text", "answers {ratio} faster",
                "is as fast", f.milliseconds),
        Measure("co2e", "co2e_g_per_1k", "CO₂e per 1,000 texts", "CO₂e", "emits {ratio} less CO₂e per text",
                "emits as much CO₂e", lambda grams: f.co2e(None if grams is None else grams / 1000)),
        Measure("memory", "memory_bytes", "Memory while answering", "memory", "needs {ratio} less memory",
                "needs as much memory", f.memory),
        Measure("fit", "fit_seconds", "Time to fit", "time to fit", "is fitted {ratio} faster",
                "is fitted as fast", f.duration),
    )
}  # fmt: skip
ASKED: tuple[Cheap, ...] = ("usd", "kwh", "latency", "total")
"""The measures that people decide by."""


def measure_of(field: str) -> Cheap:
    """The key of the measure that a field of the rows holds, e.g. of an axis of a chart."""
    return next((one.key for one in MEASURES.values() if one.field == field), "usd")


def costs_of(rows: Sequence[CandidateRow], key: Cheap) -> dict[str, float | None]:
    """A measure's figure of each candidate, None where unknown. A total needs a scenario and is unknown here."""
    field = MEASURES[key].field
    return {row.candidate: getattr(row, field) if field else None for row in rows}


def ratio(dear: float | None, cheap: float | None) -> str:
    """How many times more, in words: `12×`, `1.4×`; empty where unknown or about the same."""
    if not dear or not cheap or dear / cheap < CLOSE:
        return ""
    times = dear / cheap
    return f"{times:,.0f}×" if times >= 10 else f"{times:.1f}×"


def saving(costs: Mapping[str, float | None], cheap: str, dear: str, key: Cheap) -> str:
    """What `cheap` saves beside `dear`, in words: `costs 3.2× less per text`; empty where it does not, or unknown."""
    times = ratio(costs.get(dear), costs.get(cheap))
    return MEASURES[key].less.format(ratio=times) if times else ""
