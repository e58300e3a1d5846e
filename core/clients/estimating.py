"""What a run at a provider will cost, told before it is launched."""

import re
from collections.abc import Sequence
from statistics import fmean, median

from core.clients.account import price_of
from core.clients.endpoints import find_endpoint
from core.data.dataset import Dataset
from core.estimate import Estimate, PastRun
from core.history import SUBWORDS
from core.preferences import Preferences
from core.prices import token_usd
from core.prompts.demonstrations import draw
from core.prompts.messages import chat_messages
from core.prompts.styles import get_style
from core.spec import Record, RunSpec
from core.tasks import get_task
from core.usage import TokenCount

SAMPLE = 40
MESSAGE_TOKENS = 4
REASONING_TOKENS = 120
"""Tokens that a style that reasons writes before its answer, about."""
GUESSED_SECONDS = 1.5
"""A request takes about this long where no past run tells."""


class ApiCost(Record):
    """Requests and tokens of a run, about, and what they cost; `usd` is None when the price is unknown."""

    requests: int
    tokens: TokenCount
    usd: float | None
    price: str
    """The price row in words, or why there is none."""


def api_cost_estimate(spec: RunSpec, dataset: Dataset, preferences: Preferences) -> ApiCost:
    """What the run `spec` on `dataset` will cost, from the prompts of some of its texts; right within a third, mostly.

    Tokens are counted by words, since vendors' tokenizers are not here. Nothing is taken to be cached and no answer to
    be asked for again. Hidden reasoning of a model cannot be foreseen and is not counted.

    Raises:
        TradeoffError: there is no such endpoint.
    """
    settings = spec.candidate.settings
    endpoint = find_endpoint(settings["endpoint"], preferences.endpoints)
    style = get_style(settings["style"], get_task(spec.task), dataset.info.labels)
    train = dataset.examples("train")
    shown = draw(train, settings["shots"], "random", spec.seed)
    instruction = style.instruction(settings["instruction"], solved=bool(shown))
    sample = train[:: max(1, len(train) // SAMPLE)][:SAMPLE]
    prompts = [chat_messages(style, instruction, shown, e.text[: settings["max_text_characters"]]) for e in sample]
    read = fmean(sum(_tokens(m["content"]) + MESSAGE_TOKENS for m in messages) for messages in prompts)
    written = fmean(_tokens(style.answer(e.text, e.target)) for e in sample) + REASONING_TOKENS * style.reasons
    written = min(written, settings["max_new_tokens"])
    texts = dataset.info.counts["validation"] + dataset.info.counts["test"]
    # Samples of one request share its prompt.
    tokens = TokenCount(input=round(texts * read), output=round(texts * written * settings["samples"]))
    row = price_of(spec.candidate, endpoint, preferences)
    if row is None:
        why = f"no token price is known for {spec.candidate.model} at {endpoint.host}"
        return ApiCost(requests=texts, tokens=tokens, usd=None, price=why)
    return ApiCost(requests=texts, tokens=tokens, usd=token_usd(tokens, row), price=f"{row.name}, {row.source}")


def api_estimate(spec: RunSpec, dataset: Dataset, history: Sequence[PastRun], preferences: Preferences) -> Estimate:
    """The estimate of a run at a provider: time from past runs of the model, money from its prompts."""
    cost = api_cost_estimate(spec, dataset, preferences)
    candidate = spec.candidate
    endpoint = find_endpoint(candidate.settings["endpoint"], preferences.endpoints)
    rates = [
        run.predict_seconds / run.predict_texts
        for run in history
        if run.device == "api" and run.model == candidate.model and run.predict_texts
        and run.settings.get("endpoint") == candidate.settings["endpoint"]
    ]  # fmt: skip
    together = candidate.settings["concurrency"] or endpoint.concurrency
    seconds = cost.requests * (median(rates) if rates else GUESSED_SECONDS / together)
    basis = f"{cost.requests:,} requests, about {cost.tokens.input:,} tokens in and {cost.tokens.output:,} out; "
    return Estimate(
        seconds=seconds, seconds_low=seconds / 3, seconds_high=seconds * 3, fit_seconds=0.0, predict_seconds=seconds,
        usd=cost.usd, fits=True, basis=basis + cost.price,
    )  # fmt: skip


def _tokens(text: str) -> float:
    return SUBWORDS * len(re.findall(r"\w+|[^\w\s]", text[:50_000]))
