"""Datasets: what do my texts look like, and what is wrong with them?"""

import streamlit as st

from core import format as f
from core.data.dataset import list_datasets
from ui.datasets import dataset_labels, dataset_report, dataset_texts
from ui.datasets.add_dataset import add_section
from ui.datasets.audit_report import audit_section
from ui.datasets.dataset_frames import labels_in_words
from ui.messages import plain, told
from ui.navigation import go
from ui.session import choose_dataset, home

infos = list_datasets(home())
adding = not infos or "add" in st.query_params
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.title("Datasets", anchor=False, width="content")
    info = None if adding else choose_dataset(width=340)
    if info and st.button("Add a dataset", icon=":material/add:"):
        st.query_params["add"] = "file"
        st.rerun()

if adding:
    with told():
        add_section(can_close=bool(infos))
    st.stop()

assert info is not None
texts = sum(info.counts.values())
st.subheader(
    f"{plain(info.name)}: {texts:,} texts with {labels_in_words(info)}; {info.counts['train']:,} to learn from, "
    f"{info.counts['validation']:,} to choose by, {info.counts['test']:,} to test on.",
    anchor=False,
)
with told():
    dataset_report.undo_banner(info)
    with st.container(horizontal=True):
        if st.button("Launch candidates", type="primary", icon=":material/rocket_launch:"):
            go("launch", dataset=info.name)
        dataset_report.downloads(info)
        dataset_report.derive_parts(info)
    audit, labels, lengths, browse, versions = st.tabs(["Audit", "Labels", "Lengths", "Texts", "Versions and source"])
    with audit:
        audit_section(info)
    with labels:
        dataset_labels.labels_section(info)
    with lengths:
        dataset_report.lengths_section(info)
    with browse:
        dataset_texts.texts_section(info)
    with versions:
        dataset_report.versions_section(info)
        st.caption(f"Version {info.fingerprint}, {f.number(info.left_out)} texts left out so far.")
