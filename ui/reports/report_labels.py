"""The report of a run that gives each text one label: labels, what is mixed up, mistakes."""

import pandas as pd
import streamlit as st

from core import format as f
from core.analysis.metrics import confusion_codes, confusion_matrix
from core.tasks import get_task
from ui import charts, theme
from ui.data import Run
from ui.datasets.label_table import label_table
from ui.reports.answered import UNREADABLE

MOST_LABELS_DRAWN = 100


def sentence(run: Run, table: pd.DataFrame, quality: str) -> str:
    """How many are right, and what is mixed up most."""
    right = len(table) - wrong_count(table)
    said = f"{run.summary.spec.label} got {right:,} of {len(table):,} test texts right{quality}"
    worst = confusions(table)
    if worst.empty:
        return f"{said}."
    first = worst.iloc[0]
    return (
        f"{said}; most often it answered {first['Answer']} where {first['Right label']} is right ({first['Texts']}×)."
    )


def wrong_count(table: pd.DataFrame) -> int:
    """How many answers were not right."""
    return int((table["target"] != table["prediction"]).sum())


def confusions(table: pd.DataFrame) -> pd.DataFrame:
    """Pairs of right label and answer that were mixed up, the most frequent first."""
    wrong = table[table["target"] != table["prediction"]]
    pairs = wrong.assign(answer=wrong["prediction"].fillna(UNREADABLE)).groupby(["target", "answer"]).size()
    totals = table["target"].value_counts()
    found = pairs.sort_values(ascending=False).reset_index(name="Texts")
    found["Share of label"] = [count / totals[label] for label, count in zip(found["target"], found["Texts"],
                                                                           strict=True)]  # fmt: skip
    return found.rename(columns={"target": "Right label", "answer": "Answer"})


def labels_section(run: Run, table: pd.DataFrame) -> None:
    """Precision and recall of each label beside what is confused with what."""
    labels = sorted({*run.folder.labels, *table["target"]})
    answers = [None if pd.isna(answer) else answer for answer in table["prediction"]]
    report = get_task(run.summary.spec.task).report(table["target"].tolist(), answers, labels)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.markdown("#### Labels, the weakest first")
        label_table(report, "labels")
        confusion_table(table)
    with right:
        st.markdown("#### Right labels and answers")
        confusion_chart(table, labels)


def confusion_table(table: pd.DataFrame) -> None:
    """Which labels are mixed up most."""
    worst = confusions(table)
    st.markdown("#### What is mixed up most")
    if worst.empty:
        st.caption("Nothing: every answer is right.")
        return
    st.dataframe(
        worst.head(200).style.format({"Share of label": f.percent}), hide_index=True, key="confusions",
        height="content" if len(worst) <= 10 else 390, alt="Pairs of labels that are mixed up",
    )  # fmt: skip


def confusion_chart(table: pd.DataFrame, labels: list[str]) -> None:
    """The confusion matrix of the labels that occur, unless they are too many."""
    seen = {*table["target"], *table["prediction"].dropna()}
    labels = [label for label in labels if label in seen]
    if len(labels) > MOST_LABELS_DRAWN:
        st.caption(f"{len(labels):,} labels are too many to draw; the table tells which are mixed up.")
        return
    answers = [None if pd.isna(answer) else answer for answer in table["prediction"]]
    matrix = confusion_matrix(confusion_codes(table["target"].tolist(), answers, labels))
    invalid = bool(matrix[:, -1].any())
    answered = [*labels, UNREADABLE] if invalid else labels
    matrix = matrix if invalid else matrix[:, :-1]
    charts.draw(charts.confusion(matrix.tolist(), labels, answered, theme.is_dark()), "confusion")


def mistakes_section(run: Run, table: pd.DataFrame) -> None:  # noqa: ARG001
    """Wrong answers with their texts, the most confident first: often the label is what is wrong."""
    wrong = table[table["target"] != table["prediction"]].copy()
    if wrong.empty:
        st.success("Every answer is right.", icon=":material/check_circle:")
        return
    wrong["prediction"] = wrong["prediction"].fillna(UNREADABLE)
    with st.container(horizontal=True):
        label = st.selectbox("Right label", ["any", *sorted(wrong["target"].unique())], key="mistakes.right", width=240)
        answer = st.selectbox(
            "Answer", ["any", *sorted(wrong["prediction"].unique())], key="mistakes.answer", width=240
        )
    if label != "any":
        wrong = wrong[wrong["target"] == label]
    if answer != "any":
        wrong = wrong[wrong["prediction"] == answer]
    wrong = wrong.sort_values("confidence", ascending=False, na_position="last")
    shown = wrong[["text", "target", "prediction", "confidence"]].set_axis(
        ["Text", "Right label", "Answer", "Confidence"], axis=1
    )
    st.caption("The most confident first: these are often wrong labels. Select a row to read the whole text.")
    event = st.dataframe(
        shown.style.format({"Confidence": lambda value: f.percent(None if pd.isna(value) else value)}),
        hide_index=True, height=420, key="mistakes", on_select="rerun", selection_mode="single-row",
        column_config={"Text": st.column_config.TextColumn(width="large")}, alt="Wrong answers with their texts",
    )  # fmt: skip
    for place in event["selection"]["rows"]:
        if place < len(wrong):
            _whole(wrong.iloc[place])


def _whole(row: pd.Series) -> None:
    with st.container(border=True):
        st.caption(f"id {row['id']}")
        st.text(row["text"] or "(the text is no longer here: its dataset version was deleted)")
        st.text(f"Right label: {row['target']}\nAnswer: {row['prediction']}")
        if isinstance(row["completion"], str):
            st.caption("What the model wrote")
            st.code(row["completion"], language=None, wrap_lines=True)
        if isinstance(row["reason"], str):
            st.text(f"Why no label was read: {row['reason']}")
