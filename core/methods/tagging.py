"""Word-by-word labels: tags of spans, and the most probable tags that are valid BIO."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.tasks.target import Span
from core.tasks.words import OUTSIDE, Word, bio_tags, tagged_spans


def tags_of(labels: Sequence[str]) -> list[str]:
    """The tags of span labels: `O`, then `B-` and `I-` of each label; the other functions rely on this order."""
    return [OUTSIDE, *(f"{kind}-{label}" for label in labels for kind in "BI")]


def tag_codes(spans: Sequence[Span], places: Sequence[Word], tags: Sequence[str]) -> NDArray[np.int64]:
    """Each word's tag as a position in `tags`; -100 where the label is none of them (its loss is left out)."""
    index = {tag: i for i, tag in enumerate(tags)}
    return np.array([index.get(tag, -100) for tag in bio_tags(spans, places)], np.int64)


def best_tags(log_probabilities: NDArray) -> NDArray[np.int64]:
    """The most probable valid sequence of tags for words of shape (words, tags): no `I` without its `B` or `I` before.

    Viterbi's algorithm; where each word's best tag makes a valid sequence already, that is it.
    """
    best = log_probabilities.argmax(1) if len(log_probabilities) else np.zeros(0, np.int64)
    return best if _valid(best) else _viterbi(log_probabilities)


def found_spans(codes: Sequence[int] | NDArray, places: Sequence[Word], tags: Sequence[str]) -> list[Span]:
    """The spans that tags (as positions in `tags`) mean."""
    return tagged_spans([tags[code] for code in codes], places)


def _valid(codes: NDArray) -> bool:
    """Whether every `I` (an even code above 0) follows its own `B` (one less) or `I`."""
    inside = (codes > 0) & (codes % 2 == 0)
    before = np.concatenate([[0], codes[:-1]])
    return bool(np.all(~inside | (before == codes) | (before == codes - 1)))


def _viterbi(scores: NDArray) -> NDArray[np.int64]:
    """`I` may follow only two tags and all others may follow any, so a step costs no more than the tags."""
    begin, inside = np.arange(1, scores.shape[1], 2), np.arange(2, scores.shape[1], 2)
    total = scores[0].astype(np.float64)
    total[inside] = -np.inf
    came = np.zeros(scores.shape, np.int64)
    for step in range(1, len(scores)):
        came[step] = total.argmax()
        came[step, inside] = np.where(total[inside] >= total[begin], inside, begin)
        total = total[came[step]] + scores[step]
    codes = [int(total.argmax())]
    for step in range(len(scores) - 1, 0, -1):
        codes.append(int(came[step, codes[-1]]))
    return np.array(codes[::-1], np.int64)
