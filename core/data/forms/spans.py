"""Spans given by their characters: `[0, 6, "city"]`, `{"start": 0, "end": 6, "label": "city"}` and their relatives."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from core.data.forms.tokens import is_whole, structured
from core.tasks.target import Span

STARTS = ("start", "start_offset", "begin", "start_char", "char_start", "from")
ENDS = ("end", "end_offset", "stop", "end_char", "char_end", "to")
LABELS = (
    "label", "type", "entity_group", "entity_type", "entity", "tag", "slot", "class", "labels", "category", "ner",
    "entity_label",
)  # fmt: skip
SURFACES = ("text", "value", "word", "surface", "mention", "span", "entity_text")
LISTS = ("entities", "spans", "labels", "annotations", "slots")

OVERLAPPING = "spans that overlap a longer one were left out"
OUTSIDE = "spans outside of their text were left out"
CUT = "spans that reach beyond their text were cut"
NOTHING = "spans without a character were left out"
OTHER_TEXT = "spans whose text beside them is not what stands there; the characters were taken"


def spans_in(cell: str | None) -> list[tuple[Span, str | None]] | None:
    """The spans in a cell and the text that stands beside each; None when it holds no list of spans.

    >>> spans_in('[[0, 6, "city"]]')
    [(Span(start=0, end=6, label='city'), None)]
    """
    content = structured((cell or "").strip() or "[]")
    if isinstance(content, dict):
        content = next((content[key] for key in LISTS if isinstance(content.get(key), list)), None)
    if not isinstance(content, list | tuple):
        return None
    found = [_span(item) for item in content]
    return None if any(span is None for span in found) else [span for span in found if span is not None]


def clean(spans: Sequence[tuple[Span, str | None]], text: str, mended: Counter[str]) -> tuple[Span, ...]:
    """The spans that lie in the text, none over another; `mended` counts by reason what was cut or left out.

    Of two that overlap the longer is kept, of two equally long the earlier.
    """
    inside: set[Span] = set()
    for span, surface in spans:
        start, end, label = span.start, span.end, span.label
        if start < 0 or start >= len(text) or end < start:
            mended[OUTSIDE] += 1
        elif start == end:
            mended[NOTHING] += 1
        else:
            mended[CUT] += end > len(text)
            found = Span(start, min(end, len(text)), label)
            mended[OTHER_TEXT] += surface is not None and text[found.start : found.end].strip() != surface.strip()
            inside.add(found)
    kept: list[Span] = []
    for span in sorted(inside, key=lambda span: (span.start - span.end, span)):
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
        else:
            mended[OVERLAPPING] += 1
    return tuple(sorted(kept))


def _span(item: Any) -> tuple[Span, str | None] | None:
    if isinstance(item, Mapping):
        start, end = _first(item, STARTS), _first(item, ENDS)
        label, surface = _first(item, LABELS), _first(item, SURFACES)
        if isinstance(label, list) and len(label) == 1:
            label = label[0]
        start, end = (int(place) if isinstance(place, str) and place.isdecimal() else place for place in (start, end))
    elif isinstance(item, list | tuple) and len(item) >= 3:
        numbers = [place for place in item if is_whole(place)]
        names = [name for name in item if isinstance(name, str) and not is_whole(name)]
        if len(numbers) < 2 or not names:
            return None
        (start, end), label, surface = numbers[:2], names[0], None
    else:
        return None
    if not (is_whole(start) and is_whole(end) and isinstance(label, str) and label.strip()):
        return None
    return Span(int(start), int(end), label.strip()), surface if isinstance(surface, str) else None


def _first(item: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((item[name] for name in names if item.get(name) is not None), None)
