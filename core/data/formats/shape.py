"""Where a table begins: lines before the header, whether there is a header, what the columns are called."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.data.columns import known_role
from core.data.formats.table import MOST_COLUMNS, is_number, too_many_columns

Cells = Sequence[str | None]

LONGEST_NAME = 60
MOST_PREAMBLE = 20


@dataclass(frozen=True)
class Shape:
    """`skip` records come before the header, or before the data when there is no header."""

    skip: int
    header: bool
    names: list[str]
    warnings: tuple[str, ...] = ()


def shape_of(sample: Sequence[Cells], header: bool | None = None) -> Shape:
    """The shape of a table by its first records; `header` overrules the guess.

    Raises:
        TradeoffError: the table is too wide.
    """
    width = modal_width(sample)
    if width > MOST_COLUMNS:
        raise too_many_columns(width)
    skip = _preamble(sample, width)
    warnings = [f"{skip} lines before the table were passed over."] if skip > 1 else []
    if skip == 1:
        warnings.append("One line before the table was passed over.")
    first, body = sample[skip] if skip < len(sample) else [], sample[skip + 1 :]
    surely = header
    if header is None:
        surely = has_header(first, body)
        header = surely is not False
    if surely is None:
        warnings.append("The first row was taken as column names; please check.")
    if not header:
        if surely is False:
            warnings.append("No header was found: the columns are called by number; please check.")
        return Shape(skip, False, [f"column {place + 1}" for place in range(width)], tuple(warnings))
    names, told = clean_names(_widened(first, body, width))
    return Shape(skip, True, names, (*warnings, *told))


def modal_width(sample: Sequence[Cells]) -> int:
    """The commonest number of cells of the records that are not blank."""
    widths = Counter(len(cells) for cells in sample if any(cell and cell.strip() for cell in cells))
    return max(widths, key=lambda width: (widths[width], width)) if widths else 0


def has_header(first: Cells, body: Sequence[Cells]) -> bool | None:
    """Whether the first record names the columns; None when it cannot be told."""
    cells = [(cell or "").strip() for cell in first]
    named = [cell for cell in cells if cell]
    others = [row for row in body if list(row) != list(first)]
    if not named:
        return None
    if not others:
        return True if any(known_role(cell) for cell in cells) else None
    columns = [[(row[place] or "").strip() for row in others if place < len(row)] for place in range(len(cells))]
    if any(cell and cell in column and not is_number(cell) for cell, column in zip(cells, columns, strict=True)):
        return False
    if any(is_number(cell) for cell in named):
        return False
    if any(known_role(cell) for cell in named):
        return True
    if any(len(cell) > LONGEST_NAME or cell[-1] in ".!?" for cell in named):
        return False
    filled = [[cell for cell in column if cell] for column in columns]
    if any(column and all(is_number(cell) for cell in column) for column in filled):
        return True
    longest = max(filled, key=lambda column: sum(map(len, column)) / max(1, len(column)))
    mean = sum(map(len, longest)) / max(1, len(longest))
    return True if mean > 3 * len(cells[filled.index(longest)] or "x" * 10) else None


def clean_names(first: Cells) -> tuple[list[str], list[str]]:
    """Column names without blanks or duplicates, and warnings."""
    names: list[str] = []
    repeated = []
    for place, cell in enumerate(first):
        name = " ".join((cell or "").replace("\ufeff", "").replace("\0", "").split())[:200] or f"column {place + 1}"
        if name in names:
            repeated.append(name)
            count = 2
            while f"{name} ({count})" in names:
                count += 1
            name = f"{name} ({count})"
        names.append(name)
    told = []
    if repeated:
        listed = ", ".join(dict.fromkeys(repeated))
        told.append(f"Some columns have the same name ({listed}); the later ones were numbered.")
    return names, told


def _preamble(sample: Sequence[Cells], width: int) -> int:
    """How many records before the table to pass over: titles and blank lines, which fill one cell at most."""
    skip = 0
    for cells in sample[:MOST_PREAMBLE]:
        filled = sum(bool(cell and cell.strip()) for cell in cells)
        if width > 1 and (filled == 0 or (filled == 1 and (width > 2 or len(cells) < width))):
            skip += 1
        else:
            return skip
    return 0


def _widened(first: Cells, body: Sequence[Cells], width: int) -> list[str | None]:
    """The header's cells, as many as the rows have: R leaves out the name of the first column."""
    cells = list(first)
    missing = width - len(cells)
    if missing <= 0:
        return cells
    rows = [row for row in body if len(row) == width]
    if all(not (row[-1] or "").strip() for row in rows):
        return [*cells, *[None] * missing]
    return ["row name", *cells] if missing == 1 else [*cells, *[None] * missing]
