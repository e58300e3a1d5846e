"""The tables of a document: a record's figures as rows of words."""

import json
from typing import Any

from core import format as f
from core.analysis.breakeven import Crossing, from_volume
from core.analysis.decision_words import points
from core.analysis.results import CandidateRow
from core.charting.looks import FAMILIES, PROVENANCE
from core.metering.prices import DevicePrice, TokenPrice
from core.metering.usage import Energy
from core.metric_words import metric_name, metric_quality, metric_show
from core.record.parts import ComparisonPart, DecisionRecord, PricePart, RunPart

Table = dict[str, Any]
"""The names of columns under `head`, `rows` of cells, and under `long` the columns whose words may be broken."""
STANDING = {"tied": "as good", "unsettled": "not settled", "worse": "worse"}
COMPONENTS = {"cpu": "CPU", "gpu": "GPU", "ram": "memory", "api": "provider"}
BIGGEST = 12
"""Digits of a hash that stand in a table."""


def candidates(record: DecisionRecord) -> Table:
    """All candidates with their figures."""
    winner = record.decision.winner
    total = record.decision.question.cheap == "total"
    head = ["Candidate", metric_name(record.decision.metric), "Standing", "Cost / 1,000", "Energy / 1,000",
            "95 of 100 within", "Memory", "Fit", "On the front"]  # fmt: skip
    rows = []
    for row in record.candidates:
        cells = [
            row.candidate, quality(row), standing(record, row.candidate), f.exact_usd(row.usd_per_1k),
            f"{energy_told(row)}, {PROVENANCE[row.energy_provenance][0]}",
            f.milliseconds(row.latency_p95_ms), f.memory(row.memory_bytes),
            f.duration(row.fit_seconds), _chance(record.on_front.get(row.candidate)),
        ]  # fmt: skip
        if total:
            cells.insert(3, f.usd(record.decision.costs.get(row.candidate)))
        rows.append({"cells": cells, "winner": winner is not None and row.candidate == winner.candidate})
    if total:
        head.insert(3, "A month in all")
    return {"head": head, "rows": rows, "long": [0, head.index("Energy / 1,000")]}


def energy(record: DecisionRecord) -> Table:
    """Energy by component, each with how it is known."""
    components = list(dict.fromkeys(name for row in record.candidates for name in row.energy_per_1k))
    rows = [
        {"cells": [row.candidate, energy_told(row),
                   *(_component(row.energy_per_1k.get(name)) for name in components),
                   f.co2e(None if row.co2e_g_per_1k is None else row.co2e_g_per_1k / 1000)]}
        for row in record.candidates
    ]  # fmt: skip
    return {"head": ["Per 1,000 texts", "In all", *(COMPONENTS.get(name, name) for name in components), "CO₂e"],
            "rows": rows if components else [], "long": range(len(components) + 2)}  # fmt: skip


def months(record: DecisionRecord) -> Table:
    """What each candidate costs a month, and from when on it is cheaper than paying by the token."""
    found = record.costs
    if found is None:
        return {"head": [], "rows": [], "long": []}
    when = {one.candidate: one for one in found.break_evens}
    rows = []
    for one in found.forecasts:
        told = [f.UNKNOWN, one.why_unknown, "", ""]
        if one.money:
            told = [f.usd(getattr(one.money, part)) for part in ("usd", "serving", "training", "labels")]
        even = when.get(one.candidate)
        rows.append({"cells": [one.candidate, *told, _from(even.working) if even else "",
                               _from(even.always_on) if even else ""]})  # fmt: skip
    beside = f"Cheaper than {found.reference.name}, device rented while it works"
    head = ["Candidate", "A month", "Answering", "Training", "Labels", beside, "The same, rented all month"]
    return {"head": head, "rows": rows, "long": [0, 2, 5, 6]}


def cleaned(record: DecisionRecord) -> Table:
    """Quality and places without doubtful texts."""
    show = metric_show(record.decision.metric)
    rows = [
        {"cells": [one["candidate"], show(one["before"]), show(one["after"]), str(one["place_before"]),
                   str(one["place_after"])]}
        for one in (record.cleaned or {}).get("ranking") or []
    ]  # fmt: skip
    return {"head": ["Candidate", "All test texts", "Without", "Place", "Place without"], "rows": rows, "long": [0]}


def comparisons(record: DecisionRecord) -> Table:
    """Every candidate against the best."""
    decided = record.decision
    tests = {one.candidate: one for one in record.comparisons}
    rows = []
    for name, gap in sorted(decided.differences.items(), key=lambda item: item[1].value):
        found, show = tests.get(name), lambda value: points(value, decided.metric).replace("-", "−")
        rows.append({"cells": [
            name, f"{show(gap.value)} ({show(gap.low).split()[0]} to {show(gap.high).split()[0]})", f"{gap.n:,}",
            standing(record, name), _seen(found, decided.metric), found.test if found else "",
            _p(found.p if found else None), _p(found.p_holm if found else None),
        ]})  # fmt: skip
    best = decided.best.candidate if decided.best else "the best"
    head = ["Candidate", f"Behind {best}", "Texts", "Standing", "Can be seen", "Test", "p", "p (Holm)"]
    return {"head": head, "rows": rows, "long": [0, 5]}


def prices(record: DecisionRecord) -> Table:
    """The prices that were used, with their dates and sources."""
    rows = [{"cells": _price(one)} for one in record.prices]
    return {"head": ["For", "Price (USD)", "As of", "Source"], "rows": rows, "long": [0, 1, 3]}


def runs(record: DecisionRecord) -> Table:
    """Every run, with its place among the environments and the start of its predictions' hash."""
    head = ["Run", "Candidate", "Seed", "Texts", "Device", "Ended (UTC)", "Hardware", "Predictions"]
    return {"head": head, "rows": [{"cells": _run(one)} for one in record.runs], "long": [0, 1]}


def _run(run: RunPart) -> list[str]:
    return [
        run.run_id, run.candidate + " (asked otherwise)" * run.otherwise, str(run.seed),
        f"{run.train_size:,}" if run.train_size else "all", run.device, run.ended_at[:16].replace("T", " "),
        "" if run.environment is None else str(run.environment + 1),
        run.files.get("predictions.parquet", "missing")[:BIGGEST],
    ]  # fmt: skip


def settings(record: DecisionRecord) -> list[tuple[str, str]]:
    """Every setting of every candidate."""
    by_candidate = {run.candidate: run.settings for run in record.runs if not run.otherwise}
    rows = {row.candidate: row for row in record.candidates}
    return [
        (f"{name} ({FAMILIES.get(rows[name].family, FAMILIES['baseline'])[0].lower()}, {rows[name].method}"
         f"{f', {rows[name].model}' if rows[name].model else ''})",
         ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in found.items()) or "none")
        for name, found in by_candidate.items()
    ]  # fmt: skip


def environments(record: DecisionRecord) -> list[dict[str, Any]]:
    """The hardware and the versions of each environment."""
    found: list[dict[str, Any]] = []
    for place, about in enumerate(record.environments):
        count = sum(run.environment == place for run in record.runs)
        gpus = ", ".join(f"{gpu.get('name')} ({f.memory(gpu.get('memory_bytes'))})" for gpu in about.get("gpus") or [])
        cores = (about.get("cores") or {}).get("usable")
        rows = [
            ("Processor", f"{about.get('cpu', f.UNKNOWN)}{f', {cores} cores' if cores else ''}"),
            ("Memory", f.memory(about.get("ram_bytes"))), ("GPU", gpus), ("GPU driver", about.get("gpu_driver")),
            ("Threads", about.get("threads")), ("System", about.get("system")), ("Python", about.get("python")),
            ("Code", about.get("commit")),
            ("Libraries", ", ".join(f"{name} {v}" for name, v in (about.get("libraries") or {}).items())),
        ]  # fmt: skip
        told = [(name, str(value)) for name, value in rows if value not in (None, "")]
        new = [row for row in told if not found or row not in found[0]["rows"]]
        found.append({"title": f"Hardware {place + 1}: {count} run{'' if count == 1 else 's'}", "rows": new,
                      "alike": bool(found)})  # fmt: skip
    return found


def standing(record: DecisionRecord, candidate: str) -> str:
    """Where a candidate stands, in words."""
    decided = record.decision
    if decided.winner and decided.winner.candidate == candidate:
        return "recommended"
    if decided.best and decided.best.candidate == candidate:
        return "the best"
    if candidate in decided.excluded:
        return "not compared"
    return next((text for group, text in STANDING.items() if candidate in getattr(decided, group)), "")


def quality(row: CandidateRow) -> str:
    """A candidate's quality with its interval."""
    return metric_quality(row.metric, row.quality, row.quality_low, row.quality_high)


def energy_told(row: CandidateRow) -> str:
    """A candidate's energy per 1,000 texts, with its range where it is known as one."""
    return f.energy_range(row.kwh_per_1k, row.kwh_low_per_1k, row.kwh_high_per_1k)


def _component(part: Energy | None) -> str:
    if part is None:
        return ""
    return f"{f.energy_range(part.kwh, part.low_kwh, part.high_kwh)}, {PROVENANCE[part.provenance][0]}"


def _from(found: Crossing) -> str:
    return from_volume(found).replace(" texts a month on", " texts on")


def _chance(value: float | None) -> str:
    return f.UNKNOWN if value is None else f.percent(value, 0)


def _seen(found: ComparisonPart | None, metric: str) -> str:
    return "" if found is None or found.detectable is None else points(found.detectable, metric)


def _p(value: float | None) -> str:
    return "" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _price(part: PricePart) -> list[str]:
    row, what = part.row, part.model or part.device_name or part.device
    if isinstance(row, DevicePrice):
        told = f"{row.usd_per_hour:g} an hour{' and core' if row.per == 'core' else ''}"
        return [what, told, row.date, f"{row.name}, {row.source}"]
    if isinstance(row, TokenPrice):
        cached = "" if row.cached_input is None else f", cached {row.cached_input:g}"
        share = "" if part.batch_share is None else f"; batches at {100 * part.batch_share:g} %"
        told = f"{row.input:g} in{cached}, {row.output:g} out, a million tokens{share}"
        return [f"{what}{f' at {part.device_name}' if part.device_name else ''}", told, row.date, row.source]
    return [what, f.UNKNOWN, "", "no price is set; add one in Settings"]
