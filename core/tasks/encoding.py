"""Targets as strings: JSON in one form only, so that equal targets give equal strings, in Python and in SQL."""

import json
from collections.abc import Sequence
from typing import Any

from core.tasks.target import Span


def compact(content: Any) -> str:
    """JSON without spaces: equal content gives equal text."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def to_plain(spans: Sequence[Span]) -> list[list[Any]]:
    """Spans as `[start, end, label]`, in order, doubled ones once."""
    return [[int(span.start), int(span.end), span.label] for span in sorted(set(spans))]


def from_plain(content: Any) -> tuple[Span, ...]:
    """The inverse of `to_plain`.

    Raises:
        ValueError: it is no list of spans.
    """
    if not isinstance(content, list):
        raise ValueError("not a list of [start, end, label]")
    return tuple(sorted({_span(item) for item in content}))


def _span(item: Any) -> Span:
    if not isinstance(item, list) or [type(part) for part in item] != [int, int, str]:
        raise ValueError(f"not [start, end, label]: {item!r}")
    start, end, label = item
    if not 0 <= start < end:
        raise ValueError(f"a span from {start} to {end} holds no text")
    return Span(start, end, label)
