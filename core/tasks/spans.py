"""Scoring spans: exact matches of start, end and label (the strict scheme of seqeval)."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.tasks.base import Statistic
from core.tasks.target import Span


def span_counts(
    targets: Sequence[Sequence[Span]], predictions: Sequence[Sequence[Span]], labels: Sequence[str]
) -> NDArray[np.float64]:
    """Hits, gold spans and predicted spans of each label and example, shape (examples, 3, labels)."""
    index = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(targets), 3, len(labels)))
    for row, (gold, predicted) in enumerate(zip(targets, predictions, strict=True)):
        for column, spans in enumerate((set(gold) & set(predicted), set(gold), set(predicted))):
            for span in spans:
                if span.label in index:
                    counts[row, column, index[span.label]] += 1
    return counts


def precision_recall_f1(hit: NDArray, gold: NDArray, predicted: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Each is 0 where it is not defined, as seqeval and scikit-learn have it."""
    return _share(hit, predicted), _share(hit, gold), _share(2 * hit, gold + predicted)


def span_statistics(counts: NDArray[np.float64], prefix: str = "") -> dict[str, Statistic]:
    """Micro F1, precision, recall and macro F1 over the labels that occur, from `span_counts`."""
    summed = counts.sum(2)

    def micro(which: int) -> Statistic:
        return Statistic(summed, lambda s: precision_recall_f1(s[..., 0], s[..., 1], s[..., 2])[which])

    k = counts.shape[2]

    def macro(sums: NDArray) -> NDArray:
        hit, gold, predicted = np.moveaxis(sums.reshape(*sums.shape[:-1], 3, k), -2, 0)
        found = precision_recall_f1(hit, gold, predicted)[2]
        result: NDArray = found.sum(-1) / np.maximum((gold + predicted > 0).sum(-1), 1)
        return result

    return {
        f"{prefix}f1": micro(2), f"{prefix}precision": micro(0), f"{prefix}recall": micro(1),
        f"{prefix}macro_f1": Statistic(counts.reshape(len(counts), -1), macro),
    }  # fmt: skip


def span_report(counts: NDArray[np.float64], labels: Sequence[str]) -> list[dict[str, Any]]:
    """Precision, recall, F1 and counts of each label, from `span_counts`."""
    hit, gold, predicted = counts.sum(0) if len(counts) else np.zeros((3, len(labels)))
    precision, recall, f1 = precision_recall_f1(hit, gold, predicted)
    return [
        {
            "label": label, "precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i]),
            "support": int(gold[i]), "predicted": int(predicted[i]),
        }
        for i, label in enumerate(labels)
    ]  # fmt: skip


def to_plain(spans: Sequence[Span]) -> list[list[Any]]:
    """Spans as `[start, end, label]`, in order."""
    return [[span.start, span.end, span.label] for span in sorted(set(spans))]


def from_plain(content: Any) -> tuple[Span, ...]:
    """The inverse of `to_plain`.

    Raises:
        ValueError: it is no list of spans.
    """
    try:
        return tuple(sorted({Span(int(start), int(end), str(label)) for start, end, label in content}))
    except (TypeError, ValueError) as error:
        raise ValueError("not a list of [start, end, label]") from error


def compact(content: Any) -> str:
    """JSON without spaces: equal content gives equal text."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _share(part: NDArray, whole: NDArray) -> NDArray:
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) > 0)
