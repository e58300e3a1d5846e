"""The process of one query; see `store/sandbox.py`. Imports nothing of the project."""

import json
import math
import resource
import signal
import sys
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal

import duckdb

MEMORY = 1 << 30
ADDRESS_SPACE = 6 << 30
LARGEST_ANSWER = 32 << 20
READING = {"SELECT", "EXPLAIN"}


def confine(seconds: float) -> None:
    """Give up what a query does not need: memory, processor time, writing files; the alarm ends it where it stands."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    for limit, value in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_CPU, math.ceil(4 * seconds) + 4),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def connect(path: str) -> duckdb.DuckDBPyConnection:
    """The copy, read-only, with every door of DuckDB closed and the key thrown away."""
    connection = duckdb.connect(
        path, read_only=True,
        config={
            "enable_external_access": "false", "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false", "memory_limit": f"{MEMORY >> 20}MB", "threads": "2",
            "temp_directory": "", "python_enable_replacements": "false", "max_expression_depth": "500",
        },
    )  # fmt: skip
    connection.execute("SET lock_configuration = true")
    return connection


def answer(path: str, request: dict) -> dict:
    """The result of the query, or the error that its author should read."""
    connection = connect(path)
    statements = connection.extract_statements(request["sql"])
    if len(statements) != 1:
        return {"error": f"{len(statements)} statements were given", "remedy": "Send exactly one query."}
    kind = str(statements[0].type).rpartition(".")[2].upper()
    if kind not in READING:
        return {"error": f"{kind.capitalize()} is not a query", "remedy": "Only reading is possible: write a SELECT."}
    began = datetime.now()
    result = connection.execute(statements[0])
    columns = [column[0] for column in result.description]
    types = [str(column[1]) for column in result.description]
    rows: list = []
    size, truncated = 0, False
    while block := result.fetchmany(500):
        for row in block:
            plain = [_plain(value) for value in row]
            size += sum(len(value) if isinstance(value, str) else 16 for value in plain)
            if len(rows) >= request["max_rows"] or size > LARGEST_ANSWER:
                truncated = True
                break
            rows.append(plain)
        if truncated:
            break
    seconds = (datetime.now() - began).total_seconds()
    return {"columns": columns, "types": types, "rows": rows, "truncated": truncated, "seconds": seconds}


def _plain(value: object) -> object:
    """A value as JSON can say it."""
    if value is None or isinstance(value, bool | int | str):
        return value if not isinstance(value, int) or abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime | date | clock):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bytes):
        return value[:1000].hex()
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value)


def main() -> None:
    """Read the request from stdin, write the answer to stdout."""
    request = json.loads(sys.stdin.buffer.read())
    confine(float(request["seconds"]))
    try:
        found = answer(sys.argv[1], request)
    except MemoryError:
        found = {
            "error": "The query needed more memory than it may use",
            "remedy": "Ask for fewer rows or shorter texts.",
        }
    except duckdb.Error as error:
        found = {"error": str(error) or type(error).__name__, "remedy": ""}
    sys.stdout.buffer.write(json.dumps(found).encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
