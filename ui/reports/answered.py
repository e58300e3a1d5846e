"""A run's answers beside the right ones, decoded and judged, for the error views of all tasks beyond one label."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import streamlit as st

from core.analysis.span_errors import JudgedSpan, judge
from core.tasks import Target, get_task
from ui.data import Run
from ui.reports.spans import Mark

UNREADABLE = "(unreadable)"
SIGNS = {"right": "✓", "wrong label": "wrong label", "wrong boundary": "wrong place", "missed": "missed",
         "spurious": "nothing there"}  # fmt: skip
"""What stands beside the label of a span: the outcome in two words."""


@dataclass(frozen=True)
class Answered:
    """A text, what is right for it, and what a run answered; `found` is None when that could not be read."""

    id: str
    text: str
    target: Target
    found: Target | None
    reason: str
    completion: str
    confidence: float | None

    @property
    def is_right(self) -> bool:
        """Whether all of the answer is right."""
        return self.found == self.target

    @cached_property
    def judged(self) -> tuple[list[JudgedSpan], list[JudgedSpan]]:
        """The right spans and the found ones, each with its outcome."""
        return judge(self.target.spans, self.found.spans if self.found else ())

    @property
    def outcomes(self) -> set[tuple[str, str]]:
        """Label and outcome of every span on either side."""
        return {(judged.span.label, judged.outcome) for side in self.judged for judged in side}


def answered(run: Run, table: pd.DataFrame, split: str = "test") -> list[Answered]:
    """The answers of a run, in the order of `table` (its predictions on `split`)."""
    return _answered(run.run_id, run.state.at, split, run.summary.spec.task, table)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs={pd.DataFrame: len})
def _answered(run_id: str, at: str, split: str, task: str, table: pd.DataFrame) -> list[Answered]:  # noqa: ARG001
    decode = get_task(task).decode
    columns = (table[name] for name in ("id", "text", "target", "prediction", "reason", "completion", "confidence"))
    return [
        Answered(
            id, text, decode(target), None if pd.isna(prediction) else decode(prediction),
            reason if isinstance(reason, str) else "", completion if isinstance(completion, str) else "",
            None if pd.isna(confidence) else float(confidence),
        )
        for id, text, target, prediction, reason, completion, confidence in zip(*columns, strict=True)
    ]  # fmt: skip


def judged_marks(side: Sequence[JudgedSpan], due: bool = False) -> list[Mark]:
    """Spans with their outcome as marks to draw; a right span (`due`) tells what it was taken for."""
    return [
        Mark(judged.span.start, judged.span.end, judged.span.label, _sign(judged, due), judged.outcome != "right")
        for judged in side
    ]


def _sign(judged: JudgedSpan, due: bool) -> str:
    if due and judged.outcome == "wrong label" and judged.other:
        return f"taken for {judged.other.label}"
    return SIGNS[judged.outcome]
