"""Are the pages quick over many runs? `python bench/pages.py FOLDER [--json OUT]` after `bench/make_runs.py FOLDER`.

Times the index (first ingest, refresh without change, each named query, user SQL) and a rerun of each page on the
server. Prints medians in milliseconds; note what else the machine was doing.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)  # not this folder: its statistics.py would hide the one of Python

import statistics

from core.home import Home
from store import queries
from store.db import open_index
from store.ingest import refresh
from store.sandbox import run_sql

PAGES = ("overview", "datasets", "launch", "runs", "tradeoff", "results", "query", "settings")


def median_ms(act: Callable[[], object], times: int = 5) -> float:
    """The median wall time of `act` in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def index_times(home: Home) -> dict[str, float]:
    """The index and its questions."""
    found = {}
    with open_index(home) as index:
        found["first ingest"] = median_ms(lambda: refresh(index), 1)
        found["refresh, nothing new"] = median_ms(lambda: refresh(index))
        runs = [row["run_id"] for row in queries.ask(index, "SELECT run_id FROM runs LIMIT 2")]
        info = queries.ask(index, "SELECT dataset, fingerprint FROM runs LIMIT 1")[0]
        found["run summaries"] = median_ms(lambda: queries.run_summaries(index), 3)
        found["status counts"] = median_ms(lambda: queries.status_counts(index))
        found["spent by month"] = median_ms(lambda: queries.spent_by_month(index))
        found["disagreements"] = median_ms(lambda: queries.disagreements(index, *runs))
        found["hardest examples"] = median_ms(lambda: queries.hardest_examples(index, **info), 3)
        found["user SQL, first"] = median_ms(lambda: run_sql(index, "SELECT count(*) FROM predictions"), 1)
        found["user SQL, again"] = median_ms(lambda: run_sql(index, "SELECT count(*) FROM predictions"))
    return found


def page_times(home: Home) -> dict[str, float]:
    """A rerun of each page: the first draws and fills the caches, the next three count."""
    from streamlit.testing.v1 import AppTest

    os.environ["TRADEOFF_HOME"] = str(home.root)
    found = {}
    for name in PAGES:
        app = AppTest.from_file(str(ROOT / "ui" / "shell.py"), default_timeout=300).run()
        app.switch_page(str(ROOT / "pages" / f"{name}.py"))
        found[f"page {name}, first"] = median_ms(app.run, 1)
        found[f"page {name}, again"] = median_ms(app.run, 3)
    return found


def main() -> None:
    """Print and keep the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    home = Home(options.folder.resolve()).prepare()
    found = {"machine busy before, %": psutil.cpu_percent(1.0), **index_times(home), **page_times(home)}
    for name, value in found.items():
        print(f"{name:32} {value:10.1f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
