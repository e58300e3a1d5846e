"""The drawing of spans: nothing of a text is lost or run, and every label can be read."""

import re
from html import unescape

import pytest

from core.tasks.target import Span, Target
from ui import theme
from ui.reports.spans import Mark, colour, marks, target_html, to_html

HOSTILE = '<img src=x onerror="alert(1)"> & </mark></span> \x00 \ud800 \u202e end'


def read(html: str, unseen: bool = False) -> str:
    """What is read on the page; with `unseen`, what a screen reader reads."""
    if not unseen:
        html = re.sub(r'<span class="unseen">[^<]*</span>', "", html)
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_spans_are_followed_by_their_labels() -> None:
    html = to_html("fly to Berlin now", marks([Span(7, 13, "city")]), ["city"])
    assert read(html) == "fly to Berlincity now"
    assert read(html, unseen=True) == "fly to Berlin (city)  now"
    assert theme.SPAN_COLOURS[0] in html


def test_a_comment_and_a_dashed_line_tell_what_is_wrong() -> None:
    html = to_html("Berlin", [Mark(0, 6, "city", "missed", wrong=True)], ["city"])
    assert 'class="wrong"' in html
    assert "city · missed" in read(html)


def test_hostile_texts_and_labels_stay_text() -> None:
    html = to_html(HOSTILE, [Mark(0, 30, HOSTILE)], [])
    assert "<img" not in html
    assert html.count("<mark") == html.count("</mark>") == 1
    html.encode("utf-8")
    assert "\x00" not in html
    assert 'onerror="alert(1)"' in read(html)


def test_spans_that_overlap_or_lie_outside_are_told_too() -> None:
    found = [Mark(0, 6, "a"), Mark(3, 9, "b"), Mark(40, 50, "c"), Mark(2, 2, "d"), Mark(-3, 1, "e")]
    html = to_html("Berlin Mitte", found, list("abcde"))
    assert html.count("<mark") == 5
    assert read(html).startswith("Berlina Mitte")


@pytest.mark.parametrize("place", [0, 500, 993])
def test_long_texts_are_shortened_around_spans(place: int) -> None:
    text = "".join(f"{i % 10}" for i in range(1000))
    html = to_html(text, [Mark(place, place + 7, "x")], ["x"], shorten=True)
    assert text[place : place + 7] in read(html)
    assert len(read(html)) < 250
    assert "…" in html
    assert len(read(to_html(text, [Mark(place, place + 7, "x")], ["x"]))) == 1001


def test_a_long_text_without_spans_shows_its_start() -> None:
    assert read(to_html("word " * 400, [], [], shorten=True)).startswith("word word")
    assert len(read(to_html("word " * 400, [], [], shorten=True))) < 400
    assert read(to_html("", [], [], shorten=True)) == ""


def test_labels_share_colours_when_there_are_many() -> None:
    labels = [f"label {i}" for i in range(80)]
    assert {colour(label, labels) for label in labels} == set(theme.SPAN_COLOURS)
    assert colour("invented", labels) not in theme.SPAN_COLOURS


def test_labels_of_the_whole_text_stand_before_it() -> None:
    html = target_html("to Berlin", Target(("flight",), (Span(3, 9, "city"),)), ["city"])
    assert read(html) == "flightto Berlincity"
