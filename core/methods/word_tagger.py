"""Logistic regression that tags words by their shape and the words around them: a strong tagger that needs no GPU."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from core.methods.base import Context
from core.methods.logistic import LogisticHead, fit_head
from core.methods.settings import TfidfLinearSettings
from core.methods.text_features import feature_limit, read_json, terms, write_json
from core.methods.word_features import word_features
from core.tasks.words import Word

LEAST_COUNT = 2
"""A feature must occur this often in the training texts."""
VOCABULARY = "word_vocabulary.json"
FLAT = 4e-3
"""How flat the mean gradient must be; a quarter of it took twice the time and found no more slots (ATIS)."""
NEVER = -1e4
"""The score of a tag that no training text has."""

Places = Sequence[Sequence[Word]]


class WordTagger:
    """Scores of tags for each word, each word by itself."""

    def __init__(self, settings: TfidfLinearSettings) -> None:
        self.settings = settings
        self.vectorizer = CountVectorizer(analyzer=_as_they_are, binary=True, dtype=np.float32)
        self.head = LogisticHead([], np.zeros((0, 0)), np.zeros(0))

    def fit(self, texts: Sequence[str], places: Places, tags: Sequence[str], context: Context) -> None:
        """Learn from texts whose words lie at `places` and have `tags`, all words in order.

        Raises:
            Cancelled: the run is to stop.
        """
        most = feature_limit(self.settings.max_features, len(set(tags)), context)
        least = LEAST_COUNT if len(tags) > 1000 else 1
        self.vectorizer.set_params(max_features=most, min_df=least)
        if not tags:
            return
        context.report({"phase": "fit", "step": 0, "steps": 1, "message": "counting features of words"})
        features = self.vectorizer.fit_transform(_all_features(texts, places, context))
        context.notes["word_features"] = features.shape[1]
        settings = self.settings.model_copy(update={"regularisation": self.settings.word_regularisation})
        self.head = fit_head(features, tags, settings, context, FLAT / np.sqrt(len(set(tags))))

    def scores(self, texts: Sequence[str], places: Places, tags: Sequence[str], context: Context) -> list[NDArray]:
        """Scores of the words of each text, shape (words, tags), in the order of `tags`."""
        counts = [len(own) for own in places]
        result = np.full((sum(counts), len(tags)), NEVER, np.float32)
        result[:, 0] = 0.0
        if sum(counts) and self.head.labels:
            columns = [tags.index(label) for label in self.head.labels]
            found = self.vectorizer.transform(_all_features(texts, places, context))
            result[:, 0] = NEVER
            result[:, columns] = self.head.scores(found)
        return np.split(result, np.cumsum(counts)[:-1]) if counts else []

    def save(self, folder: Path) -> dict[str, NDArray]:
        """Write the vocabulary; returns the weights as tensors for `load`."""
        vocabulary = terms(self.vectorizer) if self.head.labels else []
        write_json(folder / VOCABULARY, {"vocabulary": vocabulary, "tags": self.head.labels})
        return {f"words.{name}": value for name, value in self.head.tensors().items()}

    def load(self, folder: Path, tensors: dict[str, NDArray]) -> None:
        """The inverse of `save`.

        Raises:
            TradeoffError: the file is absent or damaged.
        """
        content = read_json(folder / VOCABULARY)
        if content["tags"]:
            self.vectorizer.set_params(vocabulary=content["vocabulary"])
        own = {name.removeprefix("words."): value for name, value in tensors.items() if name.startswith("words.")}
        self.head = LogisticHead.from_tensors(content["tags"], own)


def _all_features(texts: Sequence[str], places: Places, context: Context) -> Iterator[list[str]]:
    for text, own in zip(texts, places, strict=True):
        context.stop_if_asked()
        yield from word_features(text, own)


def _as_they_are(features: Any) -> Any:
    return features
