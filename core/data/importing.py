"""From files to a dataset version: what a page shows before importing, and the import itself."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from core.data import columns
from core.data.columns import Mapped, Role
from core.data.dataset import Dataset, save_dataset
from core.data.formats.table import Table, plural
from core.data.read import read_table
from core.data.split import TEST_SHARE, make_splits
from core.errors import TradeoffError
from core.home import Home
from core.spec import TaskName
from core.tasks import get_task

PREVIEW_ROWS = 50_000
HEAD_ROWS = 20
LONGEST_CELL = 300
MANY_LABELS = 1_000
FEW_ROWS = 10
MISSING_WORDS = frozenset({"nan", "null", "none", "na", "n/a", "nat", "undefined"})
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
) -> Preview:
    """What the file looks like and how its columns would be used. Big files are read in part.

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
    for role in ("text", "label"):
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
    )  # fmt: skip


def import_dataset(
    home: Home,
    name: str,
    train: Path,
    *,
    task: TaskName = "single_label",
    text: str | None = None,
    label: str | None = None,
    split: str | None = None,
    id: str | None = None,
    validation: Path | None = None,
    test: Path | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    seed: int = 0,
    validation_share: float | None = None,
    test_share: float = TEST_SHARE,
    filenames: Mapping[str, str] | None = None,
    note: str = "",
) -> Dataset:
    """Read labelled files and keep them as the current version of the dataset `name`.

    Columns that are not named are guessed. Splits come from separate files, from a split column, or are made from
    train. Rows without a label are left out and counted; all that was done stands in `info.source`. `filenames` are
    the names that the user knows the files by, by split; the paths are what is read.

    Raises:
        TradeoffError: the name, a file, a column or the labels cannot be used; each says what to do.
    """
    name = checked_name(name)
    get_task(task)
    paths = {"train": train, "validation": validation, "test": test}
    tables = {
        role: read_table(
            path, filename=(filenames or {}).get(role), encoding=encoding, delimiter=delimiter, header=header,
            sheet=sheet,
        )
        for role, path in paths.items() if path is not None
    }  # fmt: skip
    return import_tables(
        home, name, tables, task=task, text=text, label=label, split=split, id=id, seed=seed,
        validation_share=validation_share, test_share=test_share, note=note, origin={"kind": "files"},
    )  # fmt: skip


def import_tables(
    home: Home,
    name: str,
    tables: Mapping[str, Table],
    *,
    origin: Mapping[str, Any],
    task: TaskName = "single_label",
    text: str | None = None,
    label: str | None = None,
    split: str | None = None,
    id: str | None = None,
    seed: int = 0,
    validation_share: float | None = None,
    test_share: float = TEST_SHARE,
    note: str = "",
) -> Dataset:
    """As `import_dataset`, from tables by split; `train` must be among them. `origin` is kept in `info.source`.

    Raises:
        TradeoffError: a column or the labels cannot be used.
    """
    name = checked_name(name)
    get_task(task)
    mapped = _mapped(tables, text, label, split, id)
    warnings = [warning for table in tables.values() for warning in _told(table, len(tables) > 1)]
    left_out: dict[str, int] = Counter()
    for table in tables.values():
        left_out.update(table.reading.left_out)
    frames = [_rows(table, mapped[role], role, left_out) for role, table in tables.items()]
    rows = pd.concat(frames, ignore_index=True)
    rows["id"] = _ids(rows, wanted=id is not None, single=len(tables) == 1)
    _check_labels(rows, mapped["train"], tables["train"].reading.filename, warnings)
    splits, made = make_splits(
        rows["text"].tolist(), rows["target"].tolist(), rows["split"].tolist(),
        seed=seed, validation_share=validation_share, test_share=test_share,
    )  # fmt: skip
    rows["split"] = splits
    warnings += _split_warnings(rows, left_out, mapped["train"])
    source = {
        **origin,
        "files": [{"split": role, **_file(table), "columns": _roles(mapped[role])} for role, table in tables.items()],
        "splits": {part: made.get(part, "given") for part in ("train", "validation", "test")},
        "seed": seed,
        "left_out": dict(left_out),
        "warnings": list(dict.fromkeys(warnings)),
    }
    return save_dataset(home, rows, name, task, source, note, left_out=sum(left_out.values()))


def read_text_column(path: Path, column: str | None = None) -> list[str]:
    """The texts of a file's column, the guessed one by default; absent texts are empty.

    Raises:
        TradeoffError: the file cannot be read, or which column holds the texts is not clear.
    """
    table = read_table(path)
    name = columns.resolve(table.names, column) if column else columns.guess(table).get("text")
    if name is None:
        raise TradeoffError(
            "It is not clear which column holds the texts", path.name, f"Name one of: {', '.join(table.names[:15])}."
        )
    return [cell or "" for cell in table.column(name)]


def checked_name(name: str) -> str:
    """`name`, when it can name a dataset.

    Raises:
        TradeoffError: it is empty, too long, or holds other than letters, digits, space and `. _ -`.
    """
    name = name.strip()
    if not re.fullmatch(r"[^\W_][\w .-]{0,79}", name):
        shown = "".join(character if character.isprintable() else "?" for character in name[:80])
        raise TradeoffError(
            f'"{shown}" cannot name a dataset',
            remedy="Use up to 80 letters, digits, spaces and . _ - and begin with a letter or digit.",
        )
    return name


def _mapped(
    tables: Mapping[str, Table], text: str | None, label: str | None, split: str | None, id: str | None
) -> dict[str, Mapped]:
    """The columns of each table. Those of train hold for all; where a guessed one is absent it is guessed anew."""
    train = columns.choose(tables["train"], text, label, split, id)
    if split is None and len(tables) > 1 and train.split is not None:
        # Files of their own say more clearly what is meant than a column that was only guessed.
        train = Mapped(train.text, train.label, None, train.id, train.guessed)
    found = {"train": train}
    for role, table in tables.items():
        if role == "train":
            continue
        names = table.names
        found[role] = columns.choose(
            table,
            text or (train.text if train.text in names else None),
            label or (train.label if train.label in names else None),
            None,
            id or (train.id if train.id in names else None),
        )
    return found


def _rows(table: Table, mapped: Mapped, role: str, left_out: dict[str, int]) -> pd.DataFrame:
    """The labelled rows of a table: text, target, split, number, role and the id column's value."""
    rows = pd.DataFrame(
        {
            "text": [cell or "" for cell in table.column(mapped.text)],
            "target": [(cell or "").strip() for cell in table.column(mapped.label)],
            "split": _given_splits(table, mapped, role),
            "number": list(table.numbers),
            "role": role,
            "given_id": [(cell or "").strip() for cell in table.column(mapped.id)] if mapped.id else "",
        }
    )
    unlabelled, unplaced = rows["target"] == "", rows["split"] == ""
    left_out["no label"] = left_out.get("no label", 0) + int(unlabelled.sum())
    left_out["no split"] = left_out.get("no split", 0) + int((unplaced & ~unlabelled).sum())
    for reason in ("no label", "no split"):
        if not left_out[reason]:
            del left_out[reason]
    rows = rows[~unlabelled & ~unplaced]
    if rows.empty:
        raise TradeoffError(
            f'No row has a label in the column "{mapped.label}"', table.reading.filename, "Choose another label column."
        )
    return rows


def _given_splits(table: Table, mapped: Mapped, role: str) -> list[str]:
    if mapped.split is None or role != "train":
        return [role] * len(table)
    cells = table.column(mapped.split)
    unknown = sorted({cell.strip() for cell in cells if cell and cell.strip() and columns.split_word(cell) is None})
    if unknown:
        raise TradeoffError(
            f'The split column "{mapped.split}" holds "{unknown[0][:50]}", which is no split',
            table.reading.filename,
            "Use train, validation and test, or leave the split column unmapped.",
        )
    return [columns.split_word(cell) or "" for cell in cells]


def _ids(rows: pd.DataFrame, wanted: bool, single: bool) -> list[str]:
    """The id column's values when they tell all rows apart, else the row's place in its file: `train-12`, `row-12`."""
    given = rows["given_id"].tolist()
    roles, numbers = rows["role"].tolist(), rows["number"].tolist()
    if all(given) and any(given):
        if len(set(given)) == len(given):
            return given
        placed = [f"{role}-{value}" for role, value in zip(roles, given, strict=True)]
        if len(set(placed)) == len(placed):
            return placed
    if wanted:
        repeated = next((value for value, count in Counter(given).items() if count > 1 or not value), "")
        raise TradeoffError(
            f'The id column is not unique: "{repeated[:50]}" stands twice' if repeated else "The id column has gaps",
            remedy="Leave the id column unmapped, or make the ids unique.",
        )
    return [f"{'row' if single else role}-{number}" for role, number in zip(roles, numbers, strict=True)]


def _check_labels(rows: pd.DataFrame, mapped: Mapped, filename: str, warnings: list[str]) -> None:
    """Refuse a label column that cannot be one, and warn of what looks odd.

    Raises:
        TradeoffError: every row has its own label.
    """
    counts = Counter(rows["target"])
    labels, total = len(counts), len(rows)
    if labels == total and total >= FEW_ROWS:
        raise TradeoffError(
            f'Every row has its own label in the column "{mapped.label}"', filename, "Choose the column of the labels."
        )
    if labels > max(FEW_ROWS, total / 2):
        warnings.append(
            f"There are {plural(labels, 'label')} for {plural(total, 'text')}; please check the label column."
        )
    elif labels > MANY_LABELS:
        warnings.append(f"There are {labels:,} labels; prompts cannot list so many, and many will have few examples.")
    folded = Counter(label.casefold() for label in counts)
    twins = sorted(label for label in counts if folded[label.casefold()] > 1)
    if twins:
        warnings.append(f"Some labels differ only in capital letters: {', '.join(twins[:6])}.")
    for label in sorted(label for label in counts if label.casefold() in MISSING_WORDS):
        warnings.append(
            f'The label "{label}" stands as a word in {plural(counts[label], "row")}; leave them out if it means none.'
        )
    if any(label.startswith("[") and label.endswith("]") for label in counts):
        warnings.append("Some labels look like lists; each is taken as one label here.")


def _split_warnings(rows: pd.DataFrame, left_out: Mapping[str, int], mapped: Mapped) -> list[str]:
    told = []
    known = set(rows.loc[rows["split"] == "train", "target"])
    unseen = sorted(set(rows.loc[rows["split"] == "test", "target"]) - known)
    if unseen:
        listed = ", ".join(unseen[:6]) + (" …" if len(unseen) > 6 else "")
        told.append(f"Labels of the test split that train does not have, so no model can learn them: {listed}.")
    if left_out.get("no label"):
        told.append(f"Left out {plural(left_out['no label'], 'row')} without a label.")
    if left_out.get("no split"):
        told.append(f"Left out {plural(left_out['no split'], 'row')} that name no split.")
    empty = int((rows["text"].str.strip() == "").sum())
    if empty:
        told.append(f"The audit lists {plural(empty, 'empty text')}.")
    for role in mapped.guessed:
        told.append(f'The {role} column was guessed: "{getattr(mapped, role)}"; please check.')
    return told


def _told(table: Table, several: bool) -> Sequence[str]:
    prefix = f"{table.reading.filename}: " if several else ""
    return [prefix + warning for warning in table.reading.warnings]


def _file(table: Table) -> dict[str, Any]:
    about = table.reading.as_dict()
    del about["warnings"]
    return {"rows": len(table), **about}


def _roles(mapped: Mapped) -> dict[str, str]:
    return {role: name for role in columns.ROLES if (name := getattr(mapped, role)) is not None}


def _column(table: Table, name: str, role: Role | None) -> PreviewColumn:
    cells = table.column(name)
    values = list(dict.fromkeys(cell for cell in cells if cell and cell.strip()))
    empty = sum(not (cell and cell.strip()) for cell in cells)
    return PreviewColumn(name, role, [_cut(value) or "" for value in values[:5]], len(values), empty)


def _cut(cell: str | None) -> str | None:
    return cell if cell is None or len(cell) <= LONGEST_CELL else cell[:LONGEST_CELL] + "…"
