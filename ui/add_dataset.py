"""Adding a dataset: from files, from the bundled sets, or from the Hugging Face hub."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.data import bundled, hub, importing
from core.data.dataset import Dataset
from core.spec import slug
from ui.audits import start_audit
from ui.messages import plain, told
from ui.navigation import go
from ui.session import from_url, home, to_url
from ui.uploads import SUFFIXES, kept

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
    path = kept(upload)
    encoding, delimiter = _reading()
    preview = importing.preview(path, filename=upload.name, encoding=encoding, delimiter=delimiter)
    st.markdown(plain(how_read(preview)))
    for warning in preview.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    st.dataframe(preview.rows, hide_index=True, height=214, key="preview", alt="The first rows of the file")
    roles = _columns(preview)
    others = _other_files()
    made = _splits(roles["split"], others)
    name = st.text_input("Name", slug(Path(upload.name).stem), max_chars=80, key=f"name.{upload.file_id}", width=360)
    if st.button("Import", type="primary", icon=":material/check:", disabled=not (name.strip() and roles["text"])):
        _import(
            lambda: importing.import_dataset(
                home(), name.strip(), path, **roles, **{key: kept(other) for key, other in others.items()}, **made,
                encoding=encoding, delimiter=delimiter, filenames=_names(upload, path, others),
            )
        )  # fmt: skip


def _reading() -> tuple[str | None, str | None]:
    """Encoding and delimiter, when the visitor knows better than the detection."""
    with st.popover("Looks wrong?", icon=":material/tune:"):
        encoding = st.selectbox("Encoding", [AUTO, *ENCODINGS], key="upload.encoding")
        delimiter = st.selectbox(
            "Columns are separated by", [AUTO, *DELIMITERS], key="upload.delimiter",
            format_func=lambda sign: DELIMITERS.get(sign, sign),
        )  # fmt: skip
    return (None if encoding == AUTO else encoding), (None if delimiter == AUTO else delimiter)


def how_read(preview: importing.Preview) -> str:
    """How the file was read, in one line."""
    parts = [preview.format.upper()]
    if preview.encoding:
        parts.append(preview.encoding)
    if preview.delimiter:
        parts.append(f"separated by {DELIMITERS.get(preview.delimiter, repr(preview.delimiter))}")
    return f"Read as {', '.join(parts)}; {len(preview.columns)} columns."


def _columns(preview: importing.Preview) -> dict[str, str | None]:
    """Which column holds what; the guess is preselected."""
    chosen: dict[str, str | None] = {}
    with st.grid(min_column_width=180, gap="small"):
        for role, needed in (("text", True), ("label", True), ("split", False), ("id", False)):
            options = preview.columns if needed else [NO_COLUMN, *preview.columns]
            guess = preview.guessed.get(role)
            index = options.index(guess) if guess in options else None if needed else 0
            value = st.selectbox(f"{role.capitalize()} column", options, index, key=f"column.{role}.{preview.columns}")
            chosen[role] = None if value == NO_COLUMN else value
    return chosen


def _other_files() -> dict[str, UploadedFile]:
    with st.expander("Separate files for validation and test"):
        found = {split: st.file_uploader(f"{split.capitalize()} file", list(SUFFIXES), key=f"upload.{split}")
                 for split in ("validation", "test")}  # fmt: skip
    return {split: upload for split, upload in found.items() if upload is not None}


def _splits(split_column: str | None, others: dict[str, UploadedFile]) -> dict[str, Any]:
    """How the splits that the files do not have are made."""
    if split_column or len(others) == 2:
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
    st.caption("Labels are spread evenly over the splits; duplicates stay on one side.")
    return made


def _names(upload: UploadedFile, path: Path, others: dict[str, UploadedFile]) -> dict[str, str]:
    return {str(path): upload.name, **{str(kept(other)): other.name for other in others.values()}}


def _from_bundled() -> None:
    with st.grid(min_column_width=280, gap="small"):
        for name, entry in bundled.BUNDLED.items():
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"**{plain(name)}**")
                st.caption(plain(getattr(entry, "summary", str(entry))))
                if st.button("Add", key=f"bundled.{name}", type="primary"):
                    _import(lambda name=name: bundled.import_bundled(home(), name))


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
