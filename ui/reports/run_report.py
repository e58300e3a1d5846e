"""The parts of a run's report: scores, labels, mistakes, calibration, curves, what it is made of."""

from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core import format as f
from core.analysis.calibration import expected_calibration_error, reliability_bins
from core.methods.base import EXCLUDED
from core.tasks import Task, get_task
from ui import charts, theme
from ui.data import Run
from ui.downloads import as_command, download
from ui.forms import shown_value, title
from ui.messages import plain
from ui.metrics import is_f1, metric_name, metric_quality, metric_show
from ui.reports import report_labels, report_many, report_spans
from ui.runs import notes

MOST_REASONS = 4


def report_of(run: Run) -> ModuleType:
    """The module that shows the answers of a run's task: `sentence`, `labels_section` and `mistakes_section`."""
    task = get_task(run.summary.spec.task)
    if task.has_spans:
        return report_spans
    return report_many if task.text_labels == "any" else report_labels


def sentence(run: Run, table: pd.DataFrame) -> str:
    """What the page shows, in one sentence."""
    score = run.summary.score(get_task(run.summary.spec.task).primary_metric)
    quality = ""
    if score:
        quality = metric_quality(score.metric, score.value, score.low, score.high)
        quality = f" ({'F1 ' if is_f1(score.metric) else ''}{quality})"
    return str(report_of(run).sentence(run, table, quality))


def wrong_count(table: pd.DataFrame) -> int:
    """How many answers were not right."""
    return int((table["target"] != table["prediction"]).sum())


def notes_section(run: Run, table: pd.DataFrame) -> None:
    """What makes a difference to the scores: texts that were cut, examples that were dropped, unreadable answers."""
    said = notes.warnings(run.folder.notes, run.summary.spec.candidate.settings, _totals(run))
    said += _unread(table)
    if said:
        st.info("  \n".join(plain(line) for line in said), icon=":material/content_cut:")


def _unread(table: pd.DataFrame) -> list[str]:
    """How many test answers could not be read and why; those left out of the scores apart from those counted wrong."""
    unread = table[table["prediction"].isna()]
    reasons = unread["reason"].fillna("no reason given").astype(str)
    out = reasons.str.startswith(EXCLUDED)
    if out.sum() == len(table):  # nothing would be left to score
        out[:] = False
    ends = {False: "count as wrong", True: "are left out of the scores"}
    said = []
    for left, end in ends.items():
        some = reasons[out == left].str.removeprefix(EXCLUDED)
        if len(some):
            counts = some.value_counts()
            listed = "; ".join(f"{f.shorten(why, 90)} ({count:,}×)" for why, count in counts.head(MOST_REASONS).items())
            more = len(counts) - MOST_REASONS
            listed += f"; and {more:,} other reason{'s' if more > 1 else ''}" if more > 0 else ""
            said.append(f"{len(some):,} of {len(table):,} answers could not be read and {end}: {listed}.")
    return said


def _totals(run: Run) -> dict[str, int]:
    """Out of how many texts each count of the notes is."""
    usage, written = run.summary.usage, run.folder.notes.get("answers_written", 0)
    fitted = usage["fit"].texts if "fit" in usage else 0
    answered = usage["predict"].texts if "predict" in usage else 0
    return {
        "truncated_examples": fitted, "truncated_predicted": answered, "truncated_texts": answered,
        "answers_unreadable": written, "answers_without_logprobs": written, "answers_not_the_json_asked_for": written,
    }  # fmt: skip


def downloads(run: Run, table: pd.DataFrame) -> None:
    """Every prediction as a file, in plain words beside the stored form, and the run as a command."""

    def rows() -> list[dict[str, Any]]:
        task = get_task(run.summary.spec.task)
        return shown_rows(task, table)

    download(rows, f"{run.run_id}-predictions", "predictions_csv", "Predictions (CSV)")
    download(rows, f"{run.run_id}-predictions", "predictions_xlsx", "Excel", ".xlsx")
    as_command(f'python cli.py predict {run.run_id} "a text"')


def shown_rows(task: Task, table: pd.DataFrame) -> list[dict[str, Any]]:
    """The predictions as records; targets of tasks beyond one label are given in plain words too."""
    records = table.to_dict("records")
    if task.has_spans or task.text_labels == "any":
        for record in records:
            for name in ("target", "prediction"):
                value = record[name]
                record[f"{name} in words"] = task.shown(value, record["text"]) if isinstance(value, str) else ""
    return [{str(key): value for key, value in record.items()} for record in records]


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
                    "Meaning": meanings.get(metric, "Share of answers that could not be read"),
                }
            )
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key="scores", alt="Scores of this run")


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
            st.table(pd.Series(notes.facts(run.folder.notes), name="note"), border="horizontal", hide_header=True)
        st.markdown("#### Environment")
        st.json(run.folder.environment, expanded=1)
