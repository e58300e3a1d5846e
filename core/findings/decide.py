"""The decision straight from run folders: what the Decide page, `recommend` and the decision record answer with."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from pydantic import TypeAdapter

from core.analysis.cheapness import costs_of
from core.analysis.compare import Difference, Performance
from core.analysis.decision import Decision, Question, decide, open_to
from core.analysis.decision_words import told
from core.analysis.limits import within
from core.analysis.power import seeds_needed, texts_needed
from core.analysis.results import CandidateRow, Price, candidate_rows
from core.analysis.scenario import Scenario, monthly_usd
from core.analysis.what_else import what_else
from core.data.audit import load_audit
from core.data.dataset import load_dataset
from core.findings.advice import next_steps
from core.findings.evidence import performance_of
from core.findings.figure_cache import kept
from core.findings.results import dataset_runs, differences, pricing
from core.findings.row_intervals import interval_of, surer
from core.home import Home
from core.metering.prices import PriceBook
from core.metering.usage import Usage
from core.preferences import load

PriceOf = Callable[[Usage, str | None], Price]
PLAIN = Question()
"""What is asked where nobody asks otherwise: the cheapest text within one point."""
VOLUME = 100_000.0
"""Texts a month, where a total is asked for and no volume is given."""
COUNT: TypeAdapter[int | None] = TypeAdapter(int | None)
MOST_PLANNED = 4
"""Open candidates for which the number of missing test texts is computed."""


class Grounds(Protocol):
    """What a decision stands on; pages keep it between redraws."""

    def differences(self, rows: Sequence[CandidateRow]) -> dict[str, Difference]:
        """By candidate: the best one's metric minus its, on test."""

    def needed(self, best: CandidateRow, other: CandidateRow, margin: float) -> int | None:
        """How many more test texts settle whether `other` is within the margin of `best`; None out of reach."""

    def seeds(self, best: CandidateRow, other: CandidateRow, margin: float) -> int | None:
        """How many runs each of the two needs in all to settle it; None out of reach or unknown."""


class StoredGrounds:
    """Grounds read from run folders."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def differences(self, rows: Sequence[CandidateRow]) -> dict[str, Difference]:
        """By candidate: the best one's metric minus its, on test."""
        return differences(self.home, rows)

    def needed(self, best: CandidateRow, other: CandidateRow, margin: float) -> int | None:
        """How many more test texts settle whether `other` is within the margin of `best`; None out of reach."""
        return self._kept("texts needed", texts_needed, best, other, margin)

    def seeds(self, best: CandidateRow, other: CandidateRow, margin: float) -> int | None:
        """How many runs each of the two needs in all to settle it; None out of reach or unknown."""
        return self._kept("seeds needed", seeds_needed, best, other, margin)

    def _kept(
        self, name: str, count: Callable[[Performance, Performance, float], int | None], best: CandidateRow,
        other: CandidateRow, margin: float,
    ) -> int | None:  # fmt: skip
        def made() -> int | None:
            one, two = performance_of(self.home, best), performance_of(self.home, other)
            return count(one, two, margin) if one and two else None

        runs = [*best.run_ids, *other.run_ids]
        return kept(self.home, COUNT, name, runs, [best.metric, best.runs, other.runs, margin], made)


def decision(
    home: Home, dataset: str, question: Question = PLAIN, price: PriceOf | None = None,
    scenario: Scenario | None = None,
) -> Decision | None:  # fmt: skip
    """The answer to a question about a dataset, with what to do next; None while no run has finished.

    `price` gives the cost of usage, by default the user's prices under `scenario`, which also says what a total
    consists of.

    Raises:
        TradeoffError: there is no such dataset, or the task has no such metric to rank by.
    """
    return decision_and_rows(home, dataset, question, price, scenario)[0]


def decision_and_rows(
    home: Home, dataset: str, question: Question = PLAIN, price: PriceOf | None = None,
    scenario: Scenario | None = None,
) -> tuple[Decision | None, list[CandidateRow]]:  # fmt: skip
    """`decision` with the rows of the candidates that it was made among."""
    runs = dataset_runs(home, dataset)
    if scenario is not None and price is None:
        rows = scenario.rows(runs, PriceBook.of(load(home)), question.metric)
    else:
        rows = candidate_rows(runs, price or pricing(load(home)), question.metric)
    rows = surer(rows, partial(interval_of, home))
    found = decision_of(home, rows, question, scenario)
    if found is None:
        return None, rows
    data, tried = load_dataset(home, dataset), {run.spec.candidate.id for run in runs}
    steps = next_steps(data.info, rows, tried, found, load_audit(data) is not None)
    return found.model_copy(update={"next_steps": tuple(steps)}), rows


def decision_of(
    home: Home, rows: Sequence[CandidateRow], question: Question = PLAIN, scenario: Scenario | None = None
) -> Decision | None:
    """The decision among rows that are at hand."""
    return weigh(rows, question, StoredGrounds(home), scenario)


def weigh(
    rows: Sequence[CandidateRow], question: Question, grounds: Grounds, scenario: Scenario | None = None
) -> Decision | None:
    """The decision with how many texts would settle what is open, and what would change it."""

    compared: dict[tuple[str, ...], dict[str, Difference]] = {}

    def ask(asked: Question) -> Decision | None:
        allowed = within(rows, asked.limits)[0]
        names = tuple(row.candidate for row in allowed)
        if names not in compared:
            compared[names] = grounds.differences(allowed)
        return decide(rows, compared[names], asked, costs(rows, asked, scenario))

    found = ask(question)
    if found is None:
        return None
    by_name = {row.candidate: row for row in rows}
    needed = {
        name: grounds.needed(found.best, by_name[name], question.margin)
        for name in open_to(found)[:MOST_PLANNED] if found.best
    }  # fmt: skip
    seeds = {
        name: grounds.seeds(found.best, by_name[name], question.margin)
        for name, texts in needed.items() if found.best and texts is None
    }  # fmt: skip
    found = told(found.model_copy(update={"needed": needed, "seeds": seeds}), rows)
    return found.model_copy(update={"alternatives": (*found.alternatives, *what_else(found, ask))})


def costs(
    rows: Sequence[CandidateRow], question: Question, scenario: Scenario | None = None
) -> dict[str, float | None]:
    """The figure that is to be little of each candidate; the total under the scenario at the question's volume."""
    if question.cheap != "total":
        return costs_of(rows, question.cheap)
    volume = question.volume or (scenario.volume if scenario else VOLUME)
    asked = (scenario or Scenario()).model_copy(update={"volume": volume})
    totals = {row.candidate: monthly_usd(row, asked) for row in rows}
    return {name: None if money is None else money.usd for name, money in totals.items()}
