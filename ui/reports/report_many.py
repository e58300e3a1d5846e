"""The report of a run that gives each text any number of labels: forgotten and superfluous labels, mistakes."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import format as f
from core.tasks import get_task
from ui import charts, theme
from ui.data import Run
from ui.datasets.label_table import label_table
from ui.reports import spans
from ui.reports.answered import UNREADABLE, Answered, answered
from ui.reports.mistake_list import GONE, paged

KINDS = ("labels forgotten", "labels too many", "both", "unreadable")


def sentence(run: Run, table: pd.DataFrame, quality: str) -> str:
    """How many texts have exactly their labels, and which label is forgotten or added most."""
    found = answered(run, table)
    right = sum(one.is_right for one in found)
    said = f"{run.summary.spec.label} gave exactly the right labels to {right:,} of {len(found):,} test texts{quality}"
    wrongs = [(count, label, "forgot") for label, count in forgotten(found).items()]
    wrongs += [(count, label, "added") for label, count in added(found).items()]
    if not wrongs:
        return f"{said}."
    count, label, did = max(wrongs)
    return f"{said}; most often it {did} {label} ({count:,}×)."


def forgotten(found: Sequence[Answered]) -> Counter[str]:
    """How often each label is missing from the answer."""
    return Counter(label for one in found for label in set(one.target.labels) - _given(one))


def added(found: Sequence[Answered]) -> Counter[str]:
    """How often each label was given where it is wrong."""
    return Counter(label for one in found for label in _given(one) - set(one.target.labels))


def instead(found: Sequence[Answered]) -> Counter[tuple[str, str]]:
    """How often one label is missing from a text that was given another one too many: `(forgotten, added)`."""
    return Counter(
        (due, given)
        for one in found
        for due in set(one.target.labels) - _given(one)
        for given in _given(one) - set(one.target.labels)
    )


def _given(one: Answered) -> set[str]:
    return set(one.found.labels) if one.found else set()


def kind(one: Answered) -> str:
    """What is wrong with an answer."""
    if one.found is None:
        return "unreadable"
    less, more = set(one.target.labels) - _given(one), _given(one) - set(one.target.labels)
    return "both" if less and more else "labels forgotten" if less else "labels too many"


def labels_section(run: Run, table: pd.DataFrame) -> None:
    """Each label with how often it is right, forgotten and superfluous; and what is given instead of what."""
    task, found = get_task(run.summary.spec.task), answered(run, table)
    answers = [None if pd.isna(answer) else answer for answer in table["prediction"]]
    labels = sorted({*run.folder.labels, *task.label_set(table["target"].tolist())})
    less, more = forgotten(found), added(found)
    report = [
        {**row, "Forgotten": less[row["label"]], "Too many": more[row["label"]]}
        for row in task.report(table["target"].tolist(), answers, labels)
    ]
    st.markdown("#### Labels, the weakest first")
    label_table(report, "labels")
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.markdown("#### What became of the right labels")
        due = {row["label"]: row["support"] - less[row["label"]] for row in report}
        outcomes = {"right": due, "missed": dict(less), "spurious": dict(more)}
        charts.draw(charts.outcome_bars(outcomes, "Texts", theme.is_dark()), "outcomes")
    with right:
        st.markdown("#### What is given instead")
        pairs = instead(found)
        if not pairs:
            st.caption("No label is given instead of another.")
            return
        total = Counter(label for one in found for label in one.target.labels)
        rows = [
            {"Forgotten": due, "Too many": given, "Texts": count,
             "Share of label": f.percent(count / total[due])} for (due, given), count in pairs.most_common(200)
        ]  # fmt: skip
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="instead", height="content" if len(rows) <= 14 else 480,
                     alt="Labels that are given instead of others")  # fmt: skip


def mistakes_section(run: Run, table: pd.DataFrame) -> None:
    """Texts whose labels are not exactly right."""
    wrong = [one for one in answered(run, table) if not one.is_right]
    if not wrong:
        st.success("Every answer is right.", icon=":material/check_circle:")
        return
    counts = Counter(kind(one) for one in wrong)
    less = {label for one in wrong for label in set(one.target.labels) - _given(one)}
    more = {label for one in wrong for label in _given(one) - set(one.target.labels)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.selectbox(
            "What is wrong", ["any", *(name for name in KINDS if counts[name])], key="mistakes.kind", width=220,
            format_func=lambda name: f"{name} ({counts[name]:,})" if name in counts else name,
        )  # fmt: skip
        due = st.selectbox("Forgotten", ["any", *sorted(less)], key="mistakes.forgotten", width=200)
        given = st.selectbox("Too many", ["any", *sorted(more)], key="mistakes.added", width=200)
        word = st.text_input("Find", key="mistakes.find", placeholder="a word", icon=":material/search:", width=180)
    shown = [
        one for one in wrong
        if which in ("any", kind(one)) and word.lower() in one.text.lower()
        and (due == "any" or due in set(one.target.labels) - _given(one))
        and (given == "any" or given in _given(one) - set(one.target.labels))
    ]  # fmt: skip
    paged(shown, drawn, "mistakes")


def drawn(one: Answered) -> str:
    """A text with its right labels and the answered ones, each that differs with its sign, as HTML."""
    text = spans.to_html(one.text, [], [], shorten=True) if one.text else spans.clean(GONE)
    due = [spans.chip(label, label not in _given(one), "" if label in _given(one) else "forgotten")
           for label in one.target.labels]  # fmt: skip
    given = [spans.chip(label, label not in one.target.labels, "" if label in one.target.labels else "too many")
             for label in (one.found.labels if one.found else ())]  # fmt: skip
    return text + spans.sides(
        {
            "Right": spans.chips(due, "no label"),
            "Answer": spans.chips(given, "no label") if one.found else spans.clean(UNREADABLE),
        }
    )
