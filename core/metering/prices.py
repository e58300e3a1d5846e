"""What usage costs: device hours or tokens times a dated price row. An unknown price is unknown, never 0."""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from core.clients.endpoints import all_endpoints
from core.devices import cores_in_name
from core.metering.usage import TokenCount, Usage
from core.spec import Record

if TYPE_CHECKING:
    from core.preferences import Preferences

TABLE = Path(__file__).with_name("price_table.json")
SECONDS_PER_HOUR = 3600.0
TOKENS_PER_PRICE = 1_000_000
LIST_PRICE = "list price, edit to yours"


class DevicePrice(Record):
    """USD an hour of a device, or of each of its cores.

    `pattern` holds words that must all stand in the device's name, in any case: `a100 80gb`; empty fits any name.
    """

    device: Literal["cpu", "cuda"]
    pattern: str = Field(default="", max_length=100, description="Words of the device's name; empty fits every device")
    usd_per_hour: float = Field(ge=0, le=10_000, allow_inf_nan=False, description="USD an hour")
    per: Literal["device", "core"] = Field(
        default="device", description="Whether the price is for the device or for each core"
    )
    name: str = Field(default="", max_length=100, description="What the price is for")
    date: str = Field(default="", max_length=40, description="As of when")
    source: str = Field(default="typed in the settings", max_length=200, description="Where the price is from")
    url: str = Field(default="", max_length=500)
    note: str = Field(default="", max_length=200)


class TokenPrice(Record):
    """USD a million tokens of a model that a provider runs.

    `cached_input` None: cached tokens cost as much as others. `reasoning` None: as much as output.
    """

    model: str = Field(min_length=1, max_length=200, description="The model's name")
    input: float = Field(ge=0, le=100_000, allow_inf_nan=False, description="USD a million tokens read")
    cached_input: float | None = Field(default=None, ge=0, le=100_000, allow_inf_nan=False)
    output: float = Field(ge=0, le=100_000, allow_inf_nan=False, description="USD a million tokens written")
    reasoning: float | None = Field(default=None, ge=0, le=100_000, allow_inf_nan=False)
    name: str = Field(default="", max_length=200)
    date: str = Field(default="", max_length=40)
    source: str = Field(default="typed in the settings", max_length=200)
    url: str = Field(default="", max_length=500)
    note: str = Field(default="", max_length=200)


PriceRow = DevicePrice | TokenPrice


class Cost(Record):
    """USD and the row it was computed with; None with the reason when the price is unknown."""

    usd: float | None
    price: PriceRow | None = None
    why_unknown: str = ""


class PriceBook(Record):
    """All price rows; of rows that fit equally well the first is taken, so the user's own come first."""

    devices: tuple[DevicePrice, ...] = ()
    tokens: tuple[TokenPrice, ...] = ()
    batch: dict[str, float] = {}
    """Share of its token prices that a host bills for requests sent through its batch interface."""

    @classmethod
    def of(cls, preferences: "Preferences") -> "PriceBook":
        """The user's rows before the list prices."""
        named = tuple(row if row.name else row.model_copy(update={"name": row.pattern or row.device})
                      for row in preferences.device_prices)  # fmt: skip
        tokens = tuple(row if row.name else row.model_copy(update={"name": row.model})
                       for row in preferences.token_prices)  # fmt: skip
        endpoints = all_endpoints(preferences.endpoints).values()
        batch = {endpoint.host: endpoint.batch_share for endpoint in endpoints if endpoint.batch_share is not None}
        return cls(devices=(*named, *list_prices()), tokens=tokens, batch=batch)

    def device(self, kind: str, name: str) -> DevicePrice | None:
        """The row for a device: the first of the user's rows that fits, else the list price with the most words.

        A slice of a GPU (MIG) is priced only by a row that says `mig`: the whole GPU's price would be wrong.
        """
        words = set(re.findall(r"[a-z0-9]+", name.lower()))
        fitting = [row for row in self.devices if row.device == kind and _fits(row.pattern, words)]
        own = [row for row in fitting if row not in list_prices()]
        return max(own or fitting, key=lambda row: len(row.pattern.split()), default=None)

    def token(self, model: str, host: str = "") -> TokenPrice | None:
        """The row for a model: the user's, else what the provider at `host` publishes.

        The same open model costs different sums at different providers and nothing at a server of one's own, so a
        host that is no known provider has no published price. Without a host the name alone decides.
        """
        own = next((row for row in self.tokens if row.model.lower() == model.lower()), None)
        return own or published_token_price(model, host)


def cost(usage: Usage, book: PriceBook, model: str | None = None) -> Cost:
    """What a phase cost in USD.

    On a device of ours: device_seconds / 3600 × USD an hour (× cores where the price is per core). At a provider
    (`usage.device == "api"`): each token bucket times its price, less where the batch price is asked for. Of several
    models: the sum of what each costs, unknown when one is.
    """
    if usage.parts:
        return _sum_of_parts(usage, book)
    if usage.device == "api":
        return _token_cost(usage, book, model)
    row = book.device(usage.device, usage.device_name)
    if row is None:
        name = usage.device_name or usage.device
        return Cost(usd=None, why_unknown=f"no price is set for {name}; add one in Settings")
    cores = cores_in_name(usage.device_name) if row.per == "core" else 1
    if cores is None:
        return Cost(usd=None, why_unknown="the price is per core and the number of cores is not known")
    return Cost(usd=usage.device_seconds / SECONDS_PER_HOUR * row.usd_per_hour * cores, price=row)


def _sum_of_parts(usage: Usage, book: PriceBook) -> Cost:
    costs = [cost(part.usage, book, part.model) for part in usage.parts]
    unknown = next((one.why_unknown for one in costs if one.usd is None), "")
    rows = {one.price for one in costs if one.price}
    price = rows.pop() if len(rows) == 1 else None
    return Cost(usd=None if unknown else sum(one.usd or 0.0 for one in costs), price=price, why_unknown=unknown)


def token_usd(tokens: TokenCount, row: TokenPrice) -> float:
    """USD of token buckets: `cached` is part of `input`, `reasoning` stands beside `output`."""
    cached_price = row.input if row.cached_input is None else row.cached_input
    reasoning_price = row.output if row.reasoning is None else row.reasoning
    fresh = max(0, tokens.input - tokens.cached)
    parts = (fresh * row.input, tokens.cached * cached_price, tokens.output * row.output,
             tokens.reasoning * reasoning_price)  # fmt: skip
    return sum(parts) / TOKENS_PER_PRICE


def _token_cost(usage: Usage, book: PriceBook, model: str | None) -> Cost:
    if usage.phase != "predict" and usage.tokens == TokenCount() and not usage.uncounted:
        return Cost(usd=0.0)
    row = book.token(model, usage.device_name) if model else None
    if row is None:
        there = f" at {usage.device_name}" if usage.device_name else ""
        named = f"{model or 'this model'}{there}"
        return Cost(usd=None, why_unknown=f"no token price is known for {named}; add one in Settings")
    if usage.uncounted or (usage.texts and usage.phase == "predict" and usage.tokens == TokenCount()):
        return Cost(usd=None, price=row, why_unknown="the endpoint did not tell how many tokens it used")
    share = book.batch.get(usage.device_name) if usage.batch else 1.0
    if share is None:
        return Cost(
            usd=None, price=row, why_unknown=f"no batch price of {usage.device_name} is known; add it in Settings"
        )
    return Cost(usd=share * token_usd(usage.tokens, row), price=row)


def _fits(pattern: str, words: set[str]) -> bool:
    wanted = set(re.findall(r"[a-z0-9]+", pattern.lower()))
    return wanted <= words and ("mig" in wanted or "mig" not in words)


@lru_cache(maxsize=1)
def list_prices() -> tuple[DevicePrice, ...]:
    """Public on-demand list prices, dated, from price_table.json beside this module."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    common = {"date": table["date"], "url": table["url"]}
    return tuple(
        DevicePrice(**{**row, **common, "source": f"{table['source']}, {row['note']} ({LIST_PRICE})"})
        for row in table["rows"]
    )


@lru_cache(maxsize=256)
def published_token_price(model: str, host: str = "") -> TokenPrice | None:
    """The price that the provider at `host` publishes, by genai-prices, offline; None when it is not known there.

    Where the price rises with the length of a request the first tier is taken: one text is far below the next.
    Imported only here and when asked: it holds 1.6 MB of prices. It is never told to update itself.
    """
    from importlib.metadata import version

    from genai_prices import Usage as Tokens
    from genai_prices import calc_price

    try:
        where = f"https://{host}" if host else None
        found = calc_price(Tokens(input_tokens=1, output_tokens=1), model, provider_api_url=where)
    except LookupError:
        return None
    read, cached, written = (
        getattr(price := getattr(found.model_price, name, None), "base", price)
        for name in ("input_mtok", "cache_read_mtok", "output_mtok")
    )
    if read is None or written is None:
        return None
    release = version("genai-prices")
    pages = getattr(found.provider, "pricing_urls", None) or [""]
    return TokenPrice(
        model=model, name=f"{found.provider.name} {found.model.id}", input=float(read), output=float(written),
        cached_input=None if cached is None else float(cached), date=f"release {release}",
        source=f"published price, genai-prices {release}", url=str(pages[0]),
    )  # fmt: skip
