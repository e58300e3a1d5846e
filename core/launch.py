"""Launch, cancel and retry runs. The queue is the set of run folders in state queued, in the order of `queued_at`."""

import logging
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core import files, trash
from core.candidates import resolve
from core.data.dataset import Dataset, load_dataset
from core.devices import devices, resolve_device
from core.errors import TradeoffError, unknown
from core.estimate import Estimate, estimate
from core.experiment_file import read_experiment
from core.history import mean_tokens, past_runs
from core.home import Home
from core.methods import method_entry
from core.preferences import load as load_preferences
from core.processes import end_processes, has_died, run_process
from core.reconcile import RESUMES, open_runs, reconcile
from core.runs import ENDED, RunFolder, Status, create_run, find_run
from core.spec import Candidate, Experiment, RunSpec
from core.worker import ensure_worker

__all__ = ["PlannedRun", "cancel", "delete", "launch", "plan", "read_experiment", "restore", "retry", "specs"]

CANCEL_GRACE_SECONDS = 3.5
AGAIN: tuple[Status, ...] = ("failed", "cancelled")
ATTEMPTED = ("parts", "checkpoints", "model", "model.part")
BUNDLED = ("minilm", "smollm2")
LARGEST_SEED = 2**31 - 1
log = logging.getLogger("tradeoff")


@dataclass(frozen=True)
class PlannedRun:
    """A run that a launch would make: where it stands already, and what it will take (None: could not be estimated)."""

    spec: RunSpec
    status: Status | None
    estimate: Estimate | None

    @property
    def run_id(self) -> str:
        """The name of its folder."""
        return self.spec.run_id

    @property
    def reused(self) -> bool:
        """Whether it has finished before, so that nothing is to be done."""
        return self.status == "finished"


def specs(home: Home, experiment: Experiment) -> list[RunSpec]:
    """Every run of a grid, candidates first, each once.

    Raises:
        TradeoffError: an unknown dataset, candidate or setting, a method that cannot do the task, a train size
            that the dataset does not have, or a device that is not here.
    """
    dataset = load_dataset(home, experiment.dataset)
    unused = set(experiment.settings) - set(experiment.candidates)
    if unused:
        raise unknown("launched candidate", sorted(unused)[0], experiment.candidates)
    device, info = resolve_device(experiment.device), dataset.info
    for size in experiment.train_sizes:
        _check_size(dataset, size)
    for seed in experiment.seeds:
        if not 0 <= seed <= LARGEST_SEED:
            raise TradeoffError(f"A seed of {seed} cannot be used", remedy=f"Take one from 0 to {LARGEST_SEED:,}.")
    found = [
        RunSpec(
            dataset=info.name, fingerprint=info.fingerprint, task=info.task, candidate=candidate, seed=seed,
            train_size=None if size == info.counts["train"] else size, device=device,
        )
        for candidate in [_candidate(name, experiment, dataset) for name in experiment.candidates]
        for seed in experiment.seeds
        for size in experiment.train_sizes
    ]  # fmt: skip
    return list({spec.run_id: spec for spec in found}.values())


def plan(home: Home, experiment: Experiment) -> list[PlannedRun]:
    """What a launch would do, and what each run will take.

    Raises:
        TradeoffError: see `specs`.
    """
    runs, dataset = specs(home, experiment), load_dataset(home, experiment.dataset)
    states = [RunFolder(home.runs / spec.run_id).state for spec in runs]
    found = _estimates(home, runs, dataset)
    return [
        PlannedRun(spec, state.status if state else None, estimated)
        for spec, state, estimated in zip(runs, states, found, strict=True)
    ]


def launch(home: Home, experiment: Experiment) -> list[RunFolder]:
    """Queue a grid of runs and see that a worker is at work.

    Finished runs are reused, failed and cancelled ones queued again to resume, open ones left alone.

    Raises:
        TradeoffError: see `specs`; or the data folder cannot be written.
    """
    runs, folders = specs(home, experiment), []
    reconcile(home)
    with files.held(home.locks / "launch.lock", wait_seconds=30.0) as mine:
        if not mine:
            raise TradeoffError("Another launch is still going on", str(home.root), "Try again in a moment.")
        for spec, moment in zip(runs, _places_in_line(home, len(runs)), strict=True):
            folder = create_run(home, spec, moment)
            _queue_again(folder, moment)
            folders.append(folder)
    if any((state := folder.state) and state.status not in ENDED for folder in folders):
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
        gone = end_processes(state, CANCEL_GRACE_SECONDS)
        if not gone or (folder.is_executing and not run_process(state) and not has_died(state)):
            return folder
    folder.set_state("cancelled", "Cancelled", RESUMES)
    return folder


def retry(home: Home, run_id: str, afresh: bool = False) -> RunFolder:
    """Queue a failed or cancelled run again; it resumes from where it was, or starts `afresh`.

    Raises:
        TradeoffError: there is no such run, it has finished, or its folder cannot be written.
    """
    folder = find_run(home, run_id)
    state = folder.state
    if state and state.status == "finished":
        raise TradeoffError(f"{run_id} has finished", remedy="Delete it first if it should be run again.")
    if afresh and state and state.status in AGAIN:
        for name in ATTEMPTED:
            shutil.rmtree(folder.path / name, ignore_errors=True)
        (folder.path / "progress.jsonl").unlink(missing_ok=True)
    _queue_again(folder, _places_in_line(home, 1)[0])
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


def _estimates(home: Home, runs: Sequence[RunSpec], dataset: Dataset) -> list[Estimate | None]:
    """An estimate a run; None where there is none to be had, which must not keep anybody from launching."""
    try:
        known, history, preferences = devices(), past_runs(home), load_preferences(home)
        length = mean_tokens(dataset)
    except Exception:
        log.exception("Nothing could be estimated")
        return [None] * len(runs)
    found: list[Estimate | None] = []
    for spec in runs:
        try:
            found.append(estimate(spec, dataset.info, length, history, known, preferences))
        except Exception:
            log.exception("%s could not be estimated", spec.run_id)
            found.append(None)
    return found


def _candidate(name: str, experiment: Experiment, dataset: Dataset) -> Candidate:
    changes: dict[str, Any] = experiment.settings.get(name, {})
    candidate = resolve(name, changes)
    if dataset.info.task not in method_entry(candidate.method).tasks:
        raise TradeoffError(
            f"{name} cannot do {dataset.info.task}", dataset.info.name, "Choose another candidate for this dataset."
        )
    folder = Path(candidate.model or "").expanduser()
    if candidate.model and candidate.model not in BUNDLED and not folder.is_absolute() and folder.is_dir():
        # The run's process works in another folder than the one that the user named the model from.
        return candidate.model_copy(update={"model": str(folder.resolve())})
    return candidate


def _check_size(dataset: Dataset, size: int | None) -> None:
    most = dataset.info.counts["train"]
    if size is not None and size > most:
        raise TradeoffError(
            f"A train size of {size:,} is more than the {most:,} training texts", dataset.info.name, "Take fewer."
        )
    if size is not None and size < 1:
        raise TradeoffError(f"A train size of {size} is too small", dataset.info.name, "Take at least one text.")


def _queue_again(folder: RunFolder, queued_at: str) -> None:
    """Queue a failed or cancelled run again; any other is left alone."""
    state = folder.state
    if state and state.status in AGAIN:
        (folder.path / "cancel").unlink(missing_ok=True)
        folder.set_state("queued", after=AGAIN, queued_at=queued_at, interruptions=0)


def _places_in_line(home: Home, count: int) -> list[str]:
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
