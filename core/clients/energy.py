"""Energy of a provider's model by EcoLogits: an estimate from the size of the model and the tokens it wrote."""

import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from core.clients.journal import Answer
from core.metering.usage import Energy
from core.spec import Record

PROVIDERS = {
    "api.openai.com": "openai", ".azure.com": "openai", "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "google_genai", "api.mistral.ai": "mistralai", "api.cohere.ai": "cohere",
    "api.cohere.com": "cohere", "huggingface.co": "huggingface_hub",
}  # fmt: skip
"""EcoLogits' provider by the end of a host: it says which data centres and which grid."""


class Footprint(Record):
    """Energy and CO2e of requests, each the middle of a range, and what they rest on; unknown with the reason."""

    energy: Energy = Energy()
    co2e_kg: float | None = None
    source: str = ""
    why_unknown: str = ""


def footprint(host: str, model: str, answers: Iterable[Answer]) -> Footprint:
    """The footprint of answers, summed over requests (EcoLogits, llm_impacts; only tokens written count there).

    The range spans what is not published: the number of parameters and the overhead of the data centre. CO2e is that
    of the electricity of the provider's data centres, not of the user's grid.
    """
    answers = list(answers)
    if not answers:
        return Footprint(energy=Energy(kwh=0.0, provenance="estimated", low_kwh=0.0, high_kwh=0.0), co2e_kg=0.0)
    provider = next((name for end, name in PROVIDERS.items() if host.split(":")[0].endswith(end)), None)
    if provider is None:
        return Footprint(why_unknown=f"nothing is known of the hardware at {host}")
    low = mean = high = co2e = 0.0
    for answer in answers:
        if answer.tokens is None:
            return Footprint(why_unknown="some answers came without token counts")
        try:
            impact = _impact(provider, model, answer.tokens.output + answer.tokens.reasoning, round(answer.seconds, 2))
        except Exception as error:  # no failure of a meter fails the run
            return Footprint(why_unknown=f"EcoLogits failed: {type(error).__name__}")
        if impact is None:
            return Footprint(why_unknown=f"EcoLogits does not know {model} of {provider}")
        low, mean, high, co2e = (a + b for a, b in zip((low, mean, high, co2e), impact, strict=True))
    energy = Energy(kwh=mean, provenance="estimated", low_kwh=low, high_kwh=high)
    return Footprint(energy=energy, co2e_kg=co2e, source=f"EcoLogits, data centres of {provider}")


@lru_cache(maxsize=4096)
def _impact(provider: str, model: str, tokens: int, seconds: float) -> tuple[float, float, float, float] | None:
    """Low, mean and high kWh and mean kg CO2e (of use) of one request."""
    from ecologits.tracers.utils import llm_impacts

    # After the import: a logger that is asked for before would not be of the kind that EcoLogits makes.
    logging.getLogger("ecologits").setLevel(logging.ERROR)
    for name in (model, model.rsplit("/", 1)[-1]):
        found: Any = llm_impacts(provider, name, tokens, max(seconds, 0.01))
        if not found.has_errors and found.usage is not None:
            low, high = _range(found.energy.value)
            emitted = _range(found.usage.gwp.value)
            return low, (low + high) / 2, high, sum(emitted) / 2
    return None


def _range(value: Any) -> tuple[float, float]:
    return (float(value.min), float(value.max)) if hasattr(value, "min") else (float(value), float(value))
