"""Words of a text and their BIO tags: the bridge between spans in characters and models that label word by word."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Literal

from core.tasks.target import Span

Word = tuple[int, int]
"""Start and end of a word in characters."""
WordRule = Literal["marks", "spaces"]
"""What parts words: `marks` also parts punctuation from words, `spaces` takes what stands between spaces."""
OUTSIDE = "O"
TOKENISED = 0.02
"""Plain prose sets a mark after every tenth word or so; where marks stand apart, hardly any word ends with one."""
# Scripts without spaces (Thai, Lao, Burmese, Khmer, Japanese, Chinese, and Korean, whose particles stick to words).
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
_SPACED = re.compile(r"\S+")
# A full stop after three letters or more: shorter words with one are mostly abbreviations.
_ENDS_WITH_MARK = re.compile(r"\w[,;:!?،؛؟।]+$|(?<![.])[^\W\d_]{3}\.$")


def words(text: str, rule: WordRule = "marks") -> list[Word]:
    """The words and the single punctuation marks of a text, or what stands between its spaces.

    Scripts without spaces are taken character by character: a run of them is no word.

    >>> [("St. Louis, 7am"[a:b]) for a, b in words("St. Louis, 7am")]
    ['St', '.', 'Louis', ',', '7am']
    """
    pattern = _SPACED if rule == "spaces" else _pattern()
    return [match.span() for match in pattern.finditer(text)]


def word_rule(texts: Iterable[str], spans: Iterable[Sequence[Span]]) -> WordRule:
    """The rule that suits texts with known spans: `spaces` where the texts came as tokens and were joined by spaces.

    They did when every span begins and ends at a space and hardly any word ends with a punctuation mark. There the
    coarser words make better taggers: a model can find no span that the labels could not hold.
    """
    found = marked = total = 0
    for text, own in zip(texts, spans, strict=True):
        starts, ends = ({place[side] for place in words(text, "spaces")} for side in (0, 1))
        if any(span.start not in starts or span.end not in ends for span in own):
            return "marks"
        found += len(own)
        marked += sum(bool(_ENDS_WITH_MARK.search(word)) for word in text.split())
        total += len(starts)
    return "spaces" if found and marked < TOKENISED * total else "marks"


@cache
def _pattern() -> re.Pattern[str]:
    """Letters and digits with the marks that combine with them (vowel signs of Hindi, accents), joined by `_`."""
    marks = f"[{_combining()}\u200c\u200d]"
    letters = rf"[^\W_{_UNSPACED}]+(?:{marks}+[^\W_{_UNSPACED}]*)*"
    return re.compile(rf"[{_UNSPACED}]{marks}*|{letters}(?:_+{letters})*|\S")


def _combining() -> str:
    """The characters that combine with the one before, as the ranges of a regular expression."""
    found = [i for i in range(0x300, 0x1F000) if unicodedata.category(chr(i))[0] == "M"]
    starts = [i for i in found if unicodedata.category(chr(i - 1))[0] != "M"]
    ends = [i for i in found if unicodedata.category(chr(i + 1))[0] != "M"]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


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
