"""Who is on the Pareto front of two figures, and how sure that is.

Quality varies with the texts and the seeds that were drawn (`core.analysis.joint_draws`); the time of one text with the
texts that were timed; what is only known as a range lies anywhere in it; what several runs took varies from run to run.
That energy is modelled, or a price another one, is no chance and is not in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from core.analysis.cheapness import MEASURES
from core.analysis.joint_draws import DRAWS, joint_draws
from core.analysis.pareto import attained, chances, front
from core.analysis.results import CandidateRow, Price, RunSummary, candidate_rows
from core.errors import unknown
from core.findings.evidence import performances_of
from core.findings.figure_cache import kept
from core.home import Home
from core.metering.usage import Usage

QUALITY = "quality"
LATENCIES = {"latency_p50_ms": 0.5, "latency_p95_ms": 0.95}
RANGES = {"kwh_per_1k": ("kwh_low_per_1k", "kwh_high_per_1k"),
          "co2e_g_per_1k": ("co2e_low_g_per_1k", "co2e_high_g_per_1k")}  # fmt: skip
"""Figures that may only be known as a range, and the fields that hold its ends."""
VARYING = ("usd_per_1k", "kwh_per_1k", "co2e_g_per_1k", "fit_seconds")
"""What each run takes anew, so that several runs tell how much it varies."""
ENOUGH = 20
"""Runs that tell how much one differs from another."""
DRAWN = TypeAdapter(dict[str, list[float]])
Draws = Mapping[str, NDArray[np.float64]]
"""By candidate: a figure as it might have come out, NaN where it is unknown."""


@dataclass(frozen=True, eq=False)
class Front:
    """The front of two fields of the rows; less of `against` is better, and of `up` too unless it is the quality."""

    up: str
    against: str
    members: tuple[str, ...]
    """Who is on it by the figures as they are, the least of `against` first."""
    chances: dict[str, float | None]
    """By candidate: how likely it is on it; None where a figure of it is unknown."""
    costs: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """The 95 % band of the best `up` that can be had for at most each of `costs`."""


def quality_draws(home: Home, rows: Sequence[CandidateRow], draws: int = DRAWS) -> dict[str, NDArray[np.float64]]:
    """The rows' quality on resamples of the test texts, the same for all; unknown where predictions cannot be read."""

    def made() -> dict[str, list[float]]:
        found = performances_of(home, rows)
        return {name: one.tolist() for name, one in zip(found, joint_draws(found, draws), strict=True)}

    of = [(row.candidate, row.metric, row.runs) for row in rows]
    values = kept(home, DRAWN, "draws", [run for row in rows for run in row.run_ids], [draws, *of], made)
    return {row.candidate: np.array(values.get(row.candidate, [np.nan] * draws), np.float64) for row in rows}


def figure_draws(
    rows: Sequence[CandidateRow], field: str, runs: Mapping[str, RunSummary],
    price: Callable[[Usage, str | None], Price], draws: int = DRAWS,
) -> dict[str, NDArray[np.float64]]:  # fmt: skip
    """A field of the rows of which less is better, as it might have come out; `runs` are their runs, by id.

    Rows may be those of a scenario: what varies is taken from the runs as they were, in proportion.
    """
    generator = np.random.default_rng(1)
    return {
        row.candidate: _drawn(row, field, [runs[one] for one in row.run_ids if one in runs], price, draws, generator)
        for row in rows
    }


def _drawn(
    row: CandidateRow, field: str, runs: Sequence[RunSummary], price: Callable[[Usage, str | None], Price], draws: int,
    generator: np.random.Generator,
) -> NDArray[np.float64]:  # fmt: skip
    value = getattr(row, field)
    if value is None:
        return np.full(draws, np.nan)
    low, high = (getattr(row, end) for end in RANGES.get(field, (field, field)))
    if low and high and low < high:
        return np.exp(generator.uniform(np.log(low), np.log(high), draws))
    if field in LATENCIES:
        timed = np.array([ms for run in runs if (usage := run.usage.get("latency")) for ms in usage.latency_ms])
        if len(timed) > 1 and timed.min() > 0:
            return _quantile_again(timed, LATENCIES[field], draws, generator) * (
                value / np.quantile(timed, LATENCIES[field])
            )
    if field in VARYING and len(runs) > 1:
        each = [getattr(one, field) for run in runs[:ENOUGH] for one in candidate_rows([run], price, row.metric, "all")]
        if None not in each and len(each) > 1 and fmean(each) > 0:
            luck = stdev(each) / fmean(each) / np.sqrt(len(runs))
            return np.maximum(value * (1 + generator.normal(0.0, luck, draws)), 0.0)
    return np.full(draws, float(value))


def _quantile_again(
    timed: NDArray[np.float64], share: float, draws: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """A quantile of resamples, without drawing them: the k-th of n draws stands at a Beta(k, n + 1 − k) of the sample
    (David & Nagaraja 2003)."""
    n = len(timed)
    k = share * (n - 1) + 1
    result: NDArray[np.float64] = np.quantile(timed, generator.beta(k, n + 1 - k, draws), method="inverted_cdf")
    return result


def found_front(rows: Sequence[CandidateRow], up: str, against: str, up_draws: Draws, against_draws: Draws) -> Front:
    """The front of two fields, from the rows and what they might have come out as."""
    sign = 1.0 if up == QUALITY else -1.0
    points = [(getattr(row, against), None if (value := getattr(row, up)) is None else sign * value) for row in rows]
    cost = np.array([against_draws[row.candidate] for row in rows]).reshape(len(rows), -1)
    reached = sign * np.array([up_draws[row.candidate] for row in rows]).reshape(len(rows), -1)
    known = [place for place in range(len(rows)) if not np.isnan(cost[place]).any() | np.isnan(reached[place]).any()]
    costs, low, high = (
        attained([float(points[place][0] or 0.0) for place in known], reached[known])
        if known else (np.empty(0), np.empty(0), np.empty(0))
    )  # fmt: skip
    ends = (low, high) if sign > 0 else (-high, -low)
    return Front(
        up, against, tuple(rows[place].candidate for place in front(points)),
        {row.candidate: None if np.isnan(chance) else float(chance)
         for row, chance in zip(rows, chances(cost, reached), strict=True)},
        costs, *ends,
    )  # fmt: skip


def front_of(
    home: Home, rows: Sequence[CandidateRow], up: str, against: str, runs: Mapping[str, RunSummary],
    price: Callable[[Usage, str | None], Price],
) -> Front:  # fmt: skip
    """The front of two fields of the rows."""

    def drawn(field: str) -> Draws:
        return quality_draws(home, rows) if field == QUALITY else figure_draws(rows, field, runs, price)

    return found_front(rows, up, against, drawn(up), drawn(against))


def field_called(name: str) -> str:
    """The field of the rows that a person calls `name`: `quality`, or a key of the measures.

    Raises:
        TradeoffError: there is no such figure.
    """
    fields: dict[str, str] = {QUALITY: QUALITY} | {str(key): one.field for key, one in MEASURES.items() if one.field}
    if name not in fields:
        raise unknown("figure", name, fields)
    return fields[name]


def key_of(field: str) -> str:
    """How a person calls a field of the rows: the inverse of `field_called`."""
    return next((str(key) for key, one in MEASURES.items() if one.field == field), QUALITY)


def front_records(
    home: Home, dataset: str, rows: Sequence[CandidateRow], up: str, against: str
) -> list[dict[str, Any]]:
    """A record a candidate, those surest on the front first; for the command line.

    Raises:
        TradeoffError: there is no such figure, or both are the same.
    """
    from core.errors import TradeoffError
    from core.findings.results import dataset_runs, pricing
    from core.preferences import load

    fields = field_called(up), field_called(against)
    if fields[0] == fields[1] or fields[1] == QUALITY:
        raise TradeoffError(
            "A front needs two figures", remedy="Give --against a cost, and --up quality or another one."
        )
    runs = {run.run_id: run for run in dataset_runs(home, dataset)}
    found = front_of(home, rows, *fields, runs, pricing(load(home)))
    records = [
        {"candidate": row.candidate, "metric": row.metric, "up": up, "against": against,
         "up_value": getattr(row, fields[0]), "against_value": getattr(row, fields[1]),
         "on_front": row.candidate in found.members, "chance": found.chances[row.candidate]}
        for row in rows
    ]  # fmt: skip
    return sorted(records, key=lambda one: -1.0 if one["chance"] is None else -1.0 - one["chance"])
