"""Tradeoff: what do right answers cost?"""

import streamlit as st

from core.analysis.cheapness import measure_of
from core.analysis.decision import Question
from core.findings.fronts import QUALITY, key_of
from core.tasks import ranking_metrics
from ui import data, theme
from ui.axes import AXES
from ui.candidate_card import candidate_card, detail_rows
from ui.candidate_table import candidate_table
from ui.charts import draw
from ui.downloads import as_command, download
from ui.messages import empty, plain
from ui.metrics import metric_name
from ui.navigation import link
from ui.session import choose, choose_dataset
from ui.tradeoff.fronts import front_of
from ui.tradeoff.published_marks import published_choice, published_table
from ui.tradeoff.tradeoff_chart import front_told, reading, tradeoff
from ui.tradeoff.tradeoff_filters import filtered, train_size_choice
from ui.what_if import as_options, told_assumptions, what_if

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.title("Tradeoff", anchor=False, width="content")
    info = choose_dataset()
    if info:
        metrics = ranking_metrics(info.task)
        metric = choose("Quality", list(metrics), "metric", named=metric_name, help="\n\n".join(
            f"**{metric_name(name)}**: {meaning}" for name, meaning in metrics.items()))  # fmt: skip
        against = choose("Against", list(AXES), "against", named=lambda field: AXES[field].name)
        others = [QUALITY, *(field for field in AXES if field != against)]
        up = choose("Upwards", others, "up", named=lambda field: AXES[field].name if field in AXES else "Quality")
        size = train_size_choice(info)
        scenario = what_if()
        rows = filtered(data.rows_of(info, metric, size, scenario))
        beside = published_choice(info, metric) if rows and up == QUALITY else []

if info is None:
    empty("Nothing to compare yet", "First a set of labelled texts, then a few runs.", "Add a dataset", "datasets")
    st.stop()
if not rows:
    empty(
        f"No finished run on {plain(info.name)} yet", "Launch a few candidates: the cheap ones finish within seconds.",
        "Launch candidates", "launch", ":material/rocket_launch:", dataset=info.name,
    )  # fmt: skip
    st.stop()

axis, decision = AXES[against], data.decision_of(rows, Question(metric=metric, cheap=measure_of(against)))
assert decision is not None
st.subheader(plain(decision.reason), anchor=False)
told_assumptions(scenario)
pick = decision.winner.candidate if decision.winner else rows[0].candidate
names = [row.candidate for row in rows]
left, right = st.columns([7, 3], gap="medium")
with left:
    front = front_of(info, rows, up, against)
    chart = tradeoff(rows, axis, metric, pick, theme.is_dark(), published=beside, up=AXES.get(up), front=front)
    draw(chart, "chart", pick_into="candidate", options=names)
    st.markdown(plain(front_told(front)))
    st.caption(plain(reading(rows, axis, AXES.get(up))))
    published_table(beside, metric)
with right:
    shown = choose("Candidate (or click a mark)", names, "candidate", pick)
    row = next(row for row in rows if row.candidate == shown)
    candidate_card(row, "Recommended" if shown == pick else "Selected", decision)
    st.table(dict(detail_rows(row)), border="horizontal")

candidate_table(rows, metric, decision, "candidates", front)
with st.container(horizontal=True):
    if len(rows) > 1:
        beside_it = [name for name in dict.fromkeys((pick, shown, *names)) if name in names][:4]
        link("compare", "Compare side by side", dataset=info.name, compare=beside_it)
    download([row.model_dump(mode="json") for row in rows], f"{info.name}-tradeoff", "csv")
    download([row.model_dump(mode="json") for row in rows], f"{info.name}-tradeoff", "xlsx", "Excel", ".xlsx")
    as_command(
        f"python cli.py results {info.name} --metric {metric}{as_options(scenario)} --json\n"
        f"python cli.py front {info.name} --metric {metric} --up {key_of(up)} --against {key_of(against)}"
        f"{as_options(scenario)} --json"
    )
