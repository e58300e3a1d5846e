"""Energy of closed models: a range by EcoLogits, and unknown where nothing is known."""

import pytest

from core.clients.energy import footprint
from core.clients.journal import Answer
from core.methods.base import Tokens


def answer(written: int, seconds: float = 2.0, reasoning: int = 0) -> Answer:
    return Answer([], Tokens(100, 0, written, reasoning), seconds)


def test_the_range_is_that_of_ecologits_summed_over_requests() -> None:
    from ecologits.tracers.utils import llm_impacts

    one = llm_impacts("openai", "gpt-4o-mini", 50, 2.0)
    assert one.energy
    assert one.usage
    found = footprint("api.openai.com", "gpt-4o-mini", [answer(50), answer(20, reasoning=30)])
    assert found.energy.provenance == "estimated"
    assert found.energy.low_kwh == pytest.approx(2 * one.energy.value.min)
    assert found.energy.high_kwh == pytest.approx(2 * one.energy.value.max)
    assert found.energy.kwh == pytest.approx(one.energy.value.min + one.energy.value.max)
    assert found.co2e_kg == pytest.approx(one.usage.gwp.value.min + one.usage.gwp.value.max)
    assert 0 < (found.energy.low_kwh or 0) < (found.energy.high_kwh or 0)


def test_azure_is_estimated_as_openai() -> None:
    assert footprint("name.openai.azure.com", "gpt-4o", [answer(9)]).energy.kwh


@pytest.mark.parametrize(
    ("host", "model", "answers", "why"),
    [
        ("127.0.0.1:8000", "gpt-4o", [answer(9)], "hardware at 127.0.0.1:8000"),
        ("evil-api.openai.com.example", "gpt-4o", [answer(9)], "hardware"),
        ("api.openai.com", "no-such-model", [answer(9)], "does not know no-such-model"),
        ("api.openai.com", "gpt-4o", [answer(9), Answer([], None, 1.0)], "without token counts"),
    ],
)
def test_what_is_not_known_is_unknown_and_told(host: str, model: str, answers: list[Answer], why: str) -> None:
    found = footprint(host, model, answers)
    assert found.energy.kwh is None
    assert found.energy.provenance == "unknown"
    assert why in found.why_unknown


def test_no_request_took_no_energy() -> None:
    assert footprint("127.0.0.1", "m", []).energy.kwh == 0
