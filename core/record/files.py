"""A record as a file: a page, a PDF, or its data alone."""

from pathlib import Path
from typing import Any

from core import files
from core.errors import TradeoffError
from core.record.page import page
from core.record.parts import DecisionRecord
from core.record.pdf import pdf
from core.record.signing import hash_of, signed_text

KINDS = (".html", ".pdf", ".json")


def as_bytes(record: DecisionRecord, suffix: str) -> bytes:
    """The document of a record: `.html`, `.pdf`, or `.json` (the signed data alone).

    Raises:
        TradeoffError: there is no such kind of file, or a PDF cannot be made on this machine.
    """
    if suffix == ".json":
        return signed_text(record.model_dump(mode="json")).encode()
    if suffix not in KINDS:
        raise TradeoffError(
            f'A record cannot be written as "{suffix}"'
            if suffix
            else "What kind of file the record should be is missing",
            remedy="End the file's name in .html, .pdf or .json.",
        )
    made = page(record)
    return pdf(made) if suffix == ".pdf" else made.encode("utf-8", "surrogatepass")


def write_record(record: DecisionRecord, path: Path) -> dict[str, Any]:
    """Write the document of a record; what was written, for a person or a script.

    Raises:
        TradeoffError: as `as_bytes`, or the file cannot be written.
    """
    content = as_bytes(record, path.suffix.lower())
    files.write_through(path, lambda part: part.write_bytes(content))
    decided = record.decision
    return {
        "dataset": record.data.name, "winner": decided.winner.candidate if decided.winner else None,
        "reason": decided.reason, "file": str(path), "hash": hash_of(record.model_dump(mode="json")),
    }  # fmt: skip
