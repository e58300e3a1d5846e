"""What linear methods share, whatever their features: heads by task, the threshold, what is saved."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.methods.base import Context
from core.methods.logistic import LogisticHead, fit_head, fit_label_heads
from core.methods.outputs import PartOutputs
from core.methods.settings import LinearSettings
from core.tasks.base import Example


def fit_text_head(
    features: Any, train: Sequence[Example], outputs: PartOutputs, settings: LinearSettings, context: Context
) -> LogisticHead:
    """The regression for the labels of texts: one label of several, or each label by itself."""
    targets = [outputs.task.decode(example.target) for example in train]
    if outputs.task.text_labels == "one":
        return fit_head(features, [target.labels[0] for target in targets], settings, context)
    given = np.array([outputs.text_code(target) for target in targets]).reshape(len(train), -1)
    return fit_label_heads(features, given, outputs.text_labels, settings, context)


def note_threshold(outputs: PartOutputs, context: Context) -> None:
    """Tell the threshold above which labels are given, where a text may have any number."""
    if outputs.task.text_labels == "any":
        context.notes["threshold"] = round(outputs.threshold, 4)


def saved_outputs(about: dict[str, Any]) -> PartOutputs:
    """The outputs that `method.json` tells; models saved before it told them have one label a text."""
    return PartOutputs(**about.get("outputs", {"dataset": "", "task_name": "single_label", "labels": about["labels"]}))
