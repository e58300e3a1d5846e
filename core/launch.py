"""Launch, cancel, retry and delete runs. The queue is the set of run folders in state queued."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import files
from core.candidates import resolve
from core.data.dataset import Dataset, load_dataset
from core.devices import devices, resolve_device
from core.errors import TradeoffError, unknown
from core.estimate import Estimate, estimate
from core.history import mean_tokens, past_runs
from core.home import Home
from core.methods import method_entry
from core.preferences import load as load_preferences
from core.runs import ENDED, RunFolder, Status, create_run, delete_run, end_process_group, find_run
from core.spec import Candidate, Experiment, RunSpec
from core.worker import ensure_worker

CANCEL_GRACE_SECONDS = 4.0
TRASH_DAYS = 7


@dataclass(frozen=True)
class PlannedRun:
    """A run that a launch would make: where it stands already, and what it will take (None: could not be estimated)."""

    spec: RunSpec
    status: Status | None
    estimate: Estimate | None


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
    known, history, preferences = devices(), past_runs(home), load_preferences(home)
    length = mean_tokens(dataset)
    planned = []
    for spec in runs:
        state = RunFolder(home.runs / spec.run_id).state
        found = estimate(spec, dataset.info, length, history, known, preferences)
        planned.append(PlannedRun(spec, state.status if state else None, found))
    return planned


def launch(home: Home, experiment: Experiment) -> list[RunFolder]:
    """Queue a grid of runs and see that a worker is at work.

    Finished runs are reused, failed and cancelled ones queued again to resume, open ones left alone.

    Raises:
        TradeoffError: see `specs`.
    """
    folders = []
    runs = specs(home, experiment)
    with files.held(home.locks / "launch.lock", wait_seconds=30.0):
        for spec in runs:
            folder = create_run(home, spec)
            state = folder.state
            if state and state.status in ("failed", "cancelled"):
                _queue_again(folder)
            folders.append(folder)
    if any((state := folder.state) and state.status not in ENDED for folder in folders):
        ensure_worker(home)
    return folders


def cancel(home: Home, run_id: str) -> RunFolder:
    """Stop a run within five seconds, with or without a worker. A run that has ended stays as it is.

    Raises:
        TradeoffError: there is no such run.
    """
    folder = find_run(home, run_id)
    state = folder.state
    if state is None or state.status in ENDED:
        return folder
    (folder.path / "cancel").touch()
    end_process_group(state, CANCEL_GRACE_SECONDS)
    folder.set_state("cancelled", "Cancelled", "Retry resumes it from where it was.")
    return folder


def retry(home: Home, run_id: str, afresh: bool = False) -> RunFolder:
    """Queue a failed or cancelled run again; it resumes from where it was, or starts `afresh`.

    Raises:
        TradeoffError: there is no such run, or it has finished.
    """
    folder = find_run(home, run_id)
    state = folder.state
    if state and state.status == "finished":
        raise TradeoffError(f"{run_id} has finished", remedy="Delete it first if it should be run again.")
    if state and state.status in ("failed", "cancelled"):
        if afresh:
            for name in ("parts", "checkpoints", "model", "model.part"):
                shutil.rmtree(folder.path / name, ignore_errors=True)
        _queue_again(folder)
    ensure_worker(home)
    return folder


def delete(home: Home, run_id: str) -> Path:
    """Move a run to the trash, cancelling it first; returns where it lies for a week (see `restore`).

    Raises:
        TradeoffError: there is no such run.
    """
    folder = cancel(home, run_id)
    purge_trash(home)
    kept = home.root / "trash" / f"{folder.run_id}@{time.time_ns()}"
    kept.parent.mkdir(exist_ok=True)
    folder.path.rename(kept)
    return kept


def restore(home: Home, run_id: str) -> RunFolder:
    """Take the run that was deleted last under this id out of the trash.

    Raises:
        TradeoffError: it is not in the trash, or the run exists again.
    """
    kept = sorted((home.root / "trash").glob(f"{run_id}@*"))
    if not kept:
        raise TradeoffError(f"{run_id} is not in the trash", remedy=f"Deleted runs are kept for {TRASH_DAYS} days.")
    if (home.runs / run_id).exists():
        raise TradeoffError(f"{run_id} exists again", remedy="Delete that one first.")
    kept[-1].rename(home.runs / run_id)
    return RunFolder(home.runs / run_id)


def purge_trash(home: Home) -> None:
    """Remove for good what was deleted more than a week ago."""
    for path in (home.root / "trash").glob("*@*"):
        if time.time_ns() - int(path.name.rpartition("@")[2]) > TRASH_DAYS * 86_400 * 10**9:
            delete_run(RunFolder(path))


def read_experiment(path: Path) -> Experiment:
    """The experiment of a YAML file.

    Raises:
        TradeoffError: no such file, not YAML (with the line), an unknown key, or a value that does not fit.
    """
    import yaml
    from pydantic import ValidationError

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise TradeoffError(f"{path} cannot be read: {error.strerror}", remedy="Check the path.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise TradeoffError(
            "The experiment file is not YAML", where, "See docs/command-line.md for an example."
        ) from None
    if not isinstance(content, dict):
        raise TradeoffError("The experiment file has no keys", str(path), "See docs/command-line.md for an example.")
    for key in content:
        if key not in Experiment.model_fields:
            raise unknown(f"key of an experiment ({path.name})", str(key), Experiment.model_fields)
    try:
        return Experiment(**content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TradeoffError(f"{where}: {first['msg'].lower()}", str(path), "See docs/command-line.md.") from None


def _candidate(name: str, experiment: Experiment, dataset: Dataset) -> Candidate:
    changes: dict[str, Any] = experiment.settings.get(name, {})
    candidate = resolve(name, changes)
    if dataset.info.task not in method_entry(candidate.method).tasks:
        raise TradeoffError(
            f"{name} cannot do {dataset.info.task}", dataset.info.name, "Choose another candidate for this dataset."
        )
    return candidate


def _check_size(dataset: Dataset, size: int | None) -> None:
    most = dataset.info.counts["train"]
    if size is not None and size > most:
        raise TradeoffError(
            f"A train size of {size:,} is more than the {most:,} training texts", dataset.info.name, "Take fewer."
        )
    if size is not None and size < 1:
        raise TradeoffError(f"A train size of {size} is too small", dataset.info.name, "Take at least one text.")


def _queue_again(folder: RunFolder) -> None:
    (folder.path / "cancel").unlink(missing_ok=True)
    folder.set_state("queued", queued_at=files.now(), interruptions=0)
