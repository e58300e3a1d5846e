"""Money: known answers, and an unknown price is never 0."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.clients.endpoints import Endpoint
from core.metering.prices import DevicePrice, PriceBook, TokenPrice, cost, list_prices, published_token_price, token_usd
from core.metering.usage import Phase, TokenCount, Usage
from core.preferences import Preferences

ROOT = Path(__file__).parents[3]
BOOK = PriceBook.of(Preferences())


def hour(name: str, device: str = "cuda") -> Usage:
    return Usage(phase="fit", device=device, device_name=name, device_seconds=3600)


@pytest.mark.parametrize(
    ("device", "name", "usd"),
    [
        ("cpu", "AMD EPYC (2 cores)", 2 * 0.0504),
        ("cpu", "Apple M4 (1 core)", 0.0504),
        ("cuda", "Tesla T4", 0.526),
        ("cuda", "NVIDIA L4", 0.8048),
        ("cuda", "NVIDIA L40S", 1.861),
        ("cuda", "NVIDIA A10G", 1.006),
        ("cuda", "NVIDIA A100-SXM4-40GB", 2.7447),
        ("cuda", "NVIDIA A100 80GB PCIe", 3.4309),
        ("cuda", "NVIDIA H100 80GB HBM3", 6.88),
        ("cuda", "NVIDIA H200", 7.912),
    ],
)
def test_an_hour_costs_its_list_price(device: str, name: str, usd: float) -> None:
    found = cost(hour(name, device), BOOK)
    assert found.usd == pytest.approx(usd)
    assert found.price
    assert found.price.date == "2026-09-24"
    assert "list price, edit to yours" in found.price.source


@pytest.mark.parametrize("name", ["NVIDIA GH200 480GB", "NVIDIA A10", "", "NVIDIA A100-SXM4-40GB MIG 1g.5gb"])
def test_an_unknown_device_has_no_price(name: str) -> None:
    found = cost(hour(name), BOOK)
    assert found.usd is None
    assert found.price is None
    assert "no price is set" in found.why_unknown


def test_a_price_by_core_needs_the_number_of_cores() -> None:
    found = cost(hour("AMD EPYC", "cpu"), BOOK)
    assert found.usd is None
    assert "cores" in found.why_unknown


def test_half_an_hour_costs_half() -> None:
    usage = hour("Tesla T4").model_copy(update={"device_seconds": 1800.0, "wall_seconds": 99.0})
    assert cost(usage, BOOK).usd == pytest.approx(0.263)


def test_a_typed_price_comes_before_the_list_even_when_it_is_zero() -> None:
    mine = DevicePrice(device="cuda", pattern="T4", usd_per_hour=0.0, date="2026-11-01", source="already paid")
    book = PriceBook.of(Preferences(device_prices=(mine,)))
    found = cost(hour("Tesla T4"), book)
    assert (found.usd, found.price and found.price.name) == (0.0, "T4")
    assert cost(hour("NVIDIA L4"), book).usd == pytest.approx(0.8048)
    everything = DevicePrice(device="cuda", usd_per_hour=1.0)
    book = PriceBook.of(Preferences(device_prices=(everything, mine)))
    assert cost(hour("Tesla T4"), book).usd == 0.0
    assert cost(hour("NVIDIA L4"), book).usd == 1.0


def test_each_token_bucket_has_its_price() -> None:
    row = TokenPrice(model="m", input=2.0, cached_input=0.5, output=8.0, reasoning=4.0)
    tokens = TokenCount(input=1_000_000, cached=400_000, output=100_000, reasoning=50_000)
    assert token_usd(tokens, row) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.1 * 8 + 0.05 * 4)
    plain = TokenPrice(model="m", input=2.0, output=8.0)
    assert token_usd(tokens, plain) == pytest.approx(2.0 + 0.1 * 8 + 0.05 * 8)


def test_tokens_are_priced_at_a_provider_only() -> None:
    row = TokenPrice(model="My-Model", input=1.0, output=2.0)
    book = PriceBook.of(Preferences(token_prices=(row,)))
    usage = Usage(phase="predict", device="api", tokens=TokenCount(input=10**6, output=10**6))
    assert cost(usage, book, "my-model").usd == pytest.approx(3.0)
    unknown = cost(usage, book, "no-such-model-anywhere")
    assert unknown.usd is None
    assert "no-such-model-anywhere" in unknown.why_unknown
    assert cost(usage, book).usd is None
    local = hour("Tesla T4").model_copy(update={"tokens": usage.tokens})
    assert cost(local, book, "my-model").usd == pytest.approx(0.526)


def test_published_prices_are_there_offline() -> None:
    flat, tiered = published_token_price("gpt-4o-mini"), published_token_price("gemini-2.5-pro")
    assert flat
    assert (flat.input, flat.cached_input, flat.output) == (0.15, 0.075, 0.6)
    assert flat.date
    assert tiered
    assert tiered.input == 1.25, "a text is far shorter than where the second tier begins"
    assert published_token_price("no-such-model-anywhere") is None


def test_published_prices_ask_nobody_and_are_not_loaded_before_they_are_needed() -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from core.metering.prices import published_token_price\n"
        "assert 'genai_prices' not in sys.modules\n"
        "import threading; before = threading.active_count()\n"
        "assert published_token_price('gpt-4o-mini')\n"
        "assert threading.active_count() == before\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_every_list_price_says_as_of_when_and_from_where() -> None:
    assert len(list_prices()) >= 8
    for row in list_prices():
        assert row.usd_per_hour > 0
        assert row.date
        assert row.source
        assert row.url.startswith("https://")
        assert row.name


def at(host: str, phase: Phase = "predict", **more: object) -> Usage:
    tokens = more.pop("tokens", TokenCount(input=1_000_000, output=100_000))
    return Usage(phase=phase, device="api", device_name=host, texts=5, tokens=tokens, **more)  # type: ignore[arg-type]


def test_a_published_price_counts_only_at_its_provider() -> None:
    assert cost(at("api.openai.com"), BOOK, "gpt-4.1-mini").usd == pytest.approx(0.4 + 0.16)
    for host in ("localhost:8000", "api.mistral.ai", "proxy.example"):
        assert cost(at(host), BOOK, "gpt-4.1-mini").usd is None
    mine = TokenPrice(model="GPT-4.1-mini", input=0, output=0)
    assert cost(at("localhost:8000"), PriceBook.of(Preferences(token_prices=(mine,))), "gpt-4.1-mini").usd == 0


def test_a_batch_price_is_a_share_and_unknown_where_nobody_told_it() -> None:
    assert cost(at("api.openai.com", batch=True), BOOK, "gpt-4.1-mini").usd == pytest.approx((0.4 + 0.16) / 2)
    assert cost(at("name.openai.azure.com", batch=True), BOOK, "gpt-4o").usd is None
    box = Endpoint(name="azure", base_url="https://name.openai.azure.com", batch_share=0.6)
    found = cost(at("name.openai.azure.com", batch=True), PriceBook.of(Preferences(endpoints=(box,))), "gpt-4o")
    assert found.usd == pytest.approx(0.6 * (2.5 + 1.0))


def test_what_nobody_counted_costs_nobody_knows_what() -> None:
    assert cost(at("api.openai.com", uncounted=1), BOOK, "gpt-4.1-mini").usd is None
    assert cost(at("api.openai.com", tokens=TokenCount()), BOOK, "gpt-4.1-mini").usd is None
    assert cost(at("nowhere", "fit", tokens=TokenCount()), BOOK, "m").usd == 0
