"""What a run at a provider will cost, told before it is launched."""

from statistics import fmean

from core.clients.endpoints import find_endpoint
from core.data.dataset import Dataset
from core.estimating.estimate import Estimate
from core.metering.prices import PriceBook, cost
from core.metering.usage import TokenCount, Usage
from core.preferences import Preferences
from core.prompts.counting import estimated_tokens
from core.prompts.demonstrations import draw
from core.prompts.messages import chat_messages
from core.prompts.styles import style_of
from core.spec import Record, RunSpec
from core.tasks import get_task

SAMPLE = 40
MESSAGE_TOKENS = 4
REASONING_TOKENS = 120
"""Tokens that a style that reasons writes before its answer, about."""


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
    style = style_of(settings, get_task(spec.task), dataset.info.labels)
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
    usage = Usage(
        phase="predict", texts=texts, device="api", device_name=endpoint.host, tokens=tokens,
        batch=settings["batch_price"],
    )  # fmt: skip
    found = cost(usage, PriceBook.of(preferences), spec.candidate.model)
    told = f"{found.price.name}, {found.price.source}" if found.usd is not None and found.price else found.why_unknown
    return ApiCost(requests=texts, tokens=tokens, usd=found.usd, price=told)


def api_estimate(spec: RunSpec, dataset: Dataset, estimated: Estimate, preferences: Preferences) -> Estimate:
    """The estimate of a run at a provider with the money that its own prompts will cost."""
    found = api_cost_estimate(spec, dataset, preferences)
    tokens = f"about {found.tokens.input:,} tokens in and {found.tokens.output:,} out"
    told = f"{found.requests:,} requests, {tokens}; {found.price}"
    return estimated.model_copy(update={"usd": found.usd, "basis": told})


def _tokens(text: str) -> int:
    return estimated_tokens(text[:50_000])
