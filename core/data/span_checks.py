"""Checks of the audit about spans: where they begin and end, and whether the same words are labelled alike."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from core.data.finding import Finding, Severity, counted
from core.data.material import Material
from core.data.scripts import UNSPACED
from core.tasks import Span, get_task
from core.tasks.words import words

ODD_SHARE = 0.01
MANY_SHARE = 0.5
AROUND = 20
Surface = tuple[str, ...]


class Place(NamedTuple):
    """A span, or words without one, in the example of that index."""

    row: int
    span: Span
    label: str
    """The commonest label of the same words."""


def cut_words(material: Material) -> list[Finding]:
    """Spans that begin or end inside a word."""
    if not get_task(material.task).has_spans:
        return []
    found, ends, total = [], 0, 0
    for row, text, spans in _spans(material):
        for span in spans:
            total += 1
            starts_inside, ends_inside = _inside(text, span.start), _inside(text, span.end)
            if starts_inside or ends_inside:
                found.append(Place(row, span, ""))
                ends += ends_inside and not _inside(text, span.end + 1) and not starts_inside
    if not found:
        return [material.well("cut_words", "Every span begins and ends where a word does")]
    hint = (
        " Most of them lack exactly one character at their end: the file may count the last character in. Import it "
        "with ends that are one higher." if ends > MANY_SHARE * len(found) and len(found) > MANY_SHARE * total else ""
    )  # fmt: skip
    return [
        _finding(
            material, "cut_words", found, counted(len(found), "span begins or ends", "spans begin or end")
            + " inside a word",
            "Models that label word by word can only learn whole words, so they can never be right on these." + hint,
            "warning" if len(found) > ODD_SHARE * total else "notice",
        )
    ]  # fmt: skip


def spaces(material: Material) -> list[Finding]:
    """Spans with white space at their ends."""
    if not get_task(material.task).has_spans:
        return []
    found = [
        Place(row, span, "") for row, text, spans in _spans(material) for span in spans
        if (shown := text[span.start : span.end]) != shown.strip()
    ]  # fmt: skip
    if not found:
        return [material.well("span_spaces", "No span begins or ends with white space")]
    return [
        _finding(
            material, "span_spaces", found,
            counted(len(found), "span begins or ends", "spans begin or end") + " with white space",
            "Only an answer with the same white space counts as right. Import the set again with spans that hold "
            "their words only.",
            "warning",
        )
    ]  # fmt: skip


def otherwise_labelled(material: Material) -> list[Finding]:
    """Spans with another label than the same words nearly always carry."""
    if not get_task(material.task).has_spans:
        return []
    labels = _labels_of(material)
    usual = {
        surface: label for surface, counts in labels.items()
        for label, count in counts.most_common(1)
        if count >= material.settings.surface_least and count >= material.settings.surface_share * counts.total()
    }  # fmt: skip
    found = [
        Place(row, span, usual[surface])
        for row, text, spans in _spans(material) for span in spans
        if usual.get(surface := _surface(text, span), span.label) != span.label
    ]  # fmt: skip
    if not found:
        return [material.well("otherwise_labelled", "The same words carry the same label, or differ often")]
    return [
        _finding(
            material, "otherwise_labelled", found,
            counted(len(found), "span has", "spans have") + " another label than the same words mostly have",
            f"The same words carry another label in at least {material.settings.surface_share:.0%} of their places. "
            "That can be right, since context decides: look at them.",
            "notice",
        )
    ]  # fmt: skip


def not_labelled(material: Material) -> list[Finding]:
    """Words that are labelled nearly wherever they stand, but not here."""
    if not get_task(material.task).has_spans:
        return []
    settings = material.settings
    labels = {
        surface: counts for surface, counts in _labels_of(material).items()
        if counts.total() >= settings.surface_least and 0 < len(surface) <= settings.surface_words
    }  # fmt: skip
    missed: dict[Surface, list[Place]] = defaultdict(list)
    longest = max(map(len, labels), default=0)
    for row, text, spans in _spans(material):
        for surface, place in _unlabelled(text, spans, labels, longest):
            missed[surface].append(Place(row, place, labels[surface].most_common(1)[0][0]))
    total = sum(counts.total() for counts in labels.values())
    found = [
        place for surface, places in missed.items() for place in places
        if labels[surface].total() >= settings.surface_share * (labels[surface].total() + len(places))
    ]  # fmt: skip
    if not found:
        return [material.well("not_labelled", "Words that are mostly labelled are labelled everywhere")]
    return [
        _finding(
            material, "not_labelled", sorted(found),
            counted(len(found), "place holds", "places hold") + " words without a label that mostly have one",
            f"The same words are labelled in at least {settings.surface_share:.0%} of the places where they stand. "
            "Here the label may have been forgotten.",
            "warning" if len(found) > 5 * ODD_SHARE * max(1, total) else "notice",
        )
    ]  # fmt: skip


def _spans(material: Material) -> Iterator[tuple[int, str, tuple[Span, ...]]]:
    for row, text, target in zip(material.frame.index, material.frame["text"], material.targets, strict=True):
        yield int(row), text, target.spans


def _inside(text: str, place: int) -> bool:
    """Whether a place between two characters lies inside a word."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    return before.isalnum() and after.isalnum() and not (UNSPACED.match(before) or UNSPACED.match(after))


def _surface(text: str, span: Span) -> Surface:
    shown = text[span.start : span.end]
    return tuple(shown[start:end].casefold() for start, end in words(shown))


def _labels_of(material: Material) -> dict[Surface, Counter[str]]:
    """How often each label stands on the same words; words without a letter are left out."""
    found: dict[Surface, Counter[str]] = defaultdict(Counter)
    for _, text, spans in _spans(material):
        for span in spans:
            surface = _surface(text, span)
            if any(character.isalpha() for word in surface for character in word):
                found[surface][span.label] += 1
    return found


def _unlabelled(
    text: str, spans: Sequence[Span], labels: dict[Surface, Counter[str]], longest: int
) -> Iterator[tuple[Surface, Span]]:
    """The longest runs of words that stand in `labels` and touch no span, from left to right."""
    places = words(text)
    shown = [text[start:end].casefold() for start, end in places]
    taken = [any(start < span.end and end > span.start for span in spans) for start, end in places]
    first = 0
    while first < len(places):
        for last in range(min(len(places), first + longest), first, -1):
            surface = tuple(shown[first:last])
            if surface in labels and not any(taken[first:last]):
                yield surface, Span(places[first][0], places[last - 1][1], "")
                first = last - 1
                break
        first += 1


def _finding(
    material: Material, kind: str, found: Sequence[Place], title: str, explanation: str, severity: Severity
) -> Finding:
    """A finding about places; an example is shown once, with the first of its places."""
    first: dict[int, Place] = {}
    for place in found:
        first.setdefault(place.row, place)
    rows = material.frame.loc[list(first)]
    details = [_detail(text, place) for text, place in zip(rows["text"], first.values(), strict=True)]
    suggested = [place.label or None for place in first.values()]
    rows = rows.assign(detail=details, suggested=pd.Series(suggested, index=rows.index, dtype=object))
    return material.finding(
        kind, title, explanation, severity, rows, rows[rows["split"] == "train"], "Those of the training set.",
        len(found),
    )  # fmt: skip


def _detail(text: str, place: Place) -> str:
    """The words meant, with a little of what stands around them: `…t to fly to [bost]on on monday (city)`."""
    start, end, label = place.span.start, place.span.end, place.span.label
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    marked = f"{before}[{text[start:end]}]{after}"
    return f"{'…' if start > AROUND else ''}{marked}{'…' if end + AROUND < len(text) else ''}" + (
        f" ({label})" if label else ""
    )
