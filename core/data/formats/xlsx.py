"""Excel workbooks: one sheet, cells as text, formulas as their text; nothing in them is computed or run."""

import itertools
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from core.data.formats import source as sources
from core.data.formats.shape import shape_of
from core.data.formats.source import Source
from core.data.formats.table import Builder, Reading, Table, as_text, plural
from core.errors import TradeoffError

SAMPLE_ROWS = 1_000
SMALL_MEMBER = 10_000_000
MOST_BLANK_ROWS = 2_000


def read(source: Source, reading: Reading, sheet: str | None, header: bool | None, limit: int | None) -> Table:
    """The table in a workbook's sheet: the one named, else the first that holds data.

    Raises:
        TradeoffError: the workbook is damaged or hostile, has no such sheet, or is empty.
    """
    check_members(source)
    reading.format = "XLSX"
    from openpyxl import load_workbook

    try:
        # An open file: openpyxl would judge a path by its ending.
        with warnings.catch_warnings(), open(source.path, "rb") as file:
            warnings.simplefilter("ignore")
            workbook = load_workbook(file, read_only=True, data_only=False, keep_links=False)
            try:
                return _table(workbook, source, reading, sheet, header, limit)
            finally:
                workbook.close()
    except TradeoffError:
        raise
    except Exception as error:
        # openpyxl lets whatever its parsers meet in a damaged file pass through.
        raise TradeoffError(
            "The workbook is damaged", source.filename, "Open and save it again, or save it as CSV."
        ) from error


def check_members(source: Source) -> None:
    """Refuse an archive that unpacks to too much, or whose XML declares entities, before anything is unpacked.

    Raises:
        TradeoffError: it does.
    """
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > sources.MOST_BYTES:
                raise sources.too_big(total, source.filename, unpacked=True)
            for member in members:
                if member.file_size > max(SMALL_MEMBER, sources.MOST_RATIO * member.compress_size):
                    raise sources.bomb(source.filename)
                if member.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.open(member).read(4096):
                    raise TradeoffError("The workbook declares XML entities", source.filename, "Save it as CSV.")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as error:
        raise TradeoffError("The workbook is damaged or has a password", source.filename, "Save it as CSV.") from error


def _table(
    workbook: Any, source: Source, reading: Reading, sheet: str | None, header: bool | None, limit: int | None
) -> Table:
    worksheet, filled = _choose(workbook, source, sheet)
    reading.sheet = worksheet.title
    if len(filled) > 1 and sheet is None:
        reading.warn(f'The workbook has {len(filled)} sheets; "{worksheet.title}" was read.')
    guessed_rows = worksheet.max_row or 0
    records = _records(worksheet)
    sample = list(itertools.islice(records, SAMPLE_ROWS))
    shape = shape_of(sample, header)
    reading.header = shape.header
    for warning in shape.warnings:
        reading.warn(warning)
    rows = itertools.islice(itertools.chain(sample, records), shape.skip + shape.header, None)
    builder, width = Builder(shape.names), len(shape.names)
    formulas, cut, complete = 0, 0, True
    for number, row in enumerate(rows, 1):
        cut += len(row) > width
        formulas += any(cell is not None and cell[:1] == "=" and len(cell) > 1 for cell in row)
        builder.add([*row[:width], *[None] * (width - len(row))], number)
        if limit and len(builder) >= limit:
            complete = next(rows, None) is None
            break
    if formulas:
        reading.warn(
            f"The text of formulas was kept, not their result, in {plural(formulas, 'row')}: "
            "paste them as values if you want the results."
        )
    if cut:
        reading.warn(f"More cells than columns in {plural(cut, 'row')}; the surplus was left out.")
    share = 1.0 if complete else min(1.0, len(builder) / max(1, guessed_rows))
    return Table(builder.finish(reading), builder.numbers, reading, complete, share)


def _choose(workbook: Any, source: Source, sheet: str | None) -> tuple[Any, list[Any]]:
    worksheets = [worksheet for worksheet in workbook.worksheets if hasattr(worksheet, "iter_rows")]
    if sheet is not None:
        named = [worksheet for worksheet in worksheets if worksheet.title == sheet]
        if not named:
            from core.errors import unknown

            raise unknown("sheet", sheet, (worksheet.title for worksheet in worksheets))
        return named[0], worksheets
    filled = [worksheet for worksheet in worksheets if next(_records(worksheet), None) is not None]
    if not filled:
        raise TradeoffError("The workbook is empty", source.filename, "Choose a file with texts and labels.")
    return filled[0], filled


def _records(worksheet: Any) -> Iterator[list[str | None]]:
    """Rows that hold anything, without the blank cells at their ends."""
    # The size that a sheet declares can be wrong or hostile; without it rows are as wide as they are.
    worksheet.reset_dimensions()
    blank = 0
    for cells in worksheet.iter_rows(values_only=True):
        row = [as_text(cell) for cell in cells]
        while row and (row[-1] is None or not row[-1].strip()):
            row.pop()
        if row:
            blank = 0
            yield row
        else:
            blank += 1
            if blank > MOST_BLANK_ROWS:
                return
