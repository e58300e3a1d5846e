"""Cascade: can a small candidate answer most texts, and a stronger one the rest?"""

import shlex

import streamlit as st

from core.analysis.cheapness import MEASURES
from core.errors import TradeoffError
from core.tasks import ranking_metrics
from ui import data, theme
from ui.axes import AXES
from ui.cascade import cascade_parts as parts
from ui.cascade.cascade_chart import cascade_chart
from ui.cascade.cascade_data import found_of, suggestions_of
from ui.cascade.cascade_form import as_options, ask_cascade, cheap_choice
from ui.charts import draw
from ui.downloads import as_command, download
from ui.messages import empty, plain, show_error
from ui.metrics import metric_name
from ui.session import choose, choose_dataset
from ui.what_if import as_options as as_assumptions
from ui.what_if import told_assumptions, what_if

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.title("Cascade", anchor=False, width="content")
    info = choose_dataset()
    if info:
        metric = choose("Quality", list(ranking_metrics(info.task)), "metric", named=metric_name)
        cheap = cheap_choice()
        scenario = what_if()

if info is None:
    empty("Nothing to put together yet", "First a set of labelled texts, then two runs.", "Add a dataset", "datasets")
    st.stop()
rows = data.rows_of(info, metric, scenario=scenario)
if sum(row.method != "cascade" for row in rows) < 2:
    empty(
        f"A cascade needs two finished candidates on {plain(info.name)}",
        "A cheap one that answers when it is sure, and a stronger one for the rest.", "Launch candidates", "launch",
        ":material/rocket_launch:", dataset=info.name,
    )  # fmt: skip
    st.stop()

answer = st.container()
suggested = suggestions_of(rows, scenario, cheap)
question = ask_cascade(info, rows, suggested[0].stages if suggested else (), cheap)
try:
    found = found_of(info, rows, scenario, question)
except TradeoffError as error:
    show_error(error)
    st.stop()
with answer:
    st.subheader(plain(found.sentence), anchor=False)
    told_assumptions(scenario)
left, right = st.columns([7, 3], gap="medium")
with left:
    money = question.person_usd is not None or question.mistakes is not None
    axis = AXES["usd_per_1k" if money else MEASURES[question.cheap].field]
    draw(cascade_chart(found, rows, axis, theme.is_dark()), "chart")
    st.caption(
        "Higher and further left is better. Ring: the thresholds that "
        f"{'were given' if found.by_hand else 'validation chose'}, shown on test like all else. "
        "Line: other thresholds. Whiskers: 95 % interval."
    )
with right:
    parts.who_answers(found)
    parts.save_form(found, rows)
parts.figures_table(found)
if suggested:
    parts.other_pairs(suggested, found.metric)
with st.container(horizontal=True):
    download(parts.figure_rows(found), f"{info.name}-cascade", "csv")
    download(lambda: [point.model_dump(mode="json") for point in found.frontier], f"{info.name}-cascade-thresholds",
             "line.csv", "All thresholds")  # fmt: skip
    as_command(
        f"python cli.py cascade {shlex.quote(info.name)} --metric {metric}{as_options(question)}"
        f"{as_assumptions(scenario)} --json"
    )
