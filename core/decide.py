"""The decision straight from run folders: what the Decide page, `recommend` and the decision record answer with."""

from collections.abc import Callable, Sequence

from core.analysis.decision import Decision, Question, decide
from core.analysis.limits import within
from core.analysis.results import CandidateRow, Price
from core.home import Home
from core.preferences import load
from core.results import differences, pricing
from core.usage import Usage

PLAIN = Question()
"""What is asked where nobody asks otherwise: the cheapest text within one point."""
PriceOf = Callable[[Usage, str | None], Price]


def decision(home: Home, dataset: str, question: Question, price: PriceOf | None = None) -> Decision | None:
    """The answer to a question about a dataset; None while no run has finished.

    `price` gives the cost of usage, under the user's prices by default.

    Raises:
        TradeoffError: there is no such dataset, or the task has no such metric to rank by.
    """
    from core.analysis.results import candidate_rows
    from core.results import dataset_runs

    rows = candidate_rows(dataset_runs(home, dataset), price or pricing(load(home)), question.metric)
    return decision_of(home, rows, question)


def decision_of(home: Home, rows: Sequence[CandidateRow], question: Question = PLAIN) -> Decision | None:
    """The decision among rows that are at hand."""
    allowed, _ = within(rows, question.limits)
    return decide(rows, differences(home, allowed), question)
