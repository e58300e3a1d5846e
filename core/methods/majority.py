"""The floor: the most frequent label of all texts, the most frequent tag of each word."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np

from core.methods.base import Context, Prediction
from core.methods.saved import aligned, read_about, to_prediction, write_about
from core.methods.settings import MajoritySettings
from core.tasks import Target, Task, get_task
from core.tasks.base import Example
from core.tasks.words import OUTSIDE, WordRule, bio_tags, tagged_spans, word_rule, words


class Majority:
    """Looks at no text for its labels, and at each word alone for its tag.

    One label: the most frequent. Any number: those of more than half of the texts, or else the most frequent. Spans:
    each word gets the tag it had most often in train, a word that train lacks gets none.
    """

    def __init__(self, settings: MajoritySettings, model: str | None = None) -> None:  # noqa: ARG002
        self.settings = settings
        self.task: Task = get_task("single_label")
        self.shares: dict[str, float] = {}
        self.rule: WordRule = "marks"
        self.tags: dict[str, tuple[str, float]] = {}
        """Of each word of train its most frequent tag and that tag's share."""

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:
        """Count labels and tags."""
        self.task = context.task
        targets = [self.task.decode(example.target) for example in train]
        counts = Counter(label for target in targets for label in target.labels)
        self.shares = {label: counts[label] / len(train) for label in sorted(counts)}
        if self.task.has_spans:
            self.rule = word_rule((example.text for example in train), (target.spans for target in targets))
            self.tags = _frequent_tags(train, targets, self.rule)
        context.report({"phase": "fit", "step": 1, "steps": 1})
        if validation:
            answers = [prediction.target for prediction in self.predict(validation, context)]
            gold, metric = [example.target for example in validation], self.task.primary_metric
            value = self.task.statistics(gold, answers, context.labels)[metric].overall
            context.report({"phase": "fit", "step": 1, "steps": 1, "metric": f"validation_{metric}", "value": value})

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """The same labels for each text, and the spans that its words' tags make."""
        own, shares = list(self.shares), list(self.shares.values())
        for example in examples:
            context.stop_if_asked()
            start = perf_counter()
            if self.task.text_labels == "one" and not self.task.has_spans:
                probabilities = aligned(np.array([shares]), own, context.labels)[0]
                yield to_prediction(example, probabilities, context.labels, perf_counter() - start)
            else:
                yield self._prediction(example, context.labels, start)

    def save(self, folder: Path) -> None:
        """Write the shares and the words' tags."""
        more: dict[str, Any] = {"task": self.task.name, "rule": self.rule, "tags": self.tags}
        write_about(folder, "majority", self.settings, list(self.shares), shares=list(self.shares.values()), **more)

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:  # noqa: ARG003
        """Read what `save` wrote."""
        about = read_about(folder)
        method = cls(MajoritySettings(**about["settings"]))
        method.task = get_task(about.get("task", "single_label"))
        method.shares = dict(zip(about["labels"], about["shares"], strict=True))
        method.rule = about.get("rule", "marks")
        method.tags = {word: (tag, share) for word, (tag, share) in about.get("tags", {}).items()}
        return method

    def _prediction(self, example: Example, labels: Sequence[str], start: float) -> Prediction:
        given, sure, shares = self._labels()
        places = words(example.text, self.rule) if self.task.has_spans else []
        tags = [self.tags.get(example.text[a:b], (OUTSIDE, 1.0)) for a, b in places]
        target = Target.of(given, tagged_spans([tag for tag, _ in tags], places))
        sure *= float(np.prod([share for _, share in tags]))
        known = [shares.get(label, 0.0) for label in labels] if self.task.text_labels == "any" else None
        seconds = perf_counter() - start
        return Prediction(
            example.id, self.task.encode(target), confidence=sure, probabilities=known, seconds=seconds
        )  # fmt: skip

    def _labels(self) -> tuple[list[str], float, dict[str, float]]:
        """The labels that every text gets, how sure that is, and the labels' shares."""
        if not self.shares:
            return [], 1.0, {}
        best = max(self.shares, key=self.shares.__getitem__)
        if self.task.text_labels == "one":
            return [best], self.shares[best], self.shares
        given = [label for label, share in self.shares.items() if share > 0.5] or [best]
        chances = [share if label in given else 1 - share for label, share in self.shares.items()]
        return given, float(np.prod(chances)), self.shares


def _frequent_tags(train: Sequence[Example], targets: Sequence[Target], rule: WordRule) -> dict[str, tuple[str, float]]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for example, target in zip(train, targets, strict=True):
        places = words(example.text, rule)
        for (start, end), tag in zip(places, bio_tags(target.spans, places), strict=True):
            counts[example.text[start:end]][tag] += 1
    best = {word: min(found.items(), key=lambda one: (-one[1], one[0])) for word, found in counts.items()}
    return {word: (tag, times / counts[word].total()) for word, (tag, times) in best.items()}
