"""Several labels of one text: in one cell with signs between, as a list, or as columns of zeros and ones."""

from collections import Counter
from collections.abc import Sequence

from core.data.forms.tokens import listed, structured

SEPARATORS = ("|", ";", ",", "\n")
SPOKEN = {"|": "a bar", ";": "a semicolon", ",": "a comma", "\n": "a new line"}
YES = frozenset(("1", "true", "yes", "t", "y", "x", "1.0"))
NO = frozenset(("0", "false", "no", "f", "n", "", "0.0"))
RECURRING = 0.5
JOINED_SHARE = 0.02


def separator_of(cells: Sequence[str]) -> str | None:
    """The sign that parts labels in the cells of a column, or None when there is none.

    It has to make fewer labels of more: `a|b`, `a` and `b` are two labels. A tie goes to the rarer sign.
    """
    distinct = set(cells)
    best: tuple[int, int, str | None] = (len(distinct), 0, None)
    for place, sign in enumerate(SEPARATORS):
        if any(sign in cell for cell in distinct):
            parts = {part for cell in distinct for part in split_labels(cell, sign)}
            best = min(best, (len(parts), place, sign), key=lambda found: found[:2])
    if best[2] is None and len(distinct) > 1:
        # Every label stands in one combination only: the first sign that many cells hold.
        return next((sign for sign in SEPARATORS if sum(sign in cell for cell in distinct) > len(distinct) / 2), None)
    return best[2]


def surely_joined(cells: Sequence[str], separator: str) -> bool:
    """Whether cells hold several labels and not one that has the sign in its name: most parts also stand alone."""
    joined = [cell for cell in cells if separator in cell]
    alone = {cell.strip() for cell in cells if separator not in cell}
    counts = Counter(part for cell in joined for part in split_labels(cell, separator))
    recurring = sum(part in alone for part in counts)
    return len(joined) >= max(2, JOINED_SHARE * len(cells)) and recurring >= RECURRING * len(counts)


def split_labels(cell: str | None, separator: str | None) -> list[str]:
    """The labels in a cell, without blanks around them.

    >>> split_labels("a | b||", "|"), split_labels("", "|"), split_labels("a|b", None)
    (['a', 'b'], [], ['a|b'])
    """
    parts = (cell or "").split(separator) if separator else [cell or ""]
    return [part.strip() for part in parts if part.strip()]


def label_list(cell: str | None) -> list[str] | None:
    """The labels in a cell that holds a list of them, or an object of label: yes or no; None when it holds neither."""
    text = (cell or "").strip()
    if not text:
        return []
    content = structured(text) if text[0] in "[{(" else None
    if isinstance(content, dict):
        flags = {str(name): flag(value) for name, value in content.items()}
        return None if None in flags.values() else [name for name, value in flags.items() if value]
    if not isinstance(content, list | tuple) or any(isinstance(item, list | dict | tuple) for item in content):
        return None
    return [str(item).strip() for item in content if item is not None and str(item).strip()]


def are_flags(cells: Sequence[str]) -> bool:
    """Whether lists tell by place, not by name: all as long, of nothing but 0 and 1, some 0 twice or 1 twice."""
    lists = [listed(cell) or [] for cell in cells]
    values = {str(item) for found in lists for item in found}
    as_long = len({len(found) for found in lists}) == 1 and len(lists[0]) > 1
    return as_long and values <= {"0", "1"} and any(len(set(map(str, found))) < len(found) for found in lists)


def flag(value: object) -> bool | None:
    """Whether a cell says yes or no; None when it says neither. Nothing is no."""
    text = "" if value is None else str(value).strip().lower()
    return True if text in YES else False if text in NO else None
