"""The form that imports labelled files: how they are read is shown and can be changed before anything is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core import format as f
from core.data import importing
from core.data.dataset import Dataset
from ui.datasets.import_reading import chosen_reading
from ui.datasets.uploads import SUFFIXES, kept, plain_name, shown_name
from ui.messages import plain
from ui.session import home

ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "windows-1252",
    "iso-8859-1",
    "iso-8859-15",
    "mac-roman",
    "shift_jis",
    "gb18030",
)
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
AUTO = "as detected"
HEADERS = {"names the columns": True, "is a text already": False}
WHAT = (
    "One row a text, with its label, its labels, its entities or its intent and slots; or CoNLL files, a word a line. "
    "Nothing leaves this machine."
)


def from_file(keep: Callable[[Callable[[], Dataset]], None]) -> None:
    """The form; `keep` is given what imports the files, when the visitor says so."""
    upload = st.file_uploader(
        "Texts with labels: CSV, TSV, JSON, JSON lines, CoNLL, Parquet or Excel", list(SUFFIXES), key="upload.train",
        help="Larger files: python cli.py import PATH --name NAME",
    )  # fmt: skip
    if upload is None:
        st.caption(WHAT)
        return
    path, name = kept(upload), shown_name(upload.name)
    with st.container(horizontal=True, vertical_alignment="center"):
        summary = st.container(width="stretch")
        reading = _reading()

    def look(**told: Any) -> importing.Preview:
        return _preview(path, name, **reading, **told)

    with st.spinner("Reading …"):
        preview = look()
    summary.markdown(plain(how_read(preview)))
    for warning in preview.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    _head(preview)
    chosen = chosen_reading(preview, look, upload.file_id)
    others = _other_files()
    made = _splits(chosen.columns.get("split"), others)
    called = st.text_input("Name", plain_name(name), max_chars=80, key=f"name.{upload.file_id}", width=360)
    ready = bool(called.strip()) and chosen.problem is None
    if st.button("Import", type="primary", icon=":material/check:", disabled=not ready):
        given: dict[str, Any] = {split: kept(other) for split, other in others.items()}
        given |= {**chosen.as_arguments(), **made, **reading}
        names = {"train": name, **{split: shown_name(other.name) for split, other in others.items()}}
        keep(lambda: importing.import_dataset(home(), called.strip(), path, filenames=names, **given))
    elif chosen.problem:
        st.caption(plain(chosen.problem))


@st.cache_data(max_entries=6, show_spinner=False)
def _preview(path: Path, filename: str, **reading: Any) -> importing.Preview:
    return importing.preview(path, filename=filename, **reading)


def _reading() -> dict[str, Any]:
    """How to read the file, when the visitor knows better than the detection."""
    with st.popover("Looks wrong?", icon=":material/tune:"):
        encoding = st.selectbox("Encoding", [AUTO, *ENCODINGS], key="upload.encoding")
        delimiter = st.selectbox(
            "Columns are separated by", [AUTO, *DELIMITERS], key="upload.delimiter",
            format_func=lambda sign: DELIMITERS.get(sign, sign),
        )  # fmt: skip
        header = st.selectbox("The first row", [AUTO, *HEADERS], key="upload.header")
    return {
        "encoding": None if encoding == AUTO else encoding,
        "delimiter": None if delimiter == AUTO else delimiter,
        "header": HEADERS.get(header),
    }


def how_read(preview: importing.Preview) -> str:
    """How the file was read, in one line."""
    parts = [preview.format.upper()]
    if preview.encoding:
        parts.append(f"{preview.encoding}{' (a guess)' if preview.encoding_guessed else ''}")
    if preview.delimiter_name:
        parts.append(f"separated by {preview.delimiter_name}")
    if preview.sheet:
        parts.append(f"sheet {preview.sheet}")
    if not preview.header:
        parts.append("no header")
    rows = f"{preview.row_count:,}" if preview.row_count_exact else f"about {f.significant(preview.row_count)}"
    return f"Read as {', '.join(parts)}: {rows} rows, {len(preview.columns)} columns."


def _head(preview: importing.Preview) -> None:
    names = [column.name for column in preview.columns]
    st.dataframe(
        pd.DataFrame(preview.head, columns=names), hide_index=True, height=214, key="preview", placeholder="",
        alt="The first rows of the file",
    )  # fmt: skip


def _other_files() -> dict[str, UploadedFile]:
    with st.expander("Separate files for validation and test"):
        found = {split: st.file_uploader(f"{split.capitalize()} file", list(SUFFIXES), key=f"upload.{split}")
                 for split in ("validation", "test")}  # fmt: skip
    return {split: upload for split, upload in found.items() if upload is not None}


def _splits(split_column: str | None, others: dict[str, UploadedFile]) -> dict[str, Any]:
    """How the splits that the files do not have are made."""
    if len(others) == 2:
        return {}
    with st.container(horizontal=True):
        made: dict[str, Any] = {}
        if "validation" not in others:
            made["validation_share"] = st.slider("Validation (%)", 5, 40, 15, key="share.validation", width=220) / 100
        if "test" not in others:
            made["test_share"] = st.slider("Test (%)", 5, 40, 20, key="share.test", width=220) / 100
        made["seed"] = st.number_input(
            "Seed", 0, 2**31 - 1, 0, key="share.seed", width=160, help="Equal seeds split equally."
        )
    only = "Used only for splits that the column does not name. " if split_column else ""
    st.caption(f"{only}Labels are spread evenly over the splits; duplicates stay on one side.")
    return made
