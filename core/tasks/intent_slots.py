"""One intent for each text and labelled spans, its slots."""

import json
from collections.abc import Sequence
from typing import Literal

from core.analysis import metrics
from core.analysis.statistic import Statistic
from core.tasks.base import shown_spans
from core.tasks.encoding import compact, from_plain, to_plain
from core.tasks.scoring import Scored
from core.tasks.target import Target

INTENT, SLOT = "intent:", "slot:"
"""Intents and slots may share names, so the label set tells them apart."""


class IntentSlots(Scored):
    """An intent and its slots. An invalid answer has a wrong intent and no slots."""

    name = kind = "intent_slots"
    title = "Intent and slots"
    text_labels: Literal["none", "one", "any"] = "one"
    has_spans = True
    text_mark, span_mark = INTENT, SLOT
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
        if not isinstance(content, dict) or content.keys() != {"intent", "slots"} or type(content["intent"]) is not str:
            raise ValueError("not an intent with slots")
        return Target((content["intent"],), from_plain(content["slots"]))

    def shown(self, encoded: str, text: str) -> str:
        """`weather: Berlin [city]`."""
        target = self.decode(encoded)
        slots = shown_spans(target.spans, text)
        return f"{target.labels[0]}: {slots}" if slots else target.labels[0]

    def statistics(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> dict[str, Statistic]:
        """Exact match, intent accuracy and slot F1, precision and recall (seqeval, strict)."""
        pairs = self.pairs(targets, predictions, labels)
        tally = self.tally(pairs)
        return {
            "exact_match": pairs.mean(lambda target, found: target == found),
            "intent_accuracy": pairs.mean(lambda target, found: found is not None and target.labels == found.labels),
            "slot_f1": tally.statistic(metrics.micro_f1, SLOT),
            "slot_precision": tally.statistic(metrics.micro_precision, SLOT),
            "slot_recall": tally.statistic(metrics.micro_recall, SLOT),
        }
