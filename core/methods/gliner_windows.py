"""Long texts for GLiNER: windows of whole words that overlap, and one set of spans out of theirs."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from core.tasks.words import Word


class Stretch(NamedTuple):
    """Words `first` up to and without `last` of a text; of the spans found in it those count that begin at words
    from `own_first` up to and without `own_last`."""

    first: int
    last: int
    own_first: int
    own_last: int


class Found(NamedTuple):
    """A span in characters with its label and score."""

    start: int
    end: int
    label: str
    score: float


def stretches(tokens: Sequence[int], room: int, most_words: int, overlap: float) -> list[Stretch]:
    """Windows of at most `room` tokens and `most_words` words, or one word; `tokens` has those of each word.

    A word counts where it has most context: up to the middle of what two windows share, in the first of them.

    >>> [tuple(one) for one in stretches([1] * 8, 4, 99, 0.5)]
    [(0, 4, 0, 3), (2, 6, 3, 5), (4, 8, 5, 8)]
    """
    ends: list[tuple[int, int]] = []
    first = 0
    while first < len(tokens):
        last, total = first, 0
        while last < len(tokens) and last - first < most_words and (last == first or total + tokens[last] <= room):
            total += tokens[last]
            last += 1
        ends.append((first, last))
        if last == len(tokens):
            break
        first = max(first + 1, last - int(overlap * (last - first)))
    middles = [(second[0] + one[1]) // 2 for one, second in pairwise(ends)]
    own = zip([0, *middles], [*middles, len(tokens)], strict=True)
    return [Stretch(*end, *counted) for end, counted in zip(ends, own, strict=True)] if ends else []


def without_overlap(found: Iterable[Found]) -> list[Found]:
    """The best spans of which no two overlap, in the order of the text."""
    kept: list[Found] = []
    for span in sorted(found, key=lambda one: (-one.score, one)):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept)


def owned(found: Iterable[Found], stretch: Stretch, places: Sequence[Word]) -> list[Found]:
    """The spans of a window that count: those that begin at its own words."""
    starts = {places[i][0] for i in range(stretch.own_first, stretch.own_last)}
    return [span for span in found if span.start in starts]
