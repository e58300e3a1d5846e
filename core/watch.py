"""Show runs through to their end in a terminal."""

import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from core.home import Home
from core.progress import summary
from core.reconcile import reconcile
from core.runs import ENDED, RunFolder
from core.worker import ensure_worker

POLL_SECONDS = 0.5
MARKS = {"finished": "[green]✓[/]", "failed": "[red]✗[/]", "cancelled": "[yellow]–[/]"}


def wait_for(home: Home, folders: Sequence[RunFolder], quiet: bool = False) -> bool:
    """Wait until every run has ended, restarting a worker that died; returns whether all finished.

    Progress goes to stderr, so that stdout stays the answer's.
    """
    console = Console(stderr=True, quiet=quiet)
    columns = (
        TextColumn("{task.fields[mark]} {task.description}"), BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(), TextColumn("[dim]{task.fields[line]}"),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=quiet or not sys.stderr.isatty()) as bars:
        tasks = {
            f.run_id: bars.add_task(f.spec.label, total=1.0, start=False, mark="·", line="") for f in folders
        }
        told: set[str] = set()
        while True:
            reconcile(home)
            waiting = False
            for folder in folders:
                progress, state = summary(folder), folder.state
                task = tasks[folder.run_id]
                if state and state.status == "running" and not bars.tasks[task].started:
                    bars.start_task(task)
                if state and state.status in ENDED:
                    bars.update(task, completed=1.0, mark=MARKS[state.status], line=state.reason)
                    bars.stop_task(task)
                    if not bars.disable or quiet or folder.run_id in told:
                        continue
                    told.add(folder.run_id)
                    console.print(
                        f"{MARKS[state.status]} {folder.spec.label} {state.reason}", highlight=False
                    )
                else:
                    waiting = True
                    bars.update(task, completed=progress.share, line=progress.line)
            if not waiting:
                return all((state := folder.state) and state.status == "finished" for folder in folders)
            ensure_worker(home)
            time.sleep(POLL_SECONDS)
