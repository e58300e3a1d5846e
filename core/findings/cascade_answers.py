"""The answers of several candidates to the same texts, from their run folders, as cascades are computed from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from core.analysis.cascade import PASSED_ON, Answers
from core.analysis.results import CandidateRow, Price
from core.analysis.scenario import Scenario
from core.errors import TradeoffError
from core.findings.evidence import TOKEN_BUCKETS, Evidence, evidence
from core.findings.figure_cache import kept
from core.findings.results import pricing, summary_of
from core.home import Home
from core.metering.prices import PriceBook
from core.metering.usage import TokenCount, Usage
from core.preferences import Preferences
from core.runs import RunFolder, find_run
from core.tasks import get_task

PriceOf = Callable[[Usage, str | None], Price]
MILLION = 1_000_000
T = TypeVar("T")


@dataclass(frozen=True)
class Terms:
    """What usage costs, and what runs are taken to have used: as it was metered, or under a scenario."""

    price: PriceOf
    scenario: Scenario = field(default_factory=Scenario)
    mark: str = ""
    """What tells these terms from others; empty where nothing does."""

    @staticmethod
    def of(preferences: Preferences, scenario: Scenario | None = None) -> "Terms":
        """The user's prices, under a scenario."""
        if scenario is None:
            return Terms(pricing(preferences), mark=preferences.model_dump_json())
        mark = f"{preferences.model_dump_json()} {scenario.model_dump_json()}"
        return Terms(scenario.price(PriceBook.of(preferences)), scenario, mark)

    def usage(self, folder: RunFolder) -> dict[str, Usage]:
        """A run's usage by phase."""
        return self.scenario.used(summary_of(folder)).usage


@dataclass(frozen=True)
class Mistakes:
    """What wrong answers cost: `usd` each, save for the pairs (right label, answer) that have a price of their own."""

    usd: float = 0.0
    pairs: tuple[tuple[tuple[str, str], float], ...] = ()

    def costs(self, targets: Sequence[str], predictions: Sequence[str | None]) -> NDArray[np.float64]:
        """The cost of each answer, shape (texts,); 0 where it is right."""
        known = dict(self.pairs)
        return np.array([
            0.0 if found == due else known.get((due, found or ""), self.usd)
            for due, found in zip(targets, predictions, strict=True)
        ])  # fmt: skip


def gathered(
    home: Home, rows: Sequence[CandidateRow], terms: Terms, split: str, person_usd: float | None = None,
    mistakes: Mistakes | None = None, most_runs: int | None = None,
) -> list[Answers]:  # fmt: skip
    """What the candidates answered on a split: an `Answers` for each seed that all of them share.

    With `person_usd` a person, taken to be right, is the last stage. Figures that are not known for every stage are
    left out of `takes`.

    Raises:
        TradeoffError: the predictions of a run are gone or damaged.
    """
    return [
        _of_runs(home, rows, ids, terms, split, person_usd, mistakes) for ids in paired_runs(home, rows)[:most_runs]
    ]  # fmt: skip


def paired_runs(home: Home, rows: Sequence[CandidateRow]) -> list[tuple[str, ...]]:
    """The runs that answer together, one of each candidate, seed by seed.

    A candidate with one run goes with every seed of the others. Where no seed is shared, first goes with first.
    """
    by_seed = [{find_run(home, run).spec.seed: run for run in row.run_ids} for row in rows]
    many = [set(one) for one in by_seed if len(one) > 1]
    seeds = sorted(set.intersection(*many)) if many else []
    if not seeds:
        return [tuple(row.run_ids[0] for row in rows)]
    return [
        tuple(one[seed] if len(one) > 1 else next(iter(one.values())) for one in by_seed) for seed in seeds
    ]  # fmt: skip


def kept_on(
    home: Home, kind: TypeAdapter[T], name: str, rows: Sequence[CandidateRow], terms: Terms, of: Sequence[Any],
    make: Callable[[], T],
) -> T:  # fmt: skip
    """What stands on the answers of `rows` under `terms`, from the disk where it is kept (`figure_cache.kept`)."""
    if not terms.mark:
        return make()
    about = [row.model_dump(mode="json", exclude={"energy_per_1k", "metrics"}) for row in rows]
    runs = [run for row in rows for run in row.run_ids]
    return kept(home, kind, name, runs, [terms.mark, about, *of], make)


def picked(answers: Answers, stages: Sequence[int]) -> Answers:
    """Some of the stages, in the order given."""
    n, places = len(answers), np.asarray(stages)
    rows = (places[:, None] * n + np.arange(n)).reshape(-1)
    return replace(
        answers, confidence=answers.confidence[places], statistic=answers.statistic.take(rows),
        right=answers.right[places],
        takes={name: values[places] for name, values in answers.takes.items()},
        harm=None if answers.harm is None else answers.harm[places],
    )  # fmt: skip


def weights(found: Evidence, usage: Usage | None, usd: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """How much of a phase each text took, shape (texts,), 1 on average.

    What a device of ours took goes by the seconds of each text, what a provider bills by its tokens.
    """
    if usage is not None and usage.device == "api":
        each = usd if usd is not None else found.tokens.sum(1).astype(np.float64)
    else:
        each = found.seconds
    mean = float(np.mean(each)) if len(each) else 0.0
    return each / mean if mean > 0 else np.ones(len(found))


def token_prices(usage: Usage, price: PriceOf, model: str | None) -> NDArray[np.float64] | None:
    """USD of one token of each bucket, by `TOKEN_BUCKETS`, at this provider; None where a price is not known."""

    def usd(**tokens: int) -> float | None:
        return price(usage.model_copy(update={"tokens": TokenCount(**tokens), "uncounted": 0}), model).usd

    fresh, cached = usd(input=MILLION), usd(input=MILLION, cached=MILLION)
    written, thought = usd(output=MILLION), usd(reasoning=MILLION)
    if fresh is None or cached is None or written is None or thought is None:
        return None
    return np.array([fresh, cached - fresh, written, thought]) / MILLION


def text_weights(found: Evidence, usage: Usage | None, price: PriceOf, model: str | None) -> NDArray[np.float64]:
    """How much of a phase each text took, by seconds or by what its tokens cost; 1 on average."""
    if usage is None or usage.device != "api":
        return weights(found, usage)
    each = token_prices(usage, price, model)
    return weights(found, usage, None if each is None else found.tokens[:, : len(TOKEN_BUCKETS)] @ each)


def _of_runs(
    home: Home, rows: Sequence[CandidateRow], run_ids: Sequence[str], terms: Terms, split: str,
    person_usd: float | None, mistakes: Mistakes | None,
) -> Answers:  # fmt: skip
    found = [_read(home, run, split) for run in run_ids]
    ids, places = _aligned([one.ids for one in found])
    targets = [found[0].targets[place] for place in places[0]]
    answers: list[list[str | None]] = [
        [one.predictions[place] for place in where] for one, where in zip(found, places, strict=True)
    ]
    takes = [_takes(row, one, find_run(home, run), terms) for row, one, run in zip(rows, found, run_ids, strict=True)]
    each = [{name: values[where] for name, values in one.items()} for one, where in zip(takes, places, strict=True)]
    sure = [_sure(one, where) for one, where in zip(found, places, strict=True)]
    if person_usd is not None:
        answers.append(list(targets))
        sure.append(np.full(len(ids), np.inf))
        each.append({"usd": np.full(len(ids), person_usd), "kwh": np.zeros(len(ids)), "co2e_g": np.zeros(len(ids))})
    task, labels = get_task(rows[0].task), list(found[0].labels)
    statistic = task.statistics(
        targets * len(answers), [one for of_stage in answers for one in of_stage],
        labels or task.label_set(targets),
    )[rows[0].metric]  # fmt: skip
    return Answers(
        ids=ids, confidence=np.stack(sure), statistic=statistic,
        right=np.array([[found == due for due, found in zip(targets, one, strict=True)] for one in answers], float),
        takes={name: np.stack([one[name] for one in each])
               for name in ("usd", "kwh", "co2e_g") if all(name in one for one in each)},
        harm=None if mistakes is None else np.stack([mistakes.costs(targets, one) for one in answers]),
    )  # fmt: skip


def _read(home: Home, run: str, split: str) -> Evidence:
    try:
        return evidence(find_run(home, run), split)
    except (OSError, ValueError, KeyError) as error:
        raise TradeoffError(
            f"The answers of {run} cannot be read", str(error), "Delete that run and launch it again."
        ) from error


def _aligned(every: Sequence[NDArray[np.str_]]) -> tuple[NDArray[np.str_], list[NDArray[np.int64]]]:
    """The ids that stand in all, sorted, and the places of these in each."""
    if all(np.array_equal(one, every[0]) for one in every[1:]):  # mostly so: sorted once
        order = np.argsort(every[0])
        return every[0][order], [order] * len(every)
    ids = reduce(np.intersect1d, every)
    return ids, [_places(one, ids) for one in every]


def _places(ids: NDArray[np.str_], wanted: NDArray[np.str_]) -> NDArray[np.int64]:
    order = np.argsort(ids)
    return order[np.searchsorted(ids[order], wanted)]


def _sure(found: Evidence, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """How sure each answer is; one that could not be read, or whose confidence is not known, is passed on."""
    read = np.array([answer is not None for answer in found.predictions], bool)
    known = found.confidence.astype(np.float64)
    return np.where(read & np.isfinite(known), known, PASSED_ON)[places]


def _takes(row: CandidateRow, found: Evidence, run: RunFolder, terms: Terms) -> Mapping[str, NDArray[np.float64]]:
    """What each text took of a run's predict phase, where it is known: USD, kWh and grams of CO2e."""
    usage = terms.usage(run).get("predict")
    if usage is None or not usage.texts:
        return {}
    share = text_weights(found, usage, terms.price, row.model) / usage.texts
    whole = {
        "usd": terms.price(usage, row.model).usd, "kwh": usage.kwh,
        "co2e_g": None if usage.co2e_kg is None else 1000 * usage.co2e_kg,
    }  # fmt: skip
    return {name: share * value for name, value in whole.items() if value is not None}
