"""Texts for models that label words: long ones in overlapping windows, each word read where it has most context."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    owner, tokens = _owners([table["offset_mapping"][row] for row in rows], places)
    return [
        Window(
            table["input_ids"][row], types[row] if types else [0] * len(table["input_ids"][row]),
            truncated=len(rows) > 1 and number == 0, text=text, first=number == 0,
            words=np.flatnonzero(owner == number).tolist(), tokens=tokens[owner == number].tolist(),
        )
        for number, row in enumerate(rows)
    ]  # fmt: skip


def _owners(windows: Sequence[Sequence[Word]], places: Sequence[Word]) -> tuple[NDArray, NDArray]:
    """The window that reads each word and its first token there, both of shape (words,); -1 where no token has it.

    It is the window with most tokens on the word's scarcer side; the beginning and the end of the text are no cuts.
    `windows` has the places of each window's tokens.
    """
    starts, ends = np.array(places, np.int64).reshape(-1, 2).T
    owner, tokens, most = np.full(len(places), -1), np.full(len(places), -1), np.full(len(places), -1.0)
    for number, offsets in enumerate(windows):
        words, found = _first_tokens(np.array(offsets, np.int64).reshape(-1, 2), starts, ends)
        left = found if number > 0 else np.inf
        right = len(offsets) - 1 - found if number < len(windows) - 1 else np.inf
        context = np.minimum(left, right) + np.zeros(len(words))
        better = context > most[words]
        chosen = words[better]
        owner[chosen], tokens[chosen], most[chosen] = number, found[better], context[better]
    return owner, tokens


def _first_tokens(offsets: NDArray, starts: NDArray, ends: NDArray) -> tuple[NDArray, NDArray]:
    """The words that tokens at `offsets` (shape (tokens, 2)) lie in, and the first token of each.

    Special tokens lie nowhere: their place is empty.
    """
    real = np.flatnonzero(offsets[:, 1] > offsets[:, 0])
    if not len(real):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    first, last = np.searchsorted(ends, offsets[real[0], 0], "right"), np.searchsorted(starts, offsets[real[-1], 1])
    words = np.arange(first, last)
    found = real[np.minimum(np.searchsorted(offsets[real, 1], starts[words], "right"), len(real) - 1)]
    inside = (offsets[found, 0] < ends[words]) & (offsets[found, 1] > starts[words])
    return words[inside], found[inside]
