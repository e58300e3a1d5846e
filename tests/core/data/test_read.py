"""Reading files: real messy ones, and every way a file can be wrong that came to mind."""

import csv
import datetime
import gzip
import io
import json
import os
import random
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data.formats import source as sources
from core.data.formats import table as tables
from core.data.formats.table import Table
from core.data.read import read_table
from core.errors import TradeoffError

SHARED = Path(__file__).parents[3] / "../shared/data"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared data sets are not here")
PLAIN = "text,label\nhello there,greeting\nsee you,farewell\n"


@pytest.fixture
def read(tmp_path: Path):
    def read(content: str | bytes, name: str = "set.csv", **options: object) -> Table:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path, **options)

    return read


def rows(table: Table) -> list[tuple[str | None, ...]]:
    return [tuple(row.values()) for row in table.columns.to_pylist()]


def warned(table: Table, words: str) -> bool:
    return any(words in warning for warning in table.reading.warnings)


@needs_shared
@pytest.mark.parametrize(("name", "count", "columns", "words"), [
    ("liar_test_unbalanced_quotes_no_header.tsv", 1283, 14, "not balanced"),
    ("keyword_stats_utf16_tab.csv", 8899, 9, "separated by tabs"),
    ("hwu64_calendar_set_semicolon.csv", 175, 6, None),
    ("datagov_preamble_blank_headers.csv", 55, 9, "2 lines before the table"),
    ("scraped_tweets_newlines_in_quotes.csv", 1000, 4, None),
    ("fingpt_header_longer_than_rows.csv", 150, 8, "names 8 columns but the rows hold 7"),
    ("sst2_pretty_printed.jsonl", 10, 2, None),
    ("liar_new_null_labels.jsonl", 1957, 6, None),
])  # fmt: skip
def test_real_messy_files_are_read_right(name: str, count: int, columns: int, words: str | None) -> None:
    table = read_table(SHARED / "messy" / name)
    assert (len(table), len(table.names)) == (count, columns)
    assert warned(table, words) if words else not table.reading.warnings


@needs_shared
def test_unbalanced_quotes_give_the_very_texts_of_the_tidied_set() -> None:
    messy = read_table(SHARED / "messy/liar_test_unbalanced_quotes_no_header.tsv")
    tidy = read_table(SHARED / "liar/test.csv")
    assert messy.column("column 2") == tidy.column("label")
    same = sum(a == b for a, b in zip(messy.column("column 3"), tidy.column("text"), strict=True))
    assert same >= 1283 - 5, "the tidied set differs in stripped quotes at most"


@needs_shared
def test_messy_cells_keep_what_stands_in_them() -> None:
    tweets = read_table(SHARED / "messy/scraped_tweets_newlines_in_quotes.csv").column("content")
    assert sum("\n" in tweet for tweet in tweets) == 325
    assert "👍😎" in tweets[0]
    states = read_table(SHARED / "messy/datagov_preamble_blank_headers.csv")
    assert rows(states)[0][0] == "ALABAMA"
    assert rows(states)[0][-1] == "19,582"
    money = read_table(SHARED / "messy/fingpt_header_longer_than_rows.csv")
    assert money.column("label")[0] == "0"
    assert set(money.column("contextualized_sentence")) == {None}
    asked = read_table(SHARED / "messy/hwu64_calendar_set_semicolon.csv")
    assert rows(asked)[0][-1] == "Write down that I am going to meet with Jenny on the third, okay?"
    marked = read_table(SHARED / "messy/liar_new_null_labels.jsonl").column("possibility_label")
    assert marked.count(None) == 2


def test_cells_stay_as_they_are_written(read) -> None:
    content = "text,label\n007,NA\n1.0,null\n  a  ,nan\n=1+1,None\n<b>x</b>,true\n"
    assert rows(read(content)) == [
        ("007", "NA"), ("1.0", "null"), ("  a  ", "nan"), ("=1+1", "None"), ("<b>x</b>", "true"),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_what_a_csv_writer_writes_is_read_back(read, delimiter: str) -> None:
    texts = [
        "a, b; c\td|e",
        'say "hi"',
        "over\r\ntwo lines",
        "مرحبا بالعالم",
        "😀 emoji",
        "",
        "it's",
        '"',
        "x" * 1_000_000,
    ]
    content = io.StringIO()
    writer = csv.writer(content, delimiter=delimiter)
    writer.writerow(["text", "label"])
    writer.writerows((text, f"l{place % 2}") for place, text in enumerate(texts))
    table = read(content.getvalue())
    assert table.column("text") == texts
    assert (table.reading.delimiter, table.reading.header, table.reading.warnings) == (
        delimiter, True, [] if delimiter != "\t" else table.reading.warnings,
    )  # fmt: skip


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems(read, ending: str) -> None:
    assert rows(read(PLAIN.replace("\n", ending))) == [("hello there", "greeting"), ("see you", "farewell")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_unicode_encodings(read, encoding: str) -> None:
    table = read("text,label\nÄrger mit Umlauten €,ö\nПривет всем,ж\n".encode(encoding))
    assert rows(table) == [("Ärger mit Umlauten €", "ö"), ("Привет всем", "ж")]
    assert table.reading.encoding_guessed == (encoding in ("utf-16-le", "utf-16-be"))


FRENCH = "Où est la clé que j'ai laissée près de la fenêtre ? Ça coûte 5 €"
GERMAN = "Überall für schöne Grüße und große Straßen"
POLISH = "Zażółć gęślą jaźń, proszę, dziękuję bardzo, śledź"
RUSSIAN = "Здравствуйте, как пройти в библиотеку? Спасибо большое"
JAPANESE = "こんにちは、図書館はどこですか。ありがとうございます"
CHINESE = "你好，请问图书馆在哪里？非常感谢你的帮助"


@pytest.mark.parametrize(("sentence", "encoding"), [
    (FRENCH, "cp1252"), (GERMAN, "cp1252"), (GERMAN, "latin-1"), (POLISH, "cp1250"), (RUSSIAN, "cp1251"),
    (JAPANESE, "cp932"), (CHINESE, "gb18030"),
])  # fmt: skip
def test_old_encodings_are_guessed_and_told(read, sentence: str, encoding: str) -> None:
    body = "".join(f"plain line {n},a\n" for n in range(3000)) + f'"{sentence}",b\n' * 5
    table = read(("text,label\n" + body).encode(encoding))
    assert table.column("text")[-1] == sentence
    assert table.reading.encoding_guessed
    assert warned(table, "guessed as")
    assert read(("text,label\n" + body).encode(encoding), encoding=encoding).column("text")[-1] == sentence


def test_a_few_broken_bytes_do_not_spoil_the_rest(read) -> None:
    good = "".join(f"schöne Grüße {n},a\n" for n in range(50)).encode()
    table = read(b"text,label\n" + good + b"bro\xffken,b\n")
    assert table.column("text")[0] == "schöne Grüße 0"
    assert table.column("text")[-1] == "bro\ufffdken"
    assert warned(table, "replaced")


def test_an_encoding_that_does_not_fit_or_exist_is_told(read) -> None:
    with pytest.raises(TradeoffError, match="not encoded as ascii"):
        read("text,label\nä,b\n", encoding="ascii")
    with pytest.raises(TradeoffError, match='Did you mean "utf'):
        read(PLAIN, encoding="utf-88")
    for name in ("base64", "rot13", "zip", "../x"):
        with pytest.raises(TradeoffError, match="no encoding"):
            read(PLAIN, encoding=name)


def test_nul_bytes_and_lone_surrogates_are_replaced(read) -> None:
    table = read("text,label\n" + "a plain line,x\n" * 20 + "nul \0 byte,y\n")
    assert table.column("text")[-1] == "nul \ufffd byte"
    assert warned(table, "NUL")
    table = read('{"text": "half \\ud83d", "label": "\\u0000a"}\n{"text": "\\ud83d\\ude00", "label": "b"}\n', "x.jsonl")
    assert rows(table) == [("half \ufffd", "\ufffda"), ("😀", "b")]


def test_headers(read) -> None:
    without = read("what is it,question\nhello there,greeting\nwho is she,question\nhi all,greeting\n")
    assert (len(without), without.names, without.reading.header) == (4, ["column 1", "column 2"], False)
    assert warned(without, "No header")
    assert len(read(PLAIN, header=False)) == 3
    forced = read("what is it,question\nwho is she,question\n", header=True)
    assert (forced.names, len(forced)) == (["what is it", "question"], 1)
    twice = read("text,label,label, \na,b,c,d\n")
    assert twice.names == ["text", "label", "label (2)", "column 4"]
    assert warned(twice, "same name")
    again = read("text,label\na,b\ntext,label\nc,d\n")
    assert rows(again) == [("a", "b"), ("c", "d")]
    assert again.numbers[1] == 3
    assert warned(again, "1 row that repeat")


@pytest.mark.parametrize(("before", "told"), [
    ("My title\n\n", "lines before"), ("My title,,\n", "One line before"), ("sep=;\n", None), ("\n\n", None),
])  # fmt: skip
def test_lines_before_the_table(read, before: str, told: str | None) -> None:
    mark = ";" if "sep" in before else ","
    body = f"id{mark}text{mark}label\n1{mark}hello there{mark}a\n2{mark}see you{mark}b\n"
    table = read(before + body)
    assert table.names == ["id", "text", "label"]
    assert len(table) == 2
    assert told is None or warned(table, told)


def test_ragged_rows_are_mended_or_left_out_and_counted(read) -> None:
    wide = "\n".join(f"{n},some text,a" for n in range(20))
    table = read(f"n,text,label\n{wide}\n20,short\n21,too,long,b\n22,trailing,c,,\n")
    assert rows(table)[-2:] == [("20", "short", None), ("22", "trailing", "c")]
    assert table.reading.left_out == {"more fields than columns": 1}
    assert list(table.numbers)[-2:] == [21, 23]
    assert warned(table, "1 fewer fields")
    assert warned(table, "Left out 1 row with more fields")
    joined = read("label,text\n" + "a,plain\n" * 20 + "b,with, commas, inside\n")
    assert rows(joined)[-1] == ("b", "with, commas, inside")
    assert warned(joined, "into the text")


def test_an_unbalanced_quote_costs_one_row_at_most(read) -> None:
    lines = [f'"text {n}, with comma",a' for n in range(50)]
    lines[20] = '"never closed, but here,b'
    lines[30] = '"over\ntwo lines, with comma",c'
    table = read("text,label\n" + "\n".join(lines) + "\n")
    texts = table.column("text")
    assert len(table) == 50
    assert texts[19] == "text 19, with comma"
    assert texts[21] == "text 21, with comma"
    assert texts[30] == "over\ntwo lines, with comma"
    assert warned(table, "Unbalanced quotation marks in 1 line ")


def test_quotes_that_are_mostly_right_are_not_all_taken_literally(read) -> None:
    lines = [f'"never closed {n}, x,a' if n % 10 == 0 else f'"text {n}, more",b' for n in range(200)]
    table = read("text,label\n" + "\n".join(lines) + "\n")
    assert table.names == ["text", "label"]
    assert rows(table)[:2] == [('"never closed 0, x', "a"), ("text 1, more", "b")]
    assert warned(table, "Unbalanced quotation marks in 20 lines")


def test_backslash_quotes_and_r_row_names(read) -> None:
    table = read('text,label\n"he said \\"hi\\", twice",a\n"plain, one",b\n')
    assert table.column("text") == ['he said "hi", twice', "plain, one"]
    named = read('"text","label"\n"1","hello there","a"\n"2","see you","b"\n')
    assert named.names == ["row name", "text", "label"]


def test_a_delimiter_can_be_told(read) -> None:
    assert read("a:b\nc:d\n", delimiter=":", header=False).names == ["column 1", "column 2"]
    assert read("text\tlabel\na\tb\n", delimiter="tab").names == ["text", "label"]
    with pytest.raises(TradeoffError, match="cannot be a delimiter"):
        read(PLAIN, delimiter="ab")


def test_one_column_and_commas_in_sentences(read) -> None:
    table = read("text\nhello, you\nwell, well, well\nno comma\nlast one, really\n")
    assert table.names == ["text"]
    assert table.column("text")[1] == "well, well, well"


def test_json_shapes(read) -> None:
    records = [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]
    lines = "\n".join(json.dumps(record) for record in records)
    for content in (
        lines, lines.replace("\n", "\n\n") + "\n", "\ufeff" + lines, json.dumps(records), json.dumps(records, indent=2),
        "\n".join(json.dumps(record, indent=2) for record in records),
        json.dumps({"text": ["a", "b"], "label": ["x", "y"]}),
        json.dumps({"data": records, "version": "1"}, indent=1),
        json.dumps({"text": {"0": "a", "1": "b"}, "label": {"0": "x", "1": "y"}}),
    ):  # fmt: skip
        assert rows(read(content, "set.json")) == [("a", "x"), ("b", "y")], content


def test_json_values_become_text(read) -> None:
    values = ["1.0", "2.0", "3"]
    table = read("\n".join(f'{{"text": "t", "label": {value}}}' for value in values), "set.jsonl")
    assert table.column("label") == ["1", "2", "3"]
    mixed = read('{"a": 1.50, "b": true, "c": [1, "ä"]}\n{"a": "x", "b": null, "d": NaN}\n', "set.jsonl")
    assert rows(mixed) == [("1.50", "true", '[1, "ä"]', None), ("x", None, None, None)]
    assert warned(mixed, "The column a mixes numbers and text")
    long = read('{"text": "t", "label": ' + "9" * 6000 + "}\n", "set.jsonl")
    assert len(long.column("label")[0]) == 6000


def test_broken_json_is_told_with_its_line(read) -> None:
    good = '{"text": "a", "label": "x"}\n'
    table = read(good * 50 + '{"text": "torn', "set.jsonl")
    assert len(table) == 50
    assert warned(table, "Left out 1 line that hold no JSON object")
    for content, told in (
        (good * 3 + "oops\n" * 5, "first is record 4"), ('[\n{"a": 1},\n{"a": oops}\n]', "line 3"),
        ('[{"a": 1}', "not closed"), ("[1, 2]", "no objects"), ("[]", "no records"), ("{" * 100_000, "not JSON"),
        ('{"a":' * 100_000, "not JSON|nested"),
    ):  # fmt: skip
        with pytest.raises(TradeoffError, match=told):
            read(content, "set.json")


def test_parquet(read, tmp_path: Path) -> None:
    table = pa.table({
        "text": pa.array(["a", None, "c\0"]), "label": pa.array([1.0, float("nan"), 2.0]), "half": [0.5, 1.0, None],
        "when": [datetime.datetime(2024, 1, 31), datetime.datetime(2024, 1, 31, 10, 5), None],
        "kind": pa.array(["x", "y", "x"]).dictionary_encode(), "many": [[1], [], None], "flag": [True, False, None],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "set.parquet")
    found = read_table(tmp_path / "set.parquet")
    assert rows(found) == [
        ("a", "1", "0.5", "2024-01-31", "x", "[1]", "true"),
        (None, None, "1.0", "2024-01-31T10:05:00", "y", "[]", "false"),
        ("c\ufffd", "2", None, None, "x", None, None),
    ]
    damaged = (tmp_path / "set.parquet").read_bytes()
    with pytest.raises(TradeoffError, match="damaged"):
        read(damaged[: len(damaged) // 2], "half.parquet")


def test_numbered_classes_of_a_hub_dataset_get_their_names(tmp_path: Path) -> None:
    features = {"label": {"_type": "ClassLabel", "names": ["neg", "pos"]}, "text": {"_type": "Value"}}
    schema = pa.schema(
        [("text", pa.string()), ("label", pa.int64())],
        metadata={b"huggingface": json.dumps({"info": {"features": features}}).encode()},
    )
    pq.write_table(pa.table({"text": ["a", "b", "c"], "label": [1, 0, -1]}, schema), tmp_path / "set.parquet")
    assert read_table(tmp_path / "set.parquet").column("label") == ["pos", "neg", None]


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, content in sheets.items():
        sheet = book.create_sheet(title)
        for row in content:
            sheet.append(row)
    book.save(path)
    return path


def test_xlsx(tmp_path: Path) -> None:
    head = [["text", "label", "when"], ["a", 1.0, datetime.date(2024, 1, 31)], ["=1+1", 2, None], [None, None, None]]
    path = workbook(tmp_path / "set.xlsx", empty=[], first=head, second=[["text", "label"], ["z", "q"]])
    table = read_table(path)
    assert rows(table) == [("a", "1", "2024-01-31"), ("=1+1", "2", None)]
    assert table.reading.sheet == "first"
    assert warned(table, "2 sheets")
    assert warned(table, "formulas")
    assert rows(read_table(path, sheet="second")) == [("z", "q")]
    with pytest.raises(TradeoffError, match='Did you mean "second"'):
        read_table(path, sheet="secnd")
    with pytest.raises(TradeoffError, match="empty"):
        read_table(workbook(tmp_path / "none.xlsx", a=[], b=[]))


def test_files_that_lie_about_their_type_are_read_as_what_they_are(read, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a"], "label": ["b"]}), tmp_path / "p.csv")
    workbook(tmp_path / "x.csv", s=[["text", "label"], ["a", "b"]])
    for path in (tmp_path / "p.csv", tmp_path / "x.csv"):
        assert warned(read_table(path), "named .csv but holds")
    assert warned(read('[{"text": "a", "label": "b"}]', "set.csv"), "holds JSON")
    assert warned(read(PLAIN, "set.json"), "named .json but holds a table")
    assert warned(read(PLAIN, "set.xlsx"), "named .xlsx but holds a table")
    assert warned(read(gzip.compress(PLAIN.encode()), "set.csv"), "gzipped although")
    packed = read(gzip.compress(PLAIN.encode()), "set.csv.gz")
    assert (len(packed), packed.reading.warnings, packed.reading.compressed) == (2, [], True)


def zipped(**members: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), text)
    return content.getvalue()


@pytest.mark.parametrize(("content", "told"), [
    (b"%PDF-1.7 ...", "PDF"), (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "picture"), (b"\xd0\xcf\x11\xe0" + b"\0" * 50, "xls"),
    (b"\x80\x04\x95\x0b\0\0\0\0\0\0\0}.", "pickle"), (zipped(a_csv="x"), "ZIP archive"),
    (zipped(word__document_xml="x"), "Word"), (zipped(content_xml="x"), "OpenDocument"),
    (b"PK\x03\x04broken", "damaged"),
    (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"), (b"<?xml version='1.0'?><a/>", "XML"),
    (b"version https://git-lfs.github.com/spec/v1\noid x", "LFS"), (bytes(range(256)) * 20, "no text"),
    (b"", "empty"), (b"\n\n  \n", "empty"), (b"\xef\xbb\xbf", "empty"), (b"text,label\n", "no rows"),
    (gzip.compress(b""), "empty"), (gzip.compress(PLAIN.encode())[:-10], "damaged"),
    (gzip.compress(gzip.compress(b"a,b\n")), "packed twice"), (gzip.compress(zipped(a="b")), "packed already"),
])  # fmt: skip
def test_what_is_no_table_is_refused_by_name(read, content: bytes, told: str) -> None:
    with pytest.raises(TradeoffError, match=told):
        read(content)


def test_no_file_a_folder_and_a_device(tmp_path: Path) -> None:
    with pytest.raises(TradeoffError, match=r"no file nothing\.csv"):
        read_table(tmp_path / "nothing.csv")
    with pytest.raises(TradeoffError, match="folder"):
        read_table(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TradeoffError, match="device"):
        read_table(tmp_path / "pipe")
    assert sources.base_name("../../evil\n.csv") == "evil.csv"
    assert sources.base_name("C:\\x\\evil.csv") == "evil.csv"


def test_two_gigabytes_are_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with open(path, "wb") as file:
        file.truncate(2_000_000_000)
    with pytest.raises(TradeoffError, match=r"2\.0 GB and at most 1 GB"):
        read_table(path)


def test_bombs_are_stopped_early(read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TradeoffError, match="200 times its size"):
        read(gzip.compress(b"text,label\n" + b"a,b\n" * 15_000_000, 9), "bomb.csv.gz")
    sheet = {"xl__workbook_xml": "<x/>", "xl__worksheets__sheet1_xml": "0" * 60_000_000}
    with pytest.raises(TradeoffError, match="200 times its size"):
        read(zipped(**sheet), "bomb.xlsx")
    with pytest.raises(TradeoffError, match="XML entities"):
        read(zipped(xl__workbook_xml="<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"), "entities.xlsx")
    pq.write_table(pa.table({"text": ["x" * 100_000] * 500, "label": ["a"] * 500}), tmp_path / "bomb.parquet")
    assert (tmp_path / "bomb.parquet").stat().st_size < 100_000
    monkeypatch.setattr(sources, "MOST_BYTES", 20_000_000)
    with pytest.raises(TradeoffError, match="unpacks to more than"):
        read_table(tmp_path / "bomb.parquet")
    with pytest.raises(TradeoffError, match="unpacks to more than"):
        read(gzip.compress(b"text,label\n" + os.urandom(1000).hex().encode() * 11_000), "big.csv.gz")


def test_too_many_rows_and_columns_are_refused(read, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TradeoffError, match=r"1,500 columns"):
        read(",".join(f"c{n}" for n in range(1500)) + "\n" + ",".join("x" * 1500) + "\n")
    with pytest.raises(TradeoffError, match="columns"):
        read(json.dumps([{f"k{n}": 1 for n in range(1500)}]), "set.json")
    monkeypatch.setattr(tables, "MOST_ROWS", 10)
    with pytest.raises(TradeoffError, match="more than 10 rows"):
        read("text,label\n" + "a,b\n" * 11)


def test_a_limit_reads_a_part_and_says_how_much(read) -> None:
    table = read("text,label\n" + "some words here,b\n" * 200_000, limit=1000)
    assert (len(table), table.complete) == (1000, False)
    assert 0 < table.consumed < 0.5
    assert read(PLAIN, limit=2).complete


def test_damaged_files_are_read_or_refused_but_never_crash(tmp_path: Path) -> None:
    generator = random.Random(7)
    records = [{"text": f'number {n}, "quoted" é\n', "label": "ab"[n % 2], "n": n / 2} for n in range(40)]
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "seed.parquet")
    workbook(tmp_path / "seed.xlsx", s=[["text", "label"], *([r["text"], r["label"]] for r in records)])
    seeds = [
        (PLAIN * 20).encode(), json.dumps(records).encode(), "\n".join(map(json.dumps, records)).encode(),
        gzip.compress(PLAIN.encode()), (tmp_path / "seed.parquet").read_bytes(), (tmp_path / "seed.xlsx").read_bytes(),
        "text\tlabel\nä \"b\tc\n".encode("utf-16"),
    ]  # fmt: skip
    pieces = [b'"', b"\0", b"\n", b"\r", b",", b"\xff\xfe", b"{", b"]", b'\\"', b"\x80", b"\xe2\x80\xa8", b"NaN"]
    for _round in range(250):
        content = bytearray(generator.choice(seeds))
        for _ in range(generator.choice([1, 2, 20])):
            place = generator.randrange(len(content) + 1)
            if generator.random() < 0.5:
                content[place:place] = generator.choice(pieces)
            elif generator.random() < 0.5:
                del content[place : place + generator.choice([1, 100])]
            else:
                content[place : place + 1] = bytes([generator.randrange(256)])
        path = tmp_path / generator.choice(["a.csv", "a.json", "a.xlsx"])
        path.write_bytes(bytes(content))
        try:
            table = read_table(path)
        except TradeoffError:
            continue
        assert len(table) == len(table.numbers) > 0
        assert all(len(row) == len(table.names) for row in rows(table))
