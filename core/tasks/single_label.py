"""One label for each text."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from core.analysis import metrics
from core.tasks.base import Score, Statistic
from core.tasks.target import Target


class SingleLabel:
    """A text has exactly one label out of a closed set. An invalid answer counts as a wrong one."""

    name = "single_label"
    title = "One label for each text"
    text_labels: Literal["none", "one", "any"] = "one"
    has_spans = False
    primary_metric = "accuracy"
    metrics = {
        "accuracy": "Share of texts that get the right label",
        "macro_f1": "F1 averaged over labels, each label counting the same",
        "weighted_f1": "F1 averaged over labels, weighted by how often each occurs",
        "mcc": "Matthews correlation: 1 perfect, 0 no better than chance",
    }

    def encode(self, target: Target) -> str:
        """The label itself."""
        (label,) = target.labels
        return label

    def decode(self, encoded: str) -> Target:
        """The inverse of `encode`."""
        return Target((encoded,))

    def label_set(self, targets: Sequence[str]) -> list[str]:
        """The labels that occur, sorted."""
        return sorted(set(targets))

    def text_label_set(self, labels: Sequence[str]) -> list[str]:
        """All of them."""
        return list(labels)

    def span_label_set(self, labels: Sequence[str]) -> list[str]:  # noqa: ARG002
        """None: there are no spans."""
        return []

    def shown(self, encoded: str, text: str) -> str:  # noqa: ARG002
        """The label."""
        return encoded

    def statistics(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> dict[str, Statistic]:
        """Every metric as a statistic over examples."""
        return metrics.statistics(metrics.confusion_codes(targets, predictions, labels))

    def score(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str], split: str
    ) -> list[Score]:
        """Accuracy (Wilson interval), macro and weighted F1 and MCC (percentile bootstrap over examples)."""
        table = metrics.confusion_codes(targets, predictions, labels)
        n = len(targets)
        hits = int(np.sum(table.gold == table.predicted))
        low, high = metrics.wilson(hits, n)
        scores = [Score("accuracy", split, hits / n if n else 0.0, low, high, n)]
        for metric, (value, low, high) in metrics.bootstrap_f1_mcc(table).items():
            scores.append(Score(metric, split, value, low, high, n))
        return scores

    def report(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Precision, recall, F1 and counts of each label."""
        return metrics.per_label(metrics.confusion_codes(targets, predictions, labels))
