"""How targets are read from cells: tags of every scheme, spans, marked texts, several labels."""

import random
import re
from collections import Counter

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from core.data.forms import inline, labels, spans, tags, tokens
from core.tasks import Span
from tests.core.data.written import LABELS, made


@pytest.mark.parametrize("scheme", ["BIO", "IOB1", "BIOES", "BILOU"])
def test_tags_of_every_scheme_are_told_apart_and_read_back(scheme: tags.Scheme) -> None:
    examples = made(60, seed=3)
    written = [tags.tags_of(example.runs, len(example.tokens), scheme) for example in examples]
    assert tags.scheme_of(written) == scheme
    for example, sequence in zip(examples, written, strict=True):
        assert tags.runs(sequence, scheme) == (example.runs, 0)


def test_ill_formed_tags_are_read_as_seqeval_reads_them() -> None:
    generator = random.Random(5)
    for _ in range(2_000):
        sequence = [generator.choice(["O", "B-x", "I-x", "B-y", "I-y"]) for _ in range(generator.randint(1, 9))]
        found, _ = tags.runs(sequence, "BIO")
        assert [(run.label, run.first, run.last) for run in found] == get_entities(sequence)
        full = [generator.choice(["O", "B-x", "I-x", "E-x", "S-x", "B-y", "E-y"]) for _ in range(6)]
        found, _ = tags.runs(full, "BIOES")
        assert [(run.label, run.first, run.last) for run in found] == get_entities(full)


@pytest.mark.parametrize(("sequence", "scheme", "mended", "found"), [
    ("O I-x I-x", "BIO", 1, "1-2x"), ("B-x I-y", "BIO", 1, "0-0x 1-1y"), ("I-x I-x B-x", "IOB1", 0, "0-1x 2-2x"),
    ("B-x E-x", "BIOES", 0, "0-1x"), ("B-x O", "BIOES", 1, "0-0x"), ("B-x I-x", "BIOES", 1, "0-1x"),
    ("E-x", "BIOES", 1, "0-0x"), ("B-x B-x L-x", "BILOU", 1, "0-0x 1-2x"), ("x x O y", "IO", 0, "0-1x 3-3y"),
    ("B-x x", "BIO", 1, "0-1x"), ("B I O B", "BIO", 0, "0-1entity 3-3entity"), ("b-x i-x o", "BIO", 0, "0-1x"),
    ("B_x I_x", "BIO", 0, "0-1x"), ("B-a-b I-a-b", "BIO", 0, "0-1a-b"), ("B-x M-x E-x", "BIOES", 0, "0-2x"),
])  # fmt: skip
def test_tags_that_need_mending_are_counted(sequence: str, scheme: tags.Scheme, mended: int, found: str) -> None:
    runs, count = tags.runs(sequence.split(), scheme)
    assert (count, " ".join(f"{run.first}-{run.last}{run.label}" for run in runs)) == (mended, found)


@pytest.mark.parametrize(("sequences", "scheme"), [
    (["B-x I-x O", "I-x O"], "BIO"), (["I-x I-x O I-y"], "IO"), (["I-x B-x", "O I-y"], "IOB1"), (["x O y"], "IO"),
    (["O O"], "BIO"), ([], "BIO"), (["S-x O", "B-x E-x"], "BIOES"), (["U-x O"], "BILOU"), (["I-x O B-x"], "BIO"),
])  # fmt: skip
def test_scheme_of(sequences: list[str], scheme: str) -> None:
    assert tags.scheme_of([sequence.split() for sequence in sequences]) == scheme


@pytest.mark.parametrize("cell", [
    '[[0, 4, "x"], [5, 7, "y"]]', '[{"start": 0, "end": 4, "label": "x"}, {"start": 5, "end": 7, "type": "y"}]',
    '{"entities": [[0, 4, "x"], [5, 7, "y"]]}', "[(0, 4, 'x'), (5, 7, 'y')]", '[["x", 0, 4], ["y", 5, 7]]',
    '[{"start_offset": 0, "end_offset": 4, "label": "x", "id": 9}, {"start": "5", "end": "7", "labels": ["y"]}]',
])  # fmt: skip
def test_spans_in_every_dress(cell: str) -> None:
    found = spans.spans_in(cell)
    assert found is not None
    assert [span for span, _ in found] == [Span(0, 4, "x"), Span(5, 7, "y")]


@pytest.mark.parametrize("cell", ["x", "[1, 2]", '[[0, 4]]', '[[0, "a", "x"]]', '{"a": 1}', '[{"start": 1, "end": 2}]',
                                  '[[0.5, 4, "x"]]', '[["", 0, 4, " "]]', "[" * 100_000])  # fmt: skip
def test_what_is_no_list_of_spans(cell: str) -> None:
    assert spans.spans_in(cell) is None


def test_spans_that_cannot_stand_are_cut_or_left_out_and_counted() -> None:
    mended: Counter[str] = Counter()
    given = [Span(0, 4, "a"), Span(2, 9, "b"), Span(8, 40, "c"), Span(30, 31, "d"), Span(-1, 2, "e"), Span(3, 3, "f"),
             Span(0, 4, "a"), Span(12, 10, "g"), Span(10, 14, "h")]  # fmt: skip
    assert spans.clean([(span, None) for span in given], "some words here", mended) == (
        Span(2, 9, "b"), Span(10, 14, "h"),
    )  # fmt: skip
    assert mended == {spans.CUT: 1, spans.OUTSIDE: 3, spans.NOTHING: 1, spans.OVERLAPPING: 2, spans.OTHER_TEXT: 0}


def test_the_text_beside_a_span_is_compared() -> None:
    mended: Counter[str] = Counter()
    given = spans.spans_in('[{"start": 0, "end": 4, "label": "x", "text": "some"}, '
                           '{"start": 5, "end": 9, "label": "x", "text": "word"}]')  # fmt: skip
    assert given is not None
    spans.clean(given, "some words", mended)
    spans.clean(given, "some word", mended)
    assert mended[spans.OTHER_TEXT] == 0
    spans.clean(given, "word some!", mended)
    assert mended[spans.OTHER_TEXT] == 2


def test_marked_texts_are_read_back() -> None:
    for example in made(300, seed=8):
        assert inline.unmarked(inline.marked(example.text, example.target.spans)) == (
            example.text,
            example.target.spans,
        )


@pytest.mark.parametrize(("text", "found"), [
    ("[time : five am]", ("five am", [(0, 7, "time")])), ("no [sic] marks [1]", ("no [sic] marks [1]", [])),
    ("[ a b:x y ] z", ("x y z", [(0, 3, "a b")])), ("[t : 5:30 pm]", ("5:30 pm", [(0, 7, "t")])),
    ("[a : x][b : y]", ("xy", [(0, 1, "a"), (1, 2, "b")])),
    ("早上[time : 五点]叫我", ("早上五点叫我", [(2, 4, "time")])),
])  # fmt: skip
def test_unmarked(text: str, found: tuple[str, list]) -> None:
    assert inline.unmarked(text) == (found[0], tuple(Span(*span) for span in found[1]))


@pytest.mark.parametrize("text", ["at [time : five am", "[a : [b : c] d]", "[a : ] b", "[time : five [am : x"])
def test_marks_that_cannot_be_read(text: str) -> None:
    assert inline.unmarked(text) is None


def test_spans_move_to_a_text_with_other_spaces_case_and_marks() -> None:
    moved = inline.moved("wake me at five am", (Span(11, 18, "time"),), "Wake me,  at FIVE a.m.!")
    assert moved == (Span(13, 21, "time"),)
    assert inline.moved("at five", (Span(3, 7, "t"),), "at six") is None
    assert inline.moved("at -", (Span(3, 4, "t"),), "at !") is None


@pytest.mark.parametrize(("cells", "sign"), [
    (["a|b", "a", "b|c", "c"], "|"), (["a;b", "b;a"], ";"), (["a, b", "b", "a"], ","), (["a", "b"], None),
    (["a,x|b", "b", "a,x"], "|"), (["a|b"], None), (["a|b", "c|d"], "|"), ([], None), (["a, inc", "b"], None),
])  # fmt: skip
def test_separator_of(cells: list[str], sign: str | None) -> None:
    assert labels.separator_of(cells) == sign


def test_surely_joined_needs_parts_that_stand_alone() -> None:
    assert labels.surely_joined(["a|b", "a", "b", "b|a"], "|")
    assert not labels.surely_joined(["ENTY:animal", "ENTY:food", "HUM:ind"] * 5, ":")
    assert not labels.surely_joined(["a"] * 500 + ["b"] * 500 + ["a|b"], "|"), "a slip of the pen is no form"


@pytest.mark.parametrize(("cell", "found"), [
    ('["a", "b"]', ["a", "b"]), ("['a']", ["a"]), ("[]", []), (None, []), ("  ", []), ("[1, 2]", ["1", "2"]),
    ("a", None), ("['a' 'b c']", ["a", "b c"]), ("[1 0 1]", ["1", "0", "1"]),
    ('{"a": 1, "b": 0}', ["a"]), ('{"a": "maybe"}', None), ('[["a"]]', None), ("[null]", []), ("[", None),
])  # fmt: skip
def test_label_list(cell: str | None, found: list[str] | None) -> None:
    assert labels.label_list(cell) == found


def test_tokens_are_found_in_their_text() -> None:
    for text, words, places in (
        ("I'm here.", ["I", "'m", "here", "."], [(0, 1), (1, 3), (4, 8), (8, 9)]),
        ("a  a\na", ["a", "a", "a"], [(0, 1), (3, 4), (5, 6)]),
    ):
        assert tokens.place_tokens(words, text) == (text, places, True)
    assert tokens.place_tokens(["``", "a"], '"a') == ("`` a", [(0, 2), (3, 4)], False)
    assert tokens.place_tokens(["a", "b"], "a b c")[2] is False
    assert tokens.words_of("a b") == ["a", "b"] == tokens.words_of("['a', 'b']")
    assert tokens.words_of('[["a"]]') is None
    assert re.fullmatch(r"[\w -]+", LABELS[0])
