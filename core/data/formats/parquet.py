"""Parquet, in batches: a small file can unpack to more than the memory holds."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.data.formats import source as sources
from core.data.formats.source import Source
from core.data.formats.table import (
    MOST_COLUMNS,
    MOST_ROWS,
    Builder,
    Reading,
    Table,
    as_text,
    too_many_columns,
    whole_numbers,
)
from core.errors import TradeoffError

BATCH_ROWS = 2_000


def read(source: Source, reading: Reading, limit: int | None) -> Table:
    """The table in a Parquet file; numbered classes of a Hugging Face data set get their names.

    Raises:
        TradeoffError: the file is damaged or unpacks to too much.
    """
    reading.format, reading.header = "Parquet", True
    try:
        with pq.ParquetFile(source.path) as file:
            return _table(file, source, reading, limit)
    except (pa.ArrowException, OSError, ValueError) as error:
        told = str(error).splitlines()[0][:150] if str(error) else "it cannot be read"
        raise TradeoffError(f"The Parquet file is damaged: {told}", source.filename, "Write it again.") from error


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names of numbered classes by column, as the `datasets` library stores them beside a schema."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            column: [str(name) for name in names] for column, feature in features.items() if (names := _names(feature))
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def _names(feature: Any) -> list[str] | None:
    """The names of a feature of classes, or of a list of them, such as the tags of a sentence."""
    if isinstance(feature, list) and len(feature) == 1:
        feature = feature[0]
    if not isinstance(feature, dict):
        return None
    if feature.get("_type") in ("Sequence", "List", "LargeList"):
        return _names(feature.get("feature"))
    return feature.get("names") if feature.get("_type") == "ClassLabel" else None


def _table(file: pq.ParquetFile, source: Source, reading: Reading, limit: int | None) -> Table:
    rows = file.metadata.num_rows
    schema = file.schema_arrow
    if len(schema.names) > MOST_COLUMNS:
        raise too_many_columns(len(schema.names))
    if rows > MOST_ROWS:
        raise TradeoffError(f"There are {rows:,} rows, more than {MOST_ROWS:,}", source.filename, "Import a part.")
    classes = class_names(schema)
    builder, size = Builder(_unique(schema.names)), 0
    for batch in file.iter_batches(batch_size=BATCH_ROWS):
        size += batch.nbytes
        if size > sources.MOST_BYTES:
            raise sources.too_big(size, source.filename, unpacked=True)
        cells = [_as_text(column, classes.get(name)) for name, column in zip(schema.names, batch.columns, strict=True)]
        builder.count(range(len(builder) + 1, len(builder) + batch.num_rows + 1))
        builder.add_columns(dict(zip(builder.names, cells, strict=True)))
        if limit and len(builder) >= limit:
            break
    columns = builder.finish(reading)
    for place, kind in enumerate(schema.types):
        if pa.types.is_floating(kind):
            columns = columns.set_column(place, builder.names[place], whole_numbers(columns.column(place)))
    return Table(columns, builder.numbers, reading, len(builder) == rows, len(builder) / max(1, rows))


def _as_text(column: pa.Array, classes: list[str] | None) -> list[str | None]:
    if classes and pa.types.is_integer(column.type):
        known = range(len(classes))
        return [classes[value] if value in known else None for value in column.to_pylist()]
    if classes and _is_list(column.type) and pa.types.is_integer(column.type.value_type):
        known = range(len(classes))
        return [
            as_text(None if row is None else [classes[value] if value in known else value for value in row])
            for row in column.to_pylist()
        ]
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
        return [None if value is None else repr(value) for value in column.to_pylist()]
    convert: Callable[[Any], str | None] = as_text
    return [convert(value) for value in column.to_pylist()]


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
