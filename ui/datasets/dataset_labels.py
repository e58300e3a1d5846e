"""How often each label occurs in a dataset: labels of whole texts and labels of spans apart."""

from collections import Counter

import pandas as pd
import streamlit as st

from core import format as f
from core.data.dataset import SPLITS, DatasetInfo
from core.tasks import Target, get_task
from ui import charts, theme
from ui.datasets.dataset_frames import frame_of, targets_of
from ui.messages import plain

MOST_BARS = 40
Counts = dict[str, Counter[str]]
"""By split: how often each label occurs."""


def labels_section(info: DatasetInfo) -> None:
    """How often each label occurs in each split, with a sentence on what that means for learning."""
    task, targets, splits = get_task(info.task), targets_of(info), frame_of(info)["split"].tolist()
    texts = _counted(splits, targets, spans=False) if task.text_labels != "none" else {}
    parts = _counted(splits, targets, spans=True) if task.has_spans else {}
    if texts and parts:
        intents, slots = st.tabs(["Intents", "Slots"])
        with intents:
            _counts(texts, len(targets), "Texts", "intent")
        with slots:
            _spans_sentence(targets, "slots")
            _counts(parts, len(targets), "Slots", "slot")
    elif parts:
        _spans_sentence(targets, "entities")
        _counts(parts, len(targets), "Entities", "label")
    else:
        if task.text_labels == "any":
            st.markdown(many_sentence(targets))
        _counts(texts, len(targets), "Texts", "label")


def _counted(splits: list[str], targets: list[Target], spans: bool) -> Counts:
    counts: Counts = {split: Counter() for split in SPLITS}
    for split, target in zip(splits, targets, strict=True):
        counts[split].update([span.label for span in target.spans] if spans else target.labels)
    return counts


def many_sentence(targets: list[Target]) -> str:
    """How many labels a text has."""
    sizes = Counter(len(target.labels) for target in targets)
    mean = sum(size * count for size, count in sizes.items()) / max(1, len(targets))
    several = sum(count for size, count in sizes.items() if size > 1)
    return (
        f"A text has **{f.significant(mean)} labels** on average: {several:,} texts have several, "
        f"{sizes[1]:,} have one, {sizes[0]:,} have none."
    )


def _spans_sentence(targets: list[Target], things: str) -> None:
    total = sum(len(target.spans) for target in targets)
    without = sum(not target.spans for target in targets)
    st.markdown(f"**{total:,} {things}** in {len(targets):,} texts; {without:,} texts have none.")


def _counts(counts: Counts, texts: int, things: str, kind: str) -> None:
    totals: Counter[str] = sum(counts.values(), Counter())
    if not totals:
        st.caption("No label occurs.")
        return
    ordered = totals.most_common()
    often, rare = (plain(f.shorten(label, 60)) for label in (ordered[0][0], ordered[-1][0]))
    whole = texts if things == "Texts" else sum(totals.values())
    st.markdown(
        f"The most frequent {kind}, **{often}**, has {ordered[0][1] / whole:.0%} of the {things.lower()}; "
        f"the rarest, **{rare}**, has {f.number(ordered[-1][1])}."
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        charts.draw(charts.class_bars(dict(counts), theme.is_dark(), MOST_BARS, things), f"classes.{kind}")
        if len(totals) > MOST_BARS:
            st.caption(f"The {MOST_BARS} most frequent of {len(totals):,} labels.")
    with right:
        shown = pd.DataFrame({"Label": [label for label, _ in ordered], things: [count for _, count in ordered]})
        for split in SPLITS:
            shown[split.capitalize()] = [counts[split][label] for label, _ in ordered]
        st.dataframe(shown, hide_index=True, height="content" if len(shown) < 14 else 460, key=f"label_counts.{kind}",
                     alt=f"{things} of each label by split")  # fmt: skip
