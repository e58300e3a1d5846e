"""Losses of the heads: one label or any number for a text, one tag for a word."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from core.methods.outputs import UNKNOWN
from core.methods.settings import EncoderSettings

MOST_WEIGHT = 100.0


def balanced_weights(codes: NDArray[np.int64], labels: int) -> torch.Tensor:
    """Label weights n / (labels × count), scikit-learn's `balanced`; a label that does not occur weighs as if once."""
    known = codes[codes != UNKNOWN]
    counts = np.bincount(known, minlength=labels).clip(1)
    return torch.tensor(len(known) / (labels * counts), dtype=torch.float32)


def positive_weights(given: NDArray[np.float32]) -> torch.Tensor:
    """How much a label's presence weighs against its absence: absences / presences, at most 100; shape (labels,)."""
    present = given.sum(0).clip(1)
    return torch.tensor(((len(given) - present) / present).clip(1e-2, MOST_WEIGHT), dtype=torch.float32)


class OneLabelLoss:
    """Cross-entropy with label smoothing."""

    def __init__(self, codes: Sequence[int] | NDArray[np.int64], labels: int, settings: EncoderSettings) -> None:
        weighs = settings.class_weights and len(codes) > 0
        self.weights = balanced_weights(np.asarray(codes, np.int64), labels) if weighs else None
        self.smoothing = settings.label_smoothing

    def __call__(self, scores: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """The mean over items, of scores of shape (items, labels) and codes of shape (items,)."""
        weights = None if self.weights is None else self.weights.to(scores.device)
        return functional.cross_entropy(scores.float(), codes, weights, label_smoothing=self.smoothing)


class AnyLabelsLoss:
    """Binary cross-entropy of each label by itself; smoothing draws the targets towards one half."""

    def __init__(self, given: Sequence[Sequence[float]], settings: EncoderSettings) -> None:
        weighs = settings.class_weights and len(given) > 0
        self.weights = positive_weights(np.array(given, np.float32)) if weighs else None
        self.smoothing = settings.label_smoothing

    def __call__(self, scores: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
        """The mean over texts and labels, both of shape (texts, labels)."""
        weights = None if self.weights is None else self.weights.to(scores.device)
        targets = given * (1 - self.smoothing) + self.smoothing / 2
        return functional.binary_cross_entropy_with_logits(scores.float(), targets, pos_weight=weights)


def text_loss(codes: Sequence[Any], labels: int, several: bool, settings: EncoderSettings) -> Any:
    """The loss for a text's labels, with weights from the training texts' codes."""
    return AnyLabelsLoss(codes, settings) if several else OneLabelLoss(codes, labels, settings)
