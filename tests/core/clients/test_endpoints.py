"""Endpoints: what may be configured, and that keys stay in the environment."""

import json

import pytest

from core.clients.endpoints import KNOWN, Endpoint, check_key, find_endpoint
from core.clients.managing import put, remove, rows, try_connection
from core.errors import TradeoffError
from core.home import Home
from core.preferences import load
from tests.core.clients.faulty import KEY, FaultyServer


@pytest.mark.parametrize(
    "values",
    [
        {"base_url": "ftp://host/v1"},
        {"base_url": "https://user:secret@host/v1"},
        {"base_url": "https://host/v1?api_key=secret"},
        {"base_url": "https://host:port/v1"},
        {"base_url": "https:///v1"},
        {"key_env": KEY},
        {"key_env": "MY KEY"},
        {"headers": {"Authorization": "Bearer secret"}},
        {"headers": {"x-api-key": "secret"}},
        {"name": "../evil"},
        {"concurrency": 0},
        {"batch_share": 1.5},
    ],
)
def test_what_cannot_be_used_is_refused_without_repeating_it(home: Home, values: dict[str, object]) -> None:
    with pytest.raises(TradeoffError) as raised:
        put(home, {"name": "mine", "base_url": "https://host/v1", **values})
    assert KEY not in str(raised.value)
    assert "secret" not in str(raised.value).replace("a secret", "")
    assert not load(home).endpoints


def test_an_endpoint_is_kept_changed_and_removed_and_its_key_is_nowhere(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    put(home, {"name": "mine", "base_url": "https://host:8443/v1/", "key_env": "MY_KEY"})
    put(home, {"name": "mine", "concurrency": 3})
    endpoint = find_endpoint("mine", load(home).endpoints)
    assert (endpoint.base_url, endpoint.host, endpoint.concurrency) == ("https://host:8443/v1", "host:8443", 3)
    assert endpoint.key == KEY
    row = next(row for row in rows(load(home)) if row["name"] == "mine")
    assert (row["key"], row["yours"]) == ("set", True)
    assert KEY not in json.dumps(rows(load(home))) + repr(endpoint) + home.preferences_file.read_text()
    remove(home, "mine")
    with pytest.raises(TradeoffError, match='no endpoint "mine"'):
        find_endpoint("mine", load(home).endpoints)
    with pytest.raises(TradeoffError, match="comes with the product"):
        remove(home, "openai")


def test_a_missing_key_is_told_in_one_sentence_with_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(TradeoffError, match="OPENAI_API_KEY is not set"):
        check_key(KNOWN[0], "api:gpt-4.1-mini-few-shot")
    check_key(find_endpoint("ollama", ()))


def test_the_user_s_endpoint_comes_before_the_known_one_of_its_name() -> None:
    mine = Endpoint(name="openai", base_url="https://proxy.example/v1")
    assert find_endpoint("openai", [mine]) is mine


def test_trying_a_connection_tells_what_came_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with FaultyServer() as server:
        mine = Endpoint(name="mine", base_url=server.url, key_env="MY_KEY")
        assert "offers 2 models: a, b" in try_connection("mine", [mine])
        server.models = (401, {}, b'{"error": {"message": "Incorrect API key: ' + KEY.encode() + b'"}}')
        with pytest.raises(TradeoffError, match="does not accept the key") as raised:
            try_connection("mine", [mine])
        assert KEY not in str(raised.value)
        server.models = (500, {}, b"")
        assert "does not list its models" in try_connection("mine", [mine])
    with pytest.raises(TradeoffError, match="could not be asked"):
        try_connection("mine", [mine])
