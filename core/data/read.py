"""Reading a file that a user brings, whatever it is called: the content decides, and nothing in it is run."""

from pathlib import Path

from core.data.formats import conll, delimited, json_rows, parquet, xlsx
from core.data.formats.identify import identify
from core.data.formats.source import open_source
from core.data.formats.table import Reading, Table
from core.errors import TradeoffError


def read_table(
    path: Path,
    *,
    filename: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    limit: int | None = None,
) -> Table:
    """The table in a CSV, TSV, JSON, JSON Lines, CoNLL, Parquet or XLSX file; text forms may be gzipped.

    All cells are text as it is written in the file; null where the format knows an absent value. `filename` is what
    the user calls the file, `limit` stops after about so many rows. What is None is judged by content.

    Raises:
        TradeoffError: the file cannot be read, is empty, or exceeds a limit.
    """
    source = open_source(path, filename)
    kind, found, warnings = identify(source, encoding)
    reading = Reading(source.filename, source.size, kind, source.compressed, warnings=warnings)
    if found is not None:
        reading.encoding, reading.encoding_guessed = found.name.removesuffix("-sig"), found.guessed
    if kind == "parquet":
        table = parquet.read(source, reading, limit)
    elif kind == "xlsx":
        table = xlsx.read(source, reading, sheet, header, limit)
    elif kind == "json":
        assert found is not None
        table = json_rows.read(source, found, reading, limit)
    elif kind == "conll" and delimiter is None and header is None:
        assert found is not None
        table = conll.read(source, found, reading, limit)
    else:
        assert found is not None
        table = delimited.read(source, found, reading, delimiter, header, limit)
    if not len(table):
        raise TradeoffError("The file holds no rows", source.filename, "Choose a file with texts and labels.")
    return table
