"""From tables to labelled rows: which columns, which rows, which ids, and what looks odd about the labels."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from core.data import columns
from core.data.formats.table import Table, plural
from core.data.forms.rows import Reader
from core.data.layout import Layout, Told, find_layout
from core.errors import TradeoffError
from core.spec import TaskName
from core.tasks import get_task

MANY_LABELS = 1_000
FEW_ROWS = 10
MISSING_WORDS = frozenset({"nan", "null", "none", "na", "n/a", "nat", "undefined"})


def layouts(tables: Mapping[str, Table], task: TaskName, told: Told) -> dict[str, Layout]:
    """The layout of each table. That of train holds for all; where a guessed column is absent it is guessed anew."""
    train = find_layout(tables["train"], task, told)
    if told.split is None and len(tables) > 1 and "split" in train.roles:
        # Files of their own say more clearly what is meant than a column that was only guessed.
        train = replace(
            train, roles={role: name for role, name in train.roles.items() if role != "split"},
            guessed=tuple(role for role in train.guessed if role != "split"),
        )  # fmt: skip
    found = {"train": train}
    for role, table in tables.items():
        if role == "train":
            continue
        known = {part: name for part, name in train.roles.items() if name in table.names}
        known |= {part: name for part in columns.ROLES_OF[task] if (name := getattr(told, part))}
        indicators = told.indicators or tuple(name for name in train.indicators if name in table.names)
        separator = told.separator or train.separator
        named: dict[str, Any] = {str(part): name for part, name in known.items() if part != "split"}
        wanted = replace(told, **named, split=None, indicators=indicators, separator=separator)
        found[role] = replace(
            find_layout(table, task, wanted), separator=train.separator, marked_text=train.marked_text
        )
    return found


def rows(table: Table, layout: Layout, role: str, left_out: dict[str, int], reader: Reader) -> pd.DataFrame:
    """The labelled rows of a table: text, target, split, number, role and the id column's value."""
    read = reader.read(table, layout)
    id = layout.roles.get("id")
    rows = pd.DataFrame(
        {
            "text": [text for text, _ in read],
            "target": [target for _, target in read],
            "split": _given_splits(table, layout, role),
            "number": list(table.numbers),
            "role": role,
            "given_id": [(cell or "").strip() for cell in table.column(id)] if id else "",
        }
    )
    unlabelled, unplaced = rows["target"].isna(), rows["split"] == ""
    unreadable = len(reader.unreadable)
    for reason, count in (
        ("cannot be read", unreadable), ("no label", int(unlabelled.sum()) - unreadable),
        ("no split", int((unplaced & ~unlabelled).sum())),
    ):  # fmt: skip
        if count:
            left_out[reason] = left_out.get(reason, 0) + count
    rows = rows[~unlabelled & ~unplaced]
    if rows.empty:
        column = layout.roles.get("label") or layout.roles.get("intent") or layout.roles.get("tags")
        raise TradeoffError(
            f'No row has a label in the column "{column}"', table.reading.filename, "Choose another label column."
        )
    return rows


def _given_splits(table: Table, layout: Layout, role: str) -> list[str]:
    column = layout.roles.get("split")
    if column is None or role != "train":
        return [role] * len(table)
    cells = table.column(column)
    unknown = sorted({cell.strip() for cell in cells if cell and cell.strip() and columns.split_word(cell) is None})
    if unknown:
        raise TradeoffError(
            f'The split column "{column}" holds "{unknown[0][:50]}", which is no split',
            table.reading.filename,
            "Use train, validation and test, or leave the split column unmapped.",
        )
    return [columns.split_word(cell) or "" for cell in cells]


def ids(rows: pd.DataFrame, wanted: bool, single: bool) -> list[str]:
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


def check_labels(rows: pd.DataFrame, layout: Layout, filename: str, warnings: list[str]) -> None:
    """Refuse a label column that cannot be one, and warn of what looks odd.

    Raises:
        TradeoffError: every row has its own label.
    """
    counts = label_counts(layout.task, rows["target"])
    labels, total = len(counts), len(rows)
    column = layout.roles.get("label") or layout.roles.get("intent")
    whole = layout.task == "single_label" or (layout.task == "intent_slots" and rows["target"].is_unique)
    if whole and column and total >= FEW_ROWS and len(_whole_labels(layout.task, counts)) == total:
        raise TradeoffError(
            f'Every row has its own label in the column "{column}"', filename, "Choose the column of the labels."
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


def label_counts(task: TaskName, targets: Iterable[str]) -> Counter[str]:
    """How many texts carry each label of the label set."""
    found = get_task(task)
    counts: Counter[str] = Counter()
    for target, count in Counter(targets).items():
        for label in found.label_set([target]):
            counts[label] += count
    return counts


def _whole_labels(task: TaskName, counts: Mapping[str, int]) -> list[str]:
    return get_task(task).text_label_set(list(counts))


def split_warnings(rows: pd.DataFrame, left_out: Mapping[str, int], layout: Layout) -> list[str]:
    """What to tell once the splits are known: unseen labels, what was left out, empty texts, guesses."""
    told = []
    known = label_counts(layout.task, rows.loc[rows["split"] == "train", "target"])
    unseen = sorted(set(label_counts(layout.task, rows.loc[rows["split"] == "test", "target"])) - set(known))
    if unseen:
        listed = ", ".join(unseen[:6]) + (" …" if len(unseen) > 6 else "")
        told.append(f"Labels of the test split that train does not have, so no model can learn them: {listed}.")
    for reason, what in (
        ("cannot be read", "whose target cannot be read"), ("no label", "without a label"),
        ("no split", "that name no split"),
    ):  # fmt: skip
        if left_out.get(reason):
            told.append(f"Left out {plural(left_out[reason], 'row')} {what}.")
    empty = int((rows["text"].str.strip() == "").sum())
    if empty:
        told.append(f"The audit lists {plural(empty, 'empty text')}.")
    for role in layout.guessed:
        told.append(f'The {role} column was guessed: "{layout.roles[role]}"; please check.')
    return told
