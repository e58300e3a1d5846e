"""Overview: what is here, what to do next, and what is best so far?"""

import streamlit as st

from core.data.dataset import list_datasets
from ui import data, theme
from ui.axes import AXES
from ui.candidate_card import candidate_card
from ui.datasets.dataset_frames import labels_in_words
from ui.messages import empty, plain, told
from ui.navigation import go, link
from ui.overview_parts import best_of, dataset_table, do_next, running_card, spent, welcome, why_and_when
from ui.session import choose_dataset, home

infos = list_datasets(home())
if not infos:
    welcome()
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.title("Overview", anchor=False, width="content")
    info = choose_dataset(width=340)
assert info is not None
rows = data.rows_of(info)
decision = data.decision_of(rows)
if decision:
    st.subheader(plain(decision.reason), anchor=False)

left, right = st.columns([5, 4], gap="medium")
with left:
    if decision and decision.winner:
        candidate_card(decision.winner, f"Take for {plain(info.name)}: {best_of(decision)}", decision)
        with told():
            why_and_when(info, rows, decision)
    else:
        empty(
            f"{plain(info.name)} is ready", f"{sum(info.counts.values()):,} texts, {labels_in_words(info)}. "
            "Choose what shall be compared.", "Launch candidates", "launch", ":material/rocket_launch:",
            dataset=info.name,
        )  # fmt: skip
    if rows:
        # Plotly takes half a second to load; a page without a chart does not wait for it.
        from ui.charts import draw
        from ui.tradeoff.tradeoff_chart import tradeoff

        pick = decision.winner.candidate if decision and decision.winner else ""
        draw(tradeoff(rows, AXES["usd_per_1k"], rows[0].metric, pick, theme.is_dark(), height=330, width=480), "spark")
        link("tradeoff", "Open the tradeoff", dataset=info.name)
with right:
    running_card()
    do_next(info, rows, decision)
    dataset_table(infos)
    spent()
    with st.container(horizontal=True):
        if st.button("Add a dataset", icon=":material/add:"):
            go("datasets", add="file")
