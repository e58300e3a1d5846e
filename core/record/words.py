"""What a document says: a record's figures as words, lists and tables, in the order of the page."""

from collections.abc import Sequence
from typing import Any

from core import format as f
from core.analysis.breakeven import texts
from core.analysis.cheapness import MEASURES
from core.analysis.decision_words import listed, points
from core.analysis.results import CandidateRow
from core.analysis.scenario import Scenario
from core.charting.looks import PROVENANCE
from core.metric_words import metric_name
from core.record import tables
from core.record.parts import DecisionRecord
from core.record.tables import energy_told, quality

MOST_LABELS = 40
LIMITS = {
    "max_usd_per_1k": ("cost per 1,000 texts at most", f.usd),
    "max_p95_ms": ("95 of 100 texts within", f.milliseconds),
    "max_memory_gb": ("memory at most", lambda size: f.memory(size * 1024**3)),
}
FLAGS = {"offline": "it must answer without any network", "in_house": "no text may leave the house"}
LITTLE_USD = 0.01
"""Below this, 1,000 texts cost what nobody bills: the big figure is then that of a million."""


def words(record: DecisionRecord) -> dict[str, Any]:
    """Everything that the page shows, by the names of its template."""
    made = record.made_at[:16].replace("T", " ") + " UTC"
    return {
        "data": record.data, "made": made, "release": ", ".join(f"{k} {v}" for k, v in record.made_with.items()),
        "headline": headline(record), "figures": figures(record), "hidden": hidden(record),
        "sure": sure(record), "groups": groups(record),
        "asked": asked(record), "candidates": tables.candidates(record), "energy": tables.energy(record),
        "energy_method": energy_method(record), "grids": grids(record), "method": method(record),
        "comparisons": tables.comparisons(record), "about_data": about_data(record), "findings": findings(record),
        "prices": tables.prices(record), "runs": tables.runs(record), "settings": tables.settings(record),
        "environments": tables.environments(record), "limits": record.limits,
        "assumed": assumed(record), "months": tables.months(record),
        "months_told": months_told(record),
        "cleaned": tables.cleaned(record), "cleaned_told": (record.cleaned or {}).get("sentence", ""),
        "estimated": any(row.energy_provenance == "estimated" for row in record.candidates),
    }  # fmt: skip


def headline(record: DecisionRecord) -> str:
    """The answer in as few words as there are."""
    winner = record.decision.winner
    return f"Take {winner.candidate}" if winner else "No candidate can be taken"


def figures(record: DecisionRecord) -> list[tuple[str, str, str]]:
    """The winner's figures: value, what it is, and the best one's beside it."""
    decided = record.decision
    winner, best = decided.winner, decided.best
    if winner is None or best is None:
        return []
    name, key = metric_name(decided.metric), decided.question.cheap
    little = 0 < (winner.usd_per_1k or 0) < LITTLE_USD

    def scale(row: CandidateRow) -> float | None:
        return None if row.usd_per_1k is None else row.usd_per_1k * (1000 if little else 1)

    rows = [
        (quality(winner), name, quality(best)),
        (f.usd(scale(winner)), f"per {'million' if little else '1,000'} texts", f.usd(scale(best))),
        (energy_told(winner), f"per 1,000 texts, {PROVENANCE[winner.energy_provenance][0]}", energy_told(best)),
        (f.milliseconds(winner.latency_p95_ms), "95 of 100 texts within", f.milliseconds(best.latency_p95_ms)),
    ]
    if key == "total":
        show = MEASURES[key].show
        costs = decided.costs
        month = (show(costs.get(winner.candidate)), f"a month, {f.number(decided.question.volume)} texts",
                 show(costs.get(best.candidate)))  # fmt: skip
        rows.insert(1, month)
    same = winner.candidate == best.candidate
    return [(value, what, "" if same else f"{best.candidate}: {other}") for value, what, other in rows]


def hidden(record: DecisionRecord) -> str:
    """Who cannot stand in the main chart."""
    names = [name for name, cost in record.decision.costs.items() if not cost]
    return listed(names) if names else ""


def sure(record: DecisionRecord) -> str:
    """How it was decided, in a sentence or two."""
    decided = record.decision
    if decided.best is None:
        return "Nothing was compared, because no candidate keeps the limits."
    best = decided.best
    if not decided.differences:
        return f"{best.candidate} is the only one that was compared."
    return (
        f"{best.candidate} is best on the validation texts. On the {best.test_texts:,} test texts every other was "
        "compared with it, text by text:"
    )


def groups(record: DecisionRecord) -> list[tuple[str, str]]:
    """Who is as good as the best, who may be, and who is not."""
    decided = record.decision
    margin = points(decided.question.margin, decided.metric)
    found = (
        (decided.tied, f"as good: shown to be not worse by more than {margin}"),
        (decided.unsettled, "not settled: the texts cannot say"),
        (decided.worse, f"worse: by more than {margin}"),
    )
    return [(listed(names), what) for names, what in found if names]


def asked(record: DecisionRecord) -> list[tuple[str, str]]:
    """The question that the decision answers."""
    question = record.decision.question
    limits = question.limits.model_dump()
    kept = [f"{name} {show(limits[key])}" for key, (name, show) in LIMITS.items() if limits.get(key) is not None]
    kept += [text for key, text in FLAGS.items() if limits.get(key)]
    rule = {
        "proven": "the cheapest of those shown to be not worse than the best by more than the margin",
        "plausible": "the cheapest of those not worse by more than the margin, or not told apart from the best",
    }[question.rule]
    rows = [
        ("What is right", metric_name(record.decision.metric)),
        ("What should be little", MEASURES[question.cheap].name),
        ("Margin", f"{points(question.margin, record.decision.metric)}: how much worse is still as good"),
        ("Who is taken", rule),
        ("Limits", "; ".join(kept) or "none"),
    ]
    if question.volume:
        rows.insert(2, ("Texts a month", f.number(question.volume)))
    if record.train_size != "largest":
        rows.append(("Training texts", "every size" if record.train_size in (None, "all") else str(record.train_size)))
    return rows


def assumed(record: DecisionRecord) -> list[str]:
    """What was assumed otherwise than measured and priced."""
    changes = record.scenario.changes if record.scenario else {}
    return [f"{name.replace('_', ' ')} = {value:g}: {Scenario.model_fields[name].description or ''}"
            for name, value in changes.items()]  # fmt: skip


def months_told(record: DecisionRecord) -> str:
    """The break-even in words."""
    found = record.costs
    if found is None:
        return ""
    estimated = " Its bill is estimated; nothing was asked of it." if found.reference.estimated else ""
    volume = f" The table is for {texts(found.scenario.volume)} texts a month."
    return f"{found.sentence} {found.reference.name}: {found.reference.basis}.{estimated}{volume}"


def energy_method(record: DecisionRecord) -> str:
    """How energy was found, for those kinds that occur."""
    kinds = sorted({part.provenance for row in record.candidates for part in row.energy_per_1k.values()})
    meanings = [f"{kind}: {PROVENANCE[kind][2][0].lower()}{PROVENANCE[kind][2][1:]}" for kind in kinds]
    if not meanings:
        return "No energy was metered."
    return (
        f"Energy while answering, by component; the least sure part decides what the sum is called. {_ended(meanings)}"
    )


def grids(record: DecisionRecord) -> str:
    """The electricity that CO2e was computed with."""
    told = [f"{f.number(grid.g_per_kwh)} g CO₂e a kWh ({grid.source}; {f.number(grid.runs)} runs)"
            for grid in record.grids]  # fmt: skip
    return f"Electricity: {'; '.join(told)}. CO₂e is energy times this figure." if told else ""


def method(record: DecisionRecord) -> list[str]:
    """The statistics, in words."""
    tests = sorted({one.test for one in record.comparisons})
    said = [
        "The best candidate was chosen on the validation texts, so that the test texts did not choose it. On the test "
        "texts every other candidate was compared with it pair by pair: both answered the same texts, and the 95 % "
        "interval of the difference is over these texts and, where there are several, over seeds.",
        "Not worse than the best by more than the margin (non-inferiority, by its interval): the whole interval of "
        "best − other lies at or below the margin. Not settled: it holds the margin.",
    ]
    if tests:
        said.append(
            f"Beside the intervals stand p-values for “both are equally good” ({'; '.join(tests)}), and the same "
            "after Holm's correction for their number. Can be seen: the least true difference that these texts would "
            "show in four of five cases."
        )
    return said


def about_data(record: DecisionRecord) -> list[tuple[str, str]]:
    """The dataset version."""
    data = record.data
    shown = ", ".join(data.labels[:MOST_LABELS])
    more = f" and {len(data.labels) - MOST_LABELS:,} more" if len(data.labels) > MOST_LABELS else ""
    rows = [
        ("Name", data.name), ("Fingerprint", data.fingerprint), ("Task", data.task.replace("_", " ")),
        ("Texts", ", ".join(f"{count:,} {split}" for split, count in data.counts.items())),
        ("Labels", f"{len(data.labels):,}: {shown}{more}"), ("Kept since", data.created_at[:10]),
    ]  # fmt: skip
    if data.left_out:
        rows.append(("Left out", f"{data.left_out:,} texts"))
    return [*rows, *((name, text) for name, text in (("Note", data.note), ("Source", data.source)) if text)]


def findings(record: DecisionRecord) -> list[str]:
    """What the audit says."""
    audit = record.data.audit
    if audit is None:
        return [f"It was not audited. `python cli.py audit {record.data.name}` does it.".replace("`", "")]
    told = [f"{one.severity}: {one.title}" for one in audit.findings]
    well = audit.checks - len(audit.findings)
    return [*told, f"{well} of {audit.checks} checks found nothing ({audit.made_at[:10]}).", *audit.notes]


def _ended(sentences: Sequence[str]) -> str:
    return " ".join(f"{one[0].upper()}{one[1:]}." for one in sentences)
