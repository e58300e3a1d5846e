"""Words of many scripts, and the rule that suits a data set."""

from pathlib import Path

import pytest

from core.tasks import Span
from core.tasks.words import bio_tags, tagged_spans, word_rule, words

WNUT = Path(__file__).parents[4] / "shared" / "data" / "wnut17" / "train.conll"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("St. Louis, 7am", ["St", ".", "Louis", ",", "7am"]),
        ("a_b  __c\tdon't", ["a_b", "_", "_", "c", "don", "'", "t"]),
        ("मुंबई में हूँ", ["मुंबई", "में", "हूँ"]),
        ("e\u0301te\u0301 na\u00efve", ["e\u0301te\u0301", "na\u00efve"]),
        ("iPhoneを買う", ["iPhone", "を", "買", "う"]),
        ("นี้ดี", ["นี้", "ดี"]),
        ("मुं\u200dबई", ["मुं\u200dबई"]),
        ("", []),
        ("\u0301", ["\u0301"]),
    ],
)
def test_words(text: str, wanted: list[str]) -> None:
    assert [text[a:b] for a, b in words(text)] == wanted


def test_words_leave_out_spaces_only() -> None:
    text = "".join(map(chr, range(1, 0x3000))) + "😀🏳️‍🌈"
    covered = {i for start, end in words(text) for i in range(start, end)}
    assert all(character.isspace() for i, character in enumerate(text) if i not in covered)


def test_texts_that_were_tokens_are_parted_at_spaces() -> None:
    tokens = ["@ann flew to St. Louis , with U.S. Airways", "and back again"]
    spans = [[Span(13, 22, "city"), Span(30, 42, "line")], []]
    assert word_rule(tokens, spans) == "spaces"
    assert words(tokens[1], "spaces") == [(0, 3), (4, 8), (9, 14)]
    assert word_rule(["I live in Bonn. You, too?"], [[Span(10, 14, "city")]]) == "marks"
    assert word_rule(["In Bonn I live, you know, too."], [[Span(3, 7, "city")]]) == "marks"
    assert word_rule(["nothing known"], [[]]) == "marks"


@pytest.mark.skipif(not WNUT.exists(), reason="the shared data is not here")
def test_every_span_of_wnut_can_be_told_by_its_words() -> None:
    texts, spans = [], []
    for sentence in WNUT.read_text().strip().split("\n\n"):
        rows = [line.split("\t") for line in sentence.split("\n") if line.strip()]
        text = " ".join(token for token, _ in rows)
        places = words(text, "spaces")
        assert len(places) == len(rows)
        texts.append(text)
        spans.append(tagged_spans([tag for _, tag in rows], places))
    assert sum(map(len, spans)) == 1975
    for text, own in zip(texts, spans, strict=True):
        assert tagged_spans(bio_tags(own, words(text)), words(text)) == own
    assert word_rule(texts, spans) == "spaces"
