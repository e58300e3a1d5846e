"""Show runs through to their end in a terminal."""

import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from core.home import Home
from core.metric_words import metric_told
from core.progress import summary
from core.reconcile import reconcile
from core.runs import AT_REST, RunFolder
from core.tasks import get_task
from core.worker import ensure_worker

POLL_SECONDS = 0.5
MARKS = {"finished": "[green]✓[/]", "failed": "[red]✗[/]", "cancelled": "[yellow]–[/]", "paused": "[blue]‖[/]"}


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
            folder.run_id: bars.add_task(escape(name), total=1.0, start=False, mark="·", line="")
            for folder, name in zip(folders, names(folders), strict=True)
        }
        told: set[str] = set()
        while True:
            reconcile(home)
            open_ones = [folder for folder in folders if not _shown(folder, bars, tasks[folder.run_id])]
            for folder in folders:
                if bars.disable and not quiet and folder not in open_ones and folder.run_id not in told:
                    told.add(folder.run_id)
                    line = f"{_mark(folder)} {bars.tasks[tasks[folder.run_id]].description} {outcome(folder)}"
                    console.print(line, highlight=False)
            if not open_ones:
                return all((state := folder.state) and state.status == "finished" for folder in folders)
            ensure_worker(home)
            time.sleep(POLL_SECONDS)


def names(folders: Sequence[RunFolder]) -> list[str]:
    """What tells the runs apart: the candidate, and the dataset, texts and seed where they differ."""
    specs = [folder.spec for folder in folders]
    parts = [
        [spec.label for spec in specs], [f"on {spec.dataset}" for spec in specs],
        [f"{spec.train_size:,} texts" if spec.train_size else "all texts" for spec in specs],
        [f"seed {spec.seed}" for spec in specs],
    ]  # fmt: skip
    differing = [parts[0], *(part for part in parts[1:] if len(set(part)) > 1)]
    return [", ".join(row) for row in zip(*differing, strict=True)]


def outcome(folder: RunFolder) -> str:
    """How a run ended: its figure on test, or why it did not finish."""
    primary = get_task(folder.spec.task).primary_metric
    score = next((s for s in folder.scores if (s.metric, s.split) == (primary, "test")), None)
    state = folder.state
    if state and state.status == "finished" and score:
        return metric_told(primary, score.value)
    return escape(state.reason) if state else ""


def _shown(folder: RunFolder, bars: Progress, task: TaskID) -> bool:
    """Show where a run stands; whether it has ended."""
    progress, state = summary(folder), folder.state
    if state and state.status == "running" and not bars.tasks[task].started:
        bars.start_task(task)
    if state and state.status in AT_REST:
        bars.update(task, completed=1.0, mark=_mark(folder), line=outcome(folder))
        bars.stop_task(task)
        return True
    bars.update(task, completed=progress.share, line=progress.line)
    return False


def _mark(folder: RunFolder) -> str:
    state = folder.state
    return MARKS.get(state.status, "·") if state else "·"
