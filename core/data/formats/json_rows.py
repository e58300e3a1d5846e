"""JSON in the shapes it comes in: an object a line, objects over several lines, a list of objects, columns as lists.

Numbers are kept as they are written, except that a column of whole floats loses its `.0`.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from core.data.formats.encoding import Encoding
from core.data.formats.source import Source
from core.data.formats.table import (
    MOST_COLUMNS,
    Builder,
    Number,
    Reading,
    Table,
    as_text,
    plural,
    too_many_columns,
    whole_numbers,
)
from core.errors import TradeoffError

MOST_BROKEN = 0.05
CHUNK_ROWS = 20_000
SPACE = " \t\r\n\ufeff"
Row = dict[str, Any]


def read(source: Source, encoding: Encoding, reading: Reading, limit: int | None) -> Table:
    """The table in a JSON or JSON Lines file.

    Raises:
        TradeoffError: the file is not JSON, with the line where it stops being so, or holds no records.
    """
    with source.text(encoding.name, encoding.errors) as (stream, counted):
        lines = (line for line in stream if line.strip(SPACE))
        first = next(lines, "")
        rows: Iterator[tuple[int, Row]]
        if _is_object(first):
            reading.format = "JSON Lines"
            rows = _by_line(itertools.chain([first], lines), reading)
        else:
            reading.format = "JSON"
            rows = _by_value(first + stream.read(), reading)
        start = list(itertools.islice(rows, 2))
        if len(start) == 1:
            start = _unpacked(start[0][1], reading) or start
        table = _table(itertools.chain(start, rows), reading, limit)
        if not table.complete:
            table.consumed = counted.share
    if not len(table):
        raise TradeoffError("The file holds no records", source.filename, "Give a JSON object for each text.")
    return table


def parse(text: str) -> Any:
    """The value in `text`, with numbers as written and NaN as null.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=lambda _: None, strict=False)


def _is_object(line: str) -> bool:
    try:
        return isinstance(parse(line.strip(SPACE)), dict)
    except ValueError:
        return False


def _by_line(lines: Iterator[str], reading: Reading) -> Iterator[tuple[int, Row]]:
    broken, number, where = 0, 0, 0
    for number, line in enumerate(lines, 1):
        try:
            row = parse(line.strip(SPACE))
        except ValueError:
            row = None
        if isinstance(row, dict):
            yield number, row
            continue
        broken, where = broken + 1, where or number
        if broken > 3 + MOST_BROKEN * number:
            break
    if broken:
        if broken > max(1, MOST_BROKEN * number):
            raise TradeoffError(
                f"Many lines are not JSON objects, the first is record {where:,}", reading.filename, "Mend the file."
            )
        reading.left_out["not a JSON object"] = broken
        reading.warn(f"Left out {plural(broken, 'line')} that hold no JSON object, the first is record {where:,}.")


def _by_value(text: str, reading: Reading) -> Iterator[tuple[int, Row]]:
    """The objects one after the other, in a list or not, however they are broken into lines."""
    place = _skip(text, 0, SPACE)
    listed = text[place : place + 1] == "["
    place = _skip(text, place + listed, SPACE)
    number = 0
    if not listed:
        reading.format = "JSON (objects over several lines)"
    while place < len(text) and text[place] != "]":
        value, place = _value(text, place, reading)
        if not isinstance(value, dict):
            raise TradeoffError(
                "The JSON list holds no objects", reading.filename, 'Write each text as {"text": …, "label": …}.'
            )
        number += 1
        yield number, value
        place = _skip(text, place, SPACE + ",")
    rest = _skip(text, place + 1, SPACE)
    if listed and (place >= len(text) or rest < len(text)):
        raise _not_json(text, min(place, len(text)), reading, "the list is not closed where it should be")


def _value(text: str, place: int, reading: Reading) -> tuple[Any, int]:
    try:
        return DECODER.raw_decode(text, place)
    except (json.JSONDecodeError, RecursionError) as error:
        at = error.pos if isinstance(error, json.JSONDecodeError) else place
        why = error.msg if isinstance(error, json.JSONDecodeError) else "it is nested too deeply"
        raise _not_json(text, at, reading, why) from error


def _not_json(text: str, place: int, reading: Reading, why: str) -> TradeoffError:
    line = text.count("\n", 0, place) + 1
    why = why[:1].lower() + why[1:]
    return TradeoffError(f"The file is not JSON at line {line:,}: {why}", reading.filename, "Mend the file there.")


def _skip(text: str, place: int, characters: str) -> int:
    while place < len(text) and text[place] in characters:
        place += 1
    return place


def _unpacked(row: Row, reading: Reading) -> list[tuple[int, Row]]:
    """The rows of a single object that holds a table: columns as lists or objects, or the list under one key."""
    values = list(row.values())
    lists = [value for value in values if isinstance(value, list)]
    found: list[Row] = []
    if values and len(lists) == len(values) and len({len(value) for value in values}) == 1:
        found = [dict(zip(row, cells, strict=True)) for cells in zip(*values, strict=True)]
        reading.format = "JSON (columns as lists)"
    elif values and all(isinstance(value, dict) for value in values):
        found = _from_objects(row)
        reading.format = "JSON (columns as objects)"
    nested = [value for value in lists if value and all(isinstance(inner, dict) for inner in value)]
    if len(nested) == 1 and not (found and len(lists) > 1):
        found = nested[0]
        key = next(key for key, value in row.items() if value is nested[0])
        reading.warn(f'The records were taken from the list under "{key}".')
        reading.format = "JSON"
    return list(enumerate(found, 1))


def _from_objects(row: dict[str, Row]) -> list[Row]:
    """Rows from objects in an object: pandas writes columns so, others the rows by their id."""
    inner = list(dict.fromkeys(key for value in row.values() for key in value))
    if len(row) <= len(inner):
        return [{name: cells.get(key) for name, cells in row.items()} for key in inner]
    return [{"id": name, **cells} for name, cells in row.items()]


def _table(rows: Iterator[tuple[int, Row]], reading: Reading, limit: int | None) -> Table:
    builder = Builder()
    kinds: dict[str, set[str]] = {}
    complete = True
    while piece := list(itertools.islice(rows, CHUNK_ROWS)):
        _add(builder, piece, kinds)
        if limit and len(builder) >= limit:
            complete = next(rows, None) is None
            break
    columns = builder.finish(reading)
    for place, name in enumerate(columns.column_names):
        if kinds[name] == {"numbers"}:
            columns = columns.set_column(place, name, whole_numbers(columns.column(name)))
        elif len(kinds[name]) > 1:
            reading.warn(f"The column {name} mixes {' and '.join(sorted(kinds[name]))}; all were read as text.")
    return Table(columns, builder.numbers, reading, complete)


def _add(builder: Builder, piece: Sequence[tuple[int, Row]], kinds: dict[str, set[str]]) -> None:
    for _, row in piece:
        for name, value in row.items():
            if value is not None:
                kinds.setdefault(name, set()).add(_kind(value))
            elif name not in kinds:
                kinds[name] = set()
    builder.names = list(kinds)
    if len(kinds) > MOST_COLUMNS:
        raise too_many_columns(len(kinds))
    columns = {name: [as_text(row.get(name)) for _, row in piece] for name in kinds}
    builder.count([number for number, _ in piece])
    builder.add_columns(columns)


def _kind(value: Any) -> str:
    if isinstance(value, Number):
        return "numbers"
    if isinstance(value, bool):
        return "true or false"
    return "lists or objects" if isinstance(value, list | dict) else "text"
