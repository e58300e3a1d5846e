"""The parts of a dataset's report: labels, lengths, texts, versions."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core import format as f
from core.data.dataset import SPLITS, DatasetInfo, delete_dataset, load_dataset, use_version, versions
from core.home import Home
from ui import charts, data, theme
from ui.audits import audit_of
from ui.downloads import as_command, download
from ui.messages import plain, told
from ui.navigation import go
from ui.session import home

MOST_BARS = 40
WORD_BINS = 24


@st.cache_data(max_entries=3, show_spinner=False)
def _frame(root: str, name: str, fingerprint: str) -> pd.DataFrame:
    return load_dataset(Home(Path(root)), name, fingerprint).frame


def frame_of(info: DatasetInfo) -> pd.DataFrame:
    """The examples of a version."""
    return _frame(str(home().root), info.name, info.fingerprint)


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
    download(lambda: frame_of(info).to_dict("records"), info.name, "examples_csv")
    as_command(f"python cli.py audit {info.name}")


def labels_section(info: DatasetInfo) -> None:
    """How many texts each label has in each split."""
    table = frame_of(info)
    counts = {split: table.loc[table["split"] == split, "target"].value_counts().to_dict() for split in SPLITS}
    totals = table["target"].value_counts()
    often, rare = (plain(f.shorten(str(label), 60)) for label in (totals.index[0], totals.index[-1]))
    st.markdown(
        f"The most frequent label, **{often}**, has {totals.iloc[0] / len(table):.0%} of the texts; "
        f"the rarest, **{rare}**, has {f.number(int(totals.iloc[-1]))}."
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        charts.draw(charts.class_bars(counts, theme.is_dark(), MOST_BARS), "classes")
        if len(totals) > MOST_BARS:
            st.caption(f"The {MOST_BARS} most frequent of {len(totals):,} labels.")
    with right:
        shown = pd.DataFrame({"Label": totals.index.astype(str), "Texts": totals.to_numpy()})
        for split in SPLITS:
            shown[split.capitalize()] = [counts[split].get(label, 0) for label in totals.index]
        st.dataframe(shown, hide_index=True, height="content" if len(shown) < 14 else 460, key="label_counts",
                     alt="Texts of each label by split")  # fmt: skip


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
    return _frame(root, name, fingerprint)["text"].str.split().str.len().fillna(0).to_numpy()


def texts_section(info: DatasetInfo) -> None:
    """The texts, to look at and search through."""
    table = frame_of(info)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.selectbox("Split", ["any", *SPLITS], key="texts.split", width=160)
        label = st.selectbox("Label", ["any", *info.labels], key="texts.label", width=260)
        word = st.text_input(
            "Find", key="texts.find", placeholder="a word or phrase", icon=":material/search:", width=260
        )
    if split != "any":
        table = table[table["split"] == split]
    if label != "any":
        table = table[table["target"] == label]
    if word:
        table = table[table["text"].str.contains(word, case=False, regex=False)]
    st.caption(f"{len(table):,} texts")
    shown = table[["text", "target", "split", "id"]].set_axis(["Text", "Label", "Split", "Id"], axis=1)
    st.dataframe(
        shown, hide_index=True, height=460, key="texts", lazy=True, alt="The texts with their labels",
        column_config={"Text": st.column_config.TextColumn(width="large")},
    )  # fmt: skip


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
