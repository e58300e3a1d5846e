"""The texts of a dataset with what is right for them, to look at and search through."""

from typing import Any

import pandas as pd
import streamlit as st

from core.data.dataset import SPLITS, DatasetInfo
from core.tasks import Target, get_task
from ui.datasets.dataset_frames import frame_of, targets_of
from ui.reports import spans

PER_PAGE = 20


def texts_section(info: DatasetInfo) -> None:
    """Filters, then the texts: with spans highlighted, or as a table where there are none."""
    task = get_task(info.task)
    table, targets = frame_of(info), targets_of(info)
    kept = _filtered(info, table, targets)
    table, shown = table[kept], [target for target, keep in zip(targets, kept, strict=True) if keep]
    st.caption(f"{len(table):,} texts")
    if task.has_spans:
        _highlighted(table, shown, task.span_label_set(info.labels))
        return
    one = task.text_labels == "one"
    labels = [target.labels[0] if one else list(target.labels) for target in shown]
    frame = pd.DataFrame({"Text": table["text"].tolist(), "Label": labels, "Split": table["split"].tolist(),
                          "Id": table["id"].tolist()})  # fmt: skip
    columns: dict[str, Any] = {"Text": st.column_config.TextColumn(width="large")}
    if not one:
        columns["Label"] = st.column_config.ListColumn("Labels")
    st.dataframe(
        frame, hide_index=True, height=460, key="texts", lazy=True, alt="The texts with their labels",
        column_config=columns,
    )  # fmt: skip


def _filtered(info: DatasetInfo, table: pd.DataFrame, targets: list[Target]) -> list[bool]:
    """Which texts the visitor asked for."""
    task = get_task(info.task)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.selectbox("Split", ["any", *SPLITS], key="texts.split", width=140)
        whole = task.text_label_set(info.labels)
        label = "any"
        if task.text_labels != "none":
            none = ["no label"] if task.text_labels == "any" else []
            name = "Intent" if task.has_spans else "Label"
            label = st.selectbox(name, ["any", *none, *whole], key="texts.label", width=220)
        part = "any"
        if task.has_spans:
            part = st.selectbox(
                "With a slot" if whole else "With an entity", ["any", "none at all", *task.span_label_set(info.labels)],
                key="texts.span", width=220,
            )  # fmt: skip
        word = st.text_input(
            "Find", key="texts.find", placeholder="a word or phrase", icon=":material/search:", width=240
        )
    kept = pd.Series(True, index=table.index)
    if split != "any":
        kept &= table["split"] == split
    if word:
        kept &= table["text"].str.contains(word, case=False, regex=False)
    return [keep and _has(target, label, part) for keep, target in zip(kept, targets, strict=True)]


def _has(target: Target, label: str, part: str) -> bool:
    if label != "any" and not (label in target.labels or (label == "no label" and not target.labels)):
        return False
    if part == "any":
        return True
    return any(span.label == part for span in target.spans) or (part == "none at all" and not target.spans)


def _highlighted(table: pd.DataFrame, targets: list[Target], labels: list[str]) -> None:
    if table.empty:
        return
    pages = -(-len(table) // PER_PAGE)
    above = st.container()
    page = st.pagination(pages, key=f"texts.page.{pages}") if pages > 1 else 1
    here = slice((page - 1) * PER_PAGE, page * PER_PAGE)
    rows = table.iloc[here]
    with above:
        spans.listing(
            spans.target_html(text, target, labels, shorten=True) + spans.small(split, f"id {id}")
            for text, target, split, id in zip(rows["text"], targets[here], rows["split"], rows["id"], strict=True)
        )
