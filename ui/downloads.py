"""Every result as a file that opens safely in a spreadsheet, and as the command that gives the same."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import streamlit as st

from core.spec import slug


def as_file(rows: Sequence[Mapping[str, Any]], suffix: str) -> bytes:
    """`rows` as the bytes of a .csv, .xlsx or .parquet file; formulas are made harmless."""
    from store.export import write_table

    with TemporaryDirectory() as folder:
        path = Path(folder) / f"table{suffix}"
        write_table([dict(row) for row in rows], path)
        return path.read_bytes()


def download(
    rows: Sequence[Mapping[str, Any]] | Callable[[], Sequence[Mapping[str, Any]]], name: str, key: str,
    label: str = "CSV", suffix: str = ".csv",
) -> None:  # fmt: skip
    """A button that makes the file when it is pressed."""

    def make() -> bytes:
        return as_file(rows() if callable(rows) else rows, suffix)

    st.download_button(
        label, make, f"{slug(name, 80)}{suffix}", key=key, icon=":material/download:", on_click="ignore",
        help=f"Download as {suffix[1:].upper()}",
    )  # fmt: skip


def as_command(command: str, label: str = "As a command") -> None:
    """The same without a screen."""
    with st.popover(label, icon=":material/terminal:"):
        st.code(command, language="shell", wrap_lines=True)
