"""What every format is read into: columns of text, where an absent value is null."""

import datetime
import json
import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import TradeoffError

MOST_ROWS = 5_000_000
MOST_COLUMNS = 1_000
CHUNK_ROWS = 50_000
WHOLE_FLOAT = r"^[+-]?\d+\.0+$"


@dataclass
class Reading:
    """How a file was read. `delimiter`, `encoding` and `sheet` are None where a format has none.

    `warnings` are sentences for people.
    """

    filename: str
    bytes: int
    format: str
    compressed: bool = False
    encoding: str | None = None
    encoding_guessed: bool = False
    delimiter: str | None = None
    header: bool = True
    sheet: str | None = None
    warnings: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    """Rows that could not be read, by reason."""

    def warn(self, sentence: str) -> None:
        """Add a warning once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return asdict(self)


@dataclass
class Table:
    """Columns of text of equal length. `numbers` are the rows' places in the file, counted from 1."""

    columns: pa.Table
    numbers: Sequence[int]
    reading: Reading
    complete: bool = True
    """False when reading stopped at a row limit before the end of the file."""
    consumed: float = 1.0
    """The share of the file that was read."""

    @property
    def names(self) -> list[str]:
        """The columns' names, in order."""
        return list(self.columns.column_names)

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def column(self, name: str) -> list[str | None]:
        """The cells of a column."""
        cells: list[str | None] = self.columns.column(name).to_pylist()
        return cells


class Number(str):
    """A number as it is written in the file."""

    __slots__ = ()


class Builder:
    """Collects rows in small pieces, so that the peak of memory is little more than the table itself."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names: list[str] = list(names)
        self.numbers = array("q")
        self._rows: list[Sequence[str | None]] = []
        self._chunks: list[pa.Table] = []
        self._nul = 0

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, row: Sequence[str | None], number: int) -> None:
        """Add a row with as many cells as there are names.

        Raises:
            TradeoffError: the file has more rows or columns than can be handled.
        """
        if not self.numbers and len(self.names) > MOST_COLUMNS:
            raise too_many_columns(len(self.names))
        self._rows.append(row)
        self.count([number])
        if len(self._rows) >= CHUNK_ROWS:
            self.flush()

    def flush(self) -> None:
        """Pack the rows collected so far."""
        if self._rows:
            cells = list(zip(*self._rows, strict=True))
            self.add_columns(dict(zip(self.names, cells, strict=True)))
            self._rows = []

    def count(self, numbers: Sequence[int]) -> None:
        """Note the places of rows that are added.

        Raises:
            TradeoffError: there are more rows than can be handled.
        """
        if len(self.numbers) + len(numbers) > MOST_ROWS:
            raise TradeoffError(f"There are more than {MOST_ROWS:,} rows", remedy="Import a part of the file.")
        self.numbers.extend(numbers)

    def add_columns(self, columns: Mapping[str, Sequence[str | None]]) -> None:
        """Add a piece as whole columns; its rows are noted with `count`."""
        self._chunks.append(pa.table({name: self._packed(cells) for name, cells in columns.items()}))

    def finish(self, reading: Reading) -> pa.Table:
        """The table. NUL characters are replaced, with a warning."""
        self.flush()
        if self._nul:
            reading.warn(f"NUL characters in {plural(self._nul, 'cell')} were replaced by the sign \ufffd.")
        if not self._chunks:
            return pa.table({name: pa.array([], pa.large_string()) for name in self.names})
        return pa.concat_tables(self._chunks, promote_options="default").select(self.names)

    def _packed(self, cells: Sequence[str | None]) -> pa.Array:
        try:
            packed = pa.array(cells, pa.large_string())
        except UnicodeEncodeError:
            packed = pa.array([None if cell is None else without_surrogates(cell) for cell in cells], pa.large_string())
        with_nul = pc.sum(pc.match_substring(packed, "\0")).as_py() or 0
        if with_nul:
            self._nul += with_nul
            packed = pc.replace_substring(packed, "\0", "\ufffd")
        return packed


def plural(count: int, noun: str) -> str:
    """A count with its noun: `1 row`, `2,000 rows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def without_surrogates(text: str) -> str:
    """`text` with halves of surrogate pairs joined where they fit and replaced where they do not."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def too_many_columns(count: int) -> TradeoffError:
    """The error for a table that is too wide."""
    return TradeoffError(
        f"There are {count:,} columns, and at most {MOST_COLUMNS:,} can be read",
        remedy="Check the delimiter, or keep only the text and the label.",
    )


def as_text(value: Any) -> str | None:
    """A cell of a typed format as text: whole floats without `.0`, dates as ISO, lists and objects as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list | dict | tuple):
        return json.dumps(_plain(value), ensure_ascii=False, default=str)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def whole_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of numbers without `.0` where all of them are whole: labels 1.0 and 2.0 are 1 and 2."""
    dotted = pc.match_substring_regex(column, WHOLE_FLOAT)
    whole = pc.match_substring_regex(column, r"^[+-]?\d+(\.0+)?$")
    if pc.any(dotted).as_py() and pc.all(whole).as_py():
        return pc.replace_substring_regex(column, r"\.0+$", "")
    return column


def is_number(text: str) -> bool:
    """Whether a cell looks like a number: 12, -0.5, 1e3, 19,582, 12 %."""
    return bool(re.fullmatch(r"[+-]?(\d+|\d{1,3}(,\d{3})+)?([.,]\d+)?([eE][+-]?\d+)?\s?%?", text.strip())) and any(
        character.isdigit() for character in text
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Number):
        return float(value) if set(value) & set(".eE") else int(value) if len(value) < 4000 else str(value)
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
