"""What a visitor could sensibly do next, most useful first."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.analysis.decision import Decision
from core.analysis.results import CandidateRow
from core.candidates import candidates_for
from core.data.dataset import DatasetInfo
from ui.data import Run

SHOWN = 3


@dataclass(frozen=True)
class Step:
    """A suggestion: why, the button's words and where it leads."""

    why: str
    button: str
    page: str
    parameters: dict[str, str] = field(default_factory=dict)


def next_steps(
    info: DatasetInfo, runs: Sequence[Run], rows: Sequence[CandidateRow], decision: Decision | None,
    audit_findings: int | None,
) -> list[Step]:  # fmt: skip
    """Up to three suggestions for a dataset; `audit_findings` is None when it was not audited."""
    here = {"dataset": info.name}
    steps = []
    failed = [run for run in runs if run.status == "failed"]
    if failed:
        steps.append(Step(f"{_count(len(failed), 'run')} failed; each says why.", "Show them", "runs",
                          {**here, "status": "failed"}))  # fmt: skip
    if audit_findings is None:
        steps.append(
            Step("The texts have not been audited for duplicates and wrong labels.", "Audit", "datasets", here)
        )
    elif audit_findings:
        steps.append(Step(f"The audit has {_count(audit_findings, 'finding')} to look at.", "Look", "datasets", here))
    tried = {run.summary.spec.candidate.id for run in runs}
    missing = [entry.id for entry in candidates_for(info.task) if entry.id not in tried]
    if missing and runs:
        steps.append(Step(f"{_count(len(missing), 'bundled candidate')} not tried yet, {missing[0]} among them.",
                          "Launch", "launch", here))  # fmt: skip
    if decision and decision.unsettled:
        steps.append(Step("Some cannot be told apart yet. See what would settle it.", "Decide", "decide", here))
    if rows and all(row.runs == 1 for row in rows):
        steps.append(Step("Each candidate ran once. Two more seeds would show how much is luck.", "Launch", "launch",
                          {**here, "repeats": "3"}))  # fmt: skip
    return steps[:SHOWN]


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" + ("" if n == 1 else "s")
