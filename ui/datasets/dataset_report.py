"""The parts of a dataset's report: downloads, lengths, versions. Labels and texts have files of their own."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core import format as f
from core.data import views
from core.data.dataset import DatasetInfo, delete_dataset, list_datasets, load_dataset, use_version, versions
from core.home import Home
from core.tasks import get_task
from ui import charts, data, theme
from ui.datasets.audits import audit_of
from ui.datasets.dataset_frames import frame_of
from ui.downloads import as_command, download
from ui.messages import plain, told
from ui.navigation import go, link
from ui.session import home

WORD_BINS = 24


def undo_banner(info: DatasetInfo) -> None:
    """After texts were left out: say so, and offer the version before."""
    if not info.parent or info.parent not in {version.fingerprint for version in versions(home(), info.name)}:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f":material/history: {plain(info.note or 'This version was edited.')}", width="content")
        if st.button("Undo", icon=":material/undo:", key="undo"):
            with told():
                use_version(home(), info.name, info.parent)
                st.rerun()


def downloads(info: DatasetInfo) -> None:
    """The examples as a file, and what the command line says of them."""
    download(lambda: shown_rows(info), info.name, "examples_csv")
    as_command(f"python cli.py audit {info.name}")


def derive_parts(info: DatasetInfo) -> None:
    """Sets of the intents or the slots alone, to compare two models with one for both."""
    if info.task != "intent_slots":
        return
    with st.popover("Intents or slots alone", icon=":material/call_split:"):
        st.markdown(
            "The same texts and splits with only the intents, or only the slots: two models, one for each, can then be "
            "compared with one for both on the page Multi-task."
        )
        known = {other.name for other in list_datasets(home()) if other.source.get("fingerprint") == info.fingerprint}
        words_of: dict[views.Part, str] = {"intent": "Intents only", "slots": "Slots only"}
        for part, words in words_of.items():
            called = views.derived_name(info.name, part)
            if called in known:
                link("datasets", f"{words}: {plain(called)}", dataset=called)
            elif st.button(words, key=f"derive.{part}"):
                with told():
                    go("datasets", dataset=views.derive(home(), info.name, part).info.name)
        as_command(f'python cli.py derive "{info.name}" intent\npython cli.py derive "{info.name}" slots')


def shown_rows(info: DatasetInfo) -> list[dict[str, Any]]:
    """The examples as records; targets of tasks beyond one label are given in plain words too."""
    task, records = get_task(info.task), frame_of(info).to_dict("records")
    if task.has_spans or task.text_labels == "any":
        records = [{**row, "target in words": task.shown(row["target"], row["text"])} for row in records]
    return [{str(key): value for key, value in row.items()} for row in records]


def lengths_section(info: DatasetInfo) -> None:
    """How long texts are: what is cut off, and what time will be spent on."""
    words = _words(str(home().root), info.name, info.fingerprint)
    half, most, longest = (int(value) for value in (*np.quantile(words, (0.5, 0.95)), words.max()))
    st.markdown(
        f"Half of the texts have at most **{half:,} words**, 95 of 100 at most **{most:,}**; "
        f"the longest has {longest:,}.",
        help="A word has about 1.3 tokens in English. Models cut texts at the setting `max tokens`.",
    )
    top = max(int(np.quantile(words, 0.995)), 5)
    counts, edges = np.histogram(np.minimum(words, top), bins=min(WORD_BINS, top))
    charts.draw(charts.histogram(edges.tolist(), counts.tolist(), "Length", "words", theme.is_dark()), "lengths")
    audit = audit_of(info)
    if audit:
        limits = sorted({limit for one in audit.lengths for limit in one.longer_than})
        rows = [
            {
                "Split": one.split, "Texts": one.texts, "Words, half have at most": f.number(one.words.p50),
                "Tokens, half have at most": f.number(one.tokens.p50 if one.tokens else None),
                "95 of 100": f.number(one.tokens.p95 if one.tokens else None),
                "Longest": f.number(one.tokens.most if one.tokens else None),
                **{f"Over {limit} tokens": f.percent(one.longer_than.get(limit)) for limit in limits},
            }
            for one in audit.lengths
        ]  # fmt: skip
        st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key="length_table",
                     alt="Lengths of texts in words and tokens by split")  # fmt: skip


@st.cache_data(max_entries=8, show_spinner=False)
def _words(root: str, name: str, fingerprint: str) -> np.ndarray:
    return load_dataset(Home(Path(root)), name, fingerprint).frame["text"].str.split().str.len().fillna(0).to_numpy()


def versions_section(info: DatasetInfo) -> None:
    """Earlier versions, and where the texts came from."""
    runs: dict[str, int] = {}
    for run in data.all_runs():
        runs[run.summary.spec.fingerprint] = runs.get(run.summary.spec.fingerprint, 0) + 1
    for version in versions(home(), info.name):
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
            texts = sum(version.counts.values())
            st.markdown(f"`{version.fingerprint[:8]}` {plain(version.note or 'as imported')}", width="stretch")
            st.caption(f"{texts:,} texts · {runs.get(version.fingerprint, 0)} runs · {version.created_at[:16]}")
            if version.fingerprint == info.fingerprint:
                st.badge("in use", color="green", icon=":material/check:")
            elif st.button("Use this one", key=f"use.{version.fingerprint}"):
                with told():
                    use_version(home(), info.name, version.fingerprint)
                    st.rerun()
    if info.source:
        with st.expander("How it was read"):
            st.json(info.source, expanded=2)
    with st.popover("Delete this dataset", icon=":material/delete:"):
        st.markdown(f"All versions of **{plain(info.name)}** are removed for good. Its runs stay.")
        if st.button("Delete", key="delete.dataset", type="primary"):
            with told():
                delete_dataset(home(), info.name)
                st.session_state.pop("kept.dataset", None)
                go("datasets")
