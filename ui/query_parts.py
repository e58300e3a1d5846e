"""The parts of the Query page: examples to start from, the schema, and an answer as table, chart or file."""

import functools
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core import format as f
from core.home import Home
from store import queries
from store.db import Index, open_index
from store.ingest import refresh
from store.sandbox import SqlResult
from ui import theme

EXAMPLES: dict[str, str] = {
    "Best runs": """SELECT r.dataset, r.candidate, s.metric, s.value, s.low, s.high
FROM runs AS r JOIN scores AS s USING (run_id)
WHERE s.is_primary AND s.split = 'test'
ORDER BY r.dataset, s.value DESC LIMIT 50""",
    "Hardest texts": """WITH hard AS (
    SELECT r.dataset, r.fingerprint, p.example_id, count(*) AS runs, count(*) FILTER (NOT p.correct) AS wrong
    FROM predictions AS p JOIN runs AS r USING (run_id)
    WHERE p.split = 'test'
    GROUP BY ALL ORDER BY wrong DESC LIMIT 50
)
SELECT dataset, e.text, e.target, hard.runs, hard.wrong
FROM hard JOIN examples AS e USING (dataset, fingerprint, example_id)
ORDER BY hard.wrong DESC""",
    "Energy by candidate": """SELECT r.candidate, sum(u.kwh) AS kwh, any_value(u.energy_provenance) AS energy_is
FROM runs AS r JOIN usage AS u USING (run_id)
GROUP BY ALL ORDER BY kwh DESC""",
    "Confusions": """SELECT r.candidate, p.target, p.prediction, count(*) AS texts
FROM predictions AS p JOIN runs AS r USING (run_id)
WHERE p.split = 'test' AND NOT p.correct
GROUP BY ALL ORDER BY texts DESC LIMIT 50""",
    "Spans that are missed": """SELECT r.dataset, s.label, count(*) AS spans,
       count(*) FILTER (s.outcome = 'missed') AS missed, count(*) FILTER (s.outcome = 'wrong boundary') AS cut_wrong
FROM spans AS s JOIN runs AS r USING (run_id)
WHERE s.side = 'gold' AND s.split = 'test'
GROUP BY ALL ORDER BY missed DESC LIMIT 50""",
    "Slowest to fit": """SELECT r.candidate, r.train_size, u.wall_seconds, u.device_name
FROM runs AS r JOIN usage AS u USING (run_id)
WHERE u.phase = 'fit' ORDER BY u.wall_seconds DESC LIMIT 50""",
}


@functools.cache
def index_of(home: Home) -> Index:
    """The one index of this process."""
    return open_index(home)


def fresh_index(home: Home) -> Index:
    """The index, brought up to date with the run folders."""
    index = index_of(home)
    refresh(index)
    return index


def schema_panel(index: Index) -> None:
    """What can be asked for: every table with its columns and what they mean."""
    st.markdown("#### What is there")
    columns = queries.schema(index)
    for table in queries.tables(index):
        size = "" if table["rows"] is None else f" · {f.number(table['rows'])} rows"
        with st.expander(f"{table['table']}{size}"):
            st.caption(table["meaning"])
            lines = [
                f"`{row['column']}` {row['type'].lower()}" + (f": {row['meaning']}" if row["meaning"] else "")
                for row in columns
                if row["table"] == table["table"]
            ]
            st.markdown("\n".join(f"- {line}" for line in lines))


def as_rows(result: SqlResult) -> list[dict[str, Any]]:
    """The answer as dictionaries; a column name that comes twice gets a number."""
    names: list[str] = []
    for name in result.columns:
        names.append(name if name not in names else f"{name} {names.count(name) + 1}")
    return [dict(zip(names, row, strict=True)) for row in result.rows]


def answer_line(result: SqlResult) -> str:
    """How many rows came, how long it took, and whether there are more."""
    more = " The answer was cut there; add a LIMIT or a narrower WHERE." if result.truncated else ""
    return f"{f.number(len(result.rows))} rows in {f.milliseconds(1000 * result.seconds)}.{more}"


def chart(rows: list[dict[str, Any]]) -> None:
    """The answer as bars or points, by two chosen columns."""
    names = list(rows[0])
    numbers = [name for name in names if any(isinstance(row[name], int | float) for row in rows)]
    if not numbers:
        st.info("No column holds numbers, so there is nothing to draw.", icon=":material/bar_chart:")
        return
    with st.container(horizontal=True):
        across = st.selectbox("Across", names, key="query.across")
        up = st.selectbox("Up", numbers, key="query.up")
        kind = st.segmented_control("As", ["bars", "points"], default="bars", required=True, key="query.kind")
    x, y = [row[across] for row in rows], [row[up] for row in rows]
    colour = theme.family_colour("encoder", theme.is_dark())
    mark = go.Bar(x=x, y=y, marker_color=colour) if kind == "bars" else go.Scatter(
        x=x, y=y, mode="markers", marker={"color": colour, "size": 9})  # fmt: skip
    figure = go.Figure(mark)
    figure.update_layout(xaxis_title=across, yaxis_title=up, height=420, margin={"t": 20, "r": 10})
    st.plotly_chart(figure, config={"displaylogo": False, "showSendToCloud": False}, alt=f"{up} by {across}")
