"""Tables as files that open safely in a spreadsheet: no cell can be taken for a formula."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from core import files
from core.errors import TradeoffError

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PLAIN_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
NOT_IN_XLSX = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
LONGEST_XLSX_CELL = 32_767


def safe_cell(value: Any) -> Any:
    """`value` as a spreadsheet may hold it: texts that look like formulas get a leading apostrophe.

    >>> safe_cell("=1+1"), safe_cell("-3.5"), safe_cell(-3.5), safe_cell("@x")
    ("'=1+1", '-3.5', -3.5, "'@x")
    """
    if isinstance(value, dict | list | tuple):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not PLAIN_NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def write_table(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write `rows` as .csv, .tsv, .xlsx, .parquet, .json or .jsonl, by the suffix, atomically.

    Raises:
        TradeoffError: another suffix, or the file cannot be written.
    """
    writers = {
        ".csv": lambda part: _delimited(rows, part, ","), ".tsv": lambda part: _delimited(rows, part, "\t"),
        ".xlsx": lambda part: _xlsx(rows, part), ".parquet": lambda part: _parquet(rows, part),
        ".json": lambda part: part.write_text(json.dumps(list(rows), ensure_ascii=False, indent=1), "utf-8"),
        ".jsonl": lambda part: part.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8"),
    }  # fmt: skip
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise TradeoffError(
            f'"{path.suffix}" files cannot be written', str(path), f"Choose one of {', '.join(writers)}."
        )
    files.write_through(path, writer)


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _delimited(rows: Sequence[Mapping[str, Any]], part: Path, delimiter: str) -> None:
    columns = _columns(rows)
    with open(part, "w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow([safe_cell(name) for name in columns])
        writer.writerows([safe_cell(row.get(name)) for name in columns] for row in rows)


def _xlsx(rows: Sequence[Mapping[str, Any]], part: Path) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Tradeoff")
    columns = _columns(rows)
    sheet.append([_xlsx_cell(name) for name in columns])
    for row in rows:
        sheet.append([_xlsx_cell(row.get(name)) for name in columns])
    book.save(part)


def _xlsx_cell(value: Any) -> Any:
    value = safe_cell(value)
    if isinstance(value, str):
        return NOT_IN_XLSX.sub("\ufffd", value)[:LONGEST_XLSX_CELL]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _parquet(rows: Sequence[Mapping[str, Any]], part: Path) -> None:
    plain = [{k: json.dumps(v) if isinstance(v, dict | list | tuple) else v for k, v in row.items()} for row in rows]
    pd.DataFrame(plain, columns=_columns(rows)).to_parquet(part, index=False)
