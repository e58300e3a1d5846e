"""The texts that most runs on a dataset get wrong: often a wrong label, or a text that says too little."""

import pandas as pd
import streamlit as st

from core.data.dataset import DatasetInfo
from core.findings.hardest import Hard, hardest
from ui import data
from ui.run_folders import Run
from ui.session import home

LEAST_RUNS = 2


def hardest_section(info: DatasetInfo, run: Run) -> None:
    """A switch that shows them; counted only when they are asked for."""
    spec = run.summary.spec
    runs = [
        one for one in data.all_runs()
        if one.status == "finished" and (one.summary.spec.dataset, one.summary.spec.fingerprint)
        == (spec.dataset, spec.fingerprint)
    ]  # fmt: skip
    if len(runs) < LEAST_RUNS or not st.toggle(f"Texts that most of all {len(runs):,} runs get wrong", key="hardest"):
        return
    found = _found(str(home().root), data.mark_of(runs), [one.run_id for one in runs])
    if not found:
        st.caption("No run gets any of them wrong.")
        return
    texts = data.example_texts(str(home().root), info.name, spec.fingerprint)
    frame = pd.DataFrame(
        {"text": texts.get(one.id, ""), "label": one.target, "wrong": one.wrong, "of": one.runs,
         "mostly taken for": one.mostly_taken_for or "no answer that can be read"} for one in found
    )  # fmt: skip
    st.dataframe(frame, hide_index=True, key="hardest.table")


@st.cache_data(max_entries=8, show_spinner=False)
def _found(root: str, mark: int, _runs: list[str]) -> list[Hard]:  # noqa: ARG001
    return hardest(home(), _runs)
