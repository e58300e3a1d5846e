"""Metrics in plain words, with their unit and format: shares in percent, F1 from 0 to 100, the rest as numbers."""

from collections.abc import Callable
from typing import Any

from core import format as f

METRIC_NAMES = {
    "accuracy": "Right answers",
    "macro_f1": "Macro F1",
    "weighted_f1": "Weighted F1",
    "mcc": "Matthews correlation",
    "micro_f1": "Labels found right (F1)",
    "subset_accuracy": "Texts with exactly the right labels",
    "hamming_loss": "Label decisions that are wrong (Hamming loss)",
    "f1": "Entities found right (F1)",
    "precision": "Right among the entities found (precision)",
    "recall": "Found among the right entities (recall)",
    "exact_match": "Intent and slots all right",
    "intent_accuracy": "Right intents",
    "slot_f1": "Slots found right (F1)",
    "slot_precision": "Right among the slots found (precision)",
    "slot_recall": "Found among the right slots (recall)",
    "invalid_rate": "Answers that could not be read",
}
STEPS, MOST_TICKS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2), 8
F1_HELP = "F1 joins how many of the answers are right with how many of the right ones are found: 100 is perfect."


def metric_name(metric: str) -> str:
    """A metric in plain words."""
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def is_share(metric: str) -> bool:
    """Whether a metric is a share of something that can be counted, so that it is told in percent."""
    return metric != "mcc" and not is_f1(metric)


def is_f1(metric: str) -> bool:
    """Whether a metric is an F1: a mean of two shares, told from 0 to 100 without a percent sign."""
    return metric == "f1" or metric.endswith("_f1")


def metric_unit(metric: str) -> str:
    """The unit on an axis."""
    return "−1 to 1" if metric == "mcc" else "%" if is_share(metric) else "0 to 100"


def metric_title(metric: str) -> str:
    """The title of an axis: `Right answers (%)`; `Entities found right (F1, 0 to 100)`."""
    name, unit = metric_name(metric), metric_unit(metric)
    return f"{name[:-1]}, {unit})" if name.endswith(")") else f"{name} ({unit})"


def metric_axis(metric: str, low: float, high: float) -> dict[str, Any]:
    """Title, range and ticks of a quality axis from `low` to `high`, for Plotly."""
    axis: dict[str, Any] = {"title": metric_title(metric), "range": [low, high]}
    if not is_f1(metric):
        return {**axis, "tickformat": ".2f" if metric == "mcc" else ".0%"}
    step = next((step for step in STEPS if (high - low) / step <= MOST_TICKS), STEPS[-1])
    ticks = [step * place for place in range(round(1 / step) + 1)]
    return {**axis, "tickvals": ticks, "ticktext": [f"{round(100 * tick, 1):g}" for tick in ticks]}


def metric_show(metric: str) -> Callable[[float | None], str]:
    """How a value of `metric` is written: `94.6 %`, `87.3` (F1), `0.90` (correlation)."""
    if is_share(metric):
        return f.percent
    if is_f1(metric):
        return lambda value: f.UNKNOWN if value is None else f"{100 * value:.1f}"
    return lambda value: f.UNKNOWN if value is None else f"{value:.2f}"


def metric_half(metric: str, half: float) -> str:
    """Half the width of an interval, in the metric's unit."""
    return f"{half:.2f}" if metric == "mcc" else f"{100 * half:.1f}"


def metric_quality(metric: str, value: float | None, low: float | None, high: float | None) -> str:
    """A value with half the width of its 95 % interval, in the metric's unit."""
    if value is None or low is None or high is None:
        return metric_show(metric)(value)
    return f"{metric_show(metric)(value)} ± {metric_half(metric, (high - low) / 2)}"
