"""Labelled spans inside a text: named entities and the like."""

import json
from collections.abc import Sequence
from typing import Any, Literal

from core.tasks.base import Statistic, shown_spans
from core.tasks.common import Scored
from core.tasks.spans import compact, from_plain, span_counts, span_report, span_statistics, to_plain
from core.tasks.target import Span, Target


class TokenLabels(Scored):
    """Spans that do not overlap. An invalid answer has found nothing."""

    name = "token_labels"
    title = "Entities in a text"
    text_labels: Literal["none", "one", "any"] = "none"
    has_spans = True
    primary_metric = "f1"
    metrics = {
        "f1": "F1 over all spans: exact place and label",
        "precision": "Share of the spans found that are right",
        "recall": "Share of the right spans that are found",
        "macro_f1": "F1 averaged over labels, each label counting the same",
    }

    def encode(self, target: Target) -> str:
        """JSON: `[[0,6,"city"]]`."""
        return compact(to_plain(target.spans))

    def decode(self, encoded: str) -> Target:
        """The inverse of `encode`."""
        return Target(spans=from_plain(json.loads(encoded)))

    def label_set(self, targets: Sequence[str]) -> list[str]:
        """The labels of all spans, sorted."""
        return sorted({span.label for target in set(targets) for span in self.decode(target).spans})

    def text_label_set(self, labels: Sequence[str]) -> list[str]:  # noqa: ARG002
        """None: whole texts carry no label."""
        return []

    def span_label_set(self, labels: Sequence[str]) -> list[str]:
        """All of them."""
        return list(labels)

    def shown(self, encoded: str, text: str) -> str:
        """`Berlin [city]; 7 am [time]`."""
        return shown_spans(self.decode(encoded).spans, text)

    def statistics(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> dict[str, Statistic]:
        """Micro F1, precision, recall and macro F1 of exact spans (seqeval, strict)."""
        return span_statistics(self._counts(targets, predictions, labels))

    def report(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Precision, recall, F1 and counts of each label."""
        return span_report(self._counts(targets, predictions, labels), labels)

    def _counts(self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]) -> Any:
        return span_counts([self.decode(t).spans for t in targets], [self._spans(p) for p in predictions], labels)

    def _spans(self, prediction: str | None) -> Sequence[Span]:
        return () if prediction is None else self.decode(prediction).spans
