"""Texts with their spans marked inside them: `wake me up at [time : five am]`, as MASSIVE has it."""

import re
from collections.abc import Sequence

from core.tasks.target import Span

MARK = re.compile(r"\[\s*([^\[\]:]*[^\[\]:\s])\s*:\s*([^\[\]]*?)\s*\]")
OPENED = re.compile(r"\[\s*[^\[\]:\s][^\[\]:]{0,60}\s:\s")
LIKELY = re.compile(r"\[\s*[A-Za-z][\w .-]{0,60}\s*:\s*[^\[\]\s][^\[\]]*\]")


def is_marked(text: str) -> bool:
    """Whether a text has a span marked in it."""
    return LIKELY.search(text) is not None


def unmarked(text: str) -> tuple[str, tuple[Span, ...]] | None:
    """The text without marks and the spans; None when a mark is not closed, is empty or stands in another.

    >>> unmarked("wake me at [time : five am] [date : today]")
    ('wake me at five am today', (Span(start=11, end=18, label='time'), Span(start=19, end=24, label='date')))
    """
    parts: list[str] = []
    spans: list[Span] = []
    length = after = 0
    for match in MARK.finditer(text):
        before, label, value = text[after : match.start()], match[1].strip(), match[2]
        if not value:
            return None
        parts += [before, value]
        start = length + len(before)
        length = start + len(value)
        spans.append(Span(start, length, label))
        after = match.end()
    parts.append(text[after:])
    if any(OPENED.search(part) for part in parts):
        return None
    return "".join(parts), tuple(spans)


def marked(text: str, spans: Sequence[Span]) -> str:
    """The inverse of `unmarked`, for texts and labels without brackets and labels without a colon."""
    parts, after = [], 0
    for span in sorted(spans):
        parts += [text[after : span.start], f"[{span.label} : {text[span.start : span.end]}]"]
        after = span.end
    return "".join(parts) + text[after:]


def moved(text: str, spans: Sequence[Span], other: str) -> tuple[Span, ...] | None:
    """The spans in `other`, which is `text` but for case, white space and punctuation; None when it is not.

    >>> moved("at five am", (Span(3, 10, "time"),), "At  five am!")
    (Span(start=4, end=11, label='time'),)
    """
    if text == other:
        return tuple(spans)
    here, there = _letters(text), _letters(other)
    if [text[place].casefold() for place in here] != [other[place].casefold() for place in there]:
        return None
    place_of = dict(zip(here, there, strict=True))
    found = []
    for span in spans:
        inside = [place_of[place] for place in range(span.start, span.end) if place in place_of]
        if not inside:
            return None
        found.append(Span(inside[0], inside[-1] + 1, span.label))
    return tuple(found)


def _letters(text: str) -> list[int]:
    return [place for place, character in enumerate(text) if character.isalnum()]
