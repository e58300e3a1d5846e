"""Adding a dataset: from files, from the bundled sets, or from the Hugging Face hub."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core import format as f
from core.data import bundled, columns, hub, importing
from core.data.dataset import Dataset
from ui.audits import start_audit
from ui.messages import plain, told
from ui.navigation import go
from ui.session import from_url, home, to_url
from ui.uploads import SUFFIXES, kept, plain_name, shown_name

SOURCES = {"file": "My file", "bundled": "Bundled set", "hub": "Hugging Face"}
NO_COLUMN = "(none)"
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


def add_section(can_close: bool) -> None:
    """The panel in which a dataset is added."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("### Add a dataset", width="content")
            if can_close and st.button("Close", icon=":material/close:", type="tertiary"):
                st.query_params.pop("add", None)
                st.rerun()
        from_url("add", list(SOURCES), "file")
        source = st.segmented_control(
            "From", list(SOURCES), key="add", format_func=lambda name: SOURCES[name], on_change=to_url, args=("add",),
            label_visibility="collapsed",
        )  # fmt: skip
        {"file": _from_file, "bundled": _from_bundled, "hub": _from_hub}[source or "file"]()


def _from_file() -> None:
    upload = st.file_uploader(
        "Texts with labels: CSV, TSV, JSON, JSON lines, Parquet or Excel", list(SUFFIXES), key="upload.train",
        help="Larger files: python cli.py import PATH --name NAME",
    )  # fmt: skip
    if upload is None:
        st.caption("One row a text, with a column for the text and one for its label. Nothing leaves this machine.")
        return
    path, name = kept(upload), shown_name(upload.name)
    with st.container(horizontal=True, vertical_alignment="center"):
        summary = st.container(width="stretch")
        reading = _reading()
    with st.spinner("Reading …"):
        preview = _preview(path, name, **reading)
    summary.markdown(plain(how_read(preview)))
    for warning in preview.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    _head(preview)
    roles = _columns(preview, upload.file_id)
    others = _other_files()
    made = _splits(roles["split"], others)
    called = st.text_input("Name", plain_name(name), max_chars=80, key=f"name.{upload.file_id}", width=360)
    ready = bool(called.strip() and roles["text"] and roles["label"])
    if st.button("Import", type="primary", icon=":material/check:", disabled=not ready):
        given: dict[str, Any] = {split: kept(other) for split, other in others.items()}
        given |= {**roles, **made, **reading}
        names = {"train": name, **{split: shown_name(other.name) for split, other in others.items()}}
        _import(lambda: importing.import_dataset(home(), called.strip(), path, filenames=names, **given))
    elif not ready:
        st.caption("Choose the columns of the text and of its label.")


@st.cache_data(max_entries=4, show_spinner=False)
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
    if preview.labels:
        shown = ", ".join(f"{f.shorten(label, 30)} ({count:,})" for label, count in list(preview.labels.items())[:8])
        st.caption(f"Labels: {plain(shown)}{' …' if len(preview.labels) > 8 else ''}")


def _columns(preview: importing.Preview, file_id: str) -> dict[str, str | None]:
    """Which column holds what; the guess is preselected."""
    names = [column.name for column in preview.columns]
    chosen: dict[str, str | None] = {}
    with st.grid(min_column_width=180, gap="small"):
        for role in columns.ROLES:
            options = names if role in ("text", "label") else [NO_COLUMN, *names]
            guess = preview.guessed.get(role, NO_COLUMN)
            index = options.index(guess) if guess in options else None
            # Another reading of the file has other columns, and starts from its own guess.
            key = f"column.{role}.{file_id}.{hash(tuple(names))}"
            value = st.selectbox(f"{role.capitalize()} column", options, index, key=key, placeholder="choose")
            chosen[role] = None if value == NO_COLUMN else value
    return chosen


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


def _from_bundled() -> None:
    with st.grid(min_column_width=280, gap="small"):
        for name, entry in bundled.BUNDLED.items():
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"**{plain(entry.title)}**")
                st.markdown(plain(entry.description))
                st.caption(f"{entry.train + entry.test:,} texts, {entry.labels} labels. {plain(entry.source)}")
                if st.button("Add", key=f"bundled.{name}", type="primary"):
                    _import(partial(bundled.import_bundled, home(), name))


def _from_hub() -> None:
    name = st.text_input("Dataset on huggingface.co", placeholder="fancyzhx/ag_news", key="hub.name", width=420)
    st.caption("It is downloaded from the internet; everything else works without.")
    if st.button("Import", type="primary", disabled=not name.strip(), key="hub.import"):
        _import(lambda: hub.import_from_hub(home(), name.strip()))


def _import(make: Callable[[], Dataset]) -> None:
    with told():
        with st.spinner("Reading …"):
            info = make().info
        start_audit(info)
        st.session_state["kept.dataset"] = info.name
        go("datasets", dataset=info.name)
