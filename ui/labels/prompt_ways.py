"""How much hangs on the way a prompt is asked: what is known, and the runs that tell."""

import shlex
from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.analysis.prompt_spread import sentence
from core.analysis.results import CandidateRow
from core.data.dataset import DatasetInfo
from core.findings.sensitivity import Asked, asked_in_ways, candidate_called, experiments, ways_to_ask
from core.methods import asks_provider
from ui import data, theme
from ui.charts import draw
from ui.downloads import as_command, download
from ui.labels.curve_charts import prompt_bands
from ui.launch.launch_button import launch_button
from ui.launch.launching import spending_cap
from ui.messages import plain, told
from ui.session import choose, home

Rows = Sequence[CandidateRow]


def asked_of(info: DatasetInfo, rows: Rows) -> list[Asked]:
    """Every prompt candidate with its ways of asking, computed once for the same runs and metric."""
    there = data.runs_on(info)
    runs, ended = [run.summary for run in there], data.mark_of(there)
    return _asked(str(home().root), info.fingerprint, ended, rows[0].metric, runs, rows)


@st.cache_resource(max_entries=12, show_spinner=False)
def _asked(root: str, version: str, ended: int, metric: str, _runs: Any, _rows: Rows) -> list[Asked]:  # noqa: ARG001
    return asked_in_ways(home(), _rows, _runs, metric)


def prompt_part(info: DatasetInfo, rows: Rows, asked: Sequence[Asked]) -> None:
    """How much hangs on the way a prompt is asked: the bands, in words, and the runs that widen them."""
    varied = [one for one in asked if len(one.ways) > 1]
    for one in varied:
        if one.spread:
            st.markdown(plain(sentence(one.row.candidate, one.row.metric, one.spread)))
    if varied:
        draw(prompt_bands(varied, rows[0].metric, theme.is_dark()), "prompts")
        st.caption("A mark a way of asking: filled as it is usually worded and ordered, hollow otherwise.")
        table = [
            {"candidate": one.row.candidate, "wording": way.paraphrase, "label_order": way.label_order,
             "seed": way.seed, "quality": way.value, "run": way.run_id} for one in varied for way in one.ways
        ]  # fmt: skip
        download(table, f"{info.name}-prompts", "prompts.csv")
    else:
        st.markdown(
            "No prompt has been asked in several ways yet: other words, another order of labels, other examples."
        )
    _launch_ways(info, [one.row.candidate for one in asked])


def _launch_ways(info: DatasetInfo, names: Sequence[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"), told():
        name = choose("Prompt to ask in several ways", names, "ask", width=260)
        candidate = candidate_called(name, [run.summary for run in data.runs_on(info)])
        cap = spending_cap(asks_provider(candidate.method))
        found = experiments(info.name, candidate, ways_to_ask(candidate), cap)
        launch_button(found, "launch.ways")
        as_command(f"python cli.py sensitivity {shlex.quote(info.name)} --candidate {shlex.quote(name)} --launch")
