"""What-if figures are computed by hand beside; an assumption that changes nothing changes no figure."""

import pytest

from core.analysis.altered_usage import summed
from core.analysis.results import RunSummary
from core.analysis.scenario import Scenario, monthly_usd, scenario_of, why_no_total
from core.candidates import resolve
from core.errors import TradeoffError
from core.findings.results import Pricing
from core.metering.prices import DevicePrice, PriceBook, TokenPrice
from core.metering.usage import Energy, TokenCount, Usage, UsagePart
from core.spec import RunSpec
from core.tasks.base import Score

BOOK = PriceBook(
    devices=(DevicePrice(device="cpu", usd_per_hour=3.6, name="ours"),),
    tokens=(TokenPrice(model="big", input=2.0, cached_input=0.5, output=10.0),),
    batch={"host": 0.5},
)


def usage(phase: str, texts: int, seconds: float, sure: str = "measured") -> Usage:
    energy = {"cpu": Energy(kwh=seconds * 1e-5, provenance=sure), "ram": Energy(kwh=seconds * 2e-5, provenance=sure)}  # type: ignore[arg-type]
    return Usage(
        phase=phase, texts=texts, wall_seconds=seconds, device="cpu", device_name="ours (2 cores)",  # type: ignore[arg-type]
        device_seconds=seconds, energy=energy, co2e_kg=seconds * 3e-5 * 0.4, grid_g_per_kwh=400.0,
    )  # fmt: skip


def run(candidate: str = "minilm-full", **phases: Usage) -> RunSummary:
    phases = phases or {
        "fit": usage("fit", 500, 100.0), "predict": usage("predict", 1000, 10.0), "latency": usage("latency", 50, 2.0)
    }  # fmt: skip
    spec = RunSpec(dataset="d", fingerprint="f", task="single_label", candidate=resolve(candidate))
    scores = (Score("accuracy", "test", 0.9, 0.88, 0.92, 1000), Score("accuracy", "validation", 0.9, 0.88, 0.92, 1000))
    return RunSummary(run_id="r", spec=spec, status="finished", scores=scores, usage=phases)


def provider(tokens: TokenCount) -> RunSummary:
    asked = Usage(phase="predict", texts=1000, device="api", device_name="host", tokens=tokens,
                  energy={"api": Energy(kwh=1e-3, provenance="estimated")}, co2e_kg=1e-3)  # fmt: skip
    fit = Usage(phase="fit", texts=500, device="api", device_name="host")
    found = run(predict=asked, fit=fit)
    candidate = found.spec.candidate.model_copy(update={"model": "big"})
    return found.model_copy(update={"spec": found.spec.model_copy(update={"candidate": candidate, "device": "api"})})


def row(scenario: Scenario, of: RunSummary | None = None):  # type: ignore[no-untyped-def]
    return scenario.rows([of or run()], BOOK)[0]


def test_the_plain_scenario_prices_as_the_product_does() -> None:
    for one in (run(), provider(TokenCount(input=9000, cached=1000, output=100))):
        for phase in one.usage.values():
            assert Scenario().price(BOOK)(phase, "big") == Pricing(BOOK)(phase, "big")
        assert Scenario().used(one) is one
    assert Scenario(volume=5).changes == {}


def test_rent_discount_idle_hours_and_electricity() -> None:
    # 10 s for 1,000 texts at 3.6 USD an hour are 0.01 USD; 10 s × 3e-5 kWh are 3e-4 kWh.
    assert row(Scenario()).usd_per_1k == pytest.approx(0.01)
    assert row(Scenario(rent_share=0.6)).usd_per_1k == pytest.approx(0.006)
    assert row(Scenario(cpu_usd_per_hour=7.2)).usd_per_1k == pytest.approx(0.02)
    assert row(Scenario(gpu_usd_per_hour=7.2)).usd_per_1k == pytest.approx(0.01)
    idle = row(Scenario(idle_share=0.75))
    assert idle.usd_per_1k == pytest.approx(0.04)
    assert idle.fit_usd == pytest.approx(0.1), "a training does not wait for texts"
    assert row(Scenario(rent_share=0, usd_per_kwh=0.5)).usd_per_1k == pytest.approx(1.5e-4)


def test_electricity_that_is_unknown_makes_the_cost_unknown() -> None:
    blind = run(fit=usage("fit", 500, 100.0), predict=usage("predict", 1000, 10.0).model_copy(update={"energy": {}}))
    assert row(Scenario(), blind).usd_per_1k == pytest.approx(0.01)
    found = row(Scenario(usd_per_kwh=0.3), blind)
    assert found.usd_per_1k is None
    assert "not known" in why_no_total(found, Scenario(usd_per_kwh=0.3))
    assert monthly_usd(found, Scenario(usd_per_kwh=0.3)) is None


def test_grid_and_pue_change_energy_as_told() -> None:
    plain, cooled = row(Scenario()), row(Scenario(pue=1.5))
    assert cooled.kwh_per_1k == pytest.approx(1.5 * plain.kwh_per_1k)
    assert cooled.co2e_g_per_1k == pytest.approx(1.5 * plain.co2e_g_per_1k)
    assert plain.energy_provenance == "measured"
    assert cooled.energy_provenance == "modelled", "losses that were assumed were not measured"
    green = row(Scenario(grid_g_per_kwh=40, pue=1.5))
    assert green.co2e_g_per_1k == pytest.approx(40 * cooled.kwh_per_1k)
    assert green.usd_per_1k == plain.usd_per_1k


def test_texts_that_come_one_at_a_time_take_as_long_as_single_ones_did() -> None:
    # in batches 10 ms a text, alone 40 ms
    assert row(Scenario(batched=0)).device_seconds_per_1k == pytest.approx(40)
    half = row(Scenario(batched=0.5))
    assert half.device_seconds_per_1k == pytest.approx(25)
    assert half.kwh_per_1k == pytest.approx(25 * 3e-5)
    assert half.usd_per_1k == pytest.approx(0.025)
    untimed = run(fit=usage("fit", 500, 100.0), predict=usage("predict", 1000, 10.0))
    assert row(Scenario(batched=0.5), untimed).usd_per_1k is None, "single texts were not timed: unknown"


def test_a_provider_bills_tokens_by_bucket_discount_and_batch() -> None:
    one = provider(TokenCount(input=1_000_000, cached=0, output=100_000))
    assert row(Scenario(), one).usd_per_1k == pytest.approx(3.0)
    assert row(Scenario(token_share=0.5), one).usd_per_1k == pytest.approx(1.5)
    assert row(Scenario(cached_share=1), one).usd_per_1k == pytest.approx(1.5)
    assert row(Scenario(provider_batched=1), one).usd_per_1k == pytest.approx(1.5)
    assert row(Scenario(provider_batched=0.5), one).usd_per_1k == pytest.approx(2.25)
    same = row(Scenario(pue=2, grid_g_per_kwh=10, batched=0, rent_share=9, idle_share=0.9), one)
    assert same.usd_per_1k == pytest.approx(3.0)
    assert same.kwh_per_1k == pytest.approx(1e-3), "a provider's estimate has its own grid and losses"


def test_a_month_has_serving_training_and_labels() -> None:
    asked = Scenario(volume=1e6, retrain_months=2, horizon_months=10, usd_per_label=0.2, labels_per_training=50)
    found = monthly_usd(row(asked), asked)
    assert found is not None
    assert found.serving == pytest.approx(10.0)
    assert found.training == pytest.approx(0.05)
    assert found.labels == pytest.approx(0.2 * (500 / 10 + 50 / 2))
    assert found.usd == pytest.approx(found.serving + found.training + found.labels)


def test_a_device_that_is_always_on_is_the_least_that_is_paid() -> None:
    asked = Scenario(volume=1e5, hours_on=730, idle_share=0.5)
    assert monthly_usd(row(asked), asked).serving == pytest.approx(730 * 3.6)  # type: ignore[union-attr]
    busy = asked.model_copy(update={"volume": 1e9})
    assert monthly_usd(row(busy), busy).serving == pytest.approx(1e6 * 0.02)  # type: ignore[union-attr]


def test_a_prompt_needs_only_the_labels_that_it_shows_and_is_not_retrained() -> None:
    asked = Scenario(usd_per_label=1.0, retrain_months=1, labels_per_training=100, horizon_months=1)
    labels = {name: monthly_usd(row(asked, run(name)), asked).labels  # type: ignore[union-attr]
              for name in ("minilm-full", "smollm2-zero-shot", "smollm2-few-shot")}  # fmt: skip
    assert labels["minilm-full"] == 600
    assert labels["smollm2-zero-shot"] == 0
    assert labels["smollm2-few-shot"] == run("smollm2-few-shot").spec.candidate.settings["shots"]


@pytest.mark.parametrize(
    "bad", [{"pue": 0.5}, {"idle_share": 1}, {"volume": 0}, {"volume": float("nan")}, {"rent": 1}, {"batched": "x"},
            {"retrain_months": 0}],
)  # fmt: skip
def test_impossible_assumptions_are_told(bad: dict[str, object]) -> None:
    with pytest.raises(TradeoffError):
        scenario_of(bad)


def cascade(batch: Usage, single: Usage, asked: Usage) -> RunSummary:
    """A small model of ours that passes some texts on to a provider, with the sums that its run would hold."""

    def both(own: Usage, other: Usage) -> Usage:
        parts = (UsagePart(candidate="small", usage=own), UsagePart(candidate="large", model="big", usage=other))
        return summed(own.model_copy(update={"texts": own.texts}), parts)

    single_asked = asked.model_copy(update={"phase": "latency"})
    return run(fit=usage("fit", 500, 100.0), predict=both(batch, asked), latency=both(single, single_asked))


def test_a_cascade_is_changed_and_priced_stage_by_stage() -> None:
    asked = Usage(phase="predict", texts=100, device="api", device_name="host", tokens=TokenCount(input=1_000_000),
                  energy={"api": Energy(kwh=1e-3, provenance="estimated")}, co2e_kg=1e-3)  # fmt: skip
    of = cascade(usage("predict", 1000, 10.0), usage("latency", 50, 2.0), asked)
    plain = row(Scenario(), of)
    assert plain.usd_per_1k == pytest.approx(0.01 + 2.0)
    assert plain.kwh_per_1k == pytest.approx(10 * 3e-5 + 1e-3)
    assert plain.device_seconds_per_1k == pytest.approx(10)
    assert plain.rent_usd_per_hour == pytest.approx(3.6)
    assert row(Scenario(rent_share=0.5, token_share=0.5), of).usd_per_1k == pytest.approx(1.005)
    assert row(Scenario(cached_share=1.0), of).usd_per_1k == pytest.approx(0.01 + 0.5)
    cooled = row(Scenario(pue=2.0, grid_g_per_kwh=100), of)
    assert cooled.kwh_per_1k == pytest.approx(2 * 10 * 3e-5 + 1e-3), "the provider's own losses are in its estimate"
    assert cooled.co2e_g_per_1k == pytest.approx(2 * 10 * 3e-5 * 100 + 1.0)
    alone = row(Scenario(batched=0.0), of)
    assert alone.usd_per_1k == pytest.approx(0.04 + 2.0)
    kept = Scenario(hours_on=730, volume=1e5)
    found = monthly_usd(row(kept, of), kept)
    assert found is not None
    assert found.serving == pytest.approx(730 * 3.6 + 100 * 2.0), "the device waits, the provider bills each text"
