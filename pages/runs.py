"""Runs: what is running, what waits, and what has ended?"""

import streamlit as st

from core.runs import STATUSES
from ui import data, theme
from ui.messages import empty
from ui.runs.run_list import live_list
from ui.session import from_url, to_url

st.title("Runs", anchor=False)
runs = data.all_runs()
if not runs:
    empty(
        "No runs yet", "A run is one candidate, fitted and tested once on a dataset.", "Launch candidates", "launch",
        ":material/rocket_launch:",
    )  # fmt: skip
    st.stop()

names = sorted({run.summary.spec.dataset for run in runs})
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    from_url("status", ["any", *STATUSES], "any")
    status = st.segmented_control(
        "State", ["any", *STATUSES], key="status", on_change=to_url, args=("status",),
        format_func=lambda name: name if name == "any" else theme.status_words(name),
    )  # fmt: skip
    from_url("of", ["any", *names], "any")
    of = st.selectbox("Dataset", ["any", *names], key="of", on_change=to_url, args=("of",), width=200)
    word = st.text_input("Find", key="find", placeholder="candidate, seed …", persist_state="session", width=200,
                         icon=":material/search:")  # fmt: skip
live_list(status or "any", of, word)
