"""Losses of heads that label texts."""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from core.methods.settings import EncoderSettings


def make_criterion(codes: NDArray[np.int64], labels: int, settings: EncoderSettings) -> torch.nn.CrossEntropyLoss:
    """Cross-entropy with label smoothing; class weights are n / (labels × count), scikit-learn's `balanced`."""
    weights = None
    if settings.class_weights:
        balanced = compute_class_weight("balanced", classes=np.arange(labels), y=codes)
        weights = torch.tensor(balanced, dtype=torch.float32)
    return torch.nn.CrossEntropyLoss(weights, label_smoothing=settings.label_smoothing)
