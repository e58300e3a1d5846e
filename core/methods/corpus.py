"""The training texts of one or several datasets as what a network reads and is to answer, and the loss over them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.methods.heads import Scores
from core.methods.losses import OneLabelLoss, text_loss
from core.methods.outputs import PartOutputs
from core.methods.settings import EncoderSettings
from core.methods.windows import Window
from core.tasks import Target


@dataclass(frozen=True, slots=True)
class Item:
    """A window with what is to be learnt from it.

    Attributes:
        part: which dataset, as a position.
        window: what is read.
        label: the code of the text's labels, None in all windows but a text's first and where texts carry none.
        tags: the codes of the tags of the words that are read here.
    """

    part: int
    window: Window
    label: Any
    tags: NDArray[np.int64]


class Corpus:
    """Items of all parts, and the loss over any of them."""

    def __init__(self, parts: Sequence[PartOutputs], settings: EncoderSettings) -> None:
        self.parts, self.settings, self.items = list(parts), settings, list[Item]()
        self._losses: dict[int, tuple[Any, OneLabelLoss]] = {}

    def add(
        self, number: int, windows: Sequence[Window], targets: Sequence[Target], places: Sequence[Sequence[Any]]
    ) -> None:
        """Add the windows of a part's texts, whose words lie at `places` (none where words carry no tags)."""
        part = self.parts[number]
        codes = [part.text_code(target) if part.text_labels else None for target in targets]
        tags = [part.tag_codes(target, own) for target, own in zip(targets, places, strict=True)] if part.tags else []
        nothing = np.zeros(0, np.int64)
        self.items += [
            Item(number, w, codes[w.text] if w.first else None, tags[w.text][w.words] if part.tags else nothing)
            for w in windows
        ]
        known = [code for code in codes if code is not None]
        several = part.task.text_labels == "any"
        self._losses[number] = (
            text_loss(known, len(part.text_labels), several, self.settings),
            OneLabelLoss(np.concatenate([*tags, nothing]), len(part.tags), self.settings),
        )

    @property
    def lengths(self) -> list[int]:
        """Tokens of each item."""
        return [len(item.window.ids) for item in self.items]

    def digest(self) -> str:
        """What tells these items from others."""
        digest = hashlib.sha256(repr([part.about() | {"threshold": None} for part in self.parts]).encode())
        for item in self.items:
            digest.update(np.asarray(item.window.ids, np.int32).tobytes() + repr(item.label).encode())
            digest.update(np.asarray(item.window.tokens, np.int32).tobytes() + item.tags.tobytes() + b"|")
        return digest.hexdigest()

    def loss(self, batch: Sequence[int], forward: Callable[[Sequence[Window]], Scores]) -> torch.Tensor:
        """The mean loss over items: their text's labels, plus the words' tags times `span_weight`.

        Items of several datasets go through the encoder together; each dataset weighs by its items in the batch.
        """
        items = [self.items[i] for i in batch]
        scores = forward([item.window for item in items])
        total = sum(given.sum() * 0.0 for given in scores if given is not None)
        for number in sorted({item.part for item in items}):
            rows = [row for row, item in enumerate(items) if item.part == number]
            share = len(rows) / len(items)
            total = total + share * self._part_loss(number, [(row, items[row]) for row in rows], scores)
        return total  # type: ignore[return-value]

    def _part_loss(self, number: int, rows: Sequence[tuple[int, Item]], scores: Scores) -> Any:
        part, (of_texts, of_words) = self.parts[number], self._losses[number]
        loss: Any = 0.0
        labelled = [(row, item.label) for row, item in rows if item.label is not None]
        if labelled and scores.texts is not None:
            codes = torch.tensor([label for _, label in labelled], device=scores.texts.device)
            loss = loss + of_texts(scores.texts[[row for row, _ in labelled], part.text_columns], codes)
        words = [(row, token) for row, item in rows for token in item.window.tokens]
        if words and part.tags and scores.tokens is not None:
            given = word_scores(scores.tokens, words)[:, part.tag_columns]
            codes = torch.from_numpy(np.concatenate([item.tags for _, item in rows])).to(given.device)
            weight = self.settings.span_weight if part.text_labels else 1.0
            loss = loss + weight * of_words(given, codes)
        return loss


def word_scores(scores: torch.Tensor, words: Sequence[tuple[int, int]]) -> torch.Tensor:
    """Scores of words, shape (words, tags), each by its row and token in scores of shape (texts, longest, tags)."""
    rows, tokens = torch.tensor(words, dtype=torch.int64).reshape(-1, 2).T.to(scores.device)
    return scores[rows, tokens]
