"""TF-IDF of words and of characters within words."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from core import files
from core.errors import TradeoffError
from core.methods.base import Context
from core.methods.settings import TfidfLinearSettings
from core.tasks.base import Example

MOST_CHARACTERS = 50_000
"""Longer texts are cut: their counts hardly change, the n-grams of a megabyte cost minutes."""
MOST_WEIGHTS = 5_000_000
"""Labels × features: L-BFGS keeps about two dozen vectors of that length in double precision."""
VOCABULARY = "vocabulary.json"


class TextFeatures:
    """The features of texts, learnt from training texts; each kind may take half of `max_features`."""

    def __init__(self, settings: TfidfLinearSettings) -> None:
        self.settings = settings
        self.vectorizers: dict[str, TfidfVectorizer] = {}

    def learn(self, train: Sequence[Example], labels: int, context: Context) -> Any:
        """Learn the vocabularies and document frequencies; returns the features of `train`, sparse."""
        cut = sum(len(example.text) > MOST_CHARACTERS for example in train)
        if cut:
            context.notes["truncated_examples"] = cut
        kinds = ["word"] + ["character"] * (self.settings.char_ngrams > 0)
        most = feature_limit(self.settings.max_features, labels, context)
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

    def of(self, examples: Sequence[Example], context: Context) -> Any:
        """The features of texts, sparse, shape (texts, features)."""
        if not examples:
            return _side_by_side([], 0)
        parts = [vectorizer.transform(_texts(examples, context)) for vectorizer in self.vectorizers.values()]
        return _side_by_side(parts, len(examples))

    def save(self, folder: Path) -> dict[str, NDArray]:
        """Write the vocabularies; returns the document frequencies as tensors for `load`."""
        write_json(folder / VOCABULARY, {kind: terms(vectorizer) for kind, vectorizer in self.vectorizers.items()})
        return {f"idf.{kind}": vectorizer.idf_ for kind, vectorizer in self.vectorizers.items()}

    def load(self, folder: Path, tensors: dict[str, NDArray]) -> None:
        """The inverse of `save`.

        Raises:
            TradeoffError: the file is absent or damaged.
        """
        for kind, vocabulary in read_json(folder / VOCABULARY).items():
            self.vectorizers[kind] = self._vectorizer(kind, None, vocabulary)
            self.vectorizers[kind].idf_ = tensors[f"idf.{kind}"]

    def _vectorizer(self, kind: str, most: int | None, vocabulary: list[str] | None = None) -> TfidfVectorizer:
        shared = {"sublinear_tf": True, "dtype": np.float32, "max_features": most, "vocabulary": vocabulary}
        if kind == "word":
            return TfidfVectorizer(
                ngram_range=(1, self.settings.word_ngrams), token_pattern=r"(?u)\b\w+\b", **shared
            )  # fmt: skip
        shortest = min(2, self.settings.char_ngrams)
        return TfidfVectorizer(analyzer="char_wb", ngram_range=(shortest, self.settings.char_ngrams), **shared)


def feature_limit(most: int, labels: int, context: Context) -> int:
    """How many features weights for so many labels leave room for; noted where that is fewer than `most`."""
    limit = min(most, max(100, MOST_WEIGHTS // max(1, labels)))
    if limit < most:
        context.notes["features_limit"] = f"{limit} because of {labels} labels"
    return limit


def terms(vectorizer: Any) -> list[str]:
    """The vocabulary of a vectorizer, by column."""
    return sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)


def write_json(path: Path, content: Any) -> None:
    """Write JSON as it is, atomically: vocabularies are long and need no indentation."""
    text = json.dumps(content, ensure_ascii=False)
    files.write_through(path, lambda part: part.write_text(text, encoding="utf-8"))


def read_json(path: Path) -> Any:
    """What `write_json` wrote.

    Raises:
        TradeoffError: the file is absent or damaged.
    """
    content = files.read_json(path)
    if content is None:
        raise TradeoffError("The saved vocabulary cannot be read", str(path), "Retry the run.")
    return content


def _texts(examples: Iterable[Example], context: Context) -> Iterator[str]:
    for example in examples:
        context.stop_if_asked()
        yield example.text[:MOST_CHARACTERS]


def _side_by_side(parts: list[Any], rows: int) -> Any:
    return sparse.hstack(parts, format="csr") if parts else sparse.csr_matrix((rows, 0), dtype=np.float32)
