"""The report of a run that finds spans (and perhaps an intent): labels, what went wrong with them, mistakes."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.analysis.span_errors import AGREEMENTS, OUTCOMES, agreement, agreements, label_confusions, label_errors
from core.tasks import Task, get_task
from ui import charts, theme
from ui.data import Run
from ui.datasets.label_table import label_table
from ui.reports import report_labels, spans
from ui.reports.answered import UNREADABLE, Answered, answered, judged_marks
from ui.reports.mistake_list import GONE, paged

MOST_LABELS_DRAWN = 60
NOTHING = "nothing"


def sentence(run: Run, table: pd.DataFrame, quality: str) -> str:
    """How many spans are right, and what goes wrong most."""
    task, found = get_task(run.summary.spec.task), answered(run, table)
    name = run.summary.spec.label
    if task.text_labels == "one":
        counts = agreements([one.target for one in found], [one.found for one in found])
        worst = max(AGREEMENTS[1:], key=lambda kind: counts[kind])
        said = f"{name} got intent and slots right in {counts['both right']:,} of {len(found):,} test texts{quality}"
        return f"{said}; in {counts[worst]:,} {_worst(worst)}." if counts[worst] else f"{said}."
    rows = label_errors([one.target for one in found], [one.found for one in found])
    right, gold = sum(row.right for row in rows), sum(row.gold for row in rows)
    wrong = {outcome: sum(getattr(row, outcome.replace(" ", "_")) for row in rows) for outcome in OUTCOMES}
    del wrong["right"]
    most = max(wrong, key=lambda outcome: wrong[outcome])
    said = f"{name} found {right:,} of {gold:,} entities exactly{quality}"
    words = {"missed": "were missed", "spurious": "are nothing", "wrong label": "have a wrong label",
             "wrong boundary": "are in the wrong place"}  # fmt: skip
    return f"{said}; {wrong[most]:,} {words[most]}." if wrong[most] else f"{said}."


def _worst(kind: str) -> str:
    return {"both wrong": "both are wrong", "only the intent wrong": "only the intent is wrong",
            "only the slots wrong": "only the slots are wrong"}[kind]  # fmt: skip


def labels_section(run: Run, table: pd.DataFrame) -> None:
    """Each label with what went wrong, what was taken for what; intents apart from slots."""
    task, found = get_task(run.summary.spec.task), answered(run, table)
    if task.text_labels == "none":
        _span_labels(run, task, table, found, "Entities")
        return
    _together(found)
    slots, intents = st.tabs(["Slots", "Intents"])
    with slots:
        _span_labels(run, task, table, found, "Slots")
    with intents:
        _intents(run, task, table, found)


def _together(found: Sequence[Answered]) -> None:
    """Intent × slots: how many texts have both right, one, or none."""
    counts = agreements([one.target for one in found], [one.found for one in found])
    st.markdown("#### Intents and slots together")
    rows = [
        {"": "Intent right", "Slots right": counts["both right"], "Slots wrong": counts["only the slots wrong"]},
        {"": "Intent wrong", "Slots right": counts["only the intent wrong"], "Slots wrong": counts["both wrong"]},
    ]
    frame = pd.DataFrame(rows).set_index("")
    shown = frame.map(lambda count: f"{count:,} ({count / max(1, len(found)):.1%})".replace("%", " %"))
    st.table(shown, border="horizontal", width=480)


def _span_labels(run: Run, task: Task, table: pd.DataFrame, found: list[Answered], things: str) -> None:
    errors = {row.label: row for row in label_errors([one.target for one in found], [one.found for one in found])}
    answers = [None if pd.isna(answer) else answer for answer in table["prediction"]]
    labels = sorted({*run.folder.labels, *task.label_set([*table["target"], *filter(None, answers)])})
    prefix = "slot:" if task.text_labels == "one" else ""
    report = [
        {**row, "label": label, "Wrong label": errors[label].wrong_label, "Wrong place": errors[label].wrong_boundary,
         "Missed": errors[label].missed, "Nothing there": errors[label].spurious}
        for row in task.report(table["target"].tolist(), answers, labels)
        if row["label"].startswith(prefix) and (label := row["label"].removeprefix(prefix)) in errors
    ]  # fmt: skip
    st.markdown("#### Labels, the weakest first")
    label_table(report, "labels", things)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.markdown(f"#### What became of the right {things.lower()}")
        outcomes = {str(name): {label: getattr(row, name.replace(" ", "_")) for label, row in errors.items()}
                    for name in OUTCOMES if name != "spurious"}  # fmt: skip
        if report:
            charts.draw(charts.outcome_bars(outcomes, things, theme.is_dark()), "outcomes")
    with right:
        st.markdown("#### What is taken for what")
        _confusions(found, list(errors), things)


def _confusions(found: Sequence[Answered], labels: list[str], things: str) -> None:
    pairs = label_confusions([one.target for one in found], [one.found for one in found])
    if not pairs:
        st.caption("No label is taken for another.")
        return
    gold = Counter(span.label for one in found for span in one.target.spans)
    frame = pd.DataFrame(
        [{"Right label": pair.gold, "Answer": pair.predicted, things: pair.spans,
          "Share of label": f"{pair.spans / gold[pair.gold]:.1%}".replace("%", " %")} for pair in pairs]
    )  # fmt: skip
    st.dataframe(frame.head(200), hide_index=True, key="span.confusions", alt="Labels that are taken for another",
                 height="content" if len(frame) <= 14 else 480)  # fmt: skip
    if len(labels) > MOST_LABELS_DRAWN:
        st.caption(f"{len(labels):,} labels are too many to draw.")


def _intents(run: Run, task: Task, table: pd.DataFrame, found: list[Answered]) -> None:
    answers = [None if pd.isna(answer) else answer for answer in table["prediction"]]
    labels = sorted({*run.folder.labels, *task.label_set([*table["target"], *filter(None, answers)])})
    report = [
        {**row, "label": row["label"].removeprefix("intent:")}
        for row in task.report(table["target"].tolist(), answers, labels)
        if row["label"].startswith("intent:")
    ]
    only = pd.DataFrame({"target": [one.target.labels[0] for one in found],
                         "prediction": [one.found.labels[0] if one.found else None for one in found]})  # fmt: skip
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.markdown("#### Intents, the weakest first")
        label_table(report, "intents")
        report_labels.confusion_table(only)
    with right:
        st.markdown("#### Right intents and answers")
        report_labels.confusion_chart(only, sorted({row["label"] for row in report}))


def mistakes_section(run: Run, table: pd.DataFrame) -> None:
    """Texts with anything wrong: what is right and what was answered, highlighted, each span with its outcome."""
    task, found = get_task(run.summary.spec.task), answered(run, table)
    wrong = [one for one in found if not one.is_right]
    if not wrong:
        st.success("Every answer is right.", icon=":material/check_circle:")
        return
    labels = task.span_label_set(run.folder.labels)
    paged(_filtered(wrong, task), lambda one: drawn(one, labels), "mistakes")


def _filtered(wrong: list[Answered], task: Task) -> list[Answered]:
    seen = {label for one in wrong for label, _ in one.outcomes}
    kinds = Counter(outcome for one in wrong for outcome in {outcome for _, outcome in one.outcomes})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if task.text_labels == "one":
            together = Counter(str(agreement(one.target, one.found)) for one in wrong)
            options = ["any", *(kind for kind in AGREEMENTS[1:] if together[kind])]
            named = {kind: f"{kind} ({together[kind]:,})" for kind in options[1:]}
            kind = st.selectbox("Intent and slots", options, key="mistakes.together", width=250,
                                format_func=lambda kind: named.get(kind, kind))  # fmt: skip
            wrong = [one for one in wrong if kind in ("any", agreement(one.target, one.found))]
        outcomes = ["any", *(str(outcome) for outcome in OUTCOMES if outcome != "right" and kinds[outcome])]
        outcome = st.selectbox(
            "With one that is", outcomes, key="mistakes.outcome", width=220,
            format_func=lambda name: f"{name} ({kinds[name]:,})" if name in kinds else name,
            help="\n\n".join(f"**{name}**: {meaning}" for name, meaning in OUTCOMES.items()),
        )  # fmt: skip
        label = st.selectbox("Of label", ["any", *sorted(seen)], key="mistakes.label", width=220)
        word = st.text_input("Find", key="mistakes.find", placeholder="a word", icon=":material/search:", width=180)
    return [
        one
        for one in wrong
        if word.lower() in one.text.lower()
        and (
            (outcome, label) == ("any", "any")
            or any(outcome in ("any", kind) and label in ("any", name) for name, kind in one.outcomes)
        )
    ]


def drawn(one: Answered, labels: Sequence[str]) -> str:
    """What is right and what was answered below each other, as HTML."""
    if not one.text:
        return spans.clean(GONE)
    right, found = one.judged
    due = spans.to_html(one.text, judged_marks(right, due=True), labels, shorten=True)
    given = spans.to_html(one.text, judged_marks(found), labels, shorten=True)
    whole = spans.chips([spans.chip(label) for label in one.target.labels])
    if one.found is None:
        return spans.sides({"Right": whole + due, "Answer": spans.clean(UNREADABLE)})
    same = set(one.target.labels)
    answer = [spans.chip(label, label not in same, "" if label in same else "wrong") for label in one.found.labels]
    return spans.sides({"Right": whole + due, "Answer": spans.chips(answer) + given})
