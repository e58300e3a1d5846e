"""Break-even from run folders: estimated bills, named references, mistakes that are told."""

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from core import files
from core.analysis.scenario import Scenario
from core.candidates import resolve
from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.findings.breakeven import OFFERED, bill_band, estimated_bill, monthly_costs
from core.findings.results import results
from core.home import Home
from core.metering.prices import PriceBook, TokenPrice, published_token_price
from core.metering.usage import Energy, TokenCount, Usage
from core.preferences import Preferences
from core.runs import RunFolder, create_run, find_run, list_runs
from core.spec import RunSpec
from tests.ui.fixtures import finished_run, questions

MINE = Preferences(token_prices=({"model": "mine", "input": 3.0, "output": 12.0},))  # type: ignore[arg-type]


@pytest.fixture
def asked(home: Home) -> Dataset:
    made = questions(home, test=60)
    for name in ("majority", "tfidf-linear", "minilm-full"):
        finished_run(home, made, name)
    return made


def test_the_estimated_bill_is_tokens_times_price(home: Home, asked: Dataset) -> None:
    found = monthly_costs(home, "questions", MINE, Scenario(volume=2000), "mine")
    bill = estimated_bill(asked, "mine", MINE).cost
    per_text = (bill.tokens.input * 3 + bill.tokens.output * 12) / 1e6 / bill.requests
    assert found.reference.estimated
    assert found.reference.line.usd(2000) == pytest.approx(2000 * per_text)
    assert (found.reference.line.low, found.reference.line.high) == pytest.approx((2 / 3, 4 / 3))
    assert found.winner == "minilm-full"
    assert found.sentence.startswith("minilm-full costs less than mine by the token")
    months = {one.candidate: one.money for one in found.forecasts}
    row = next(row for row in results(home, "questions", MINE) if row.candidate == "minilm-full")
    assert months["minilm-full"].usd == pytest.approx(2 * row.usd_per_1k + row.fit_usd / 12)  # type: ignore[union-attr, operator]


def test_crossings_hold_in_the_bills_on_both_sides(home: Home, asked: Dataset) -> None:
    scenario = Scenario(usd_per_label=0.5, hours_on=100)
    found = monthly_costs(home, "questions", MINE, scenario, "mine")
    met = next(one for one in found.break_evens if one.candidate == "minilm-full").working
    assert met.volume is not None
    assert met.high is not None
    assert (met.low or 0) < met.volume < met.high
    for factor, cheaper in ((0.9, False), (1.1, True)):
        at = monthly_costs(home, "questions", MINE, scenario.model_copy(update={"volume": met.volume * factor}), "mine")
        own = next(one.money for one in at.forecasts if one.candidate == "minilm-full")
        assert (own.usd < at.reference.line.usd(at.scenario.volume)) is cheaper  # type: ignore[union-attr]


def test_a_cached_share_and_a_discount_cut_the_estimated_bill(home: Home, asked: Dataset) -> None:
    prices = Preferences(token_prices=(TokenPrice(model="mine", input=4.0, cached_input=1.0, output=0.0),))
    line = lambda scenario: monthly_costs(home, "questions", prices, scenario, "mine").reference.line  # noqa: E731
    full = line(Scenario()).serving
    assert line(Scenario(cached_share=1.0)).serving == pytest.approx(full / 4)
    assert line(Scenario(token_share=0.5)).serving == pytest.approx(full / 2)


def test_a_finished_candidate_can_be_compared_with(home: Home, asked: Dataset) -> None:
    found = monthly_costs(home, "questions", Preferences(), Scenario(), "minilm-full")
    assert not found.reference.estimated
    assert {one.candidate for one in found.break_evens} == {"majority", "tfidf-linear"}


def asked_of_provider(home: Home, dataset: Dataset, like: str) -> RunFolder:
    """A finished run at a provider with the answers of another run and a bill of its own."""
    info, of = dataset.info, next(one for one in list_runs(home) if one.spec.candidate.id == like)
    spec = RunSpec(dataset=info.name, fingerprint=info.fingerprint, task=info.task, device="api",
                   candidate=resolve("api:gpt-4.1-mini-zero-shot"))  # fmt: skip
    folder = create_run(home, spec)
    for name in ("predictions.parquet", "scores.json"):
        shutil.copy(of.path / name, folder.path / name)
    texts = of.usage["predict"].texts
    host = {
        "device": "api",
        "device_name": "api.openai.com",
        "energy": {"api": Energy(kwh=1e-3, provenance="estimated")},
    }
    fit = Usage(phase="fit", texts=1, **host)  # type: ignore[arg-type]
    predict = Usage(phase="predict", texts=texts, tokens=TokenCount(input=50 * texts, output=2 * texts), **host)  # type: ignore[arg-type]
    folder.write_usage({"fit": fit, "predict": predict}, {})
    folder.set_state("finished", started_at=files.now(), attempt=1)
    return folder


def test_a_candidate_that_ran_at_a_provider_is_taken_with_its_real_bill(home: Home, asked: Dataset) -> None:
    asked_of_provider(home, asked, "tfidf-linear")
    found = monthly_costs(home, "questions", Preferences(), Scenario(volume=1e6, hours_on=730))
    assert (found.reference.name, found.reference.estimated) == ("api:gpt-4.1-mini-zero-shot", False)
    price = published_token_price("gpt-4.1-mini")
    assert price is not None
    bill = 50 * price.input + 2 * price.output
    money = next(one.money for one in found.forecasts if one.candidate == found.reference.name)
    assert money is not None
    assert money.usd == pytest.approx(bill), "nothing is rented: no hours, no training, no labels"
    assert {one.candidate for one in found.break_evens} == {"majority", "tfidf-linear", "minilm-full"}
    half = monthly_costs(home, "questions", Preferences(), Scenario(volume=1e6, provider_batched=1.0))
    assert half.reference.line.usd(1e6) == pytest.approx(bill / 2)


def test_what_cannot_be_compared_is_told(home: Home, asked: Dataset) -> None:
    with pytest.raises(TradeoffError, match="No candidate and no token price is called nothing-like-it"):
        monthly_costs(home, "questions", Preferences(), Scenario(), "nothing-like-it")
    with pytest.raises(TradeoffError):
        monthly_costs(home, "absent", Preferences(), Scenario())
    questions(home, "empty", test=20)
    with pytest.raises(TradeoffError, match="No run on empty has finished"):
        monthly_costs(home, "empty", Preferences(), Scenario())


def test_every_model_that_is_offered_has_a_published_price(asked: Dataset) -> None:
    for model in OFFERED:
        assert published_token_price(model) is not None, model
        assert estimated_bill(asked, model, Preferences()).cost.usd is not None, model


def test_the_band_of_a_bill_is_the_interval_of_the_mean(home: Home, asked: Dataset) -> None:
    row = next(row for row in results(home, "questions", MINE) if row.candidate == "minilm-full")
    row = row.model_copy(update={"model": "mine"})
    book = PriceBook(tokens=(TokenPrice(model="mine", input=2.0, cached_input=1.0, output=8.0),))
    assert bill_band(home, row, book) == 0, "all texts have 12 tokens"
    path = find_run(home, row.run_ids[0]).path / "predictions.parquet"
    table, draw = pq.read_table(path), np.random.default_rng(0)
    read = draw.integers(10, 200, table.num_rows)
    columns = {"tokens_input": read, "tokens_cached": read // 2, "tokens_output": draw.integers(1, 9, table.num_rows)}
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, pa.int32()))
    pq.write_table(table, path)
    test = np.array(table["split"].to_pylist()) == "test"
    cached, written = columns["tokens_cached"], columns["tokens_output"]
    bills = (cached * 1.0 + (read - cached) * 2.0 + written * 8.0)[test]
    half = stats.norm.interval(0.95, bills.mean(), stats.sem(bills))[1] - bills.mean()
    assert bill_band(home, row, book) == pytest.approx(half / bills.mean(), rel=1e-3)
    assert bill_band(home, row.model_copy(update={"run_ids": ("gone",)}), book) == 0
