"""Metrics in plain words, with their unit and format."""

from collections.abc import Callable

from core import format as f

METRIC_NAMES = {
    "accuracy": "Right answers",
    "macro_f1": "Macro F1",
    "weighted_f1": "Weighted F1",
    "mcc": "Matthews correlation",
    "invalid_rate": "Answers that could not be read",
}


def metric_name(metric: str) -> str:
    """A metric in plain words."""
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def metric_unit(metric: str) -> str:
    """The unit on an axis."""
    return "−1 to 1" if metric == "mcc" else "%"


def metric_format(metric: str) -> str:
    """The tick format of a quality axis."""
    return ".2f" if metric == "mcc" else ".0%"


def metric_show(metric: str) -> Callable[[float | None], str]:
    """How a value of `metric` is written."""
    return (lambda value: f.UNKNOWN if value is None else f"{value:.2f}") if metric == "mcc" else f.percent


def metric_quality(metric: str, value: float | None, low: float | None, high: float | None) -> str:
    """A value with half the width of its 95 % interval, in the metric's unit."""
    if metric != "mcc":
        return f.quality(value, low, high)
    if value is None or low is None or high is None:
        return metric_show(metric)(value)
    return f"{value:.2f} ± {(high - low) / 2:.2f}"
