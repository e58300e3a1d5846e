"""The finished runs that `bench/racing.py` replays races from: what each answered, and what it took."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.analysis.compare import Performance
from core.analysis.statistic import Statistic
from core.findings.evidence import evidence
from core.home import Home
from core.methods import METHODS
from core.portion import validated
from core.runs import RunFolder, list_runs
from core.tasks import get_task

Key = tuple[int | None, int]
"""Training texts (None is all) and seed."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A finished run: its metric on validation and test texts together, and the CPU seconds it took."""

    performance: Performance
    fit: float
    answer: float
    """Seconds a text."""
    fits_like: tuple[object, ...] = ()
    """Runs whose fit is as much work have the same: method, model, training texts and steps."""
    answers_like: tuple[object, ...] = ()

    def took(self, texts: int) -> float:
        """CPU seconds to fit it and to answer so many texts."""
        return self.fit + self.answer * texts


@dataclass(frozen=True, eq=False)
class Arm:
    """A candidate and its runs. What is not trained has one run, of all sizes and seeds."""

    label: str
    trials: dict[Key, Trial]

    @property
    def trained(self) -> bool:
        """Whether more texts may change it."""
        return any(size is not None for size, _ in self.trials)

    def trial(self, size: int | None, seed: int) -> Trial:
        """Its run with so many texts and this seed."""
        return self.trials[size, seed] if self.trained else next(iter(self.trials.values()))


@dataclass(frozen=True, eq=False)
class Ground:
    """A data set and the candidates that have all runs that a replay needs."""

    dataset: str
    arms: dict[str, Arm]
    sizes: tuple[int, ...]
    """Training texts of each round; the last is all."""
    validated: int
    seeds: tuple[int, ...]
    missing: tuple[str, ...]
    """Labels of candidates that are left out, since a run of theirs is missing."""

    @property
    def texts(self) -> int:
        """Validation and test texts together."""
        return len(next(iter(self.arms.values())).trial(None, self.seeds[0]).performance.ids)

    def size(self, stage: int) -> int | None:
        """The size of a round as runs name it."""
        return None if stage == len(self.sizes) - 1 else self.sizes[stage]


def ground_of(home: Home, dataset: str, all_texts: int, raced: Home | None = None) -> Ground | None:
    """The runs of a data set; None where there are not two candidates to be raced.

    Seeds are those that every trained candidate, but the ones that are left out, has at all sizes. `raced` holds runs
    of a real race: what fitting took there counts for its rounds, in which only a part of the validation texts is
    looked at after each epoch; finished runs of the same train size look at all of them.
    """
    arms: dict[str, Arm] = {}
    validated = 0
    for folder in list_runs(home):
        if folder.spec.dataset != dataset or (state := folder.state) is None or state.status != "finished":
            continue
        trial, validated = _trial(folder)
        arm = arms.setdefault(folder.spec.label, Arm(folder.spec.label, {}))
        arm.trials[folder.spec.train_size, folder.spec.seed] = trial
    _quiet([arm.trials for arm in arms.values()])
    for label, size, fit in _rounds(raced, dataset) if raced else ():
        trials = arms[label].trials if label in arms else {}
        for key in [key for key in trials if key[0] == size]:
            trials[key] = replace(trials[key], fit=fit)
    sizes = sorted({size for arm in arms.values() for size, _ in arm.trials if size is not None})
    keys: list[int | None] = [*sizes, None]
    seeds = sorted({seed for arm in arms.values() for _, seed in arm.trials})
    whole = {seed: _whole(arms.values(), keys, seed) for seed in seeds}
    if not seeds or not sizes or len(whole[seeds[0]]) < 2:
        return None
    kept = [seed for seed in seeds if whole[seed] >= whole[seeds[0]]]
    there = {label: arm for label, arm in arms.items() if label in whole[seeds[0]]}
    return Ground(
        dataset, there, (*sizes, all_texts), validated, tuple(kept), tuple(sorted(set(arms) - set(there)))
    )  # fmt: skip


def _rounds(raced: Home, dataset: str) -> Iterator[tuple[str, int, float]]:
    """Candidate, train size and CPU seconds of fitting of the runs that a race set aside after a round."""
    for folder in list_runs(raced):
        spec, fit = folder.spec, folder.usage.get("fit")
        if spec.dataset == dataset and spec.train_size is not None and validated(folder) and fit:
            yield spec.label, spec.train_size, fit.cpu_seconds


def _quiet(every: Sequence[dict[Key, Trial]]) -> None:
    """Of runs that do the same work the least CPU seconds are taken: other work on the machine only adds to them."""
    fits: dict[tuple[object, ...], float] = {}
    answers: dict[tuple[object, ...], float] = {}
    for one in [one for trials in every for one in trials.values()]:
        fits[one.fits_like] = min(one.fit, fits.get(one.fits_like, one.fit))
        answers[one.answers_like] = min(one.answer, answers.get(one.answers_like, one.answer))
    for trials in every:
        for key, one in trials.items():
            trials[key] = replace(one, fit=fits[one.fits_like], answer=answers[one.answers_like])


def _whole(arms: Iterable[Arm], keys: Sequence[int | None], seed: int) -> set[str]:
    """Labels of those that have run at all sizes with this seed, or need not."""
    return {arm.label for arm in arms if not arm.trained or all((key, seed) in arm.trials for key in keys)}


def _trial(folder: RunFolder) -> tuple[Trial, int]:
    """A run, and how many validation texts it answered."""
    task, parts = get_task(folder.spec.task), [evidence(folder, split) for split in ("validation", "test")]
    ids = np.array([f"{part.split} {one}" for part in parts for one in part.ids])
    targets = [target for part in parts for target in part.targets]
    answers = [answer for part in parts for answer in part.predictions]
    labels = list(parts[0].labels) or task.label_set(targets)
    statistic: Statistic = task.statistics(targets, answers, labels)[task.primary_metric]
    order = np.argsort(ids)
    usage = folder.usage
    fit, answer = (one.cpu_seconds if (one := usage.get(phase)) else 0.0 for phase in ("fit", "predict"))
    performance = Performance(ids[order], (statistic.take(order),))
    return Trial(performance, fit or 0.0, (answer or 0.0) / len(ids), *_work(folder)), len(parts[0].ids)


def _work(folder: RunFolder) -> tuple[tuple[object, ...], tuple[object, ...]]:
    """What tells runs whose fit, and whose answers, are as much work; the candidate itself where steps do not."""
    spec, candidate = folder.spec, folder.spec.candidate
    steps = max((event.get("step", 0) for event in folder.progress() if event.get("phase") == "fit"), default=0)
    if not METHODS[candidate.method].trained or candidate.model is None:
        return (spec.label, spec.train_size), (spec.label,)
    return (candidate.method, candidate.model, spec.train_size, steps), (candidate.method, candidate.model)
