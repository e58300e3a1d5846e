"""What the cells of a column look like: tags, spans, marked texts, zeros and ones."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from core.data import columns
from core.data.columns import Role
from core.data.formats.table import Table
from core.data.forms import inline
from core.data.forms.spans import spans_in
from core.data.forms.tokens import is_whole, listed, words_of

Form = Literal["label", "separated", "list", "indicators", "tags", "spans", "inline"]
FORMS: dict[Form, str] = {
    "label": "a label for each text",
    "separated": "labels with a sign between them",
    "list": "a list of labels for each text",
    "indicators": "a column of 0 and 1 for each label",
    "tags": "a tag for each word",
    "spans": "spans by their first and last character",
    "inline": "spans marked in the text, as in [time : five am]",
}
SAMPLE = 300
MARKED_SHARE = 0.05
"""Marked texts of a column whose name says that it holds them; of another column more, since texts have brackets."""
OFTEN_MARKED = 0.25


def span_form(table: Table, name: str) -> Form | None:
    """The form in which a column holds spans, or None when it holds none."""
    cells = [cell for cell in sample_of(table, name) if cell not in ("[]", "{}")]
    if not cells:
        return None
    checks: tuple[tuple[Form, Callable[[str], bool]], ...] = (("tags", _is_tags), ("spans", _is_spans))
    for form, fits in checks:
        if sum(fits(cell) for cell in cells) > 0.9 * len(cells):
            return form
    return "inline" if marked_share(table, name) > 0 else None


def marked_share(table: Table, name: str) -> float:
    """The share of a column's cells, among its first, that have a span marked in them."""
    cells = sample_of(table, name)
    return sum(map(inline.is_marked, cells)) / max(1, len(cells))


def indicator_columns(table: Table, taken: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns that hold nothing but 0 and 1 (or true and false); none unless there are two."""
    found = tuple(name for name in table.names if name not in taken and is_indicator(table, name))
    return found if len(found) > 1 else ()


def replace_columns(table: Table, names: Sequence[str]) -> Table:
    """The table with some of its columns."""
    return replace(table, columns=table.columns.select(list(names)))


def is_indicator(table: Table, name: str) -> bool:
    """Whether a column holds nothing but 0 and 1, or true and false."""
    values = {cell.strip().lower() for cell in filled_cells(table, name)}
    return bool(values) and (values <= {"0", "1"} or values <= {"true", "false"} or values <= {"0.0", "1.0"})


def span_columns(table: Table, found: Mapping[Role, str]) -> Iterator[tuple[str, Form]]:
    """The columns that hold spans and their forms, the likeliest first."""
    free = [name for name in table.names if name not in found.values()]
    told = [name for role in ("tokens", "text") if (name := found.get(role))]  # type: ignore[call-overload]
    beside = told or [*columns.by_name("tokens", free), *columns.by_name("text", free)]
    for name in columns.by_name("tags", free):
        form = span_form(table, name)
        if form == "inline" and marked_share(table, name) < MARKED_SHARE:
            continue
        # Numbers can be anything beside a text: they are tags only beside tokens.
        near = beside if told or not _are_numbers(table, name) else [*columns.by_name("tokens", free)]
        if form and (form != "tags" or any(_as_many(table, name, other) for other in near if other != name)):
            yield name, form
    for name in free:
        if marked_share(table, name) >= (MARKED_SHARE if "annot" in name.lower() else OFTEN_MARKED):
            yield name, "inline"


def _as_many(table: Table, tags: str, words: str) -> bool:
    """Whether two columns hold equally many tags and words in nearly every row."""
    pairs = [
        (words_of(row[tags]), words_of(row[words]))
        for row in table.columns.select([tags, words]).slice(0, SAMPLE).to_pylist() if row[tags] and row[words]
    ]  # fmt: skip
    same = sum(one is not None and other is not None and len(one) == len(other) for one, other in pairs)
    return bool(pairs) and same > 0.9 * len(pairs)


def _is_tags(cell: str) -> bool:
    found = listed(cell)
    if found is None:
        parts = cell.split()
        return (
            bool(parts)
            and not cell.startswith("[")
            and all(part == "O" or part[:2] in ("B-", "I-", "E-", "S-", "L-", "U-") for part in parts)
        )
    return all(isinstance(item, str) or is_whole(item) for item in found)


def _are_numbers(table: Table, name: str) -> bool:
    cells = [listed(cell) for cell in sample_of(table, name)]
    return all(found is not None and all(map(is_whole, found)) for found in cells)


def _is_spans(cell: str) -> bool:
    return spans_in(cell) is not None


def is_words(cell: str) -> bool:
    """Whether a cell can be a list of words."""
    found = listed(cell)
    return not cell.startswith("[") if found is None else all(not isinstance(item, list | dict) for item in found)


def share_of(table: Table, name: str, fits: Callable[[str], bool]) -> float:
    """The share of a column's cells, among its first, that fit."""
    cells = sample_of(table, name)
    return sum(map(fits, cells)) / max(1, len(cells))


def sample_of(table: Table, name: str) -> list[str]:
    """A few of a column's cells that are not blank."""
    return filled_cells(table, name)[:SAMPLE]


def filled_cells(table: Table, name: str) -> list[str]:
    """The cells of a column's first rows that are not blank, without blanks around them."""
    return [cell.strip() for cell in columns.first_cells(table, name)]
