"""From tables to labelled rows: which columns, which rows, which ids, and what looks odd about the labels."""

from collections import Counter
from collections.abc import Mapping

import pandas as pd

from core.data import columns
from core.data.columns import Mapped
from core.data.formats.table import Table, plural
from core.errors import TradeoffError

MANY_LABELS = 1_000
FEW_ROWS = 10
MISSING_WORDS = frozenset({"nan", "null", "none", "na", "n/a", "nat", "undefined"})


def mapped(
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


def rows(table: Table, mapped: Mapped, role: str, left_out: dict[str, int]) -> pd.DataFrame:
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


def check_labels(rows: pd.DataFrame, mapped: Mapped, filename: str, warnings: list[str]) -> None:
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


def split_warnings(rows: pd.DataFrame, left_out: Mapping[str, int], mapped: Mapped) -> list[str]:
    """What to tell once the splits are known: unseen labels, what was left out, empty texts, guesses."""
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
