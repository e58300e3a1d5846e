"""Decide: which one do I take?"""

import shlex

import streamlit as st

from core.tasks import get_task
from ui import data, theme
from ui.candidate_card import candidate_card, stands
from ui.candidate_table import candidate_table
from ui.charts import draw
from ui.decide import decide_parts as parts
from ui.decide.decision_chart import behind_the_best
from ui.decide.question_form import as_options, ask_question
from ui.decide.record_download import record_download
from ui.downloads import as_command, download
from ui.messages import empty, plain, told
from ui.session import choose_dataset
from ui.what_if import as_options as as_assumptions
from ui.what_if import scenario_now, told_assumptions, what_if

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.title("Decide", anchor=False, width="content")
    info = choose_dataset(width=340)
    scenario = what_if() if info else scenario_now()
if info is None:
    empty("Nothing to decide yet", "First a set of labelled texts, then a few runs.", "Add a dataset", "datasets")
    st.stop()

answer = st.container()
question = ask_question(info, scenario)
rows = data.rows_of(info, question.metric, scenario=scenario)
found = data.decision_of(rows, question, scenario)
if found is None:
    with answer:
        empty(
            f"No finished run on {plain(info.name)} yet", "Launch a few candidates: the cheap ones finish in seconds.",
            "Launch candidates", "launch", ":material/rocket_launch:", dataset=info.name,
        )  # fmt: skip
    st.stop()

with answer:
    st.subheader(plain(found.reason), anchor=False)
    parts.doubts(found)
    told_assumptions(scenario)
left, right = st.columns([7, 4], gap="medium")
with left, told():
    if found.best is not None:
        draw(behind_the_best(found, rows, theme.is_dark()), "proof")
        st.caption(
            "Further left is better, the cheapest stands at the top. Whiskers: 95 % interval of the paired difference "
            "on test. Band: differences that do not matter. Ring: taken."
        )
    for name, why in found.excluded.items():
        st.caption(f":material/block: {plain(name)}: {plain(why)}.")
    parts.what_would_change_it(found)
with right, told():
    if found.winner:
        candidate_card(found.winner, "Take this one", found)
    parts.what_to_do_next(info, found, rows)
    parts.without_doubtful_texts(info, rows, question, scenario)

candidate_table(rows, found.metric, found, "candidates")
with st.container(horizontal=True):
    table = [{**row.model_dump(mode="json"), "standing": stands(row.candidate, found)} for row in rows]
    record_download(info, question, scenario)
    download(table, f"{info.name}-decision", "csv")
    asked = f"{as_options(question, get_task(info.task).primary_metric)}{as_assumptions(scenario)}"
    name = shlex.quote(info.name)
    as_command(f"python cli.py recommend {name}{asked} --json\n"
               f"python cli.py report {name}{asked} --out {name}-decision.html")  # fmt: skip
