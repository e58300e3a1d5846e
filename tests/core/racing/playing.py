"""Races without models: runs that are queued are played in this process, each as good as the test says."""

import hashlib
from collections.abc import Callable, Mapping

from core import files, racing
from core.data.dataset import load_dataset
from core.home import Home
from core.metering.usage import Energy, Usage
from core.methods.base import Prediction
from core.portion import first, portion_of
from core.prediction_log import write_predictions
from core.processes import own_process
from core.racing.records import Budget, RaceReport, Rules, Standing
from core.reconcile import open_runs
from core.runs import RunFolder
from core.scoring import run_scores
from core.spec import Experiment
from core.tasks import get_task

Skill = Callable[[RunFolder], float]
SECONDS_A_TEXT = 0.01


def of(skills: Mapping[str, float], gain: float = 0.0) -> Skill:
    """How often a candidate is right, by a part of its label; `gain` is what all training texts add to some."""

    def skill(folder: RunFolder) -> float:
        spec = folder.spec
        found = next((value for name, value in skills.items() if name == spec.label), None)
        known = found if found is not None else skills[spec.candidate.id]
        return known - (gain if spec.train_size else 0.0)

    return skill


FIELD = ["majority", "tfidf-linear", "minilm-linear", "minilm-full"]
SKILLS = of({"majority": 0.3, "tfidf-linear": 0.95, "minilm-linear": 0.5, "minilm-full": 0.93})


def play(home: Home, folder: RunFolder, skill: Skill) -> None:
    """Do a run: answer what it is to answer, right as often as it is skilled, and end as its process would."""
    state = folder.set_state("running", after=("queued",), attempt=1, started_at=files.now(), **own_process())
    assert state.status == "running"
    spec, dataset, portion = folder.spec, load_dataset(home, folder.spec.dataset), portion_of(folder)
    by_split = {"validation": first(dataset.examples("validation"), portion)}
    if portion is None:
        by_split["test"] = dataset.examples("test")
    labels, found, scores = dataset.info.labels, {}, []
    for split, examples in by_split.items():
        for example in examples:
            right = _luck(spec.label, str(spec.seed), example.id) < skill(folder)
            wrong = next(label for label in labels if label != example.target)
            found[example.id] = Prediction(example.id, example.target if right else wrong, seconds=SECONDS_A_TEXT)
        scores += run_scores(
            get_task(spec.task), labels, split, [one.target for one in examples],
            [found[one.id].target for one in examples], [None] * len(examples), [one.id for one in examples],
        )  # fmt: skip
    write_predictions(folder.path / "predictions.parquet", by_split, found)
    folder.write_scores(scores, labels)
    train = spec.train_size or dataset.info.counts["train"]
    phases = {"fit": _usage("fit", train), "predict": _usage("predict", len(found))}
    folder.write_usage(phases, {} if portion is None else {"validated": portion})
    folder.set_state("finished" if portion is None else "paused")


def race_on(home: Home, skill: Skill, before: Callable[[RunFolder], bool] = lambda _: False, most: int = 200) -> None:
    """Advance races and play what they queue, until none goes on; `before` may do something else with a run."""
    for _ in range(most):
        if not racing.advance(home):
            return
        waiting = sorted(open_runs(home), key=lambda row: (row[1].queued_at, row[0].run_id))
        assert waiting, "the race waits for nothing"
        if not before(waiting[0][0]):
            play(home, waiting[0][0], skill)
    raise AssertionError("the race does not end")


def started(home: Home, candidates: list[str], budget: Budget | None = None, rules: Rules | None = None,
            seeds: tuple[int, ...] = (0,)) -> str:  # fmt: skip
    """The id of a race over `things`, in three rounds where the rules do not say."""
    rules = rules or Rules()
    if "shares" not in rules.model_fields_set:
        rules = rules.model_copy(update={"shares": (1 / 9, 1 / 3, 1.0)})
    experiment = Experiment(dataset="things", candidates=candidates, seeds=list(seeds))
    return racing.start(home, experiment, budget, rules).id


def told(report: RaceReport) -> dict[str, str]:
    """Each candidate's position."""
    return {one.candidate: one.position for one in report.standings}


def _luck(*words: str) -> float:
    return int(hashlib.sha256(" ".join(words[-1:]).encode()).hexdigest()[:8], 16) / 2**32


def _usage(phase: str, texts: int) -> Usage:
    seconds = texts * SECONDS_A_TEXT
    return Usage(
        phase=phase, texts=texts, wall_seconds=seconds, device_seconds=seconds, device="cpu", device_name="test",  # type: ignore[arg-type]
        energy={"cpu": Energy(kwh=seconds * 1e-6, provenance="modelled")},
    )  # fmt: skip


def standing_of(report: RaceReport, name: str) -> Standing:
    """A candidate of a race."""
    return next(one for one in report.standings if one.candidate == name)


def whats(report: RaceReport, candidate: str = "") -> list[str]:
    """What happened to a candidate, or to the race."""
    return [event.what for event in report.events if event.candidate == candidate]
