"""Metrics in plain words and figures, for pages and the command line: shares in percent, F1 from 0 to 100."""

from collections.abc import Callable

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
    "coverage": "Texts that were scored, the others left out",
}
SHORT = {
    "accuracy": "right answers", "mcc": "Matthews corr.", "f1": "entity F1", "subset_accuracy": "exact labels",
    "exact_match": "all right", "intent_accuracy": "right intents",
}  # fmt: skip
"""Names for the head of a column; others are short as they are: `slot F1`."""
TOLD = {
    "accuracy": "{} right",
    "subset_accuracy": "{} with exactly the right labels",
    "exact_match": "{} with intent and slots all right",
    "intent_accuracy": "{} with the right intent",
    "micro_f1": "F1 {} over all labels",
    "f1": "F1 {} over all entities",
    "slot_f1": "F1 {} over all slots",
}
"""How a figure stands in a sentence; others are told as `macro F1 87.3`."""


def metric_name(metric: str) -> str:
    """A metric in plain words."""
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def metric_short(metric: str) -> str:
    """A metric in few words."""
    return SHORT.get(metric, metric.replace("_", " ").replace("f1", "F1"))


def is_share(metric: str) -> bool:
    """Whether a metric is a share of something that can be counted, so that it is told in percent."""
    return metric != "mcc" and not is_f1(metric)


def is_f1(metric: str) -> bool:
    """Whether a metric is an F1: a mean of two shares, told from 0 to 100 without a percent sign."""
    return metric == "f1" or metric.endswith("_f1")


def metric_show(metric: str, half: float | None = None) -> Callable[[float | None], str]:
    """How a value of `metric` is written: `94.6 %`, `87.3` (F1), `0.90` (correlation).

    `half` is half the width of its interval: no more digits are shown than it allows.
    """
    digits = _digits(metric, half)
    if metric == "mcc":
        return lambda value: f.UNKNOWN if value is None else f"{value:.{digits}f}"
    if is_f1(metric):
        return lambda value: f.UNKNOWN if value is None else f"{100 * value:.{digits}f}"
    return lambda value: f.percent(value, digits)


def metric_half(metric: str, half: float) -> str:
    """Half the width of an interval, in the metric's unit."""
    return f"{half if metric == 'mcc' else 100 * half:.{_digits(metric, half)}f}"


def metric_quality(metric: str, value: float | None, low: float | None, high: float | None) -> str:
    """A value with half the width of its 95 % interval, in the metric's unit."""
    if value is None or low is None or high is None:
        return metric_show(metric)(value)
    half = (high - low) / 2
    return f"{metric_show(metric, half)(value)} ± {metric_half(metric, half)}"


def metric_span(metric: str, value: float | None, low: float | None, high: float | None) -> str:
    """A value with the ends of its 95 % interval: `94.6 % (92.6 % to 96.6 %)`."""
    if low is None or high is None:
        return metric_show(metric)(value)
    show = metric_show(metric, (high - low) / 2)
    return f"{show(value)} ({show(low)} to {show(high)})"


def difference_told(metric: str, value: float, half: float | None = None) -> str:
    """A difference with its sign, in points or, of a correlation, as it is: `+1.2`, `−0.4`, `0.0`."""
    digits = _digits(metric, half)
    told = f"{value if metric == 'mcc' else 100 * value:+.{digits}f}"
    return told[1:] if not float(told) else told.replace("-", "−")


def _digits(metric: str, half: float | None) -> int:
    if half is None:
        return 2 if metric == "mcc" else 1
    return max(2, f.places(half)) if metric == "mcc" else f.places(100 * half)


def metric_told(metric: str, value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A figure in a sentence, with its interval if given: `94.6 % right`; `F1 61.3 over all entities`."""
    figure = metric_quality(metric, value, low, high)
    name = metric_name(metric)
    return TOLD[metric].format(figure) if metric in TOLD else f"{name[0].lower()}{name[1:]} {figure}"


def metric_points(metric: str, value: float) -> str:
    """A difference with its sign: `+1.2 points`; of a correlation `+0.02`."""
    told = f"{100 * value:+.1f} points" if is_share(metric) or is_f1(metric) else f"{value:+.2f}"
    return told.replace("-", "−")


def metric_range(metric: str, told: tuple[float, float, float]) -> str:
    """A difference with its 95 % range: `+1.2 points (+0.4 to +2.0)`."""
    low, high = (metric_points(metric, end).removesuffix(" points") for end in told[1:])
    return f"{metric_points(metric, told[0])} ({low} to {high})"
