"""Texts for models that label words: long ones in overlapping windows, each word read where it has most context."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import TradeoffError
from core.methods.batching import Encoded, TextTokenizer
from core.tasks.words import Word


@dataclass(frozen=True, slots=True)
class Window(Encoded):
    """A text's token ids, or those of a part of it, and the words that are read here.

    Attributes:
        text: which text, as a position in the sequence that was given.
        first: whether it begins the text.
        words: which of the text's words; over all windows of a text, each word with a token occurs once.
        tokens: the first token of each of those words, as a position in `ids`.
    """

    text: int = 0
    first: bool = True
    words: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)


def whole_texts(tokenizer: TextTokenizer, texts: Sequence[str]) -> list[Window]:
    """A window a text, cut where it is too long: for models that label whole texts."""
    return [Window(e.ids, e.types, e.truncated, text=i) for i, e in enumerate(tokenizer.encode(texts))]


def text_windows(
    tokenizer: TextTokenizer, texts: Sequence[str], places: Sequence[Sequence[Word]], overlap: float
) -> list[Window]:
    """The windows of texts whose words lie at `places`; nothing is cut.

    `truncated` marks the first window of a text that has several. A word that shares its token with the word before
    is read from that token; a word that the tokenizer drops (control characters) is in no window.

    Raises:
        TradeoffError: the tokenizer does not tell where its tokens lie in the text.
    """
    if not texts:
        return []
    inner = tokenizer.tokenizer
    if not inner.is_fast:
        raise TradeoffError(
            "This model's tokenizer does not tell where its tokens lie in the text, so its words cannot be labelled",
            remedy="Choose a model with a tokenizer.json.",
        )
    room = tokenizer.max_tokens - inner.num_special_tokens_to_add(False)
    stride = min(int(overlap * room), max(0, room - 1))
    table = inner(
        list(texts), truncation=True, max_length=tokenizer.max_tokens, stride=stride,
        return_overflowing_tokens=True, return_offsets_mapping=True, return_token_type_ids=True,
        return_attention_mask=False,
    )  # fmt: skip
    rows: list[list[int]] = [[] for _ in texts]
    for row, text in enumerate(table["overflow_to_sample_mapping"]):
        rows[text].append(row)
    return [window for text, own in enumerate(rows) for window in _windows(table, text, own, places[text])]


def _windows(table: Any, text: int, rows: list[int], places: Sequence[Word]) -> list[Window]:
    """The windows of one text, which are some rows of the tokenizer's table."""
    types = table.get("token_type_ids")
    rows = sorted(rows, key=lambda row: max(table["offset_mapping"][row]))
    tokens = np.stack([_first_tokens(table["offset_mapping"][row], places) for row in rows])
    owner = _owners(tokens, [len(table["input_ids"][row]) for row in rows])
    return [
        Window(
            table["input_ids"][row], types[row] if types else [0] * len(table["input_ids"][row]),
            truncated=len(rows) > 1 and number == 0, text=text, first=number == 0,
            words=np.flatnonzero(owner == number).tolist(), tokens=tokens[number, owner == number].tolist(),
        )
        for number, row in enumerate(rows)
    ]  # fmt: skip


def _first_tokens(offsets: Sequence[tuple[int, int]], places: Sequence[Word]) -> np.ndarray:
    """The first token in each word, -1 where there is none. Special tokens lie nowhere: their place is empty."""
    spots = np.array(offsets, np.int64).reshape(-1, 2)
    real = np.flatnonzero(spots[:, 1] > spots[:, 0])
    if not len(real) or not len(places):
        return np.full(len(places), -1)
    starts, ends = np.array(places, np.int64).T
    found = np.searchsorted(spots[real, 1], starts, side="right")
    inside = found < len(real)
    found = real[np.minimum(found, len(real) - 1)]
    return np.where(inside & (spots[found, 0] < ends), found, -1)


def _owners(tokens: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    """The window that reads each word: the one with most tokens on the word's scarcer side; -1 where none has it.

    `tokens` has shape (windows, words). The beginning and the end of the text are no cuts.
    """
    last = len(tokens) - 1
    left = np.where(np.arange(last + 1)[:, None] == 0, np.inf, tokens)
    right = np.where(np.arange(last + 1)[:, None] == last, np.inf, np.array(lengths)[:, None] - 1 - tokens)
    context = np.where(tokens >= 0, np.minimum(left, right), -1.0)
    return np.where(context.max(0, initial=-1.0) >= 0, context.argmax(0), -1)
