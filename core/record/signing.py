"""The hash of a record, and the record inside a document.

The hash is SHA-256 over the record as canonical JSON (sorted keys, no spaces, UTF-8): it does not depend on how the
document looks. The page has a hash of its own over every byte of it, so that words that were changed by hand show.
"""

import hashlib
import json
import re
from typing import Any

from core.errors import TradeoffError

NOTHING = "0" * 64
DEEPEST = 40
"""Levels of nesting of a record that is still read; a real one has about ten."""
PAGE_MARK = re.compile(r'(<meta name="tradeoff-page" content=")([0-9a-f]{64})(">)')
RECORD_MARK = re.compile(r'<script type="application/json" id="tradeoff-record">\n(.*?)\n</script>', re.DOTALL)


def hash_of(content: dict[str, Any]) -> str:
    """The hash of a record's content, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(content).encode("utf-8", "surrogatepass")).hexdigest()


def canonical(content: dict[str, Any]) -> str:
    """A record's content as the one text that stands for it."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def embedded(content: dict[str, Any]) -> str:
    """The signed record as JSON that cannot end the element of a page that it stands in."""
    return signed_text(content).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def signed_text(content: dict[str, Any]) -> str:
    """The signed record as JSON, in the order that its document shows."""
    return json.dumps({"hash": hash_of(content), "record": content}, allow_nan=False)


def sealed(page: str) -> str:
    """A page whose mark holds the hash of the whole page, its mark read as zeros."""
    return PAGE_MARK.sub(lambda found: found[1] + page_hash(page) + found[3], page, count=1)


def page_hash(page: str) -> str:
    """The hash of a page, its mark read as zeros."""
    blank = PAGE_MARK.sub(lambda found: found[1] + NOTHING + found[3], page, count=1)
    return hashlib.sha256(blank.encode("utf-8", "surrogatepass")).hexdigest()


def is_sealed(page: str) -> bool:
    """Whether a page is as it was when it was sealed."""
    found = PAGE_MARK.search(page)
    return found is not None and found[2] == page_hash(page)


def in_page(page: str) -> dict[str, Any]:
    """The signed record of a page, `{"hash": …, "record": …}`.

    Raises:
        TradeoffError: the page holds none that can be read.
    """
    found = RECORD_MARK.search(page)
    return read_signed(found[1] if found else "")


def read_signed(text: str) -> dict[str, Any]:
    """The signed record from its JSON.

    Raises:
        TradeoffError: it is none, or damaged.
    """
    try:
        signed = json.loads(text)
        whole = isinstance(signed["hash"], str) and isinstance(signed["record"], dict)
        if whole and not _deeper(signed["record"], DEEPEST) and canonical(signed["record"]):
            return {"hash": signed["hash"], "record": signed["record"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise TradeoffError(
        "The file holds no decision record that can be read",
        remedy="Give a file that `report DATASET --out FILE` made, unchanged.",
    )


def _deeper(value: Any, levels: int) -> bool:
    """Whether a JSON value is nested deeper than so many levels."""
    level = [value]
    for _ in range(levels):
        parts = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list)]
        level = [value for part in parts for value in part]
    return bool(level)
