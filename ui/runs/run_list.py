"""The list of runs and, below it, the run that was selected; both keep themselves up to date."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import format as f
from core.progress import summary
from core.runs import AT_REST, STATUSES
from ui import data, theme
from ui.data import Run
from ui.metrics import is_f1, metric_quality
from ui.runs.race_mark import fate_words
from ui.runs.run_detail import run_detail, undo_delete

EVERY_SECONDS = 2.0
WHOLE = 12


def sentence(runs: Sequence[Run]) -> str:
    """How many runs there are in each state."""
    counts = {status: sum(run.status == status for run in runs) for status in STATUSES}
    said = [f"{count:,} {theme.STATUS[status][2]}" for status, count in counts.items() if count]
    return f"{', '.join(said)}."


def live_list(status: str, dataset: str, word: str) -> None:
    """The list; while something runs it refreshes itself."""
    running, queued = data.open_runs()
    st.fragment(_list, run_every=EVERY_SECONDS if running or queued else None)(status, dataset, word)


def _list(status: str, dataset: str, word: str) -> None:
    data.look_again()
    st.subheader(sentence(data.all_runs()), anchor=False)
    undo_delete()
    # Newest first by when it was queued: the order does not change while runs go on, so a selected row stays.
    runs = sorted(data.all_runs(), key=lambda run: (run.state.queued_at, run.run_id), reverse=True)
    runs = [
        run
        for run in runs
        if status in ("any", run.status)
        and dataset in ("any", run.summary.spec.dataset)
        and all(part in data.run_label(run).lower() for part in word.lower().split())
    ]
    if not runs:
        st.info("No run is like that.", icon=":material/filter_list:")
        return
    ids = [run.run_id for run in runs]
    chosen = _chosen(runs)
    place = ids.index(chosen)

    def selected() -> None:
        rows = st.session_state["runs.table"]["selection"]["rows"]
        if rows and rows[0] < len(ids):
            st.query_params["run"] = ids[rows[0]]

    # The row follows the run when others come in above it.
    st.session_state["runs.table"] = {"selection": {"rows": [place], "columns": [], "cells": []}}
    st.dataframe(
        pd.DataFrame([_cells(run) for run in runs]), hide_index=True, key="runs.table", on_select=selected,
        selection_mode="single-row", height="content" if len(runs) <= WHOLE else 420,
        column_config={"Done": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width=90),
                       "Queued": st.column_config.DatetimeColumn(format="distance")},
        alt=f"{len(runs)} runs with their state",
    )  # fmt: skip
    run_detail(runs[place])


def _chosen(runs: Sequence[Run]) -> str:
    """The run in the URL, else the one shown before, else the one that runs, else the newest."""
    ids = [run.run_id for run in runs]
    running = next((run.run_id for run in runs if run.status == "running"), ids[0])
    asked = (st.query_params.get("run"), st.session_state.get("runs.shown"), running)
    chosen = next(run_id for run_id in asked if run_id in ids)
    st.session_state["runs.shown"] = chosen
    return str(chosen)


def _cells(run: Run) -> dict[str, object]:
    spec, line = run.summary.spec, ""
    done: float | None = 1.0
    if run.status == "finished":
        score = run.summary.scores[0] if run.summary.scores else None
        best = run.summary.score(score.metric) if score else None
        line = metric_quality(best.metric, best.value, best.low, best.high) if best else ""
        line = f"F1 {line}" if best and is_f1(best.metric) else line
    elif run.status == "paused":
        line, done = fate_words(run) or run.state.reason, None
    elif run.status in AT_REST:
        line, done = run.state.reason, 0.0
    else:
        progress = summary(run.folder)
        done, line = progress.share, progress.line
    fit = run.summary.usage.get("fit")
    return {
        "State": theme.status_words(run.status), "Candidate": spec.label, "Dataset": spec.dataset,
        "Seed": spec.seed, "Train texts": f.number(spec.train_size) if spec.train_size else "all", "Done": done,
        "Result": line, "Fit": f.duration(fit.wall_seconds) if fit else "",
        "Queued": pd.Timestamp(run.state.queued_at),
    }  # fmt: skip
