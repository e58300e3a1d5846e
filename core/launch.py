"""Launch, cancel and retry runs. The queue is the set of run folders in state queued, in the order of `queued_at`."""

import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core import files, trash
from core.clients.checks import check_providers
from core.clients.spending import keep_spent, set_cap
from core.errors import TradeoffError
from core.experiment_file import read_experiment
from core.home import Home
from core.planning import PlannedRun, plan, specs
from core.portion import whole
from core.processes import end_processes, has_died, run_process
from core.reconcile import RESUMES, open_runs, reconcile
from core.runs import AT_REST, ENDED, NOT_ENDED, RunFolder, Status, create_run, find_run
from core.spec import Experiment
from core.worker import ensure_worker

__all__ = ["PlannedRun", "cancel", "delete", "launch", "plan", "read_experiment", "restore", "retry", "specs"]

CANCEL_GRACE_SECONDS = 3.5
AGAIN: tuple[Status, ...] = ("failed", "cancelled", "paused")
ATTEMPTED = ("parts", "checkpoints", "model", "model.part")


def launch(home: Home, experiment: Experiment) -> list[RunFolder]:
    """Queue a grid of runs and see that a worker is at work.

    Finished runs are reused, failed, cancelled and paused ones queued again to resume, open ones left alone. One that
    was to answer a part only now answers all.

    Raises:
        TradeoffError: see `specs`; a provider's endpoint or key is missing; the cap `max_usd` cannot be kept; or the
            data folder cannot be written.
    """
    runs, folders = specs(home, experiment), []
    check_providers(home, runs, experiment.max_usd)
    reconcile(home)
    with files.held(home.locks / "launch.lock", wait_seconds=30.0) as mine:
        if not mine:
            raise TradeoffError("Another launch is still going on", str(home.root), "Try again in a moment.")
        set_cap(home, [spec.run_id for spec in runs if spec.device == "api"], experiment.max_usd)
        for spec, moment in zip(runs, places_in_line(home, len(runs)), strict=True):
            folder = create_run(home, spec, moment)
            whole(folder)
            queue_again(folder, moment)
            folders.append(folder)
    if any((state := folder.state) and state.status not in AT_REST for folder in folders):
        ensure_worker(home)
    return folders


def cancel(home: Home, run_id: str) -> RunFolder:
    """Stop a run within five seconds, with or without a worker. A run that has ended stays as it is.

    A run on another host that shares the data folder cannot be reached by a signal: it stops at its next batch.

    Raises:
        TradeoffError: there is no such run, or its folder cannot be written.
    """
    folder = find_run(home, run_id)
    state = folder.state
    if state and state.status in ENDED:
        return folder
    _mark_cancelled(folder)
    if state and state.status == "running":
        gone = end_processes(folder, state, CANCEL_GRACE_SECONDS)
        if not gone or (folder.is_executing and not run_process(folder, state) and not has_died(folder, state)):
            return folder
    folder.set_state("cancelled", "Cancelled", RESUMES, after=(*NOT_ENDED, "paused"))
    return folder


def retry(home: Home, run_id: str, afresh: bool = False) -> RunFolder:
    """Queue a failed, cancelled or paused run again; it resumes from where it was, or starts `afresh`.

    Raises:
        TradeoffError: there is no such run, it has finished, or its folder cannot be written.
    """
    folder = find_run(home, run_id)
    state = folder.state
    if state and state.status == "finished":
        raise TradeoffError(f"{run_id} has finished", remedy="Delete it first if it should be run again.")
    if afresh and state and state.status in AGAIN:
        keep_spent(folder)
        for name in ATTEMPTED:
            shutil.rmtree(folder.path / name, ignore_errors=True)
        (folder.path / "progress.jsonl").unlink(missing_ok=True)
    whole(folder)
    queue_again(folder, places_in_line(home, 1)[0])
    ensure_worker(home)
    return folder


def delete(home: Home, run_id: str) -> Path:
    """Move a run to the trash, cancelling it first; returns where it lies for a week (see `restore`).

    Raises:
        TradeoffError: there is no such run, it is still stopping, or it cannot be moved.
    """
    return trash.put(home, cancel(home, run_id))


def restore(home: Home, run_id: str) -> RunFolder:
    """Undo the delete of a run: what was queued or running then comes back as cancelled.

    Raises:
        TradeoffError: it is not in the trash, or the run exists again.
    """
    return trash.take_back(home, run_id)


def queue_again(folder: RunFolder, queued_at: str) -> None:
    """Queue a failed, cancelled or paused run again; any other is left alone."""
    state = folder.state
    if state and state.status in AGAIN:
        (folder.path / "cancel").unlink(missing_ok=True)
        folder.set_state("queued", after=AGAIN, queued_at=queued_at, interruptions=0)


def places_in_line(home: Home, count: int) -> list[str]:
    """Times that put `count` runs at the end of the queue, in their order, even when the clock was set back."""
    last = datetime.now(UTC)
    for _, state in open_runs(home):
        with suppress(ValueError, TypeError):
            last = max(last, datetime.fromisoformat(state.queued_at))
    moments = (last + timedelta(milliseconds=place + 1) for place in range(count))
    return [moment.isoformat(timespec="milliseconds") for moment in moments]


def _mark_cancelled(folder: RunFolder) -> None:
    try:
        (folder.path / "cancel").touch()
    except OSError as error:
        raise TradeoffError(
            f"{folder.run_id} cannot be cancelled: {error.strerror}",
            str(folder.path),
            "Check the permissions of the run's folder, then try again.",
        ) from error
