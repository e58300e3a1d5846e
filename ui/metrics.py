"""Metrics on axes; their words and figures are those of the command line."""

from typing import Any

from core.metric_words import (
    METRIC_NAMES,
    difference_told,
    is_f1,
    is_share,
    metric_half,
    metric_name,
    metric_quality,
    metric_show,
    metric_span,
    metric_told,
)  # fmt: skip

STEPS, MOST_TICKS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2), 8
F1_HELP = "F1 joins how many of the answers are right with how many of the right ones are found: 100 is perfect."


def in_sentence(name: str) -> str:
    """A metric's name inside a sentence: `entities found right (F1)`; what begins with capitals stays."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


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


__all__ = [
    "F1_HELP", "METRIC_NAMES", "difference_told", "in_sentence", "is_f1", "is_share", "metric_axis", "metric_half",
    "metric_name", "metric_quality", "metric_show", "metric_span", "metric_title", "metric_told", "metric_unit",
]  # fmt: skip
