"""Multi-task: is one model for several tasks as good as one for each, and what does it save?"""

import streamlit as st

from core.data.dataset import list_datasets
from core.findings.consolidated import besides, parts_of
from core.findings.results import pricing
from core.preferences import load
from ui import data
from ui import multitask_parts as parts
from ui.messages import empty, plain, told
from ui.navigation import go
from ui.session import choose_dataset, home

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.title("Multi-task", anchor=False, width="content")
    info = choose_dataset(width=340)
if info is None:
    empty("Nothing to compare yet", "First a set of texts with intents and slots, or several sets.", "Add a dataset",
          "datasets", ":material/merge:", add="file")  # fmt: skip
    st.stop()

infos = list_datasets(home())
if info.source.get("kind") == "derived":
    info = next((other for other in infos if other.name == info.source.get("from")), info)
found = besides([run.summary for run in data.all_runs()], pricing(load(home())))
both, several = st.tabs(["Intents and slots: one model or two?", "One model over several sets"])
with both, told():
    if info.task == "intent_slots":
        made = parts_of(info, infos)
        if len(made) < 2:
            parts.derive_first(info, made)
        else:
            parts.together_or_apart(info, made)
    else:
        st.markdown(f"{plain(info.name)} has no intents and slots, so there is nothing to split between two models.")
        fitting = [other.name for other in infos if other.task == "intent_slots"]
        with st.container(horizontal=True):
            for name in fitting[:4]:
                if st.button(plain(name), key=f"take.{name}"):
                    go("multitask", dataset=name)
            if not fitting and st.button("Add a dataset with intents and slots", icon=":material/add:"):
                go("datasets", add="file")
with several, told():
    if found:
        parts.over_several_sets(found)
    else:
        parts.launch_together(infos)
