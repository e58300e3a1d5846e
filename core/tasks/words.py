"""Words of a text and their BIO tags: the bridge between spans in characters and models that label word by word."""

import re
from collections.abc import Sequence

from core.tasks.target import Span

Word = tuple[int, int]
"""Start and end of a word in characters."""
OUTSIDE = "O"
# Scripts without spaces are taken character by character: a run of them is no word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+(?:_+[^\W_]+)*|[^\s]")


def words(text: str) -> list[Word]:
    """The words and the single punctuation marks of a text.

    >>> [("St. Louis, 7am"[a:b]) for a, b in words("St. Louis, 7am")]
    ['St', '.', 'Louis', ',', '7am']
    """
    return [match.span() for match in _WORD.finditer(text)]


def bio_tags(spans: Sequence[Span], places: Sequence[Word]) -> list[str]:
    """A tag a word: `B-label` where a span begins, `I-label` inside it, else `O`. A word cut by a span belongs to it.

    >>> bio_tags([Span(0, 9, "city")], words("St. Louis, 7am"))
    ['B-city', 'I-city', 'I-city', 'O', 'O']
    """
    tags = [OUTSIDE] * len(places)
    for span in sorted(spans):
        inside = [i for i, (start, end) in enumerate(places) if start < span.end and end > span.start]
        inside = [i for i in inside if tags[i] == OUTSIDE]
        for order, i in enumerate(inside):
            tags[i] = f"{'I' if order else 'B'}-{span.label}"
    return tags


def tagged_spans(tags: Sequence[str], places: Sequence[Word]) -> list[Span]:
    """The spans that BIO tags mean. An `I` that follows no tag of its label begins a span (as conlleval reads it)."""
    found: list[Span] = []
    open_label = ""
    for tag, (start, end) in zip(tags, places, strict=True):
        kind, _, label = tag.partition("-")
        if kind == "I" and label == open_label and found:
            found[-1] = Span(found[-1].start, end, label)
        elif kind in ("B", "I"):
            found.append(Span(start, end, label))
        open_label = label if kind in ("B", "I") else ""
    return found
