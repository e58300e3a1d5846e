"""One named function a question. Each takes an open index and answers with plain records."""

import json
from typing import Any

from core.analysis.results import RunSummary
from core.metering.usage import Usage
from core.spec import RunSpec
from core.tasks import Score
from store.db import Index
from store.migrations import PUBLIC_TABLES, PUBLIC_VIEWS

Rows = list[dict[str, Any]]


def ask(index: Index, sql: str, parameters: list[Any] | dict[str, Any] | None = None) -> Rows:
    """The rows of a query as dictionaries, drained at once: an open result would own the connection."""
    with index.lock:
        result = index.connection.execute(sql, parameters or [])
        columns = [column[0] for column in result.description or []]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def schema(index: Index) -> Rows:
    """Every column a user may ask for: table, column, type, what it means."""
    return ask(
        index,
        """
        SELECT c.table_name AS "table", c.column_name AS "column", c.data_type AS type,
               coalesce(c.comment, '') AS meaning
        FROM duckdb_columns() AS c
        WHERE c.table_name IN (SELECT unnest(?::VARCHAR[])) AND c.schema_name = 'main'
        ORDER BY list_position(?::VARCHAR[], c.table_name), c.column_index
        """,
        [[*PUBLIC_TABLES, *PUBLIC_VIEWS]] * 2,
    )


def tables(index: Index) -> Rows:
    """Every table with its meaning and number of rows; a view's rows are not counted (None)."""
    told = {
        row["name"]: row["comment"] or ""
        for row in ask(
            index,
            """
            SELECT table_name AS name, comment FROM duckdb_tables() WHERE schema_name = 'main'
            UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'main'
            """,
        )
    }
    counts = {name: ask(index, f"SELECT count(*) AS n FROM {name}")[0]["n"] for name in PUBLIC_TABLES}
    return [
        {"table": name, "meaning": told.get(name, ""), "rows": counts.get(name)}
        for name in (*PUBLIC_TABLES, *PUBLIC_VIEWS)
    ]


def status_counts(index: Index) -> dict[str, int]:
    """How many runs are in each state."""
    return {row["status"]: row["n"] for row in ask(index, "SELECT status, count(*) AS n FROM runs GROUP BY status")}


def run_summaries(index: Index, dataset: str | None = None, fingerprint: str | None = None) -> list[RunSummary]:
    """Runs with their scores and usage, of one dataset version or of all, in the order of their ids."""
    chosen = "($dataset IS NULL OR dataset = $dataset) AND ($mark IS NULL OR fingerprint = $mark)"
    asked = {"dataset": dataset, "mark": fingerprint}
    scores: dict[str, list[Score]] = {}
    wanted = f"run_id IN (SELECT run_id FROM runs WHERE {chosen})"
    columns = "run_id, metric, split, value, low, high, n"
    for row in ask(index, f"SELECT {columns} FROM scores WHERE {wanted} ORDER BY rowid", asked):
        scores.setdefault(row.pop("run_id"), []).append(Score(**row))
    runs = ask(index, f"SELECT run_id, spec, status, usage FROM runs WHERE {chosen} ORDER BY run_id", asked)
    return [
        RunSummary(
            run_id=row["run_id"], spec=RunSpec.model_validate_json(row["spec"]), status=row["status"],
            scores=tuple(scores.get(row["run_id"], ())),
            usage={phase: Usage(**record) for phase, record in json.loads(row["usage"]).items()},
        )
        for row in runs
    ]  # fmt: skip


def spent_by_month(index: Index) -> Rows:
    """Device seconds, energy and CO2e of all phases by month and dataset; energy is null when any part is unknown."""
    return ask(
        index,
        """
        SELECT strftime(date_trunc('month', r.changed_at), '%Y-%m') AS month, r.dataset, u.device_name AS device,
               count(DISTINCT r.run_id) AS runs, sum(u.device_seconds) AS device_seconds,
               if(bool_or(u.kwh IS NULL), NULL, sum(u.kwh)) AS kwh,
               if(bool_or(u.co2e_kg IS NULL), NULL, sum(u.co2e_kg)) AS co2e_kg
        FROM runs AS r JOIN usage AS u USING (run_id) GROUP BY ALL ORDER BY month DESC, dataset, device
        """,
    )


def disagreements(index: Index, run: str, other: str) -> Rows:
    """How two runs answered the same test examples: both right, only one, none."""
    return ask(
        index,
        """
        SELECT count(*) FILTER (a.correct AND b.correct) AS both_right,
               count(*) FILTER (a.correct AND NOT b.correct) AS only_first,
               count(*) FILTER (NOT a.correct AND b.correct) AS only_second,
               count(*) FILTER (NOT a.correct AND NOT b.correct) AS both_wrong
        FROM predictions AS a JOIN predictions AS b USING (example_id, split)
        WHERE a.run_id = ? AND b.run_id = ? AND split = 'test'
        """,
        [run, other],
    )
