"""Which candidates the tradeoff shows."""

from collections.abc import Sequence

import streamlit as st

from core.analysis.results import CandidateRow
from core.data.dataset import DatasetInfo
from ui import data, theme
from ui.session import choose


def train_size_choice(info: DatasetInfo) -> int | str | None:
    """Which runs count: those with the most training texts, every size apart, or one size."""
    sizes = {run.summary.spec.train_size for run in data.runs_on(info) if run.status == "finished"}
    if len(sizes) < 2:
        return "largest"
    options = ["largest", "all", *(str(size) for size in sorted(size for size in sizes if size))]
    named = {"largest": "most of each candidate", "all": "every size apart"}
    chosen = choose("Training texts", options, "size", named=lambda option: named.get(option, option))
    return int(chosen) if chosen.isdigit() else chosen


def filtered(rows: Sequence[CandidateRow]) -> list[CandidateRow]:
    """The rows that the visitor's filters let through."""
    families = list(dict.fromkeys(row.family for row in rows))
    devices = list(dict.fromkeys(row.device for row in rows))
    if len(rows) < 3 or (len(families) < 2 and len(devices) < 2):
        return list(rows)
    with st.popover("Filter", icon=":material/filter_list:"):
        kept = st.pills(
            "Kind", families, selection_mode="multi", default=families, key="families", persist_state="session",
            format_func=lambda family: theme.FAMILIES[family][0],
        )  # fmt: skip
        on = st.pills("Device", devices, selection_mode="multi", default=devices, key="devices",
                      persist_state="session") if len(devices) > 1 else devices  # fmt: skip
    return [row for row in rows if row.family in (kept or families) and row.device in (on or devices)]
