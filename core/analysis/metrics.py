"""Scores of single-label predictions with their 95 % intervals.

The bootstrap works on confusion counts, so a thousand resamples of a large test set cost milliseconds; values
equal scikit-learn's (`f1_score`, `matthews_corrcoef`), which the tests check on random cases.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.tasks.base import Statistic

Z95 = 1.959963984540054
RESAMPLES = 1000


@dataclass(frozen=True)
class Codes:
    """Targets and predictions as label indices, shape (n,); the index `len(labels)` stands for an invalid answer."""

    gold: NDArray[np.int64]
    predicted: NDArray[np.int64]
    labels: tuple[str, ...]


def confusion_codes(targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]) -> Codes:
    """Index both sides by `labels`; a prediction outside them counts as invalid.

    Raises:
        ValueError: a target is not among `labels`, or the lengths differ.
    """
    if len(targets) != len(predictions):
        raise ValueError(f"{len(targets)} targets but {len(predictions)} predictions")
    index = {label: i for i, label in enumerate(labels)}
    missing = set(targets) - index.keys()
    if missing:
        raise ValueError(f"targets outside the label set: {sorted(missing)[:5]}")
    gold = np.fromiter((index[t] for t in targets), np.int64, len(targets))
    invalid = len(labels)
    predicted = np.fromiter(
        (invalid if p is None else index.get(p, invalid) for p in predictions), np.int64, len(predictions)
    )
    return Codes(gold, predicted, tuple(labels))


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's score interval of a share, 95 % (Wilson 1927; statsmodels `proportion_confint(method="wilson")`)."""
    if n == 0:
        return 0.0, 1.0
    p = hits / n
    centre = p + Z95**2 / (2 * n)
    spread = Z95 * sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n))
    scale = 1 + Z95**2 / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def confusion_matrix(codes: Codes) -> NDArray[np.int64]:
    """Counts of shape (labels, labels + 1): rows gold, columns predicted, the last column invalid answers."""
    k = len(codes.labels)
    cells = np.bincount(codes.gold * (k + 1) + codes.predicted, minlength=k * (k + 1))
    return cells.reshape(k, k + 1)


def per_label(codes: Codes) -> list[dict[str, Any]]:
    """Precision, recall, F1, support and predicted count of each label."""
    matrix = confusion_matrix(codes)
    hit = np.diag(matrix[:, :-1])
    support, predicted = matrix.sum(1), matrix[:, :-1].sum(0)
    return [
        {
            "label": label,
            "precision": float(hit[i] / predicted[i]) if predicted[i] else 0.0,
            "recall": float(hit[i] / support[i]) if support[i] else 0.0,
            "f1": float(2 * hit[i] / (support[i] + predicted[i])) if support[i] + predicted[i] else 0.0,
            "support": int(support[i]),
            "predicted": int(predicted[i]),
        }
        for i, label in enumerate(codes.labels)
    ]


def statistics(codes: Codes) -> dict[str, Statistic]:
    """Accuracy, macro and weighted F1 and MCC as statistics: right or not, and what each example adds to the counts."""
    n, k = len(codes.gold), len(codes.labels)
    rows = np.arange(n)
    counts = np.zeros((n, 3, k + 1))
    counts[rows, 0, codes.gold] = codes.gold == codes.predicted
    counts[rows, 1, codes.gold] = 1
    counts[rows, 2, codes.predicted] = 1
    flat = counts.reshape(n, -1)

    def value(name: str) -> Callable[[NDArray], NDArray]:
        def of(sums: NDArray) -> NDArray:
            parts = np.moveaxis(sums.reshape(*sums.shape[:-1], 3, k + 1), -2, 0)
            hit, support, predicted = (part[..., :k] for part in parts)
            return f1_mcc(hit, support, predicted, n)[name]

        return of

    right = np.stack([codes.gold == codes.predicted, np.ones(n)], 1).astype(np.float64)
    return {
        "accuracy": Statistic(right, lambda sums: sums[..., 0] / np.maximum(sums[..., 1], 1)),
        **{name: Statistic(flat, value(name)) for name in ("macro_f1", "weighted_f1", "mcc")},
    }


def f1_mcc(hit: NDArray, support: NDArray, predicted: NDArray, n: int) -> dict[str, NDArray]:
    """Macro F1, weighted F1 and MCC from label counts of shape (..., labels).

    Macro F1 averages over labels that occur as gold or prediction (scikit-learn's default label set). MCC is
    Gorodkin's multiclass form; invalid answers enter it as one more predicted class.
    """
    seen = support + predicted
    f1 = np.divide(2.0 * hit, seen, out=np.zeros(seen.shape), where=seen > 0)
    macro = f1.sum(-1) / np.maximum((seen > 0).sum(-1), 1)
    weighted = (f1 * support).sum(-1) / max(n, 1)
    invalid = n - predicted.sum(-1)
    correct = hit.sum(-1)
    numerator = correct * n - (support * predicted).sum(-1)
    spread = (n**2 - (predicted.astype(float) ** 2).sum(-1) - invalid.astype(float) ** 2) * (
        n**2 - (support.astype(float) ** 2).sum(-1)
    )
    mcc = np.divide(numerator, np.sqrt(spread), out=np.zeros(np.shape(spread)), where=spread > 0)
    return {"macro_f1": macro, "weighted_f1": weighted, "mcc": mcc}


def bootstrap_f1_mcc(codes: Codes, seed: int = 0) -> dict[str, tuple[float, float, float]]:
    """`{metric: (value, low, high)}` by the percentile bootstrap over examples (Efron & Tibshirani 1993)."""
    k, n = len(codes.labels), len(codes.gold)
    matrix = confusion_matrix(codes)
    rows, columns = np.nonzero(matrix)
    values = f1_mcc(np.diag(matrix[:, :-1]), matrix.sum(1), matrix[:, :-1].sum(0), n)
    if n == 0:
        return dict.fromkeys(values, (0.0, 0.0, 1.0))
    draws = np.random.default_rng(seed).multinomial(n, matrix[rows, columns] / n, RESAMPLES)
    gold, predicted = np.zeros((RESAMPLES, k)), np.zeros((RESAMPLES, k + 1))
    hit = np.zeros((RESAMPLES, k))
    for cell, (row, column) in enumerate(zip(rows, columns, strict=True)):
        gold[:, row] += draws[:, cell]
        predicted[:, column] += draws[:, cell]
        if row == column:
            hit[:, row] += draws[:, cell]
    resampled = f1_mcc(hit, gold, predicted[:, :-1], n)
    result = {}
    for name, value in values.items():
        low, high = np.quantile(resampled[name], (0.025, 0.975))
        result[name] = (float(value), float(low), float(high))
    return result
