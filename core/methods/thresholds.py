"""The threshold above which labels are given, when a text may have any number of them."""

import numpy as np
from numpy.typing import NDArray

DEFAULT = 0.5


def best_threshold(probabilities: NDArray, gold: NDArray) -> float:
    """The threshold for all labels with the best micro-F1; of equally good ones the nearest to 0.5.

    Args:
        probabilities: shape (texts, labels).
        gold: which labels are right, of the same shape.
    """
    flat, right = probabilities.ravel(), gold.ravel().astype(bool)
    if not right.any():
        return DEFAULT
    order = np.argsort(-flat, kind="stable")
    values, hits = flat[order], np.cumsum(right[order])
    f1 = 2 * hits / (np.arange(1, len(values) + 1) + right.sum())
    ends = np.flatnonzero(np.append(values[1:] < values[:-1], True))
    best = ends[f1[ends] >= f1[ends].max() - 1e-12]
    following = np.append(values[1:], 0.0)
    # Between the last label given and the first withheld, every threshold gives the same labels.
    low, high = following[best], values[best]
    chosen = np.where((low < DEFAULT) & (high >= DEFAULT), DEFAULT, (low + high) / 2)
    return float(chosen[np.abs(chosen - DEFAULT).argmin()])
