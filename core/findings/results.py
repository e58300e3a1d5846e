"""Results straight from run folders: what the command line and the API answer with."""

from collections.abc import Sequence
from functools import partial

from pydantic import TypeAdapter

from core.analysis.compare import Difference, paired_difference
from core.analysis.decision import best_of
from core.analysis.results import CandidateRow, Price, RunSummary, candidate_rows
from core.analysis.scenario import Scenario
from core.data.dataset import load_dataset
from core.findings.evidence import performance_of, performances_of
from core.findings.figure_cache import kept
from core.findings.row_intervals import interval_of, surer
from core.home import Home
from core.metering.prices import Cost, PriceBook
from core.metering.prices import cost as priced_usage
from core.metering.usage import Usage
from core.preferences import Preferences
from core.runs import RunFolder, list_runs

DIFFERENCES = TypeAdapter(dict[str, Difference])


def summary_of(folder: RunFolder) -> RunSummary:
    """The summary of a run folder."""
    state = folder.state
    return RunSummary(
        run_id=folder.run_id, spec=folder.spec, status=state.status if state else "queued",
        scores=tuple(folder.scores), usage=folder.usage,
    )  # fmt: skip


def dataset_runs(home: Home, dataset: str, version: str | None = None) -> list[RunSummary]:
    """All runs on a version of a dataset, the current one by default.

    Raises:
        TradeoffError: there is no such dataset or version.
    """
    info = load_dataset(home, dataset, version).info
    return [
        summary_of(folder)
        for folder in list_runs(home)
        if (spec := folder.spec).dataset == info.name and spec.fingerprint == info.fingerprint
    ]


def pricing(preferences: Preferences) -> "Pricing":
    """The price function of `candidate_rows` under the user's prices."""
    return Pricing(PriceBook.of(preferences))


class Pricing:
    """Costs by a price book: device hours for what ran here, token prices for what a provider ran."""

    def __init__(self, book: PriceBook) -> None:
        self.book = book

    def __call__(self, usage: Usage, model: str | None) -> Price:
        """The cost of a phase's usage."""
        return priced_as(priced_usage(usage, self.book, model))


def priced_as(found: Cost) -> Price:
    """A cost with its price row in words."""
    row = found.price
    return Price(usd=found.usd, basis=f"{row.name}, {row.source}, {row.date}" if row else found.why_unknown)


def results(
    home: Home, dataset: str, preferences: Preferences, *, version: str | None = None, metric: str | None = None,
    train_size: int | str | None = "largest", scenario: Scenario | None = None,
) -> list[CandidateRow]:  # fmt: skip
    """A row a candidate on a dataset, best quality first; under a scenario where one is given.

    Raises:
        TradeoffError: there is no such dataset or version.
    """
    runs = dataset_runs(home, dataset, version)
    if scenario is None:
        rows = candidate_rows(runs, pricing(preferences), metric, train_size)
    else:
        rows = scenario.rows(runs, PriceBook.of(preferences), metric, train_size)
    return surer(rows, partial(interval_of, home))


def differences(home: Home, rows: Sequence[CandidateRow]) -> dict[str, Difference]:
    """By candidate: the best one's metric minus its, compared paired on the test examples that both answered.

    A candidate whose predictions cannot be read is left out.
    """
    best = best_of(rows)
    if best is None or len(rows) == 1:
        return {}
    others = [row for row in rows if row is not best]
    runs = [run for row in (best, *others) for run in row.run_ids]
    of = [(row.candidate, row.metric, row.runs) for row in (best, *others)]
    return kept(home, DIFFERENCES, "differences", runs, of, lambda: _differences(home, best, others))


def _differences(home: Home, best: CandidateRow, others: Sequence[CandidateRow]) -> dict[str, Difference]:
    top = performance_of(home, best)
    found = performances_of(home, others) if top else {}
    return {name: paired_difference(top, other) for name, other in found.items() if top}
