"""The parts of a run's report: scores, labels, mistakes, calibration, curves, what it is made of."""

import numpy as np
import pandas as pd
import streamlit as st

from core import format as f
from core.analysis.calibration import expected_calibration_error, reliability_bins
from core.analysis.metrics import confusion_codes, confusion_matrix
from core.tasks import get_task
from ui import charts, theme
from ui.candidate_table import WHOLE
from ui.data import Run
from ui.downloads import as_command, download
from ui.forms import shown_value, title
from ui.metrics import metric_name, metric_quality, metric_show

UNREADABLE = "(unreadable)"
MOST_LABELS_DRAWN = 100


def sentence(run: Run, table: pd.DataFrame) -> str:
    """What the page shows, in one sentence."""
    spec = run.summary.spec
    score = run.summary.score(get_task(spec.task).primary_metric)
    right = len(table) - wrong_count(table)
    said = f"{spec.label} got {right:,} of {len(table):,} test texts right"
    if score:
        said += f" ({metric_quality(score.metric, score.value, score.low, score.high)})"
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


def downloads(run: Run, table: pd.DataFrame) -> None:
    """Every prediction as a file, and the run as a command."""
    download(lambda: table.to_dict("records"), f"{run.run_id}-predictions", "predictions_csv", "Predictions (CSV)")
    download(lambda: table.to_dict("records"), f"{run.run_id}-predictions", "predictions_xlsx", "Excel", ".xlsx")
    as_command(f'python cli.py predict {run.run_id} "a text"')


def scores_section(run: Run) -> None:
    """Every metric with its interval, on test and on validation."""
    meanings = get_task(run.summary.spec.task).metrics
    metrics = list(dict.fromkeys(score.metric for score in run.summary.scores))
    rows = []
    for metric in metrics:
        test, validation = run.summary.score(metric), run.summary.score(metric, "validation")
        if test:
            rows.append(
                {
                    "Metric": metric_name(metric),
                    "Test": metric_quality(metric, test.value, test.low, test.high),
                    "95 % interval": f"{metric_show(metric)(test.low)} to {metric_show(metric)(test.high)}",
                    "Validation": metric_show(metric)(validation.value if validation else None),
                    "Meaning": meanings.get(metric, "Share of answers in which no label could be read"),
                }
            )
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key="scores", alt="Scores of this run")


def labels_section(run: Run, table: pd.DataFrame) -> None:
    """Precision and recall of each label beside what is confused with what."""
    labels = sorted({*run.folder.labels, *table["target"]})
    answers = [None if pd.isna(answer) else answer for answer in table["prediction"]]
    report = get_task(run.summary.spec.task).report(table["target"].tolist(), answers, labels)
    frame = pd.DataFrame(report)
    frame = frame[frame["support"] + frame["predicted"] > 0].sort_values("f1")
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.markdown("#### Labels, the weakest first")
        st.dataframe(
            frame.set_axis(["Label", "Precision", "Recall", "F1", "Texts", "Answered"], axis=1).style.format(
                dict.fromkeys(("Precision", "Recall", "F1"), f.percent)
            ),
            hide_index=True, height="content" if len(frame) <= WHOLE else 420, key="labels",
            column_config={
                "Precision": st.column_config.Column(help="How many of the answers with this label are right"),
                "Recall": st.column_config.Column(help="How many texts of this label are found"),
                "F1": st.column_config.Column(help="Harmonic mean of precision and recall"),
            },
            alt="Precision, recall and F1 of each label",
        )  # fmt: skip
        worst = confusions(table)
        st.markdown("#### What is mixed up most")
        if worst.empty:
            st.caption("Nothing: every answer is right.")
        else:
            st.dataframe(
                worst.head(200).style.format({"Share of label": f.percent}), hide_index=True, key="confusions",
                height="content" if len(worst) <= 10 else 390, alt="Pairs of labels that are mixed up",
            )  # fmt: skip
    with right:
        st.markdown("#### Right labels and answers")
        seen = set(frame["label"])
        _confusion_chart(table, answers, [label for label in labels if label in seen])


def _confusion_chart(table: pd.DataFrame, answers: list[str | None], labels: list[str]) -> None:
    if len(labels) > MOST_LABELS_DRAWN:
        st.caption(f"{len(labels):,} labels are too many to draw; the table tells which are mixed up.")
        return
    matrix = confusion_matrix(confusion_codes(table["target"].tolist(), answers, labels))
    invalid = bool(matrix[:, -1].any())
    answered = [*labels, UNREADABLE] if invalid else labels
    matrix = matrix if invalid else matrix[:, :-1]
    charts.draw(charts.confusion(matrix.tolist(), labels, answered, theme.is_dark()), "confusion")


def mistakes_section(table: pd.DataFrame) -> None:
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


def calibration_section(table: pd.DataFrame) -> None:
    """Whether its confidence can be believed."""
    known = table[table["confidence"].notna()]
    if known.empty:
        st.info("This run states no confidence, so there is nothing to calibrate.", icon=":material/info:")
        return
    bins = reliability_bins(known["confidence"].tolist(), (known["target"] == known["prediction"]).tolist())
    error = expected_calibration_error(bins)
    gap = float(np.average([b.confidence - b.accuracy for b in bins], weights=[b.n for b in bins]))
    how = "about right" if abs(gap) < 0.02 else "too sure of itself" if gap > 0 else "less sure than it could be"
    st.markdown(
        f"It is **{how}**: its stated confidence is off by {100 * error:.1f} points on average.",
        help="Expected calibration error (ECE) over ten ranges of confidence; 0 is perfect.",
    )
    with st.container(width=720):
        charts.draw(charts.reliability(bins, theme.is_dark()), "reliability")


def curves_section(run: Run) -> None:
    """What was reported while fitting: loss, learning rate, quality on validation."""
    points = [event for event in run.folder.progress() if event.get("phase") == "fit" and "step" in event]
    metrics = sorted({event["metric"] for event in points if event.get("metric") and "value" in event})
    losses = [event for event in points if event.get("loss") is not None]
    if not losses and not metrics:
        st.info("This method learns in one go; there is no curve to show.", icon=":material/info:")
        return
    columns = st.columns(1 + len(metrics) if losses else len(metrics), gap="medium")
    if losses:
        with columns[0]:
            charts.draw(charts.curves(losses, "loss", "Training loss", theme.is_dark()), "loss")
    for column, metric in zip(columns[-len(metrics) :] if metrics else [], metrics, strict=True):
        with column:
            of_metric = [event for event in points if event.get("metric") == metric]
            share = all(0 <= event["value"] <= 1 for event in of_metric) and "loss" not in metric
            name = f"{title(metric)} (%)" if share else title(metric)
            charts.draw(charts.curves(of_metric, "value", name, theme.is_dark(), percent=share), f"curve.{metric}")


def made_of_section(run: Run) -> None:
    """Settings, where it ran, and where its files are."""
    spec = run.summary.spec
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("#### Settings")
        facts = {"Candidate": spec.label, "Method": spec.candidate.method,
                 "Model": spec.candidate.model or "none",
                 "Seed": str(spec.seed), "Training texts": f.number(spec.train_size) if spec.train_size else "all",
                 "Device": spec.device, "Dataset version": spec.fingerprint}  # fmt: skip
        settings = {
            title(name) + (" (changed)" if name in spec.candidate.changed else ""): shown_value(value) or "standard"
            for name, value in spec.candidate.settings.items()
        }
        st.table(pd.Series({**facts, **settings}, name="value").astype(str), border="horizontal", hide_header=True)
    with right:
        st.markdown("#### Files")
        st.code(str(run.folder.path), language=None, wrap_lines=True)
        sizes = {
            str(path.relative_to(run.folder.path)): f.memory(path.stat().st_size)
            for path in sorted(run.folder.path.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }
        st.table(pd.Series(sizes, name="size"), border="horizontal", hide_header=True)
        if run.folder.notes:
            st.markdown("#### Notes")
            st.json(run.folder.notes, expanded=True)
        st.markdown("#### Environment")
        st.json(run.folder.environment, expanded=1)
