"""All candidates as a table: numbers sort as numbers and read as people write them."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import format as f
from core.analysis.decision import Decision
from core.analysis.decision_words import points
from core.analysis.results import CandidateRow
from core.findings.fronts import Front
from ui.candidate_card import prompt_band
from ui.metrics import metric_half, metric_name, metric_show

ON_FRONT = "On the front"
ASKED = "Asked otherwise"
WHOLE = 14
"""Up to so many rows the table is shown whole."""


def candidate_table(
    rows: Sequence[CandidateRow], metric: str, decision: Decision | None, key: str, front: Front | None = None
) -> None:
    """A row a candidate. Unknown figures say so and sort last."""
    show, quality = metric_show(metric), metric_name(metric)
    table = pd.DataFrame([_cells(row, quality, decision, front) for row in rows])
    if any(row.prompt_ways for row in rows):
        table.insert(3, ASKED, [prompt_band(row) for row in rows])
    styled = table.style.format(
        {
            quality: _or_unknown(show), **({ON_FRONT: _or_unknown(f.chance)} if front else {}),
            "±": lambda value: "" if pd.isna(value) else metric_half(metric, value),
            "Cost / 1,000": _or_unknown(f.exact_usd), "Energy / 1,000": _or_unknown(f.energy),
            "One text": _or_unknown(f.milliseconds), "95 of 100 within": _or_unknown(f.milliseconds),
            "Texts / s": _or_unknown(f.number), "Fit": _or_unknown(f.duration), "Unreadable": _or_unknown(f.percent),
        }
    )  # fmt: skip
    st.dataframe(
        styled, key=key, hide_index=True, placeholder=f.UNKNOWN, height="content" if len(rows) <= WHOLE else 560,
        column_config={
            "Candidate": st.column_config.TextColumn(pinned=True),
            "±": st.column_config.Column(help="Half the width of the 95 % interval, in points", width=64),
            "Standing": st.column_config.Column(help="Tied: not worse than the best by more than the margin. "
                                                 "Unsettled: the test texts cannot say"),
            ASKED: st.column_config.Column(help="The worst and the best way to ask this prompt, of those tried: other "
                                           "words, orders of labels and examples"),
            ON_FRONT: st.column_config.Column(help="How often nothing is better in both figures of the chart, when the "
                                              "test texts are drawn again"),
            "Energy is": st.column_config.Column(help="How the energy figure came about"),
            "One text": st.column_config.Column(help="Typical (median) time for one text, asked alone, warm"),
            "Unreadable": st.column_config.Column(help="Share of answers in which no label could be read"),
        },
        alt=f"{len(rows)} candidates with quality, cost, energy and time",
    )  # fmt: skip


def _cells(row: CandidateRow, quality: str, decision: Decision | None, front: Front | None) -> dict[str, Any]:
    half = None if row.quality_low is None or row.quality_high is None else (row.quality_high - row.quality_low) / 2
    return {
        "Candidate": row.candidate, quality: row.quality, "±": half, "Standing": standing(row, decision),
        **({ON_FRONT: front.chances.get(row.candidate)} if front else {}),
        "Cost / 1,000": row.usd_per_1k, "Energy / 1,000": row.kwh_per_1k, "Energy is": row.energy_provenance,
        "One text": row.latency_p50_ms, "95 of 100 within": row.latency_p95_ms, "Fit": row.fit_seconds,
        "Texts / s": row.texts_per_second, "Unreadable": row.invalid_rate, "Train texts": row.train_size or "all",
        "Runs": row.runs,
    }  # fmt: skip


def standing(row: CandidateRow, decision: Decision | None) -> str:
    """Where a candidate stands: recommended, tied with the best, or behind by so much."""
    if decision is None:
        return ""
    name = row.candidate
    if name in decision.excluded or decision.best is None or decision.winner is None:
        return "left out"
    best = "best, " if name == decision.best.candidate else ""
    if name == decision.winner.candidate:
        return f"{best}recommended"
    if best:
        return "best"
    gap = decision.differences[name]
    behind = f"{points(abs(gap.value), decision.metric)} {'behind' if gap.value >= 0 else 'ahead'}"
    return "tied" if name in decision.tied else f"unsettled, {behind}" if name in decision.unsettled else behind


def _or_unknown(show: Any) -> Any:
    return lambda value: show(None if pd.isna(value) else value)
