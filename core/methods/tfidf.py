"""Linear models over counted features: TF-IDF for the labels of texts, features of words for spans."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.methods.base import Context, Part, Prediction
from core.methods.linear import fit_text_head, note_threshold, saved_outputs
from core.methods.logistic import LogisticHead, read_tensors, report_validation, write_tensors
from core.methods.outputs import PartOutputs, Raw, outputs_of
from core.methods.saved import read_about, write_about
from core.methods.settings import TfidfLinearSettings
from core.methods.text_features import TextFeatures
from core.methods.word_tagger import WordTagger
from core.tasks.base import Example

CHUNK = 500


class TfidfLinear:
    """Counts of words and characters into logistic regression: one for the texts' labels, one for the words' tags."""

    def __init__(self, settings: TfidfLinearSettings, model: str | None = None) -> None:  # noqa: ARG002
        self.settings = settings
        self.outputs = PartOutputs("", "single_label", [])
        self.text_features, self.tagger = TextFeatures(settings), WordTagger(settings)
        self.head = LogisticHead([], np.zeros((0, 0)), np.zeros(0))

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:
        """Learn vocabularies and regressions from `train`, a threshold (several labels) from `validation`.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: texts × labels are more than memory holds.
        """
        (self.outputs,) = outputs_of([Part(context.dataset, context.task, context.labels, train, validation)])
        if self.outputs.text_labels:
            features = self.text_features.learn(train, len(self.outputs.text_labels), context)
            context.notes["features"] = features.shape[1]
            self.head = fit_text_head(features, train, self.outputs, self.settings, context)
        if self.outputs.tags:
            targets = [self.outputs.task.decode(example.target) for example in train]
            places = [self.outputs.words(example.text) for example in train]
            pairs = zip(targets, places, strict=True)
            tags = [self.outputs.tags[code] for target, own in pairs for code in self.outputs.tag_codes(target, own)]
            self.tagger.fit([example.text for example in train], places, tags, context)
        report_validation(self._evaluated(validation, context), context)

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """Predict chunk after chunk."""
        for start in range(0, len(examples), CHUNK):
            context.stop_if_asked()
            chunk = examples[start : start + CHUNK]
            yield from self.outputs.predictions(self._raws(chunk, context), chunk, context.labels)

    def save(self, folder: Path) -> None:
        """Write settings and labels, the vocabularies as JSON, weights and document frequencies as safetensors."""
        write_about(folder, "tfidf-linear", self.settings, self.outputs.labels, outputs=self.outputs.about())
        tensors = {**self.head.tensors(), **self.text_features.save(folder)}
        if self.outputs.tags:
            tensors |= self.tagger.save(folder)
        write_tensors(folder / "weights.safetensors", tensors)

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:  # noqa: ARG003
        """Read what `save` wrote."""
        about = read_about(folder)
        method = cls(TfidfLinearSettings(**about["settings"]))
        method.outputs = saved_outputs(about)
        tensors = read_tensors(folder / "weights.safetensors")
        method.text_features.load(folder, tensors)
        method.head = LogisticHead.from_tensors(method.outputs.text_labels, tensors)
        if method.outputs.tags:
            method.tagger.load(folder, tensors)
        return method

    def _evaluated(self, validation: Sequence[Example], context: Context) -> dict[str, float]:
        metrics = self.outputs.evaluate(self._raws(validation, context), validation, context.labels)
        note_threshold(self.outputs, context)
        return metrics

    def _raws(self, examples: Sequence[Example], context: Context) -> list[Raw]:
        """What the regressions give for texts."""
        if not examples:
            return []
        began = perf_counter()
        labels: NDArray[Any] = np.zeros((len(examples), 0))
        places = [self.outputs.words(example.text) if self.outputs.tags else [] for example in examples]
        words: list[NDArray[Any]] = [np.zeros((0, 0))] * len(examples)
        if self.outputs.text_labels:
            labels = self.head.scores(self.text_features.of(examples, context))
        if self.outputs.tags:
            words = self.tagger.scores([example.text for example in examples], places, self.outputs.tags, context)
        seconds = (perf_counter() - began) / len(examples)
        return [Raw(i, labels[i], words[i], places[i], 0, seconds) for i in range(len(examples))]
