"""Cells that hold lists, and where the tokens of a text stand in it."""

import ast
import re
from collections.abc import Sequence
from typing import Any

from core.data.formats.json_rows import parse
from core.data.formats.table import Number

Place = tuple[int, int]
"""First character of a token, and the character after its last."""
LONGEST_LITERAL = 200_000
QUOTED = r"'[^']*'|\"[^\"]*\""
NUMPY = re.compile(rf"\[\s*(?:(?:{QUOTED})(?:\s+(?:{QUOTED}))+|-?\d+(?:\s+-?\d+)+)\s*\]")
"""An array as numpy writes it, without commas: Python would join its strings into one."""


def listed(cell: str | None) -> list[Any] | None:
    """The list in a cell, in JSON or as Python writes it; None when it holds none.

    >>> listed('["a", 1]'), listed("['a']"), listed("a")
    (['a', '1'], ['a'], None)
    """
    text = (cell or "").strip()
    if not text.startswith("["):
        return None
    value = structured(text)
    return value if isinstance(value, list) else None


def structured(text: str) -> Any:
    """The list or object in a cell, in JSON or as Python or numpy write it; None when it holds neither."""
    if len(text) <= LONGEST_LITERAL and NUMPY.fullmatch(text):
        return [item[1:-1] if item[0] in "'\"" else Number(item) for item in re.findall(rf"{QUOTED}|-?\d+", text)]
    try:
        return parse(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text) if len(text) <= LONGEST_LITERAL else None
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def words_of(cell: str | None) -> list[str] | None:
    """The tokens or tags in a cell: a list of them, or words with blanks between; None when it holds none."""
    found = listed(cell)
    if found is None:
        return cell.split() if cell and cell.strip() and not cell.lstrip().startswith("[") else None
    if any(isinstance(item, list | dict) for item in found):
        return None
    return ["" if item is None else str(item) for item in found]


def is_whole(value: Any) -> bool:
    """Whether a list's item is a whole number."""
    plain = str(value) if isinstance(value, Number | int) and not isinstance(value, bool) else ""
    return plain.lstrip("-").isdigit()


def place_tokens(tokens: Sequence[str], text: str | None = None) -> tuple[str, list[Place], bool]:
    """The text, the place of each token in it, and whether `text` could be kept.

    `text` is kept when it is the tokens with white space between them; else they are joined by single spaces.

    >>> place_tokens(["7", "am", "."], "7am.")
    ('7am.', [(0, 1), (1, 3), (3, 4)], True)
    >>> place_tokens(["7", "am"], "8 am")
    ('7 am', [(0, 1), (2, 4)], False)
    """
    if text is not None:
        found = _found(tokens, text)
        if found is not None:
            return text, found, True
    places, start = [], 0
    for token in tokens:
        places.append((start, start + len(token)))
        start += len(token) + 1
    return " ".join(tokens), places, text is None


def _found(tokens: Sequence[str], text: str) -> list[Place] | None:
    places, end = [], 0
    for token in tokens:
        start = text.find(token, end)
        if start < 0 or text[end:start].strip():
            return None
        end = start + len(token)
        places.append((start, end))
    return None if text[end:].strip() else places
