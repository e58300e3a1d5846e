"""From files to a dataset version: what a page shows before importing, and the import itself."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from core.data import columns, labelled
from core.data.dataset import Dataset, save_dataset
from core.data.formats.table import Table
from core.data.forms.rows import Reader, find_scheme, mended_sentences
from core.data.guessing import guess_task
from core.data.layout import Layout, Told
from core.data.previewing import Preview, PreviewColumn, preview
from core.data.read import read_table
from core.data.readings import TaskReading
from core.data.split import TEST_SHARE, make_splits
from core.data.strata import strata
from core.errors import TradeoffError
from core.home import Home
from core.spec import TaskName
from core.tasks import get_task

__all__ = [
    "Preview", "PreviewColumn", "TaskReading", "Told", "checked_name", "import_dataset", "import_tables", "preview",
    "read_text_column",
]  # fmt: skip


def import_dataset(
    home: Home,
    name: str,
    train: Path,
    *,
    task: TaskName | None = None,
    text: str | None = None,
    label: str | None = None,
    split: str | None = None,
    id: str | None = None,
    tokens: str | None = None,
    tags: str | None = None,
    intent: str | None = None,
    separator: str | None = None,
    label_columns: Sequence[str] = (),
    tag_names: Sequence[str] = (),
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
    if task is not None:
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
        home, name, tables, task=task, text=text, label=label, split=split, id=id, tokens=tokens, tags=tags,
        intent=intent, separator=separator, label_columns=label_columns, tag_names=tag_names, seed=seed,
        validation_share=validation_share, test_share=test_share, note=note, origin={"kind": "files"},
    )  # fmt: skip


def import_tables(
    home: Home,
    name: str,
    tables: Mapping[str, Table],
    *,
    origin: Mapping[str, Any],
    task: TaskName | None = None,
    text: str | None = None,
    label: str | None = None,
    split: str | None = None,
    id: str | None = None,
    tokens: str | None = None,
    tags: str | None = None,
    intent: str | None = None,
    separator: str | None = None,
    label_columns: Sequence[str] = (),
    tag_names: Sequence[str] = (),
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
    told = Told(text, label, split, id, tokens, tags, intent, separator, tuple(label_columns), tuple(tag_names))
    task, why = (get_task(task).name, None) if task else guess_task(tables["train"], told)
    layouts = labelled.layouts(tables, task, told)
    warnings = [warning for table in tables.values() for warning in _told(table, len(tables) > 1)]
    left_out: dict[str, int] = Counter()
    for table in tables.values():
        left_out.update(table.reading.left_out)
    reader = Reader(find_scheme(zip(tables.values(), layouts.values(), strict=True)) if _tagged(layouts) else None)
    frames = [labelled.rows(table, layouts[role], role, left_out, reader) for role, table in tables.items()]
    rows = pd.concat(frames, ignore_index=True)
    rows["id"] = labelled.ids(rows, wanted=id is not None, single=len(tables) == 1)
    labelled.check_labels(rows, layouts["train"], tables["train"].reading.filename, warnings)
    splits, made = make_splits(
        rows["text"].tolist(), strata(task, rows["target"].tolist()), rows["split"].tolist(),
        seed=seed, validation_share=validation_share, test_share=test_share,
    )  # fmt: skip
    rows["split"] = splits
    warnings += labelled.split_warnings(rows, left_out, layouts["train"])
    warnings += mended_sentences(reader.mended)
    source = {
        **origin,
        "files": [
            {"split": role, **_file(table), "columns": dict(layouts[role].roles)} for role, table in tables.items()
        ],
        "splits": {part: made.get(part, "given") for part in ("train", "validation", "test")},
        "seed": seed,
        "left_out": dict(left_out),
        "warnings": list(dict.fromkeys(warnings)),
        **_form(layouts["train"], reader, why),
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


def _told(table: Table, several: bool) -> Sequence[str]:
    prefix = f"{table.reading.filename}: " if several else ""
    return [prefix + warning for warning in table.reading.warnings]


def _file(table: Table) -> dict[str, Any]:
    about = table.reading.as_dict()
    del about["warnings"]
    return {"rows": len(table), **about}


def _tagged(layouts: Mapping[str, Layout]) -> bool:
    return any(layout.form == "tags" for layout in layouts.values())


def _form(layout: Layout, reader: Reader, why: str | None) -> dict[str, Any]:
    """How targets were written, for tasks that can be written in several ways."""
    told: dict[str, Any] = {} if why is None else {"task_guessed": why}
    if layout.task == "single_label":
        return told
    told["form"] = layout.form
    if layout.form == "separated":
        told["separator"] = layout.separator
    if layout.form == "indicators":
        told["label_columns"] = list(layout.indicators)
    if reader.scheme is not None:
        told["scheme"] = reader.scheme
    return {**told, "mended": {what: count for what, count in reader.mended.items() if count}}
