"""Adding a dataset: from files, from the bundled sets, or from the Hugging Face hub."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.data import bundled, hub
from core.data.dataset import Dataset
from ui.datasets.audits import start_audit
from ui.datasets.import_form import from_file
from ui.messages import plain, told
from ui.navigation import go
from ui.session import from_url, home, to_url

SOURCES = {"file": "My file", "bundled": "Bundled set", "hub": "Hugging Face"}


def add_section(can_close: bool) -> None:
    """The panel in which a dataset is added."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("### Add a dataset", width="content")
            if can_close and st.button("Close", icon=":material/close:", type="tertiary"):
                st.query_params.pop("add", None)
                st.rerun()
        from_url("add", list(SOURCES), "file")
        source = st.segmented_control(
            "From", list(SOURCES), key="add", format_func=lambda name: SOURCES[name], on_change=to_url, args=("add",),
            label_visibility="collapsed",
        )  # fmt: skip
        if source == "bundled":
            _from_bundled()
        elif source == "hub":
            _from_hub()
        else:
            from_file(_import)


def _from_bundled() -> None:
    with st.grid(min_column_width=280, gap="small"):
        for name, entry in bundled.BUNDLED.items():
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"**{plain(entry.title)}**")
                st.markdown(plain(entry.description))
                st.caption(f"{entry.train + entry.test:,} texts, {entry.labels} labels. {plain(entry.source)}")
                if st.button("Add", key=f"bundled.{name}", type="primary"):
                    _import(partial(bundled.import_bundled, home(), name))


def _from_hub() -> None:
    name = st.text_input("Dataset on huggingface.co", placeholder="fancyzhx/ag_news", key="hub.name", width=420)
    st.caption("It is downloaded from the internet; everything else works without.")
    if st.button("Import", type="primary", disabled=not name.strip(), key="hub.import"):
        _import(lambda: hub.import_from_hub(home(), name.strip()))


def _import(make: Callable[[], Dataset]) -> None:
    with told():
        with st.spinner("Reading …"):
            info = make().info
        start_audit(info)
        st.session_state["kept.dataset"] = info.name
        go("datasets", dataset=info.name)
