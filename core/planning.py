"""From an experiment to its runs, and what they will take, before anything is launched."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.candidates import resolve
from core.data.dataset import Dataset, load_dataset
from core.devices import devices, resolve_device
from core.errors import TradeoffError, unknown
from core.estimate import Estimate, estimate
from core.history import mean_tokens, past_runs
from core.home import Home
from core.methods import can_do, method_entry
from core.preferences import load as load_preferences
from core.runs import RunFolder, Status
from core.spec import Candidate, DatasetRef, Experiment, RunSpec

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
        TradeoffError: an unknown dataset, candidate or setting, a method that cannot do the task or be fitted on
            several datasets, a train size that a dataset does not have, or a device that is not here.
    """
    names = dict.fromkeys([experiment.dataset, *experiment.with_datasets])
    sets = [load_dataset(home, name) for name in names]
    unused = set(experiment.settings) - set(experiment.candidates)
    if unused:
        raise unknown("launched candidate", sorted(unused)[0], experiment.candidates)
    device = resolve_device(experiment.device)
    _check(experiment, sets)
    joint = tuple(sorted((_reference(dataset) for dataset in sets), key=lambda ref: ref.dataset))
    found = [
        RunSpec(
            dataset=dataset.info.name, fingerprint=dataset.info.fingerprint, task=dataset.info.task,
            candidate=candidate, seed=seed, train_size=None if size == dataset.info.counts["train"] else size,
            device=device, joint=joint if len(sets) > 1 else (),
        )
        for candidate in [_candidate(name, experiment, sets) for name in experiment.candidates]
        for seed in experiment.seeds
        for size in experiment.train_sizes
        for dataset in sets
    ]  # fmt: skip
    return list({spec.run_id: spec for spec in found}.values())


def plan(home: Home, experiment: Experiment) -> list[PlannedRun]:
    """What a launch would do, and what each run will take.

    Raises:
        TradeoffError: see `specs`.
    """
    runs = specs(home, experiment)
    states = [RunFolder(home.runs / spec.run_id).state for spec in runs]
    found = _estimates(home, runs)
    return [
        PlannedRun(spec, state.status if state else None, estimated)
        for spec, state, estimated in zip(runs, states, found, strict=True)
    ]


def _check(experiment: Experiment, sets: Sequence[Dataset]) -> None:
    for dataset in sets:
        for size in experiment.train_sizes:
            _check_size(dataset, size)
    for seed in experiment.seeds:
        if not 0 <= seed <= LARGEST_SEED:
            raise TradeoffError(f"A seed of {seed} cannot be used", remedy=f"Take one from 0 to {LARGEST_SEED:,}.")


def _reference(dataset: Dataset) -> DatasetRef:
    info = dataset.info
    return DatasetRef(dataset=info.name, fingerprint=info.fingerprint, task=info.task)


def _estimates(home: Home, runs: Sequence[RunSpec]) -> list[Estimate | None]:
    """An estimate a run; None where there is none to be had, which must not keep anybody from launching."""
    try:
        known, history, preferences = devices(), past_runs(home), load_preferences(home)
        sets = {spec.dataset: load_dataset(home, spec.dataset, spec.fingerprint) for spec in runs}
        lengths = {name: mean_tokens(dataset) for name, dataset in sets.items()}
    except Exception:
        log.exception("Nothing could be estimated")
        return [None] * len(runs)
    found: list[Estimate | None] = []
    for spec in runs:
        info, length = sets[spec.dataset].info, lengths[spec.dataset]
        try:
            found.append(estimate(spec, info, length, history, known, preferences))
        except Exception:
            log.exception("%s could not be estimated", spec.run_id)
            found.append(None)
    return found


def _candidate(name: str, experiment: Experiment, sets: Sequence[Dataset]) -> Candidate:
    candidate = resolve(name, experiment.settings.get(name, {}))
    entry = method_entry(candidate.method)
    for info in (dataset.info for dataset in sets):
        if not can_do(candidate.method, info.task):
            raise TradeoffError(
                f"{name} cannot do {info.task}", info.name, "Choose another candidate for this dataset."
            )
    if len(sets) > 1 and not entry.joint:
        raise TradeoffError(
            f"{name} cannot be fitted on several datasets together", remedy="Launch it on each dataset alone."
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
