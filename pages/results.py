"""Results: how good is one run, and where is it wrong?"""

import streamlit as st

from core import format as f
from ui import data
from ui.messages import empty, plain, told
from ui.navigation import go
from ui.reports import run_report
from ui.reports.hardest_list import hardest_section
from ui.runs.run_usage import usage_section
from ui.session import choose, choose_dataset

finished = {run.run_id: run for run in reversed(data.all_runs()) if run.status == "finished"}
asked = finished.get(st.query_params.get("run", ""))
if asked and st.query_params.get("dataset") != asked.summary.spec.dataset:
    st.query_params["dataset"] = asked.summary.spec.dataset

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.title("Results", anchor=False, width="content")
    info = choose_dataset(width=260)
    here = {run_id: run for run_id, run in finished.items() if info and run.summary.spec.dataset == info.name}
    if here:
        best = max(here.values(), key=data.merit)
        chosen = choose("Run", list(here), "run", best.run_id, named=lambda run_id: data.run_label(here[run_id]))

if info is None:
    empty("No results yet", "First a set of labelled texts, then a few runs.", "Add a dataset", "datasets")
    st.stop()
if not here:
    empty(
        f"No finished run on {plain(info.name)} yet", "Its scores, mistakes and usage will be here.",
        "Launch candidates", "launch", ":material/rocket_launch:", dataset=info.name,
    )  # fmt: skip
    st.stop()

run = here[chosen]
if run.summary.spec.fingerprint != info.fingerprint:
    st.info("This run used an earlier version of the dataset.", icon=":material/history:")
with told():
    table = data.predictions(run)
    st.subheader(plain(run_report.sentence(run, table)), anchor=False)
    with st.container(horizontal=True):
        if st.button("Try a text", icon=":material/chat:"):
            go("playground", dataset=info.name, run=run.run_id)
        run_report.downloads(run, table)
    scores, mistakes, sure, curves, used, made = st.tabs(
        ["Scores", f"Mistakes ({f.number(run_report.wrong_count(table))})", "Calibration", "Curves", "Usage", "Made of"]
    )
    report = run_report.report_of(run)
    with scores:
        run_report.notes_section(run, table)
        run_report.scores_section(run)
        report.labels_section(run, table)
    with mistakes:
        report.mistakes_section(run, table)
        hardest_section(info, run)
    with sure:
        run_report.calibration_section(table)
    with curves:
        run_report.curves_section(run)
    with used:
        usage_section(run)
    with made:
        run_report.made_of_section(run)
