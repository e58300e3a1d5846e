"""One label for each text."""

from collections.abc import Sequence
from typing import Literal

from core.analysis import metrics
from core.analysis.statistic import Statistic
from core.tasks.scoring import Pairs, Scored
from core.tasks.target import Target


class SingleLabel(Scored):
    """A text has exactly one label out of a closed set. An invalid answer counts as a wrong one."""

    name = kind = "single_label"
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

    def shown(self, encoded: str, text: str) -> str:  # noqa: ARG002
        """The label."""
        return encoded

    def statistics(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> dict[str, Statistic]:
        """Accuracy, macro and weighted F1 and MCC."""
        pairs = self.pairs(targets, predictions, labels)
        tally = self.tally(pairs)
        return {
            "accuracy": pairs.mean(lambda target, found: target == found),
            "macro_f1": tally.statistic(metrics.macro_f1),
            "weighted_f1": tally.statistic(metrics.weighted_f1),
            "mcc": tally.statistic(metrics.mcc),
        }

    def pairs(self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]) -> Pairs:
        """Distinct pairs of target and prediction; a label outside the set is an invalid answer.

        Raises:
            ValueError: a target is not among `labels`.
        """
        known = set(labels)
        if missing := set(targets) - known:
            raise ValueError(f"targets outside the label set: {sorted(missing)[:5]}")
        return super().pairs(targets, [p if p in known else None for p in predictions], labels)
