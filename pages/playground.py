"""Playground: what do the candidates answer to a text?"""

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from core import format as f
from core.analysis.results import CandidateRow
from core.errors import TradeoffError
from core.predictor import read_texts
from core.tasks import get_task
from ui import answers, data
from ui.downloads import as_command, download
from ui.messages import empty, plain, show_error
from ui.session import choose_dataset, home, predictor_of

MOST_AT_ONCE = 4
SUFFIXES = ("csv", "tsv", "jsonl", "json", "parquet", "xlsx", "txt")

st.title("Playground")
info = choose_dataset()
rows = data.rows_of(info) if info else []
if info is None or not rows:
    empty(
        "Nobody to ask yet", "A candidate can answer as soon as one of its runs has finished.",
        "Launch candidates" if info else "Add a dataset", "launch" if info else "datasets", ":material/chat:",
    )  # fmt: skip
    st.stop()

version, task = info.fingerprint, get_task(info.task)
by_name = {row.candidate: row for row in rows}
families = {row.candidate: row.family for row in rows}


def first_choice() -> list[str]:
    """The candidate whose run the link names, else the best few."""
    asked = [row.candidate for row in rows if st.query_params.get("run") in row.run_ids]
    return asked + [row.candidate for row in rows if row.candidate not in asked][: 0 if asked else 3]


def ask(row: CandidateRow, texts: list[str]) -> list[dict]:
    """The answers of a candidate's first run, with progress while it works."""
    with st.spinner(f"{plain(row.candidate)} is answering …", show_time=True):
        return predictor_of(home()).predict(row.run_ids[0], texts)


def answer_all(texts: list[str], names: list[str], key: str) -> None:
    """Ask each candidate in turn and keep what they said; one that fails does not stop the others."""
    found = {}
    for name in names:
        try:
            found[name] = ask(by_name[name], texts)
        except TradeoffError as error:
            show_error(error)
    st.session_state[key] = (version, texts, found)


def kept(key: str) -> tuple[list[str], dict]:
    """The last texts and answers on this dataset."""
    fingerprint, texts, found = st.session_state.get(key, ("", [], {}))
    return (texts, found) if fingerprint == version else ([], {})


names = st.multiselect(
    "Candidates", list(by_name), default=first_choice(), max_selections=MOST_AT_ONCE, key=f"asked.{version}",
    help="They answer one after the other; models stay warm for some minutes after the last question.",
)  # fmt: skip
typed, uploaded = st.tabs(["Type or paste", "A whole file"])

with typed:
    with st.form("ask", border=False):
        text = st.text_area(
            "Text", key="playground.text", height=110, max_chars=100_000, placeholder="Who wrote Hamlet?",
            help="Several lines are several texts. Ctrl + Enter sends.",
        )  # fmt: skip
        pressed = st.form_submit_button("Try", type="primary", icon=":material/send:", disabled=not names)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if pressed and not lines:
        st.info("Type a text first.", icon=":material/edit:")
    elif pressed:
        answer_all(lines, names, "answers.typed")
    texts, found = kept("answers.typed")
    if found and len(texts) == 1:
        if not task.has_spans:
            st.caption(plain(f.shorten(texts[0], 300)))
        answers.cards(found, families, texts[0], task, info.labels)
    elif found:
        answers.table(found, texts, task, info.labels)
        download(lambda: answers.table_rows(found, texts, task), f"{info.name}-answers", "typed.csv")

with uploaded:
    file = st.file_uploader("Texts to answer", type=list(SUFFIXES), help="A table with texts, or a text a line.")
    column = st.text_input("Text column", key="playground.column", placeholder="guessed", width=260)
    ready = file is not None and bool(names)
    if st.button("Answer the file", type="primary", disabled=not ready, icon=":material/send:") and file:
        try:
            with TemporaryDirectory() as folder:
                path = Path(folder) / f"upload.{next(s for s in SUFFIXES if file.name.lower().endswith(s))}"
                path.write_bytes(file.getbuffer())
                answer_all(read_texts(path, column or None), names, "answers.file")
        except TradeoffError as error:
            show_error(error)
    texts, found = kept("answers.file")
    if found:
        answers.table(found, texts, task, info.labels)
        with st.container(horizontal=True):
            download(lambda: answers.table_rows(found, texts, task), f"{info.name}-answers", "file.csv")
            download(
                lambda: answers.table_rows(found, texts, task), f"{info.name}-answers", "file.xlsx", "Excel", ".xlsx"
            )

with st.container(horizontal=True, vertical_alignment="center"):
    if names:
        as_command(f'python cli.py predict "{names[0]}" "your text" --dataset "{info.name}"')
    if predictor_of(home()).is_warm:
        st.caption(":material/local_fire_department: Models are warm.")
