"""TF-IDF of words and character n-grams + logistic regression."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from core import files
from core.errors import TradeoffError
from core.methods.base import Context, Prediction
from core.methods.logistic import LogisticHead, fit_head, read_tensors, report_validation, write_tensors
from core.methods.saved import aligned, read_about, to_prediction, write_about
from core.methods.settings import TfidfLinearSettings
from core.tasks.base import Example

MOST_CHARACTERS = 50_000
"""Longer texts are cut: their counts hardly change, the n-grams of a megabyte cost minutes."""
MOST_WEIGHTS = 5_000_000
"""Labels × features: L-BFGS keeps about two dozen vectors of that length in double precision."""
CHUNK = 500


class TfidfLinear:
    """Counts of words and of characters within words, weighted by TF-IDF, into logistic regression."""

    def __init__(self, settings: TfidfLinearSettings, model: str | None = None) -> None:  # noqa: ARG002
        self.settings = settings
        self.vectorizers: dict[str, TfidfVectorizer] = {}
        self.head = LogisticHead([], np.zeros((0, 0)), np.zeros(0))

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:
        """Learn vocabulary, document frequencies and the regression from `train`."""
        targets = [example.target for example in train]
        cut = sum(len(example.text) > MOST_CHARACTERS for example in train)
        if cut:
            context.notes["truncated_examples"] = cut
        features = self._learn_features(train, len(set(targets)), context)
        context.notes["features"] = features.shape[1]
        self.head = fit_head(features, targets, self.settings, context)
        report_validation(self.head, self._features(validation, context), validation, context)

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """Predict chunk after chunk."""
        for start in range(0, len(examples), CHUNK):
            context.stop_if_asked()
            chunk, began = examples[start : start + CHUNK], perf_counter()
            own = self.head.probabilities(self._features(chunk, context))
            probabilities = aligned(own, self.head.labels, context.labels)
            seconds = (perf_counter() - began) / len(chunk)
            for example, row in zip(chunk, probabilities, strict=True):
                yield to_prediction(example, row, context.labels, seconds)

    def save(self, folder: Path) -> None:
        """Write settings and labels, the vocabularies as JSON, weights and document frequencies as safetensors."""
        write_about(folder, "tfidf-linear", self.settings, self.head.labels)
        terms = {kind: _terms(vectorizer) for kind, vectorizer in self.vectorizers.items()}
        text = json.dumps(terms, ensure_ascii=False)
        files.write_through(folder / "vocabulary.json", lambda part: part.write_text(text, encoding="utf-8"))
        idf = {f"idf.{kind}": vectorizer.idf_ for kind, vectorizer in self.vectorizers.items()}
        write_tensors(folder / "weights.safetensors", {**self.head.tensors(), **idf})

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:  # noqa: ARG003
        """Read what `save` wrote."""
        about = read_about(folder)
        method = cls(TfidfLinearSettings(**about["settings"]))
        tensors = read_tensors(folder / "weights.safetensors")
        vocabularies = files.read_json(folder / "vocabulary.json")
        if vocabularies is None:
            raise TradeoffError("The saved vocabulary cannot be read", str(folder), "Retry the run.")
        for kind, terms in vocabularies.items():
            vectorizer = method._vectorizer(kind, None, terms)
            vectorizer.idf_ = tensors[f"idf.{kind}"]
            method.vectorizers[kind] = vectorizer
        method.head = LogisticHead.from_tensors(about["labels"], tensors)
        return method

    def _learn_features(self, train: Sequence[Example], labels: int, context: Context) -> Any:
        """Fit the vectorizers; each kind of feature may take half of `max_features`."""
        kinds = ["word"] + ["character"] * (self.settings.char_ngrams > 0)
        most = min(self.settings.max_features, max(100, MOST_WEIGHTS // labels))
        if most < self.settings.max_features:
            context.notes["features_limit"] = f"{most} because of {labels} labels"
        parts = []
        for kind in kinds:
            context.report({"phase": "fit", "step": 0, "steps": 1, "message": f"counting {kind} n-grams"})
            vectorizer = self._vectorizer(kind, most // len(kinds))
            try:
                parts.append(vectorizer.fit_transform(_texts(train, context)))
            except ValueError as error:
                if "vocabulary" not in str(error):
                    raise
                continue
            self.vectorizers[kind] = vectorizer
        return _side_by_side(parts, len(train))

    def _features(self, examples: Sequence[Example], context: Context) -> Any:
        if not examples:
            return _side_by_side([], 0)
        parts = [vectorizer.transform(_texts(examples, context)) for vectorizer in self.vectorizers.values()]
        return _side_by_side(parts, len(examples))

    def _vectorizer(self, kind: str, most: int | None, vocabulary: list[str] | None = None) -> TfidfVectorizer:
        shared = {"sublinear_tf": True, "dtype": np.float32, "max_features": most, "vocabulary": vocabulary}
        if kind == "word":
            return TfidfVectorizer(
                ngram_range=(1, self.settings.word_ngrams), token_pattern=r"(?u)\b\w+\b", **shared
            )  # fmt: skip
        shortest = min(2, self.settings.char_ngrams)
        return TfidfVectorizer(analyzer="char_wb", ngram_range=(shortest, self.settings.char_ngrams), **shared)


def _texts(examples: Iterable[Example], context: Context) -> Iterator[str]:
    for example in examples:
        context.stop_if_asked()
        yield example.text[:MOST_CHARACTERS]


def _terms(vectorizer: TfidfVectorizer) -> list[str]:
    return sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)


def _side_by_side(parts: list[Any], rows: int) -> Any:
    return sparse.hstack(parts, format="csr") if parts else sparse.csr_matrix((rows, 0), dtype=np.float32)
