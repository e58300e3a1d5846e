"""Lists of strings on one line, and labels that stand before a colon: what a line of a plain answer consists of."""

import json
import re
from collections.abc import Sequence

from core.prompts.labels import LabelReader, written

NONE = "none"
_NOTHING = {"none", "n/a", "na", "nil", "null", "-", "–", "—", "[]", "(none)", "nothing"}
_RESERVED = {"text", "label", "labels", "entities", "intent", "slots", "reasoning", "clues", "answer", NONE}


def write_list(values: Sequence[str]) -> str:
    """`Anna | Bob`, or `none`. A value that would be read otherwise is written as a JSON string.

    >>> write_list(["Anna", "a|b", "none"]), write_list([])
    ('Anna | "a|b" | "none"', 'none')
    """
    return " | ".join(map(_written_item, values)) or NONE


def read_list(line: str) -> list[str]:
    """The inverse of `write_list`; brackets around the list and empty values are passed over."""
    values, at = [], 0
    while at < len(line):
        if line[at] in " \t\r\n":
            at += 1
            continue
        value, end = _quoted_item(line, at)
        if value is None:
            stop = line.find("|", at)
            end = stop if stop >= 0 else len(line)
            plain = line[at:end].strip()
            if plain and plain.strip(".").casefold() not in _NOTHING:
                values.append(plain)
        else:
            values.append(value)
        at = end + 1
    return values


def write_head(label: str) -> str:
    """A label as it stands before a colon: as it is, or as a JSON string where the line would be read otherwise."""
    kept = written(label)
    if kept == label and (":" in label or label.casefold() in _RESERVED or not label[0].isalnum()):
        return json.dumps(label, ensure_ascii=False)
    return kept


def read_head(line: str, reader: LabelReader) -> tuple[str | None, str] | None:
    """The label before the colon (None when it is none of the set) and what follows; None when there is no colon."""
    line = line.strip()
    if line.startswith('"'):
        try:
            value, end = json.JSONDecoder(strict=False).raw_decode(line)
        except (ValueError, RecursionError):
            value, end = None, 0
        if isinstance(value, str) and line[end:].lstrip().startswith(":"):
            known = value if value in reader.labels else reader.read(value).target
            return known, line[end:].lstrip()[1:]
    head, colon, rest = line.lstrip("-*• ").partition(":")
    if not colon:
        return None
    return reader.read(head.strip()).target if head.strip() else None, rest


def relined(text: str, heads: Sequence[str]) -> str:
    """The line ends before `heads` and their colons, for a text whose tokenizer lost them.

    >>> relined("PER: Anna LOC: none", ["LOC", "PER"])
    'PER: Anna\\nLOC: none'
    """
    known = "|".join(sorted(map(re.escape, heads), key=len, reverse=True))
    return re.sub(rf"(?<=\S)\s+(?=(?:{known})\s*:)", "\n", text) if known else text


def split_labels(item: str, reader: LabelReader) -> list[str] | None:
    """The labels that an item of a list names: one, or several between commas; None when it names another thing."""
    one = reader.read(item).target
    if one is not None:
        return [one]
    pieces = [reader.read(piece.strip()).target for piece in item.split(",")]
    found = [piece for piece in pieces if piece is not None]
    return found if len(found) == len(pieces) > 1 else None


def _written_item(value: str) -> str:
    kept = written(value)
    odd = "|" in value or value.startswith("`") or value.strip(".").casefold() in _NOTHING
    if kept == value and odd:
        return json.dumps(value, ensure_ascii=False)
    return kept


def _quoted_item(line: str, at: int) -> tuple[str | None, int]:
    """The JSON string that begins at `at` and fills its place in the list, and where the place ends."""
    if line[at] != '"':
        return None, at
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(line, at)
    except (ValueError, RecursionError):
        return None, at
    while end < len(line) and line[end].isspace():
        end += 1
    return (value, end) if end == len(line) or line[end] == "|" else (None, at)
