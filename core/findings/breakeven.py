"""What candidates cost a month on a dataset, and when one's own model gets cheaper than paying by the token.

Where nobody asked a provider yet, the bill is estimated from the dataset's own texts and the prompt that would be sent.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from core.analysis.breakeven import BreakEven, CostLine, break_evens, cost_line, from_volume, sentence, texts
from core.analysis.decision import Question
from core.analysis.results import CandidateRow
from core.analysis.scenario import Money, Scenario, monthly_usd, why_no_total
from core.candidates import API, resolve
from core.clients.endpoints import all_endpoints, find_endpoint
from core.clients.estimating import ApiCost, api_cost_estimate
from core.data.dataset import Dataset, load_dataset
from core.errors import TradeoffError
from core.findings.decide import decision_of
from core.findings.evidence import evidence
from core.findings.results import dataset_runs
from core.home import Home
from core.metering.prices import PriceBook
from core.metering.usage import TokenCount, Usage
from core.preferences import Preferences
from core.runs import find_run
from core.spec import Record, RunSpec

OFFERED = (
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-4o",
    "claude-haiku-4-5",
    "gemini-2.5-flash-lite",
    "mistral-small-latest",
)
"""Models whose published prices are offered to compare with; any other with a known price can be named."""
ESTIMATE_BAND = 1 / 3
"""`api_cost_estimate` is right within a third, mostly."""


class Reference(Record):
    """What is paid by the token: a candidate that ran at a provider, or the estimated bill of one that did not."""

    name: str
    line: CostLine
    basis: str
    estimated: bool
    """Nothing was asked: the bill is estimated, and its quality on these texts is not known."""


class Forecast(Record):
    """What a candidate costs a month; `money` is None with the reason where it is unknown."""

    candidate: str
    money: Money | None
    why_unknown: str = ""


class MonthlyCosts(Record):
    """The answer of `breakeven`: forecasts at the scenario's volume, and when each candidate gets cheaper."""

    dataset: str
    scenario: Scenario
    reference: Reference
    winner: str | None
    """Whom the decision recommends under this scenario."""
    forecasts: tuple[Forecast, ...]
    break_evens: tuple[BreakEven, ...]
    sentence: str


def monthly_costs(
    home: Home, dataset: str, preferences: Preferences, scenario: Scenario, against: str = ""
) -> MonthlyCosts:
    """Forecasts and break-evens of all candidates on a dataset.

    `against` names a candidate of the dataset or a model that a provider offers; empty takes the best that ran at a
    provider, else the first of `OFFERED`.

    Raises:
        TradeoffError: no such dataset, no finished run on it, or no known price of the model `against`.
    """
    book = PriceBook.of(preferences)
    rows = scenario.rows(dataset_runs(home, dataset), book)
    if not rows:
        raise TradeoffError(
            f"No run on {dataset} has finished", remedy=f"Launch some: python cli.py launch --dataset {dataset} …"
        )
    reference = reference_of(home, load_dataset(home, dataset), rows, preferences, scenario, against)
    decision = decision_of(home, rows, Question())
    winner = decision.winner.candidate if decision and decision.winner else None
    return told_monthly(dataset, rows, reference, scenario, winner)


def told_monthly(
    dataset: str, rows: Sequence[CandidateRow], reference: Reference, scenario: Scenario, winner: str | None
) -> MonthlyCosts:
    """The same from rows that are at hand, made under `scenario`."""
    found = break_evens(rows, reference.line, scenario)
    told = next((one for one in found if one.candidate == winner), found[0] if found else None)
    return MonthlyCosts(
        dataset=dataset, scenario=scenario, reference=reference, winner=winner, break_evens=tuple(found),
        forecasts=tuple(
            Forecast(candidate=row.candidate, money=monthly_usd(row, scenario), why_unknown=why_no_total(row, scenario))
            for row in rows
        ),
        sentence=sentence(told) if told else "No candidate on a device of yours has a known cost yet.",
    )  # fmt: skip


def reference_of(
    home: Home, dataset: Dataset, rows: Sequence[CandidateRow], preferences: Preferences, scenario: Scenario,
    against: str = "",
) -> Reference:  # fmt: skip
    """What is compared with: a row by its name, else a model's estimated bill.

    Raises:
        TradeoffError: the row's cost is unknown, or no price of the model is.
    """
    asked = [row for row in rows if row.candidate == against] if against else [r for r in rows if r.device == "api"]
    for row in asked:
        if line := cost_line(row, scenario):
            band = 0.0 if row.device_seconds_per_1k is not None else bill_band(home, row, PriceBook.of(preferences))
            line = line if not band else line.model_copy(update={"low": 1 - band, "high": 1 + band})
            return Reference(name=row.candidate, line=line, basis=row.price_basis, estimated=False)
        if against:
            raise TradeoffError(f"What {against} costs is unknown", why_no_total(row, scenario))
    found = estimated_bill(dataset, against or OFFERED[0], preferences)
    return reference_from(found, preferences, scenario)


class Bill(Record):
    """The estimated bill of a model at a provider: its candidate id, host, and what was estimated."""

    candidate: str
    model: str
    host: str
    cost: ApiCost


def estimated_bill(dataset: Dataset, model: str, preferences: Preferences) -> Bill:
    """What `model` (a name, or a candidate like `api:NAME-few-shot`) would read and write for all evaluated texts.

    The first endpoint at which a price of the model is known is taken.

    Raises:
        TradeoffError: none has a known price.
    """
    asked = model if model.startswith(API) else f"{API}{model}-zero-shot"
    candidate, info = resolve(asked), dataset.info
    for endpoint in dict.fromkeys((candidate.settings["endpoint"], *all_endpoints(preferences.endpoints))):
        settings = {**candidate.settings, "endpoint": endpoint}
        spec = RunSpec(
            dataset=info.name, fingerprint=info.fingerprint, task=info.task, seed=0, train_size=None,
            device="api",
            candidate=candidate.model_copy(update={"settings": settings}),
        )  # fmt: skip
        host = find_endpoint(endpoint, preferences.endpoints).host
        if PriceBook.of(preferences).token(candidate.model or "", host) is not None:
            return Bill(
                candidate=asked, model=candidate.model or "", host=host,
                cost=api_cost_estimate(spec, dataset, preferences),
            )  # fmt: skip
    raise TradeoffError(
        f"No candidate and no token price is called {model}",
        remedy=f"Name a finished candidate, type a token price in Settings, or take one of {', '.join(OFFERED)}.",
    )


def reference_from(bill: Bill, preferences: Preferences, scenario: Scenario) -> Reference:
    """An estimated bill under a scenario."""
    tokens = bill.cost.tokens
    usage = Usage(phase="predict", texts=bill.cost.requests, device="api", device_name=bill.host, tokens=tokens)
    if scenario.cached_share is not None:
        cached = round(scenario.cached_share * tokens.input)
        usage = usage.model_copy(update={"tokens": TokenCount(**{**tokens.model_dump(), "cached": cached})})
    price = scenario.price(PriceBook.of(preferences))(usage, bill.model)
    if price.usd is None:
        raise TradeoffError(f"What {bill.candidate} would cost is unknown", price.basis)
    line = CostLine(
        name=f"{bill.model} by the token", serving=1000 * price.usd / max(bill.cost.requests, 1), low=1 - ESTIMATE_BAND,
        high=1 + ESTIMATE_BAND,
    )  # fmt: skip
    per_text = f"about {tokens.input / max(bill.cost.requests, 1):,.0f} tokens read and "
    per_text += f"{tokens.output / max(bill.cost.requests, 1):,.0f} written a text"
    return Reference(
        name=line.name, line=line, basis=f"estimated for {bill.candidate}: {per_text}; {price.basis}", estimated=True
    )


def bill_band(home: Home, row: CandidateRow, book: PriceBook) -> float:
    """Half the width of the 95 % interval of a text's bill, as a share of it: other texts are longer or shorter.

    The normal interval of a mean over the stored texts, 1.96 s ÷ √n; 0 where their tokens are not kept.
    """
    try:
        run = find_run(home, row.run_ids[0])
        usage, tokens = run.usage["predict"], evidence(run).tokens
    except (TradeoffError, OSError, KeyError):
        return 0.0
    price = book.token(row.model or "", usage.device_name)
    if price is None or len(tokens) < 2:
        return 0.0
    cached = price.input if price.cached_input is None else price.cached_input
    reasoning = price.output if price.reasoning is None else price.reasoning
    bills = tokens @ np.array([price.input, cached - price.input, price.output, reasoning])
    mean = float(bills.mean())
    return min(0.99, 1.96 * float(bills.std(ddof=1)) / sqrt(len(bills)) / mean) if mean > 0 else 0.0


__all__ = ["OFFERED", "MonthlyCosts", "estimated_bill", "from_volume", "monthly_costs", "texts", "told_monthly"]
