"""The one drawing of labelled spans: the text with each span tinted, underlined and followed by its label.

Everything is HTML made here out of escaped text; the classes are in `ui/style.css`. A label is always written out, so
colour only helps: with more labels than colours, labels share them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from core import format as f
from core.tasks.target import Span, Target
from ui import theme

AROUND = 90
"""Characters kept on each side of a span when a long text is shortened."""
LONGEST_LABEL = 48
UNKNOWN_COLOUR = "#808890"


@dataclass(frozen=True)
class Mark:
    """A part of a text to highlight: its label, a word about it (`missed`), and whether it is wrong."""

    start: int
    end: int
    label: str
    note: str = ""
    wrong: bool = False


def marks(spans: Iterable[Span]) -> list[Mark]:
    """Spans without any comment."""
    return [Mark(span.start, span.end, span.label) for span in spans]


def colour(label: str, labels: Sequence[str]) -> str:
    """The colour of a label by its place among `labels`; grey for one that is not among them."""
    return theme.SPAN_COLOURS[labels.index(label) % len(theme.SPAN_COLOURS)] if label in labels else UNKNOWN_COLOUR


def to_html(text: str, found: Sequence[Mark], labels: Sequence[str], shorten: bool = False) -> str:
    """The text with its marks as HTML. `shorten` leaves out what is far from any mark.

    A mark that overlaps one before it, or lies outside the text, is told after the text: nothing is dropped.
    """
    inside, others, reached = [], [], 0
    for mark in sorted(found, key=lambda mark: (mark.start, -mark.end)):
        if reached <= mark.start < mark.end <= len(text):
            inside.append(mark)
            reached = mark.end
        else:
            others.append(mark)
    parts, place = [], 0
    for mark in inside:
        parts.append(_plain(text[place : mark.start], place > 0, True, shorten))
        parts.append(_mark(text[mark.start : mark.end], mark, labels))
        place = mark.end
    parts.append(_plain(text[place:], place > 0, False, shorten))
    parts += [" " + _mark(text[max(mark.start, 0) : mark.end], mark, labels) for mark in others]
    return f'<span class="spans" dir="auto">{"".join(parts)}</span>'


def target_html(
    text: str, target: Target, labels: Sequence[str], shorten: bool = False, found: Sequence[Mark] | None = None
) -> str:
    """A text with the labels it carries as a whole before it, and its spans; `found` are the spans with comments."""
    drawn = to_html(text, marks(target.spans) if found is None else found, labels, shorten)
    return chips([chip(label) for label in target.labels]) + drawn


def chips(labels: Sequence[str], none: str = "") -> str:
    """Chips beside each other; `none` stands for no chip."""
    return f'<span class="spans">{"".join(labels) or clean(none)}</span>' if labels or none else ""


def chip(label: str, wrong: bool = False, note: str = "") -> str:
    """A label of a whole text."""
    return f'<span class="label{" wrong" if wrong else ""}">{_label(label, note)}</span>'


def show(text: str, found: Sequence[Mark], labels: Sequence[str], shorten: bool = False) -> None:
    """Put a text with its marks on the page."""
    st.html(f"<div>{to_html(text, found, labels, shorten)}</div>")


def listing(rows: Iterable[str]) -> None:
    """Put rows of HTML (made here) below each other on the page, as one element."""
    st.html(f'<ul class="texts">{"".join(f"<li>{row}</li>" for row in rows)}</ul>')


def sides(rows: Mapping[str, str]) -> str:
    """Named rows of HTML (made here) in two columns: `Right`, `Answer`."""
    cells = "".join(f'<span class="side">{clean(name)}</span><span>{content}</span>' for name, content in rows.items())
    return f'<div class="two">{cells}</div>'


def small(*texts: str) -> str:
    """A quiet line: where a text stands, its id."""
    return f'<div class="meta">{" · ".join(clean(text) for text in texts if text)}</div>'


def fold(title: str, text: str) -> str:
    """A text that opens on demand: what a model wrote."""
    return f"<details><summary>{clean(title)}</summary><pre>{clean(text)}</pre></details>"


def clean(text: str) -> str:
    """Text from anywhere as HTML that shows just it; what cannot be sent is replaced."""
    sent = text.encode("utf-8", "replace").decode("utf-8")
    return escape("".join("\N{REPLACEMENT CHARACTER}" if sign < " " and sign not in "\n\t" else sign for sign in sent))


def _mark(text: str, mark: Mark, labels: Sequence[str]) -> str:
    kind = ' class="wrong"' if mark.wrong else ""
    shown = clean(text) if text else "(nothing)"
    label = f"<small>{_label(mark.label, mark.note)}</small>"
    return f'<mark{kind} style="--mark:{colour(mark.label, labels)}"><bdi>{shown}</bdi>{label}</mark>'


def _label(label: str, note: str) -> str:
    """The label as seen, with brackets around it for who listens or copies."""
    said = clean(f.shorten(label, LONGEST_LABEL)) + (f" · {clean(note)}" if note else "")
    return f'<span class="unseen"> (</span>{said}<span class="unseen">) </span>'


def _plain(text: str, after: bool, before: bool, shorten: bool) -> str:
    """Text outside of marks; when shortened, only what is near a mark (after one, before one), or the start."""
    longest = AROUND * (after + before) or 4 * AROUND
    if not shorten or len(text) <= longest + 20:
        return clean(text)
    gap = '<span class="gap"> … </span>'
    head = text[:AROUND] if after else "" if before else text[:longest]
    tail = text[-AROUND:] if before else ""
    return f"{clean(head)}{gap}{clean(tail)}"
