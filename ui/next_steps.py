"""What a visitor could sensibly do next, most useful first."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.analysis.decision import Decision
from core.analysis.results import CandidateRow
from core.data.dataset import DatasetInfo
from core.findings import advice
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
    if decision:
        tried = {run.summary.spec.candidate.id for run in runs}
        advised = advice.next_steps(info, rows, tried, decision, audited=True)
        steps += [Step(one.words, one.button, one.page, one.parameters) for one in advised]
    return steps[:SHOWN]


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" + ("" if n == 1 else "s")
