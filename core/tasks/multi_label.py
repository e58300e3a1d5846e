"""Any number of labels for each text."""

import json
from collections.abc import Sequence
from typing import Literal

from core.analysis import metrics
from core.analysis.statistic import Statistic
from core.tasks.encoding import compact
from core.tasks.scoring import Scored
from core.tasks.target import Target


class MultiLabel(Scored):
    """A text has none, one or several labels out of a closed set. An invalid answer has none, and is never exact."""

    name = kind = "multi_label"
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

    def shown(self, encoded: str, text: str) -> str:  # noqa: ARG002
        """`rain, sun`, or `no label`."""
        return ", ".join(self.decode(encoded).labels) or "no label"

    def statistics(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> dict[str, Statistic]:
        """Micro and macro F1, subset accuracy and Hamming loss."""
        pairs = self.pairs(targets, predictions, labels)
        tally = self.tally(pairs)
        decisions = max(1, len({*labels, *tally.labels}))

        def wrong(target: Target, found: Target | None) -> float:
            return len(set(target.labels) ^ set(found.labels if found else ())) / decisions

        return {
            "micro_f1": tally.statistic(metrics.micro_f1),
            "macro_f1": tally.statistic(metrics.macro_f1),
            "subset_accuracy": pairs.mean(lambda target, found: target == found),
            "hamming_loss": pairs.mean(wrong),
        }
