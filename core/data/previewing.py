"""What a file looks like before it is imported."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.data import columns
from core.data.columns import Role
from core.data.formats.table import Table
from core.data.layout import NOTHING_TOLD, Told
from core.data.read import read_table
from core.data.readings import TaskReading, read_for_each_task
from core.spec import TaskName

PREVIEW_ROWS = 50_000
HEAD_ROWS = 20
LONGEST_CELL = 300
DELIMITER_NAMES = {",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe", " ": "space", None: None}


@dataclass(frozen=True)
class PreviewColumn:
    """A column: its guessed role (None when it has none), a few values, and how many differ among the rows read."""

    name: str
    role: Role | None
    samples: list[str]
    distinct: int
    empty: int


@dataclass(frozen=True)
class Preview:
    """What a file looks like before it is imported. Long cells are cut. `row_count` is an estimate unless exact."""

    filename: str
    bytes: int
    format: str
    compressed: bool
    encoding: str | None
    encoding_guessed: bool
    delimiter: str | None
    delimiter_name: str | None
    header: bool
    sheet: str | None
    columns: list[PreviewColumn]
    head: list[list[str | None]]
    row_count: int
    row_count_exact: bool
    guessed: dict[str, str]
    """The guessed column by role: text, label, split, id; a role without a column is absent."""
    labels: dict[str, int]
    """The commonest values of the label column among the rows read, at most 20."""
    warnings: list[str] = field(default_factory=list)
    readings: list[TaskReading] = field(default_factory=list)
    """What would be read for each task: the guessed one first, then those that the file can be read for."""

    @property
    def task(self) -> TaskName:
        """The guessed task."""
        return self.readings[0].task

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return asdict(self)


def preview(
    path: Path,
    *,
    filename: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    told: Told = NOTHING_TOLD,
) -> Preview:
    """What the file looks like and how its columns would be used. Big files are read in part.

    `told` are the columns and signs that the user has chosen already; they count for `readings`.

    Raises:
        TradeoffError: the file cannot be read.
    """
    table = read_table(
        path, filename=filename, encoding=encoding, delimiter=delimiter, header=header, sheet=sheet, limit=PREVIEW_ROWS
    )
    reading = table.reading
    guessed = columns.guess(table)
    roles = {name: role for role, name in guessed.items()}
    warnings = list(reading.warnings)
    readings = read_for_each_task(table, told)
    for role in ("text", "label") if readings[0].task == "single_label" else ():
        if role not in guessed:
            warnings.append(f"No {role} column was recognised: choose it.")
    rows = len(table) if table.complete else round(len(table) / max(table.consumed, 1e-9))
    label_cells = [cell.strip() for cell in table.column(guessed["label"]) if cell] if "label" in guessed else []
    return Preview(
        filename=reading.filename, bytes=reading.bytes, format=reading.format, compressed=reading.compressed,
        encoding=reading.encoding, encoding_guessed=reading.encoding_guessed, delimiter=reading.delimiter,
        delimiter_name=DELIMITER_NAMES.get(reading.delimiter, reading.delimiter), header=reading.header,
        sheet=reading.sheet, columns=[_column(table, name, roles.get(name)) for name in table.names],
        head=[[_cut(cell) for cell in row.values()] for row in table.columns.slice(0, HEAD_ROWS).to_pylist()],
        row_count=rows, row_count_exact=table.complete, guessed={str(role): name for role, name in guessed.items()},
        labels=dict(Counter(label_cells).most_common(20)), warnings=warnings,
        readings=readings,
    )  # fmt: skip


def _column(table: Table, name: str, role: Role | None) -> PreviewColumn:
    cells = table.column(name)
    values = list(dict.fromkeys(cell for cell in cells if cell and cell.strip()))
    empty = sum(not (cell and cell.strip()) for cell in cells)
    return PreviewColumn(name, role, [_cut(value) or "" for value in values[:5]], len(values), empty)


def _cut(cell: str | None) -> str | None:
    return cell if cell is None or len(cell) <= LONGEST_CELL else cell[:LONGEST_CELL] + "…"
