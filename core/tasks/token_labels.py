"""Labelled spans inside a text: named entities and the like."""

import json
from collections.abc import Sequence
from typing import Literal

from core.analysis import metrics
from core.analysis.statistic import Statistic
from core.tasks.base import shown_spans
from core.tasks.encoding import compact, from_plain, to_plain
from core.tasks.scoring import Scored
from core.tasks.target import Target


class TokenLabels(Scored):
    """Spans that do not overlap. An invalid answer has found nothing."""

    name = kind = "token_labels"
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

    def shown(self, encoded: str, text: str) -> str:
        """`Berlin [city]; 7 am [time]`."""
        return shown_spans(self.decode(encoded).spans, text)

    def statistics(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> dict[str, Statistic]:
        """Micro F1, precision, recall and macro F1 of exact spans (seqeval, strict)."""
        tally = self.tally(self.pairs(targets, predictions, labels))
        return {
            "f1": tally.statistic(metrics.micro_f1),
            "precision": tally.statistic(metrics.micro_precision),
            "recall": tally.statistic(metrics.micro_recall),
            "macro_f1": tally.statistic(metrics.macro_f1),
        }
