"""A user's SQL, run where it can do no harm: on a read-only copy of the index, in a process with nothing in reach.

The copy holds what the index holds and is made again when that has changed. The child process
(`store/sandbox_child.py`) has an empty environment, may open no file for writing, and is limited in memory, CPU time
and output; DuckDB inside it may not reach the file system, the network or its own settings.
"""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import files
from core.errors import TradeoffError
from store.db import Index
from store.ingest import generation

CHILD = Path(__file__).with_name("sandbox_child.py")
LONGEST_SQL = 100_000
START_SECONDS = 10.0
"""For the child to start on a busy machine; the query's own time is counted apart."""


@dataclass(frozen=True)
class SqlResult:
    """The answer to a query: `rows` are lists of JSON values aligned to `columns`; `types` are DuckDB's."""

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    truncated: bool
    seconds: float


def run_sql(index: Index, sql: str, *, seconds: float = 10.0, max_rows: int = 10_000) -> SqlResult:
    """Run one reading statement.

    Raises:
        TradeoffError: a mistake in the SQL, more than one statement, one that is not a query, or a query that needs
            more than `seconds` or more memory than it may use.
    """
    if not sql.strip():
        raise TradeoffError("The query is empty", remedy="Write a SELECT, e.g. SELECT * FROM runs.")
    if len(sql) > LONGEST_SQL:
        raise TradeoffError(f"The query has {len(sql):,} characters", remedy=f"At most {LONGEST_SQL:,} are taken.")
    request = json.dumps({"sql": sql, "max_rows": max_rows, "seconds": seconds})
    answer = _ask(snapshot(index), request, seconds)
    if "error" in answer:
        raise TradeoffError(_sentence(answer["error"]), "", answer.get("remedy", ""))
    return SqlResult(**answer)


def snapshot(index: Index) -> Path:
    """A copy of the index as it is now; older copies are removed."""
    with index.lock:
        path = index.path.with_name(f"{index.path.stem}.{generation(index)}.snapshot")
        if not path.exists():
            index.connection.execute("CHECKPOINT")
            files.write_through(path, lambda part: shutil.copyfile(index.path, part))
            for old in path.parent.glob(f"{index.path.stem}.*.snapshot"):
                if old != path:
                    old.unlink(missing_ok=True)
        return path


def _ask(path: Path, request: str, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="tradeoff-sql-") as nowhere:
        child = subprocess.Popen(
            [sys.executable, "-I", str(CHILD), str(path)], cwd=nowhere, env={},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            out, _ = child.communicate(request.encode("utf-8", "replace"), timeout=START_SECONDS + seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            out, _ = child.communicate()
    if child.returncode in (-signal.SIGALRM, -signal.SIGKILL):
        return {"error": f"The query took longer than {seconds:g} s", "remedy": "Narrow it with WHERE or LIMIT."}
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError:
        return {
            "error": "The query needed more memory than it may use",
            "remedy": "Ask for fewer rows or shorter texts.",
        }
    return answer


def _sentence(message: str) -> str:
    """DuckDB's first lines on one, without its class name and the pointer under the query."""
    lines = [line.strip() for line in message.splitlines() if line.strip() and set(line.strip()) != {"^"}]
    told = [line for line in lines if not line.startswith("LINE ")]
    place = next((line.split(":")[0].lower() for line in lines if line.startswith("LINE ")), "")
    text = " ".join(told)[:400].rstrip(".")
    return f"{text} ({place})" if place else text
