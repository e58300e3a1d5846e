"""The formulas of the metrics, as functions of label counts, equal to scikit-learn's and seqeval's.

Label counts have shape (..., 3, labels): hits, gold and predicted. They may be sums over any examples, so the same
formulas serve scores, bootstrap resamples and reports. Precision, recall and F1 are 0 where they are not defined; macro
F1 averages over the labels that occur as gold or prediction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def precision_recall_f1(counts: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Precision, recall and F1 of each label, shape (..., labels)."""
    hit, gold, predicted = np.moveaxis(counts, -2, 0)
    return _share(hit, predicted), _share(hit, gold), _share(2 * hit, gold + predicted)


def micro_precision(counts: NDArray) -> NDArray:
    """Precision over all labels together."""
    return precision_recall_f1(counts.sum(-1, keepdims=True))[0][..., 0]


def micro_recall(counts: NDArray) -> NDArray:
    """Recall over all labels together."""
    return precision_recall_f1(counts.sum(-1, keepdims=True))[1][..., 0]


def micro_f1(counts: NDArray) -> NDArray:
    """F1 over all labels together."""
    return precision_recall_f1(counts.sum(-1, keepdims=True))[2][..., 0]


def macro_f1(counts: NDArray) -> NDArray:
    """F1 averaged over the labels that occur as gold or prediction."""
    f1 = precision_recall_f1(counts)[2]
    result: NDArray = f1.sum(-1) / np.maximum((counts.sum(-2) > 0).sum(-1), 1)
    return result


def weighted_f1(counts: NDArray) -> NDArray:
    """F1 averaged over labels, each weighted by how often it is gold."""
    f1, gold = precision_recall_f1(counts)[2], counts[..., 1, :]
    return _share((f1 * gold).sum(-1), gold.sum(-1))


def mcc(counts: NDArray) -> NDArray:
    """Matthews correlation of one label a text, Gorodkin's multiclass form; invalid answers are one more class."""
    hit, gold, predicted = np.moveaxis(counts.astype(np.float64), -2, 0)
    n = gold.sum(-1)
    invalid = n - predicted.sum(-1)
    shared = hit.sum(-1) * n - (gold * predicted).sum(-1)
    spread = (n**2 - (predicted**2).sum(-1) - invalid**2) * (n**2 - (gold**2).sum(-1))
    return _share(shared, np.sqrt(np.maximum(spread, 0)))


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
    index = {label: i for i, label in enumerate(labels)}
    missing = set(targets) - index.keys()
    if missing:
        raise ValueError(f"targets outside the label set: {sorted(missing)[:5]}")
    invalid = len(labels)
    codes = [(index[t], invalid if p is None else index.get(p, invalid))
             for t, p in zip(targets, predictions, strict=True)]  # fmt: skip
    gold, predicted = np.array(codes, np.int64).reshape(-1, 2).T
    return Codes(gold, predicted, tuple(labels))


def confusion_matrix(codes: Codes) -> NDArray[np.int64]:
    """Counts of shape (labels, labels + 1): rows gold, columns predicted, the last column invalid answers."""
    k = len(codes.labels)
    cells = np.bincount(codes.gold * (k + 1) + codes.predicted, minlength=k * (k + 1))
    return cells.reshape(k, k + 1)


def _share(part: NDArray, whole: NDArray) -> NDArray:
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) > 0)
