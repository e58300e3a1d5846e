"""Uploaded files on disk, under names of our own: an uploaded file's name is shown, never used as a path."""

import re
import secrets
import time
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core import files
from ui.session import home

STALE_SECONDS = 24 * 3600.0
SUFFIXES = (
    "csv",
    "tsv",
    "txt",
    "conll",
    "iob",
    "iob2",
    "bio",
    "jsonl",
    "ndjson",
    "json",
    "parquet",
    "xlsx",
    "gz",
    "zip",
)


def kept(upload: UploadedFile) -> Path:
    """The file of an upload, written once a session; files of yesterday are removed on the way.

    Raises:
        TradeoffError: the disk is full.
    """
    known: dict[str, Path] = st.session_state.setdefault("uploads", {})
    path = known.get(upload.file_id)
    if path is None or not path.exists():
        folder = home().cache / "uploads"
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder)
        path = folder / f"{secrets.token_hex(8)}{suffix(upload.name)}"
        files.write_through(path, lambda part: part.write_bytes(upload.getbuffer()))
        known[upload.file_id] = path
    return path


def suffix(name: str) -> str:
    """The ending of a file's name when it is one that can be read, else none.

    >>> suffix("../../evil.CSV"), suffix("x.sh"), suffix("a.csv.gz")
    ('.csv', '', '.csv.gz')
    """
    parts = [part.lower() for part in name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1].split(".")[1:]]
    ends = parts[-2:] if parts[-1:] in (["gz"], ["zip"]) else parts[-1:]
    return "".join(f".{part}" for part in ends if part in SUFFIXES)


def shown_name(name: str) -> str:
    """The last part of an upload's name, for people to read.

    >>> shown_name("../../evil\\x.csv"), shown_name("")
    ('x.csv', 'upload')
    """
    return name.replace("\\", "/").rsplit("/", 1)[-1].strip() or "upload"


def plain_name(name: str) -> str:
    """A dataset's name made from a file's: without endings and odd signs.

    >>> plain_name("my data (1).csv.gz"), plain_name("…")
    ('my data 1', 'texts')
    """
    words = re.sub(r"[^\w .-]+", " ", name.split(".")[0])
    return " ".join(words.split()).strip("_.- ")[:80] or "texts"


def _remove_stale(folder: Path) -> None:
    for path in folder.iterdir():
        if time.time() - path.stat().st_mtime > STALE_SECONDS:
            path.unlink(missing_ok=True)
