"""What a file is, judged by its content; its name only decides what to warn of."""

import io
import zipfile
from pathlib import PurePath
from typing import Literal

from core.data.formats import conll
from core.data.formats.encoding import Encoding, detect
from core.data.formats.json_rows import DECODER
from core.data.formats.source import Source
from core.errors import TradeoffError

Kind = Literal["delimited", "json", "parquet", "xlsx", "conll"]

FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", "Export the table as CSV."),
    (b"\x89PNG", "a picture", "Choose a table."),
    (b"\xff\xd8\xff", "a picture", "Choose a table."),
    (b"GIF8", "a picture", "Choose a table."),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Office file (.xls)", "Save it as .xlsx or CSV."),
    (b"{\\rtf", "an RTF document", "Save it as CSV."),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV."),
    (b"ARROW1", "an Arrow (Feather) file", "Save it as Parquet."),
    (b"Obj\x01", "an Avro file", "Save it as Parquet."),
    (b"ORC", "an ORC file", "Save it as Parquet."),
    (b"\x89HDF", "an HDF5 file", "Save it as Parquet."),
    (b"BZh", "packed with bzip2", "Unpack it, or pack it with gzip."),
    (b"\xfd7zXZ", "packed with xz", "Unpack it, or pack it with gzip."),
    (b"\x28\xb5\x2f\xfd", "packed with zstandard", "Unpack it, or pack it with gzip."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"\x7fELF", "a program", "Choose a table."),
    (b"MZ", "a program", "Choose a table."),
)
EXPECTED: dict[str, Kind] = {
    ".csv": "delimited", ".tsv": "delimited", ".tab": "delimited", ".txt": "delimited", ".json": "json",
    ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet", ".pq": "parquet", ".xlsx": "xlsx", ".xlsm": "xlsx",
}  # fmt: skip
HOLDS = {
    "delimited": "a table with delimiters", "json": "JSON", "parquet": "Parquet", "xlsx": "an Excel workbook",
    "conll": "a token and its tag a line (CoNLL)",
}  # fmt: skip
HEAD = 1 << 16
FORMATS = "Choose a CSV, TSV, JSON, JSON Lines, CoNLL, Parquet or XLSX file."


def identify(source: Source, wanted: str | None = None) -> tuple[Kind, Encoding | None, list[str]]:
    """The kind of the file, its encoding when it is text, and warnings.

    Raises:
        TradeoffError: it is a kind that cannot be read, which is named.
    """
    head = source.head(HEAD)
    kind = _binary_kind(source, head)
    encoding = None
    if kind is None:
        encoding = detect(source, wanted)
        kind = _text_kind(source, head, encoding)
    warnings = [encoding.warning] if encoding and encoding.warning else []
    suffixes = [suffix.lower() for suffix in PurePath(source.filename).suffixes]
    named = suffixes[-2] if suffixes[-1:] == [".gz"] and len(suffixes) > 1 else (suffixes or [""])[-1]
    if EXPECTED.get(named, kind) != kind and not (kind == "conll" and named in (".txt", ".tsv")):
        warnings.append(f"The file is named {named} but holds {HOLDS[kind]}; it was read as that.")
    if source.compressed and suffixes[-1:] != [".gz"]:
        warnings.append("The file is gzipped although its name does not say so; it was unpacked.")
    return kind, encoding, warnings


def _binary_kind(source: Source, head: bytes) -> Kind | None:
    for mark, what, remedy in FOREIGN:
        if head.startswith(mark) and (len(mark) > 3 or not _readable(head)):
            raise TradeoffError(f"The file is {what}", source.filename, remedy)
    if head[257:262] == b"ustar":
        raise TradeoffError("The file is a tar archive", source.filename, "Unpack it first.")
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        raise TradeoffError(
            "The file is a Python pickle, which can run code and is never opened", source.filename, FORMATS
        )
    kind: Kind | None = "parquet" if head.startswith(b"PAR1") else None
    zipped = head.startswith((b"PK\x03\x04", b"PK\x05\x06"))
    if (kind or zipped) and source.compressed:
        raise TradeoffError("The gzip file holds a file that is packed already", source.filename, "Unpack it first.")
    if zipped:
        kind = _zip_kind(source)
    if kind is None and not _readable(head):
        raise TradeoffError("The file holds no text that can be read as a table", source.filename, FORMATS)
    return kind


def _zip_kind(source: Source) -> Kind:
    try:
        with zipfile.ZipFile(source.path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise TradeoffError("The file is a damaged ZIP or Excel file", source.filename, "Save it again.") from error
    if "xl/workbook.xml" in names:
        return "xlsx"
    for mark, what in (("xl/", "a binary Excel workbook (.xlsb)"), ("word/", "a Word document"),
                       ("ppt/", "a presentation"), ("content.xml", "an OpenDocument file")):  # fmt: skip
        if any(name.startswith(mark) for name in names):
            raise TradeoffError(f"The file is {what}", source.filename, "Save the table as .xlsx or CSV.")
    raise TradeoffError("The file is a ZIP archive", source.filename, "Unpack it and choose a file in it.")


def _readable(head: bytes) -> bool:
    """Whether bytes look like text: few control characters, or every second byte NUL as in UTF-16."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or head[:4] == b"\x00\x00\xfe\xff":
        return True
    sample = head[:4096]
    halves = [half.count(0) / max(1, len(half)) for half in (sample[0::2], sample[1::2])]
    if max(halves) > 0.4 and min(halves) < 0.05:
        return True
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in sample)
    return control <= 0.1 * len(sample)


def _text_kind(source: Source, head: bytes, encoding: Encoding) -> Kind:
    start = head.decode(encoding.name, "ignore").lstrip("\ufeff \t\r\n\0")
    if not start:
        raise TradeoffError("The file is empty", source.filename, "Choose a file with texts and labels.")
    lowered = start[:200].lower()
    if lowered.startswith(("<!doctype html", "<html", "<head", "<body")):
        raise TradeoffError("The file is a web page, not a table", source.filename, "Download the file itself.")
    if lowered.startswith("<?xml"):
        raise TradeoffError("The file is XML, not a table", source.filename, FORMATS)
    if lowered.startswith("version https://git-lfs"):
        raise TradeoffError(
            "The file is a Git LFS pointer, not the data", source.filename, "Fetch the data with `git lfs pull`."
        )
    if _starts_json(start, source.filename):
        return "json"
    lines = list(io.StringIO(head.decode(encoding.name, "ignore"), newline=""))
    # The last line of a long head is cut.
    whole = lines[:-1] if len(head) >= HEAD and len(lines) > 1 else lines
    return "conll" if conll.shape_of(whole, source.filename) else "delimited"


def _starts_json(start: str, filename: str) -> bool:
    if start[0] not in "{[":
        return False
    named_json = ".json" in filename.lower() or ".ndjson" in filename.lower()
    if start[0] == "[" and not named_json and start[1:].lstrip()[:1] not in ("{", "["):
        return False
    try:
        DECODER.raw_decode(start[1:].lstrip() if start[0] == "[" else start)
    except (ValueError, RecursionError):
        return named_json or start[1:].lstrip()[:1] in ('"', "{")
    return True
