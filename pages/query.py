"""Query: what else is in the records?"""

import shlex

import streamlit as st

from core.errors import TradeoffError
from store.sandbox import run_sql
from ui import query_parts as parts
from ui.downloads import as_command, download
from ui.messages import show_error
from ui.session import home

TEXT = "query.sql"

st.title("Query")
st.markdown("Ask all datasets, runs and predictions in SQL (DuckDB). Reading only: nothing can be changed from here.")
index = parts.fresh_index(home())
st.session_state.setdefault(
    TEXT, st.query_params.get("sql") or st.session_state.get("kept.sql") or parts.EXAMPLES["Best runs"]
)


def take_example() -> None:
    """Put the chosen example into the editor."""
    chosen = st.session_state["query.example"]
    if chosen:
        st.session_state[TEXT] = parts.EXAMPLES[chosen]


left, right = st.columns([7, 3], gap="medium")
with left:
    st.pills("Examples", list(parts.EXAMPLES), key="query.example", on_change=take_example)
    with st.form("query", border=False):
        sql = st.text_area("SQL", key=TEXT, height=190, help="One query. Ctrl + Enter runs it.")
        pressed = st.form_submit_button("Run", type="primary", icon=":material/play_arrow:")
    st.session_state["kept.sql"] = sql
    if pressed:
        st.query_params["sql"] = sql
        st.session_state.pop("query.answer", None)
        try:
            with st.spinner("Asking …", show_time=True):
                st.session_state["query.answer"] = run_sql(index, sql)
        except TradeoffError as error:
            show_error(error)
    answer = st.session_state.get("query.answer")
    if answer is not None:
        st.caption(parts.answer_line(answer))
        rows = parts.as_rows(answer)
        table, drawn = st.tabs(["Table", "Chart"])
        with table:
            st.dataframe(rows or {name: [] for name in answer.columns}, hide_index=True, height="content")
        with drawn:
            if rows:
                parts.chart(rows)
            else:
                st.info("No rows, nothing to draw.", icon=":material/bar_chart:")
        with st.container(horizontal=True):
            for label, suffix in (("CSV", ".csv"), ("Excel", ".xlsx"), ("Parquet", ".parquet")):
                download(rows, "query", f"query{suffix}", label, suffix)
            as_command(f"python cli.py sql {shlex.quote(sql)}")
with right:
    parts.schema_panel(index)
