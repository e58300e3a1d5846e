"""What if prices, electricity or the way of serving were different? Everything is computed again from stored usage.

A scenario changes a run's usage (`used`: batches, cached share, grid, PUE) and its price (`price`: rent, discounts,
idle hours, electricity); rows made of both are drawn by every chart as if they had been measured. Nothing runs again.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field, ValidationError

from core.analysis.altered_usage import altered, mixed
from core.analysis.results import CandidateRow, Price, RunSummary, candidate_rows
from core.errors import TradeoffError, unknown
from core.metering.prices import PriceBook
from core.metering.prices import cost as priced_usage
from core.metering.usage import Usage
from core.spec import Record

HOURS_A_MONTH = 730.0
"""365.25 days × 24 hours ÷ 12, rounded as clouds bill."""
PROMPTED = ("prompted_llm", "api")
"""Families that are asked and not trained: new labels are not bought for them."""


class Scenario(Record):
    """Assumptions about prices, electricity, serving and training. The defaults leave every stored figure as it is.

    Shares are 0…1. None means "as it was measured or priced".
    """

    volume: float = Field(default=100_000, ge=1, le=1e10, allow_inf_nan=False, description="Texts a month")
    rent_share: float = Field(
        default=1.0,
        ge=0,
        le=10,
        allow_inf_nan=False,
        description="Share of the device rent that you pay: 0.6 is 40 % off",
    )
    cpu_usd_per_hour: float | None = Field(
        default=None, ge=0, le=1000, allow_inf_nan=False, description="USD an hour of the whole CPU machine"
    )
    gpu_usd_per_hour: float | None = Field(
        default=None, ge=0, le=1000, allow_inf_nan=False, description="USD an hour of a GPU"
    )
    usd_per_kwh: float | None = Field(
        default=None,
        ge=0,
        le=10,
        allow_inf_nan=False,
        description="USD a kWh, where electricity is billed beside the rent",
    )
    token_share: float = Field(
        default=1.0, ge=0, le=10, allow_inf_nan=False, description="Share of the token prices that you pay"
    )
    cached_share: float | None = Field(
        default=None,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Share of the tokens read that a provider bills as cached",
    )
    provider_batched: float | None = Field(
        default=None, ge=0, le=1, allow_inf_nan=False, description="Share of requests sent at a provider's batch price"
    )
    batched: float = Field(
        default=1.0, ge=0, le=1, allow_inf_nan=False,
        description="Share of texts that your device answers in batches; the others come one at a time",
    )  # fmt: skip
    idle_share: float = Field(
        default=0.0,
        ge=0,
        le=0.99,
        allow_inf_nan=False,
        description="Share of the rented hours in which the device waits",
    )
    hours_on: float = Field(
        default=0.0, ge=0, le=744, allow_inf_nan=False,
        description="Hours a month that a device is rented whether or not it works: 730 is always",
    )  # fmt: skip
    grid_g_per_kwh: float | None = Field(
        default=None, ge=0, le=3000, allow_inf_nan=False, description="Grams of CO2e a kWh of your electricity"
    )
    pue: float = Field(
        default=1.0, ge=1, le=5, allow_inf_nan=False,
        description="Energy of the whole data centre for each kWh of the machine (PUE): cooling and losses",
    )  # fmt: skip
    retrain_months: float | None = Field(
        default=None, gt=0, le=120, allow_inf_nan=False, description="Months between trainings; empty trains once"
    )
    horizon_months: float = Field(
        default=12.0, ge=1, le=120, allow_inf_nan=False, description="Months over which what is paid once is spread"
    )
    usd_per_label: float | None = Field(
        default=None, ge=0, le=1000, allow_inf_nan=False, description="USD a labelled text; empty: the labels are there"
    )
    labels_per_training: int = Field(
        default=0, ge=0, le=10_000_000, description="New labelled texts for each training after the first"
    )

    doubt: float = Field(
        default=2.0,
        ge=1,
        le=10,
        allow_inf_nan=False,
        description="Factor within which rent and speed of your devices are trusted: the band of a break-even",
    )

    @property
    def changes(self) -> dict[str, Any]:
        """The assumptions that differ from what was measured and priced; the volume is none."""
        plain = Scenario()
        names = [name for name in Scenario.model_fields if name != "volume"]
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(plain, name)}

    def price(self, book: PriceBook) -> "ScenarioPricing":
        """The price function of `candidate_rows` under this scenario, a drop-in for `core.findings.results.Pricing`."""
        return ScenarioPricing(self, book)

    def used(self, run: RunSummary) -> RunSummary:
        """What the run would have used. A phase whose usage is then not known is left out."""
        if Scenario(**{name: getattr(self, name) for name in USED}) == Scenario():
            return run
        phases = {
            name: altered(usage, self.cached_share, self.pue, self.grid_g_per_kwh) for name, usage in run.usage.items()
        }
        if "predict" in phases and self.batched < 1:
            found = mixed(phases.pop("predict"), phases.get("latency"), self.batched)
            phases |= {"predict": found} if found else {}
        return run.model_copy(update={"usage": phases})

    def rows(
        self, runs: Iterable[RunSummary], book: PriceBook, metric: str | None = None,
        train_size: int | str | None = "largest",
    ) -> list[CandidateRow]:  # fmt: skip
        """`candidate_rows` under this scenario."""
        return candidate_rows(map(self.used, runs), self.price(book), metric, train_size)


USED = ("cached_share", "batched", "pue", "grid_g_per_kwh")
"""The assumptions that change usage; the others change what it costs."""


class ScenarioPricing:
    """Costs under a scenario by a price book."""

    def __init__(self, scenario: Scenario, book: PriceBook) -> None:
        self.scenario, self.book = scenario, book

    def __call__(self, usage: Usage, model: str | None) -> Price:
        """The cost of a phase's usage; of a cascade, the sum over its models."""
        if usage.parts:
            prices = [self(part.usage, part.model) for part in usage.parts]
            missing = next((one.basis for one in prices if one.usd is None), None)
            basis = "; ".join(dict.fromkeys(one.basis for one in prices)) if missing is None else missing
            return Price(usd=None if missing is not None else sum(one.usd or 0.0 for one in prices), basis=basis)
        if usage.device == "api":
            return self._provider(usage, model)
        return self._device(usage)

    def _device(self, usage: Usage) -> Price:
        given, wanted = self.scenario, usage.device == "cuda"
        hourly = given.gpu_usd_per_hour if wanted else given.cpu_usd_per_hour
        if hourly is None:
            priced = priced_usage(usage, self.book)
            usd, row = priced.usd, priced.price
            basis = f"{row.name}, {row.source}, {row.date}" if row else priced.why_unknown
        else:
            usd, basis = usage.device_seconds / 3600 * hourly, f"${hourly:g} an hour, assumed: what if"
        if usd is None:
            return Price(usd=None, basis=basis)
        usd *= given.rent_share / (1 - given.idle_share if usage.phase == "predict" else 1)
        if given.usd_per_kwh is not None:
            if usage.kwh is None:
                return Price(usd=None, basis="electricity is billed apart and its kWh are not known")
            usd += usage.kwh * given.usd_per_kwh
        return Price(usd=usd, basis=basis)

    def _provider(self, usage: Usage, model: str | None) -> Price:
        share = self.scenario.provider_batched
        parts = [(1.0, usage)] if share is None else [
            (1 - share, usage.model_copy(update={"batch": False})), (share, usage.model_copy(update={"batch": True})),
        ]  # fmt: skip
        found = [(weight, priced_usage(part, self.book, model)) for weight, part in parts if weight > 0]
        for _, priced in found:
            if priced.usd is None:
                return Price(usd=None, basis=priced.why_unknown)
        row = found[0][1].price
        usd = sum(weight * (priced.usd or 0.0) for weight, priced in found) * self.scenario.token_share
        return Price(usd=usd, basis=f"{row.name}, {row.source}, {row.date}" if row else "")


class Money(Record):
    """USD a month, and what it consists of."""

    usd: float
    serving: float
    training: float
    labels: float


def monthly_usd(row: CandidateRow, scenario: Scenario) -> Money | None:
    """What a candidate costs a month at the scenario's volume; None where a figure that it needs is unknown.

    `row` was made under the same scenario (`Scenario.rows`); `why_no_total` tells what is unknown.

        serving  = max(texts × device seconds a text ÷ (1 − idle share), hours on) × rent an hour + electricity,
                   or texts × tokens a text × token prices
        training = cost of a fit ÷ months between trainings (the horizon where it is trained once)
        labels   = USD a label × (labels used ÷ horizon + new labels ÷ months between trainings)
    """
    if why_no_total(row, scenario):
        return None
    thousands = scenario.volume / 1000
    assert row.usd_per_1k is not None
    serving = max(thousands * row.usd_per_1k, kept_on_usd(row, scenario) + thousands * beside_rent(row, scenario))
    training = (row.fit_usd or 0.0) / (scenario.retrain_months or scenario.horizon_months)
    labels = labels_usd(row, scenario)
    return Money(usd=serving + training + labels, serving=serving, training=training, labels=labels)


def why_no_total(row: CandidateRow, scenario: Scenario) -> str:
    """Which unknown figure keeps a candidate from having a monthly total; empty when none does."""
    if row.usd_per_1k is None:
        return row.price_basis or "what 1,000 texts cost is unknown"
    if row.fit_usd is None:
        return "what its training costs is unknown"
    if scenario.usd_per_label is not None and row.labels_used is None:
        return "how many labels it needs is unknown"
    if scenario.hours_on and row.device_seconds_per_1k is not None and row.rent_usd_per_hour is None:
        return "what an hour of its device costs is unknown"
    return ""


def kept_on_usd(row: CandidateRow, scenario: Scenario) -> float:
    """USD a month of a device that is rented for `hours_on`; 0 at a provider, where nothing is rented."""
    return scenario.hours_on * (row.rent_usd_per_hour or 0.0)


def beside_rent(row: CandidateRow, scenario: Scenario) -> float:
    """USD for 1,000 texts beside the rent of our device: electricity that is billed apart, a provider's tokens."""
    working = (row.device_seconds_per_1k or 0.0) / 3600 / (1 - scenario.idle_share)
    return max(0.0, (row.usd_per_1k or 0.0) - working * (row.rent_usd_per_hour or 0.0))


def labels_usd(row: CandidateRow, scenario: Scenario) -> float:
    """USD a month for labelled texts; 0 where they are there already."""
    if scenario.usd_per_label is None or not row.labels_used:
        return 0.0
    trained = row.family not in PROMPTED and scenario.retrain_months
    again = scenario.labels_per_training / scenario.retrain_months if trained and scenario.retrain_months else 0.0
    return scenario.usd_per_label * (row.labels_used / scenario.horizon_months + again)


def scenario_of(values: Mapping[str, Any]) -> Scenario:
    """A scenario of named assumptions, checked.

    Raises:
        TradeoffError: there is no such assumption, or a value is out of bounds.
    """
    for name in values:
        if name not in Scenario.model_fields:
            raise unknown("assumption", name, Scenario.model_fields)
    try:
        return Scenario(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        told = Scenario.model_fields[name].description or name
        raise TradeoffError(f"{name} cannot be used: {first['msg'].lower()}", remedy=f"It is: {told}.") from None
