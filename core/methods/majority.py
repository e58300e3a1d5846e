"""The floor: always the most frequent label."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Self

import numpy as np

from core.methods.base import Context, Prediction
from core.methods.saved import aligned, read_about, to_prediction, write_about
from core.methods.settings import MajoritySettings
from core.tasks.base import Example


class Majority:
    """Answers every text with the shares of the labels in train."""

    def __init__(self, settings: MajoritySettings, model: str | None = None) -> None:  # noqa: ARG002
        self.settings = settings
        self.shares: dict[str, float] = {}

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:
        """Count the labels."""
        counts = Counter(example.target for example in train)
        self.shares = {label: counts[label] / len(train) for label in sorted(counts)}
        context.report({"phase": "fit", "step": 1, "steps": 1})
        if validation:
            best = max(self.shares, key=self.shares.__getitem__)
            share = sum(example.target == best for example in validation) / len(validation)
            context.report({"phase": "fit", "step": 1, "steps": 1, "metric": "validation_accuracy", "value": share})

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """The same answer for each text."""
        own = list(self.shares)
        for example in examples:
            context.stop_if_asked()
            start = perf_counter()
            probabilities = aligned(np.array([[self.shares[label] for label in own]]), own, context.labels)[0]
            yield to_prediction(example, probabilities, context.labels, perf_counter() - start)

    def save(self, folder: Path) -> None:
        """Write the shares."""
        write_about(folder, "majority", self.settings, list(self.shares), shares=list(self.shares.values()))

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:  # noqa: ARG003
        """Read the shares."""
        about = read_about(folder)
        method = cls(MajoritySettings(**about["settings"]))
        method.shares = dict(zip(about["labels"], about["shares"], strict=True))
        return method
