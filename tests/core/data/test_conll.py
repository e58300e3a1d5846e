"""CoNLL files as they come: columns, comments, tokens that look like something else, broken lines."""

import json
from pathlib import Path

import pytest

from core.data.formats.conll import shape_of
from core.data.read import read_table
from core.errors import TradeoffError
from tests.core.data import written

PLAIN = "EU\tB-ORG\nrejects\tO\n\nGerman\tB-MISC\ncall\tO\n\n"


def sentences(path: Path) -> list[tuple[list[str], list[str]]]:
    table = read_table(path)
    assert table.reading.format == "CoNLL"
    pairs = zip(table.column("tokens"), table.column("tags"), strict=True)
    return [(json.loads(tokens or ""), json.loads(tags or "")) for tokens, tags in pairs]


@pytest.fixture
def put(tmp_path: Path):
    def put(content: str | bytes, name: str = "x.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put


BOTH = [(["EU", "rejects"], ["B-ORG", "O"]), (["German", "call"], ["B-MISC", "O"])]


@pytest.mark.parametrize("content", [
    PLAIN, PLAIN.rstrip(), "\n\n" + PLAIN, PLAIN.replace("\n", "\r\n"), PLAIN.replace("\t", " "), "\ufeff" + PLAIN,
    PLAIN.replace("\t", " NNP B-NP "), "-DOCSTART-\tO\n\n" + PLAIN, PLAIN.replace("\t", " \t "),
    PLAIN.replace("\n\n", "\n   \n"), "# sent_id = 1\n# text = EU rejects\n" + PLAIN,
    PLAIN.replace("EU", "1\tEU").replace("rej", "2\trej").replace("German", "1\tGerman").replace("call", "2\tcall"),
    PLAIN.replace("B-ORG", "B-ORG\t-\t-").replace("B-MISC", "B-MISC\t-\t-").replace("\tO", "\tO\t-\t-"),
], ids=range(13))  # fmt: skip
def test_every_dress(put, content: str) -> None:
    assert sentences(put(content)) == BOTH


def test_tokens_that_look_like_marks_stay(put) -> None:
    content = "#\tO\n#fun\tB-x\n\n# a comment that is long\n-\tO\n\u00a0\u2028\tO\nO\tO\n\n\"\tO\n'\tB-x\n"
    found = sentences(put(content))
    assert found == [(["#", "#fun"], ["O", "B-x"]), (["-", "", "O"], ["O", "O", "O"]), (['"', "'"], ["O", "B-x"])]
    blank = "# O\n#fun B-x\n\n# a comment that is long O\nx O\n"
    assert sentences(put(blank))[0] == (["#", "#fun"], ["O", "B-x"])


def test_numbers_are_lines_and_ids_and_texts_are_kept(put) -> None:
    table = read_table(put("# id s1 domain=en\n# text = EU rejects\n" + PLAIN))
    assert list(table.numbers) == [3, 6]
    assert table.names == ["tokens", "tags"], "an id that only one sentence has is none"
    all_told = "".join(f"# sent_id = {n}\n# text = a-b\na\tO\n-b\tB-x\n\n" for n in range(3))
    table = read_table(put(all_told))
    assert table.column("id") == ["0", "1", "2"]
    assert table.column("text") == ["a-b"] * 3


def test_labels_without_prefixes_need_a_name_or_an_o(put) -> None:
    content = "EU ORG\nrejects O\nthe O\n\nGerman MISC\ncall O\nnow O\n"
    assert sentences(put(content))[0] == (["EU", "rejects", "the"], ["ORG", "O", "O"])
    assert read_table(put("good\tx\nbad\ty\n\nnice\tx\n")).reading.format != "CoNLL"


def test_other_files_are_not_taken_for_it(put) -> None:
    for content in ("text\tlabel\nso good\tB\n\nso bad\tA\n", "a,b\n1,O\n\n2,O\n", "some words O\nmore words here O\n",
                    "O\nB-x\n\nO\n"):  # fmt: skip
        assert read_table(put(content)).reading.format != "CoNLL"
    assert shape_of([]) is None
    assert shape_of(["\n"]) is None


def test_lines_without_a_tag(put) -> None:
    many = "".join(f"w{n}\tO\nx\tB-x\n\n" for n in range(60))
    table = read_table(put(many + "oops\n\n" + many))
    assert len(table) == 120
    assert table.reading.left_out == {"a line without a tag": 1}
    assert "first in line 181" in " ".join(table.reading.warnings)
    with pytest.raises(TradeoffError, match=r"Line 4 has no tag.*Write each token"):
        read_table(put("a\tO\nb\tB-x\n\n" + "oops\n\n" + "a\tO\nb\tB-x\n\n" * 6 + "oops\n\n" * 4, "x.conll"))


def test_gzip_encodings_and_limits(put) -> None:
    import gzip

    assert sentences(put(gzip.compress(PLAIN.encode()), "x.conll.gz")) == BOTH
    assert sentences(put(PLAIN.encode("utf-16"), "x.conll")) == BOTH
    table = read_table(put(PLAIN * 500), limit=10)
    assert (len(table), table.complete) == (10, False)


def test_random_files_come_back(put) -> None:
    for seed, (sign, extra) in enumerate([("\t", 0), (" ", 0), ("\t", 2), (" ", 3)]):
        examples = written.made(40, seed, labels=("a", "b-c", "D_e"))
        found = sentences(put(written.conll(examples, "BIOES", sign, extra)))
        assert found == [(example.tokens, written.tagged(example, "BIOES")) for example in examples]
