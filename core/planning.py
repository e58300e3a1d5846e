"""From an experiment to its runs, and what they will take, before anything is launched."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.candidates import resolve
from core.clients.endpoints import check_key, find_endpoint
from core.clients.estimating import api_estimate
from core.data.dataset import Dataset, load_dataset
from core.devices import devices, resolve_device
from core.errors import TradeoffError, unknown
from core.estimating.estimate import Estimate, estimate
from core.estimating.history import mean_tokens, past_runs
from core.home import Home
from core.methods import asks_provider, can_do, method_entry
from core.preferences import load as load_preferences
from core.runs import RunFolder, Status, list_runs
from core.spec import Candidate, DatasetRef, Experiment, RunSpec, Variant

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
            several datasets, a train size that a dataset does not have, or a device that is not here. A lenient
            experiment leaves out what a dataset does not allow, see `left_out`.
    """
    return _grid(home, experiment)[0]


def left_out(home: Home, experiment: Experiment) -> list[str]:
    """What a lenient experiment leaves out, a sentence each.

    Raises:
        TradeoffError: see `specs`.
    """
    return _grid(home, experiment)[1]


def _grid(home: Home, experiment: Experiment) -> tuple[list[RunSpec], list[str]]:
    names = dict.fromkeys([experiment.dataset, *experiment.with_datasets])
    sets = [load_dataset(home, name) for name in names]
    unused = set(experiment.settings) - set(experiment.candidates)
    if unused:
        raise unknown("launched candidate", sorted(unused)[0], experiment.candidates)
    device = resolve_device(experiment.device)
    _check_seeds(experiment)
    told: list[str] = []
    able = _able(home, experiment, sets, told)
    sizes = {dataset.info.name: _sizes(experiment, dataset, told) for dataset in sets}
    joint = tuple(sorted((_reference(dataset) for dataset in sets), key=lambda ref: ref.dataset))
    found = [
        RunSpec(
            dataset=dataset.info.name, fingerprint=dataset.info.fingerprint, task=dataset.info.task,
            candidate=candidate, seed=seed, train_size=size,
            device="api" if asks_provider(candidate.method) else device,
            joint=joint if len(sets) > 1 and not alone else (),
        )
        for candidate, alone, those in able
        for seed in experiment.seeds
        for dataset in those
        for size in sizes[dataset.info.name]
    ]  # fmt: skip
    return list({spec.run_id: spec for spec in found}.values()), list(dict.fromkeys(told))


def plan(home: Home, experiment: Experiment) -> list[PlannedRun]:
    """What a launch would do, and what each run will take.

    Raises:
        TradeoffError: see `specs`.
    """
    runs = specs(home, experiment)
    states = [RunFolder(home.runs / spec.run_id).state for spec in runs]
    found = estimates(home, runs)
    return [
        PlannedRun(spec, state.status if state else None, estimated)
        for spec, state, estimated in zip(runs, states, found, strict=True)
    ]


def _check_seeds(experiment: Experiment) -> None:
    for seed in experiment.seeds:
        if not 0 <= seed <= LARGEST_SEED:
            raise TradeoffError(f"A seed of {seed} cannot be used", remedy=f"Take one from 0 to {LARGEST_SEED:,}.")


Able = tuple[Candidate, bool, list[Dataset]]
"""A candidate, whether it is fitted on each dataset alone, and the datasets."""


def _able(home: Home, experiment: Experiment, sets: Sequence[Dataset], told: list[str]) -> list[Able]:
    """What is to be fitted on what; `told` takes what a lenient experiment leaves out.

    Raises:
        TradeoffError: an unknown candidate or setting, or (unless lenient) a task that a candidate cannot do.
    """
    found: list[Able] = []
    for wanted in experiment.wanted:
        alone = wanted.alone or len(sets) == 1
        groups = [[dataset] for dataset in sets] if alone else [list(sets)]
        candidate = _known(home, sets, wanted)
        # Without leniency a missing key is told at launch; a plan may be made without one.
        no_key = _no_key(home, candidate) if experiment.lenient else None
        for group in groups:
            why = _why_not(candidate, group) or no_key
            if not why:
                found.append((candidate, alone, group))
            elif experiment.lenient:
                told.append(f"{candidate.label}{why.what.removeprefix(candidate.id)}")
            else:
                raise why
    if not found:
        raise TradeoffError(
            "None of the candidates can do this", sets[0].info.task, "Choose another dataset, or other candidates."
        )
    return found


def _sizes(experiment: Experiment, dataset: Dataset, told: list[str]) -> list[int | None]:
    """The train sizes on a dataset; None is all texts.

    Raises:
        TradeoffError: a size below 1, or (unless lenient) above what there is.
    """
    most, found = dataset.info.counts["train"], []
    for size in experiment.train_sizes:
        if size is not None and size > most and experiment.lenient:
            told.append(f"{dataset.info.name} has {most:,} training texts: all of them are taken in place of {size:,}")
        else:
            _check_size(dataset, size)
        found.append(None if size is None or size >= most else size)
    return list(dict.fromkeys(found))


def _reference(dataset: Dataset) -> DatasetRef:
    info = dataset.info
    return DatasetRef(dataset=info.name, fingerprint=info.fingerprint, task=info.task)


def estimates(home: Home, runs: Sequence[RunSpec], counts: Sequence[Mapping[str, int]] = ()) -> list[Estimate | None]:
    """An estimate a run; None where there is none to be had, which must not keep anybody from launching.

    `counts` says for each run how many texts of some splits it will see, where that is not all of them.
    """
    try:
        known, history, preferences = devices(), past_runs(home), load_preferences(home)
        sets = {spec.dataset: load_dataset(home, spec.dataset, spec.fingerprint) for spec in runs}
        lengths = {name: mean_tokens(dataset) for name, dataset in sets.items()}
    except Exception:
        log.exception("Nothing could be estimated")
        return [None] * len(runs)
    found: list[Estimate | None] = []
    for spec, seen in zip(runs, counts or [{}] * len(runs), strict=True):
        dataset, length = sets[spec.dataset], lengths[spec.dataset]
        if seen:
            dataset = replace(
                dataset, info=dataset.info.model_copy(update={"counts": dataset.info.counts | dict(seen)})
            )
        try:
            estimated = estimate(spec, dataset.info, length, history, known, preferences)
            remote = spec.device == "api"
            found.append(api_estimate(spec, dataset, estimated, preferences) if remote else estimated)
        except Exception:
            log.exception("%s could not be estimated", spec.run_id)
            found.append(None)
    return found


def _known(home: Home, sets: Sequence[Dataset], wanted: Variant) -> Candidate:
    """The candidate; a saved cascade is told apart from a name that nobody knows."""
    try:
        return _candidate(wanted)
    except TradeoffError as error:
        names = {dataset.info.name for dataset in sets}
        for spec in (folder.spec for folder in list_runs(home)):
            if spec.candidate.id == wanted.candidate and spec.dataset in names:
                if method_entry(spec.candidate.method).launched:
                    continue
                raise TradeoffError(
                    f"{wanted.candidate} is put together from finished runs and cannot be launched", spec.dataset,
                    "Launch its stages, then save it again on the Cascade page.",
                ) from error  # fmt: skip
        raise


def _candidate(wanted: Variant) -> Candidate:
    candidate = resolve(wanted.candidate, wanted.settings)
    if asks_provider(candidate.method):
        return candidate
    folder = Path(candidate.model or "").expanduser()
    if candidate.model and candidate.model not in BUNDLED and not folder.is_absolute() and folder.is_dir():
        # The run's process works in another folder than the one that the user named the model from.
        return candidate.model_copy(update={"model": str(folder.resolve())})
    return candidate


def _no_key(home: Home, candidate: Candidate) -> TradeoffError | None:
    """What keeps a candidate from asking its provider; None when nothing does, or it asks none."""
    if not asks_provider(candidate.method):
        return None
    try:
        check_key(find_endpoint(candidate.settings["endpoint"], load_preferences(home).endpoints), candidate.id)
    except TradeoffError as error:
        return error
    return None


def _why_not(candidate: Candidate, sets: Sequence[Dataset]) -> TradeoffError | None:
    """Why a candidate cannot be fitted on these datasets (together, when they are several); None when it can."""
    for info in (dataset.info for dataset in sets):
        if not can_do(candidate.method, info.task):
            return TradeoffError(
                f"{candidate.id} cannot do {info.task}", info.name, "Choose another candidate for this dataset."
            )
    if len(sets) > 1 and not method_entry(candidate.method).joint:
        return TradeoffError(
            f"{candidate.id} cannot be fitted on several datasets together", remedy="Launch it on each dataset alone."
        )
    return None


def _check_size(dataset: Dataset, size: int | None) -> None:
    most = dataset.info.counts["train"]
    if size is not None and size > most:
        raise TradeoffError(
            f"A train size of {size:,} is more than the {most:,} training texts", dataset.info.name, "Take fewer."
        )
    if size is not None and size < 1:
        raise TradeoffError(f"A train size of {size} is too small", dataset.info.name, "Take at least one text.")
