"""Cascades of candidates on a dataset, from run folders: thresholds chosen on validation, figures shown on test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from core.analysis import cascade
from core.analysis.cascade import Answers, Sweep
from core.analysis.cascade_choice import (
    CAUTION,
    LEFT_MISTAKES,
    PERSON,
    CascadeFound,
    Point,
    StageTold,
    Wish,
    choose,
    frontier_places,
    plain_thresholds,
    sentence,
)
from core.analysis.cheapness import MEASURES
from core.analysis.compare import Performance, paired_difference
from core.analysis.intervals import interval
from core.analysis.results import CandidateRow
from core.errors import TradeoffError, unknown
from core.findings.cascade_answers import Mistakes, Terms, gathered, kept_on, picked
from core.home import Home
from core.metering.usage import PROVENANCES
from core.runs import find_run

CascadeCheap = Literal["usd", "kwh", "co2e", "typical", "latency"]
CHEAP: tuple[CascadeCheap, ...] = ("usd", "kwh", "co2e", "typical", "latency")
TAKEN: dict[str, str] = {"usd": "usd", "kwh": "kwh", "co2e": "co2e_g"}
QUANTILE: dict[str, float] = {"typical": 0.5, "latency": 0.95}
MOST_STAGES = 4
FOUND = TypeAdapter(CascadeFound)


@dataclass(frozen=True)
class CascadeQuestion:
    """What somebody wants of a cascade.

    `person_usd`: a person is the last stage, for this much a review. `at_least`: the quality to keep on validation; by
    default that of the strongest candidate less the margin. `mistakes`: what wrong answers cost; then the sum of all
    costs is what is to be least. `thresholds` are taken as they are instead of being chosen.
    """

    stages: tuple[str, ...]
    cheap: CascadeCheap = "usd"
    margin: float = 0.01
    person_usd: float | None = None
    at_least: float | None = None
    mistakes: Mistakes | None = None
    thresholds: tuple[float, ...] | None = None


def cascade_of(
    home: Home, dataset: str, rows: Sequence[CandidateRow], terms: Terms, question: CascadeQuestion
) -> CascadeFound:  # fmt: skip
    """The cascade of these stages.

    Raises:
        TradeoffError: an unknown or repeated stage, too few or too many, one that is not the last and does not tell
            how sure it is, thresholds that do not fit, or a cost that is not known for every stage.
    """
    chosen = stages_of(rows, question)
    of = [dataset, TypeAdapter(CascadeQuestion).dump_python(question, mode="json")]
    return kept_on(home, FOUND, "cascade", chosen, terms, of, lambda: _cascade(home, dataset, chosen, terms, question))


def _cascade(
    home: Home, dataset: str, chosen: list[CandidateRow], terms: Terms, question: CascadeQuestion
) -> CascadeFound:  # fmt: skip
    many = {
        split: gathered(home, chosen, terms, split, question.person_usd, question.mistakes)
        for split in ("validation", "test")
    }
    _check_sure([row.candidate for row in chosen], many["validation"], question.person_usd is not None)
    times = [times_of(home, row, terms) for row in chosen] + ([[]] if question.person_usd is not None else [])
    mixture = cascade.latency_mixture(times)
    grid = cascade.grids(many["validation"])
    validation = cascade.mean_sweep([cascade.sweep(one, grid) for one in many["validation"]])
    cost = _cost(validation, question, mixture)
    if question.thresholds is None:
        place = choose(validation, _wish(validation, cost, many["validation"], len(chosen), question))
        thresholds = validation.thresholds(place)
    else:
        thresholds = _given(question.thresholds, len(grid))
    return _found(dataset, chosen, question, many, thresholds, validation, cost, times)


def stages_of(rows: Sequence[CandidateRow], question: CascadeQuestion) -> list[CandidateRow]:
    """The rows of the stages, in order.

    Raises:
        TradeoffError: see `cascade_of`.
    """
    named = {row.candidate: row for row in rows}
    usable = [row.candidate for row in rows if row.method != "cascade"]
    for stage in question.stages:
        if stage not in named:
            raise unknown("candidate with finished runs here", stage, usable)
        if named[stage].method == "cascade":
            raise TradeoffError(f"{stage} is a cascade itself", remedy="Name its stages instead.")
    if len(set(question.stages)) < len(question.stages):
        raise TradeoffError("A stage stands twice in the cascade", remedy="Name each candidate once.")
    least = 1 if question.person_usd is not None else 2
    if not least <= len(question.stages) <= MOST_STAGES:
        raise TradeoffError(
            f"A cascade has {least} to {MOST_STAGES} candidates, not {len(question.stages)}",
            remedy="Name them from the cheapest to the strongest: --stages tfidf-linear,minilm-full.",
        )
    return [named[stage] for stage in question.stages]


def _check_sure(names: Sequence[str], many: Sequence[Answers], person: bool) -> None:
    for place, name in enumerate(names if person else names[:-1]):
        if not any(np.isfinite(one.confidence[place]).any() for one in many):
            raise TradeoffError(
                f"{name} does not tell how sure it is, so it cannot pass texts on", remedy="Make it the last stage."
            )


def _given(thresholds: Sequence[float], count: int) -> tuple[float, ...]:
    if len(thresholds) != count or not all(0 <= value <= 1 for value in thresholds):
        raise TradeoffError(
            f"{count} threshold{'s' if count > 1 else ''} between 0 and 1 {'are' if count > 1 else 'is'} needed",
            remedy="Give one for each stage that may pass texts on.",
        )
    return tuple(thresholds)


def _wish(
    found: Sweep, cost: NDArray[np.float64], many: Sequence[Answers], candidates: int, question: CascadeQuestion
) -> Wish:
    """What thresholds are chosen by: the sum of all costs, a quality, or that of the strongest less the margin."""
    if question.mistakes is not None:
        return Wish(cost, found.quality, -np.inf)
    if question.at_least is not None:
        return Wish(cost, found.quality, question.at_least)
    alone = [float(np.mean([cascade.alone(one, stage).overall for one in many])) for stage in range(candidates)]
    if question.person_usd is not None:
        return Wish(cost, found.quality, 1 - LEFT_MISTAKES * (1 - max(alone)))
    return as_good(found, cost, many, int(np.argmax(alone)), max(alone) - question.margin)


def as_good(
    found: Sweep, cost: NDArray[np.float64], many: Sequence[Answers], strongest: int, floor: float
) -> Wish:  # fmt: skip
    """As good as one of the stages alone as far as validation can show: less what chance may have added."""
    errors = np.mean([cascade.gap_errors(one, found.grids, strongest) for one in many], axis=0)
    return Wish(cost, found.quality - CAUTION * errors, floor)


def _cost(found: Sweep, question: CascadeQuestion, mixture: NDArray[np.float64] | None) -> NDArray[np.float64]:
    cheap: CascadeCheap = "usd" if question.mistakes is not None or question.person_usd is not None else question.cheap
    cost = cost_of(found, cheap, mixture)
    if cost is None:
        raise TradeoffError(
            f"The {MEASURES[cheap].short} of a stage is not known", ", ".join(question.stages),
            "Set its price in Settings, or choose by something else, such as --cheap kwh.",
        )  # fmt: skip
    return cost if found.harm is None else cost + found.harm


def cost_of(
    found: Sweep, cheap: CascadeCheap, mixture: NDArray[np.float64] | None
) -> NDArray[np.float64] | None:  # fmt: skip
    """What is to be little, at every place: means over texts, or a quantile of the time for one."""
    if cheap in TAKEN:
        return found.takes.get(TAKEN[cheap])
    return None if mixture is None else cascade.latency_quantile(mixture, found.answered, QUANTILE[cheap])


def times_of(home: Home, row: CandidateRow, terms: Terms) -> list[float]:
    """Milliseconds of single texts, of all runs of a candidate."""
    usages = [terms.usage(find_run(home, run)).get("latency") for run in row.run_ids]
    return [ms for usage in usages if usage for ms in usage.latency_ms]


def _found(
    dataset: str, chosen: Sequence[CandidateRow], question: CascadeQuestion,
    many: Mapping[str, Sequence[Answers]], thresholds: tuple[float, ...], validation: Sweep,
    cost: NDArray[np.float64], times: Sequence[Sequence[float]],
) -> CascadeFound:  # fmt: skip
    """The cascade at its thresholds, beside each stage alone and all other thresholds."""
    harm = validation.harm
    test, mixture = many["test"], cascade.latency_mixture(times)
    stages = test[0].stages
    at = _one(many, [np.array([value]) for value in thresholds])
    alone = [_one({split: [picked(one, [stage]) for one in found] for split, found in many.items()}, [])
             for stage in range(stages)]  # fmt: skip
    swept = cascade.mean_sweep([cascade.sweep(one, validation.grids) for one in test])
    whole = Performance(test[0].ids, tuple(cascade.outcome(one, thresholds) for one in test))
    parts = [Performance(one.ids, tuple(cascade.alone(one, stage) for one in test))
             for stage, one in enumerate([test[0]] * stages)]  # fmt: skip
    first = (0,) * (stages - 1)
    merits = [float(pair[0].quality) for pair in alone[: len(chosen)]]
    point = _point(*at, first, mixture, whole)
    asked = np.concatenate([[1.0], 1 - np.cumsum(point.answered)[:-1]])
    names = [row.candidate for row in chosen] + ([PERSON] if question.person_usd is not None else [])
    found = CascadeFound(
        dataset=dataset, metric=chosen[0].metric, cheap=question.cheap, margin=question.margin,
        stages=tuple(
            StageTold(candidate=name, run_ids=chosen[k].run_ids if k < len(chosen) else (),
                      threshold=(*point.thresholds, None)[k], asked=max(0.0, float(asked[k])),
                      answered=point.answered[k],
                      energy_provenance=chosen[k].energy_provenance if k < len(chosen) else None)
            for k, name in enumerate(names)
        ),
        chosen=point, by_hand=question.thresholds is not None,
        alone=tuple(_alone(pair, times[k], parts[k], k < len(chosen)) for k, pair in enumerate(alone)),
        differences=tuple(paired_difference(whole, part) for part in parts), strongest=int(np.argmax(merits)),
        frontier=tuple(_point(validation, swept, place, mixture)
                       for place in frontier_places(validation.quality, cost if harm is None else cost - harm)),
        person_usd=question.person_usd, runs=len(test),
        energy_provenance=max((row.energy_provenance for row in chosen), key=PROVENANCES.index),
        validation_texts=len(many["validation"][0]), test_texts=len(test[0]), notes=_notes(chosen, question),
    )  # fmt: skip
    return found.model_copy(update={"sentence": sentence(found)})


def _one(many: Mapping[str, Sequence[Answers]], grid: Sequence[NDArray[np.float64]]) -> tuple[Sweep, Sweep]:
    validation, test = (
        cascade.mean_sweep([cascade.sweep(one, grid) for one in many[split]]) for split in ("validation", "test")
    )
    return validation, test


def _alone(pair: tuple[Sweep, Sweep], times: Sequence[float], performance: Performance, metered: bool) -> Point:
    """One stage that answers everything; a person is not metered."""
    found = _point(*pair, (), cascade.latency_mixture([times]), performance)
    return found if metered else found.model_copy(update={"kwh_per_1k": None, "co2e_g_per_1k": None})


def _point(
    validation: Sweep, test: Sweep, place: tuple[int, ...], mixture: NDArray[np.float64] | None,
    performance: Performance | None = None,
) -> Point:  # fmt: skip
    answered = np.array([share[place] for share in test.answered])
    low, high = interval(performance.runs)[1:] if performance else (None, None)
    times = {
        name: None if mixture is None else float(cascade.latency_quantile(mixture, answered, level))
        for name, level in QUANTILE.items()
    }
    rate = {name: 1000 * float(values[place]) for name, values in test.takes.items()}
    return Point(
        thresholds=plain_thresholds(test.thresholds(place)), answered=tuple(float(one) for one in answered),
        validation_quality=float(validation.quality[place]), quality=float(test.quality[place]),
        quality_low=low, quality_high=high, usd_per_1k=rate.get("usd"), kwh_per_1k=rate.get("kwh"),
        co2e_g_per_1k=rate.get("co2e_g"), latency_p50_ms=times["typical"], latency_p95_ms=times["latency"],
        mistakes_usd_per_1k=None if test.harm is None else 1000 * float(test.harm[place]),
    )  # fmt: skip


def _notes(chosen: Sequence[CandidateRow], question: CascadeQuestion) -> tuple[str, ...]:
    notes = []
    known = {row.energy_provenance for row in chosen}
    if len(known) > 1:
        notes.append(f"Its energy is a sum of figures that are {' and '.join(sorted(known))}.")
    if question.person_usd is not None:
        notes.append("A person is taken to be right; a person's energy and time are not counted.")
    flags = {flag for row in chosen for flag in row.flags if flag.startswith("too short")}
    if flags:
        notes.append("Some stages were too quick to be metered well.")
    return tuple(notes)
