"""Whether a stated confidence can be believed: the reliability diagram and the expected calibration error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.intervals import wilson

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Answers of similar confidence: its mean, how many of the `n` were right, and the 95 % interval of that share."""

    confidence: float
    accuracy: float
    low: float
    high: float
    n: int


def reliability_bins(confidence: Sequence[float], right: Sequence[bool], bins: int = BINS) -> list[Bin]:
    """Answers grouped into `bins` equally wide ranges of confidence, empty ones left out (Guo et al. 2017).

    A confidence on an edge falls into the range below it, 0 into the first.
    """
    stated, hit = np.asarray(confidence, np.float64), np.asarray(right, bool)
    place = np.clip(np.ceil(stated * bins).astype(int) - 1, 0, bins - 1)
    found = []
    for number in range(bins):
        inside = place == number
        n, hits = int(inside.sum()), int(hit[inside].sum())
        if n:
            low, high = wilson(hits, n)
            found.append(Bin(float(stated[inside].mean()), hits / n, low, high, n))
    return found


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Mean distance between stated confidence and share right, weighted by the number of answers."""
    total = sum(b.n for b in bins)
    return sum(b.n * abs(b.confidence - b.accuracy) for b in bins) / total if total else 0.0
