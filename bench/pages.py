"""Are the pages quick over many runs? `python bench/pages.py FOLDER [--json OUT] [--only overview,decide]` after
`bench/make_runs.py FOLDER`.

Times the index (first ingest, refresh without change, each named query, user SQL), the stored predictions, and each
page on the server, in a process of its own: its first draw (with the libraries it loads and all that is then kept),
another draw, and one after a choice was changed for the first time. Medians in milliseconds, of the wall clock and of
the processor: on a busy machine the second says more.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)  # not this folder: its statistics.py would hide the one of Python

import argparse
import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable

import psutil

from core.findings.evidence import performances_of
from core.findings.hardest import hardest
from core.findings.results import results
from core.home import Home
from core.preferences import Preferences
from store import queries
from store.db import open_index
from store.ingest import refresh
from store.sandbox import run_sql

CHANGED: dict[str, dict[str, str]] = {
    "overview": {}, "tradeoff": {"metric": "macro_f1"}, "compare": {"metric": "macro_f1"},
    "labels": {"metric": "macro_f1"}, "decide": {"metric": "macro_f1"}, "costs": {"volume": "3000000"},
    "cascade": {"metric": "macro_f1"},
}  # fmt: skip
"""What is chosen anew in the URL of a page, where that makes it compute something."""
Times = dict[str, tuple[float, float]]


def median_ms(act: Callable[[], object], times: int = 5) -> tuple[float, float]:
    """The median time of `act` in milliseconds, by the wall clock and of this process."""
    taken = []
    for _ in range(times):
        began, used = time.perf_counter(), time.process_time()
        act()
        taken.append((1000 * (time.perf_counter() - began), 1000 * (time.process_time() - used)))
    return statistics.median(wall for wall, _ in taken), statistics.median(own for _, own in taken)


def index_times(home: Home) -> Times:
    """The index and its questions."""
    found = {}
    with open_index(home) as index:
        found["first ingest"] = median_ms(lambda: refresh(index), 1)
        found["refresh, nothing new"] = median_ms(lambda: refresh(index))
        runs = [row["run_id"] for row in queries.ask(index, "SELECT run_id FROM runs LIMIT 2")]
        found["run summaries"] = median_ms(lambda: queries.run_summaries(index), 3)
        found["status counts"] = median_ms(lambda: queries.status_counts(index))
        found["spent by month"] = median_ms(lambda: queries.spent_by_month(index))
        found["disagreements"] = median_ms(lambda: queries.disagreements(index, *runs))
        found["user SQL, first"] = median_ms(lambda: run_sql(index, "SELECT count(*) FROM predictions"), 1)
        found["user SQL, again"] = median_ms(lambda: run_sql(index, "SELECT count(*) FROM predictions"))
    return found


def evidence_times(home: Home, dataset: str) -> Times:
    """All predictions as arrays: read from the runs, then from what is kept of them."""
    rows = results(home, dataset, Preferences(), train_size="all")
    shutil.rmtree(home.cache / "evidence", ignore_errors=True)
    return {
        "predictions, first": median_ms(lambda: performances_of(home, rows, metric="macro_f1"), 1),
        "predictions, kept on disk": median_ms(lambda: performances_of(home, rows, metric="weighted_f1"), 1),
        "predictions, kept in memory": median_ms(lambda: performances_of(home, rows, metric="weighted_f1"), 3),
        "hardest texts": median_ms(lambda: hardest(home, [run for row in rows for run in row.run_ids]), 3),
    }


def page_times(home: Home, name: str) -> Times:
    """A page in this process: drawn for the first time, again, and after a choice was changed."""
    from streamlit.testing.v1 import AppTest

    os.environ["TRADEOFF_HOME"] = str(home.root)
    app = AppTest.from_file(str(ROOT / "ui" / "shell.py"), default_timeout=600)
    app.switch_page(str(ROOT / "pages" / f"{name}.py"))
    found = {f"page {name}, first": median_ms(app.run, 1), f"page {name}, again": median_ms(app.run, 5)}
    for key, value in CHANGED.get(name, {}).items():
        app.query_params[key] = value
        found[f"page {name}, {key} changed"] = median_ms(app.run, 1)
    if app.exception or app.error:
        raise SystemExit(f"{name} failed: {[error.value for error in (*app.exception, *app.error)]}")
    return found


def each_page(home: Home, names: list[str]) -> Times:
    """Each page in a process of its own."""
    found: Times = {}
    for name in names:
        command = [sys.executable, __file__, str(home.root), "--page", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
            continue
        found |= json.loads(done.stdout.splitlines()[-1])
        show({key: value for key, value in found.items() if key.startswith(f"page {name},")})
    return found


def show(found: Times) -> None:
    """A line a time."""
    for name, (wall, own) in found.items():
        print(f"{name:36} {wall:10.1f} {own:10.1f}", flush=True)


def main() -> None:
    """Print and keep the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", help="these pages and nothing else, by name with commas")
    parser.add_argument("--page", help=argparse.SUPPRESS)
    options = parser.parse_args()
    home = Home(options.folder.resolve()).prepare()
    if options.page:
        print(json.dumps(page_times(home, options.page)))
        return
    print(f"machine busy before: {psutil.cpu_percent(1.0):.0f} %\n{'milliseconds':36} {'wall':>10} {'processor':>10}")
    found: Times = {}
    if not options.only:
        found = index_times(home) | evidence_times(home, "many runs")
        show(found)
    names = options.only.split(",") if options.only else [path.stem for path in sorted((ROOT / "pages").glob("*.py"))]
    found |= each_page(home, names)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
