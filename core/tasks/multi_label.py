"""Any number of labels for each text."""

import json
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.tasks.base import Statistic
from core.tasks.common import Scored
from core.tasks.spans import compact, precision_recall_f1
from core.tasks.target import Target


class MultiLabel(Scored):
    """A text has none, one or several labels out of a closed set. An invalid answer has none, and is never exact."""

    name = "multi_label"
    title = "Several labels for each text"
    text_labels: Literal["none", "one", "any"] = "any"
    has_spans = False
    primary_metric = "micro_f1"
    metrics = {
        "micro_f1": "F1 over all labels given and due",
        "macro_f1": "F1 averaged over labels, each label counting the same",
        "subset_accuracy": "Share of texts whose labels are all right and none too many",
        "hamming_loss": "Share of label decisions that are wrong; lower is better",
    }

    def encode(self, target: Target) -> str:
        """JSON: `["rain","sun"]`."""
        return compact(sorted(set(target.labels)))

    def decode(self, encoded: str) -> Target:
        """The inverse of `encode`."""
        content = json.loads(encoded)
        if not isinstance(content, list) or not all(isinstance(label, str) for label in content):
            raise ValueError("not a list of labels")
        return Target.of(content)

    def label_set(self, targets: Sequence[str]) -> list[str]:
        """The labels that occur, sorted."""
        return sorted({label for target in set(targets) for label in self.decode(target).labels})

    def text_label_set(self, labels: Sequence[str]) -> list[str]:
        """All of them."""
        return list(labels)

    def span_label_set(self, labels: Sequence[str]) -> list[str]:  # noqa: ARG002
        """None: there are no spans."""
        return []

    def shown(self, encoded: str, text: str) -> str:  # noqa: ARG002
        """`rain, sun`, or `no label`."""
        return ", ".join(self.decode(encoded).labels) or "no label"

    def statistics(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> dict[str, Statistic]:
        """Micro and macro F1, subset accuracy and Hamming loss, as scikit-learn defines them."""
        gold, predicted = self._matrix(targets, labels), self._matrix(predictions, labels)
        k = max(1, len(labels))
        exact = [float(p is not None and t == p) for t, p in zip(targets, predictions, strict=True)]
        counts = np.stack([gold * predicted, gold, predicted], 1).reshape(len(gold), -1)
        ones = np.ones(len(gold))
        shares = np.stack([exact, np.abs(gold - predicted).sum(1) / k, ones], 1)
        return {
            "micro_f1": Statistic(np.stack([(gold * predicted).sum(1), gold.sum(1), predicted.sum(1)], 1), _micro),
            "macro_f1": Statistic(counts, _macro),
            "subset_accuracy": Statistic(shares[:, [0, 2]], _mean),
            "hamming_loss": Statistic(shares[:, [1, 2]], _mean),
        }

    def report(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Precision, recall, F1 and counts of each label."""
        gold, predicted = self._matrix(targets, labels), self._matrix(predictions, labels)
        hit, due, given = (gold * predicted).sum(0), gold.sum(0), predicted.sum(0)
        precision, recall, f1 = precision_recall_f1(hit, due, given)
        return [
            {
                "label": label, "precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i]),
                "support": int(due[i]), "predicted": int(given[i]),
            }
            for i, label in enumerate(labels)
        ]  # fmt: skip

    def _matrix(self, encoded: Sequence[str | None], labels: Sequence[str]) -> NDArray[np.float64]:
        """Which example has which label, shape (examples, labels)."""
        index = {label: i for i, label in enumerate(labels)}
        matrix = np.zeros((len(encoded), len(labels)))
        for row, value in enumerate(encoded):
            for label in () if value is None else self.decode(value).labels:
                if label in index:
                    matrix[row, index[label]] = 1
        return matrix


def _micro(sums: NDArray) -> NDArray:
    return precision_recall_f1(sums[..., 0], sums[..., 1], sums[..., 2])[2]


def _macro(sums: NDArray) -> NDArray:
    hit, gold, predicted = np.moveaxis(sums.reshape(*sums.shape[:-1], 3, -1), -2, 0)
    found: NDArray = precision_recall_f1(hit, gold, predicted)[2]
    result: NDArray = found.mean(-1)
    return result


def _mean(sums: NDArray) -> NDArray:
    result: NDArray = sums[..., 0] / np.maximum(sums[..., 1], 1)
    return result
