"""What the outputs of a network mean for one dataset: its columns as labels and tags, and predictions made of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.methods.base import Part, Prediction, Tokens
from core.methods.saved import aligned, softmax, to_prediction
from core.methods.tagging import best_tags, found_spans, tag_codes, tags_of
from core.methods.thresholds import DEFAULT, best_threshold
from core.tasks import Target, Task, get_task
from core.tasks.base import Example
from core.tasks.words import Word, WordRule, word_rule, words

UNKNOWN = -100
"""The code of a label that was never trained on: PyTorch's losses leave it out."""


@dataclass(frozen=True)
class Raw:
    """What a network gave for one text.

    Attributes:
        place: which text, as a position in the sequence that was given.
        labels: scores of the text's labels, shape (labels,); empty where there are none.
        words: scores of the words' tags, shape (words, tags); not a number for words that were not read.
        places: where those words lie.
        tokens: tokens read, all windows together.
        seconds: share of the wall time.
    """

    place: int
    labels: NDArray[np.float32]
    words: NDArray[np.float32]
    places: Sequence[Word]
    tokens: int
    seconds: float


@dataclass
class PartOutputs:
    """The columns of the outputs that belong to one dataset, and how they are read.

    `labels` is the label set of its training texts; `text_start` and `tag_start` are its first columns among the
    outputs for texts and for words, which several datasets may share. `rule` says what parts words.
    """

    dataset: str
    task_name: str
    labels: list[str]
    text_start: int = 0
    tag_start: int = 0
    threshold: float = DEFAULT
    rule: WordRule = "marks"
    _codes: dict[str, int] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._codes = {label: i for i, label in enumerate(self.text_labels)}

    @cached_property
    def task(self) -> Task:
        """The dataset's task."""
        return get_task(self.task_name)

    @cached_property
    def text_labels(self) -> list[str]:
        """What each column for texts means."""
        return self.task.text_label_set(self.labels)

    @cached_property
    def tags(self) -> list[str]:
        """What each column for words means."""
        return tags_of(self.task.span_label_set(self.labels)) if self.task.has_spans else []

    @property
    def text_columns(self) -> slice:
        """Its columns among the outputs for texts."""
        return slice(self.text_start, self.text_start + len(self.text_labels))

    @property
    def tag_columns(self) -> slice:
        """Its columns among the outputs for words."""
        return slice(self.tag_start, self.tag_start + len(self.tags))

    def about(self) -> dict[str, Any]:
        """What `PartOutputs(**about)` takes, for `method.json`."""
        return {
            "dataset": self.dataset, "task_name": self.task_name, "labels": self.labels,
            "text_start": self.text_start, "tag_start": self.tag_start, "threshold": self.threshold,
            "rule": self.rule,
        }  # fmt: skip

    def text_code(self, target: Target) -> Any:
        """The label's column, `UNKNOWN` for one never trained on; for any number of labels a 0 or 1 each column."""
        if self.task.text_labels == "one":
            return self._codes.get(target.labels[0], UNKNOWN)
        return [float(label in target.labels) for label in self.text_labels]

    def tag_codes(self, target: Target, places: Sequence[Word]) -> NDArray[np.int64]:
        """The tag of each word as a column."""
        return tag_codes(target.spans, places, self.tags)

    def words(self, text: str) -> list[Word]:
        """Where the words of a text lie."""
        return words(text, self.rule)

    def predictions(self, raws: Sequence[Raw], examples: Sequence[Example], labels: Sequence[str]) -> list[Prediction]:
        """Predictions of texts; `labels` is the dataset's label set, to which probabilities are aligned.

        The confidence is the probability of the whole answer as if its parts were independent: the product of the
        probabilities of the label, or of each label's being given or not, and of each word's tag.
        """
        if not self.task.has_spans and self.task.text_labels == "one":
            shares = aligned(softmax(np.stack([raw.labels for raw in raws])), self.text_labels, labels)
            rows = zip(raws, shares, strict=True)
            return [
                to_prediction(examples[raw.place], row, labels, raw.seconds, Tokens(input=raw.tokens))
                for raw, row in rows
            ]
        return [self._prediction(raw, examples[raw.place], labels) for raw in raws]

    def evaluate(self, raws: Sequence[Raw], examples: Sequence[Example], labels: Sequence[str]) -> dict[str, float]:
        """The task's metrics on texts whose targets are known, the primary one first; a threshold is chosen on them.

        Of metrics only those are given that decide or tell texts and spans apart.
        """
        if not raws:
            return {}
        self.choose_threshold(raws, [self.task.decode(example.target) for example in examples])
        answers = [answer.target for answer in self.predictions(raws, examples, labels)]
        gold = [examples[raw.place].target for raw in raws]
        found = self.task.statistics(gold, answers, labels)
        first = self.task.primary_metric
        names = [first, *(name for name in found if name != first and self.text_labels and self.tags)]
        return {name: found[name].overall for name in names}

    def loss(self, raw: Raw, target: Target) -> float | None:
        """The mean negative log-likelihood of the text's labels plus that of its tags, over what was trained on."""
        losses = []
        if len(raw.labels):
            code = self.text_code(target)
            if self.task.text_labels == "any":
                given = sigmoid(raw.labels)
                losses.append(-np.mean(np.log(np.where(np.array(code) > 0, given, 1 - given).clip(1e-30))))
            elif code != UNKNOWN:
                losses.append(-np.log(max(softmax(raw.labels[None])[0, code], 1e-30)))
        if self.tags:
            codes = self.tag_codes(target, raw.places)
            known = (codes != UNKNOWN) & ~np.isnan(raw.words[:, 0])
            if known.any():
                shares = softmax(raw.words[known])
                losses.append(-np.mean(np.log(shares[np.arange(len(shares)), codes[known]].clip(1e-30))))
        return float(sum(losses)) if losses else None

    def choose_threshold(self, raws: Sequence[Raw], targets: Sequence[Target]) -> None:
        """Set the threshold that gives the best micro-F1 on these texts; only where a text may have any number."""
        if self.task.text_labels == "any" and raws and self.text_labels:
            gold = np.array([self.text_code(targets[raw.place]) for raw in raws])
            self.threshold = best_threshold(sigmoid(np.stack([raw.labels for raw in raws])), gold)

    def _prediction(self, raw: Raw, example: Example, labels: Sequence[str]) -> Prediction:
        sure, given, shares, spans = 1.0, [], None, []
        if self.task.text_labels == "any":
            row = sigmoid(raw.labels)
            given = [label for label, value in zip(self.text_labels, row, strict=True) if value >= self.threshold]
            sure *= float(np.prod(np.where(row >= self.threshold, row, 1 - row)))
            known = dict(zip(self.text_labels, row.tolist(), strict=True))
            shares = [known.get(label, 0.0) for label in labels]
        elif self.task.text_labels == "one":
            row = softmax(raw.labels[None])[0]
            given = [self.text_labels[int(row.argmax())]]
            sure *= float(row.max())
        if self.task.has_spans:
            logs = word_log_probabilities(raw.words)
            codes = best_tags(logs)
            spans = found_spans(codes, raw.places, self.tags)
            sure *= float(np.exp(logs[np.arange(len(codes)), codes].sum()))
        return Prediction(
            example.id, self.task.encode(Target.of(given, spans)), confidence=sure, probabilities=shares,
            seconds=raw.seconds, tokens=Tokens(input=raw.tokens),
        )  # fmt: skip


def outputs_of(parts: Sequence[Part]) -> list[PartOutputs]:
    """The columns of several datasets, one after the other, by the labels of their training texts."""
    found: list[PartOutputs] = []
    text_start = tag_start = 0
    for part in parts:
        labels = part.task.label_set([example.target for example in part.train])
        one = PartOutputs(part.dataset, part.task.name, labels, text_start, tag_start)
        if one.tags:
            spans = (part.task.decode(example.target).spans for example in part.train)
            one.rule = word_rule((example.text for example in part.train), spans)
        text_start, tag_start = text_start + len(one.text_labels), tag_start + len(one.tags)
        found.append(one)
    return found


def sigmoid(scores: NDArray) -> NDArray[np.float64]:
    """The logistic function in double precision."""
    result: NDArray[np.float64] = 1 / (1 + np.exp(-scores.astype(np.float64).clip(-700, 700)))
    return result


def word_log_probabilities(scores: NDArray) -> NDArray[np.float64]:
    """Log-probabilities of tags, shape (words, tags); words that were not read are outside for certain."""
    logs = np.log(softmax(scores).clip(1e-30)) if len(scores) else scores.astype(np.float64)
    unread = np.isnan(scores[:, 0])
    logs[unread] = np.log(1e-30)
    logs[unread, 0] = 0.0
    return logs
