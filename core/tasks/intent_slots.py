"""One intent for each text and labelled spans, its slots."""

import json
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from core.tasks.base import Statistic, shown_spans
from core.tasks.common import Scored
from core.tasks.spans import compact, from_plain, span_counts, span_report, span_statistics, to_plain
from core.tasks.target import Target

INTENT, SLOT = "intent:", "slot:"
"""Intents and slots may share names, so the label set tells them apart."""


class IntentSlots(Scored):
    """An intent and its slots. An invalid answer has a wrong intent and no slots."""

    name = "intent_slots"
    title = "Intent and slots"
    text_labels: Literal["none", "one", "any"] = "one"
    has_spans = True
    primary_metric = "exact_match"
    metrics = {
        "exact_match": "Share of texts whose intent and slots are all right",
        "intent_accuracy": "Share of texts with the right intent",
        "slot_f1": "F1 over all slots: exact place and label",
        "slot_precision": "Share of the slots found that are right",
        "slot_recall": "Share of the right slots that are found",
    }

    def encode(self, target: Target) -> str:
        """JSON: `{"intent":"weather","slots":[[0,6,"city"]]}`."""
        (intent,) = target.labels
        return compact({"intent": intent, "slots": to_plain(target.spans)})

    def decode(self, encoded: str) -> Target:
        """The inverse of `encode`."""
        content = json.loads(encoded)
        if not isinstance(content, dict) or content.keys() != {"intent", "slots"}:
            raise ValueError("not an intent with slots")
        return Target((str(content["intent"]),), from_plain(content["slots"]))

    def label_set(self, targets: Sequence[str]) -> list[str]:
        """All intents as `intent:…` and all slot labels as `slot:…`, sorted."""
        found = [self.decode(target) for target in set(targets)]
        intents = {INTENT + label for target in found for label in target.labels}
        return sorted(intents | {SLOT + span.label for target in found for span in target.spans})

    def text_label_set(self, labels: Sequence[str]) -> list[str]:
        """The intents."""
        return [label.removeprefix(INTENT) for label in labels if label.startswith(INTENT)]

    def span_label_set(self, labels: Sequence[str]) -> list[str]:
        """The slot labels."""
        return [label.removeprefix(SLOT) for label in labels if label.startswith(SLOT)]

    def shown(self, encoded: str, text: str) -> str:
        """`weather: Berlin [city]`."""
        target = self.decode(encoded)
        slots = shown_spans(target.spans, text)
        return f"{target.labels[0]}: {slots}" if slots else target.labels[0]

    def statistics(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> dict[str, Statistic]:
        """Exact match, intent accuracy and slot F1, precision and recall (seqeval, strict)."""
        gold, found = [self.decode(t) for t in targets], [p and self.decode(p) for p in predictions]
        right = [float(bool(f) and g.labels == f.labels) for g, f in zip(gold, found, strict=True)]  # type: ignore[union-attr]
        exact = [float(t == p) for t, p in zip(targets, predictions, strict=True)]
        ones = np.ones(len(gold))
        slots = span_statistics(self._counts(targets, predictions, labels), "slot_")
        return {
            "exact_match": Statistic(np.stack([exact, ones], 1), _mean),
            "intent_accuracy": Statistic(np.stack([right, ones], 1), _mean),
            **{name: slots[name] for name in ("slot_f1", "slot_precision", "slot_recall")},
        }

    def report(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> list[dict[str, Any]]:
        """A row an intent (`intent:…`), then a row a slot label (`slot:…`)."""
        gold, found = [self.decode(t) for t in targets], [p and self.decode(p) for p in predictions]
        rows = []
        for intent in self.text_label_set(labels):
            due = [target.labels == (intent,) for target in gold]
            given = [bool(target) and target.labels == (intent,) for target in found]  # type: ignore[union-attr]
            hit = sum(d and g for d, g in zip(due, given, strict=True))
            counts = np.array([[[hit], [sum(due)], [sum(given)]]], np.float64)
            rows += span_report(counts, [INTENT + intent])
        slots = self.span_label_set(labels)
        return rows + span_report(self._counts(targets, predictions, labels), [SLOT + label for label in slots])

    def _counts(self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]) -> Any:
        return span_counts(
            [self.decode(t).spans for t in targets],
            [() if p is None else self.decode(p).spans for p in predictions],
            self.span_label_set(labels),
        )


def _mean(sums: Any) -> Any:
    return sums[..., 0] / np.maximum(sums[..., 1], 1)
