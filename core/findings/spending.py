"""What all runs have used so far: money, energy, CO2e and time, by month, dataset, candidate or person.

Runs that failed, were cancelled or still run have used something too. A sum says how many runs' figures are unknown
instead of taking them for 0.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from core import files
from core.analysis.results import Price, RunSummary
from core.clients.spending import spent_by
from core.errors import TradeoffError
from core.home import Home
from core.metering.adding import add_usage
from core.metering.usage import PROVENANCES, Provenance, Usage
from core.methods import method_entry
from core.runs import RunFolder, State, list_runs
from core.spec import Record

Key = Literal["month", "dataset", "candidate", "person"]
NOBODY = "unknown"


class Entry(Record):
    """What one run has used; a figure is None where a part of it is unknown. Seconds are those that were metered."""

    run_id: str
    month: str
    dataset: str
    candidate: str
    person: str
    usd: float | None
    kwh: float | None
    co2e_kg: float | None
    seconds: float
    provenance: Provenance


class Spent(Record):
    """Sums over some runs: of what is known, and beside it of how many runs it is not."""

    name: str
    runs: int
    usd: float | None
    usd_unknown: int
    kwh: float | None
    kwh_unknown: int
    co2e_kg: float | None
    co2e_unknown: int
    seconds: float
    provenance: Provenance
    """The least sure among the runs whose energy is known."""


def entries(home: Home, price: Callable[[Usage, str | None], Price]) -> list[Entry]:
    """An entry a run that has used something, in name order."""
    found = []
    for folder in list_runs(home):
        try:
            spec, state = folder.spec, folder.state
        except TradeoffError:
            continue
        summary = RunSummary(run_id=folder.run_id, spec=spec, status=state.status if state else "queued",
                             usage=folder.usage)  # fmt: skip
        if state and (one := entry(home, folder, summary, state, price)):
            found.append(one)
    return found


def entry(
    home: Home, folder: RunFolder, run: RunSummary, state: State, price: Callable[[Usage, str | None], Price]
) -> Entry | None:
    """What a run has used; None while it has used nothing, or where it was put together from other runs."""
    phases, spec = used(folder, run.status, run.usage), run.spec
    if not method_entry(spec.candidate.method).launched:
        return None
    billed = _billed(home, folder) if spec.device == "api" and run.status not in ("finished", "paused") else None
    if not phases and not billed:
        return None
    money = [price(usage, spec.candidate.model).usd for usage in phases.values()]
    known = [usage for usage in phases.values() if usage.kwh is not None]
    return Entry(
        run_id=run.run_id, month=(state.started_at or state.at)[:7], dataset=spec.dataset, candidate=spec.label,
        person=state.launched_by or NOBODY, usd=billed if billed is not None else _whole(money),
        kwh=_whole([usage.kwh for usage in phases.values()]),
        co2e_kg=_whole([usage.co2e_kg for usage in phases.values()]),
        seconds=sum(usage.wall_seconds for usage in phases.values()),
        provenance=max((usage.energy_provenance for usage in known), key=PROVENANCES.index, default="unknown"),
    )  # fmt: skip


def used(folder: RunFolder, status: str, usage: dict[str, Usage]) -> dict[str, Usage]:
    """Usage by phase of a run that has come to an end or not: what a paused one goes on with is in its parts."""
    return usage if status in ("finished", "paused") and usage else used_so_far(folder) or usage


def used_so_far(folder: RunFolder) -> dict[str, Usage]:
    """Usage of a run that has not finished, from what its attempts have kept."""
    phases: dict[str, Usage] = {}
    for path in sorted((folder.path / "parts").glob("usage-*.json")):
        try:
            usage = Usage(**(files.read_json(path) or {}))
        except (TypeError, ValueError):
            continue
        phases[usage.phase] = add_usage(phases.get(usage.phase), usage)
    return phases


def by(found: Iterable[Entry], key: Key) -> list[Spent]:
    """Sums by month (newest first), or by dataset, candidate or person (dearest first)."""
    groups: dict[str, list[Entry]] = {}
    for one in found:
        groups.setdefault(getattr(one, key), []).append(one)
    sums = [total(group, name) for name, group in groups.items()]
    if key == "month":
        return sorted(sums, key=lambda one: one.name, reverse=True)
    return sorted(sums, key=lambda one: (-(one.usd or 0.0), -one.seconds, one.name))


def total(found: Iterable[Entry], name: str = "all") -> Spent:
    """The sum over all entries."""
    group = list(found)
    sums: Mapping[str, tuple[float | None, int]] = {
        field: _sum([getattr(one, field) for one in group]) for field in ("usd", "kwh", "co2e_kg")
    }
    sure = [one.provenance for one in group if one.kwh is not None]
    return Spent(
        name=name, runs=len(group), usd=sums["usd"][0], usd_unknown=sums["usd"][1], kwh=sums["kwh"][0],
        kwh_unknown=sums["kwh"][1], co2e_kg=sums["co2e_kg"][0], co2e_unknown=sums["co2e_kg"][1],
        seconds=sum(one.seconds for one in group),
        provenance=max(sure, key=PROVENANCES.index, default="unknown"),
    )  # fmt: skip


def _billed(home: Home, folder: RunFolder) -> float | None:
    try:
        return spent_by(home, folder)
    except (TradeoffError, KeyError):
        return None


def _whole(values: list[float | None]) -> float | None:
    """The sum; None when a part is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if values and len(known) == len(values) else None


def _sum(values: list[float | None]) -> tuple[float | None, int]:
    known = [value for value in values if value is not None]
    return (sum(known) if known else None), len(values) - len(known)
