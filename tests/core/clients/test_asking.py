"""Requests against a server that goes wrong on demand, counted: none lost, none paid twice, none silently wrong."""

import email.utils
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.clients import asking
from core.clients.asking import Asking, Desk, Request
from core.clients.endpoints import Endpoint
from core.clients.faults import Filtered, retry_after
from core.clients.journal import INTERRUPTED, Answer, Journal
from core.clients.pool import run_all
from core.clients.spending import Spending
from core.errors import TradeoffError
from core.metering.prices import TokenPrice
from core.methods.base import Cancelled, Tokens
from tests.core.clients.faulty import KEY, FaultyServer, completion, error

OVERLOADED = (503, {}, b"busy")
PRICE = TokenPrice(model="m", input=1000.0, output=2000.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    monkeypatch.setattr(asking, "FIRST_WAIT", 0.01)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer(lambda asked: completion("to " + asked["messages"][-1]["content"])) as server:
        yield server


def desk_of(server: FaultyServer, **more: Any) -> Desk:
    options = {name: more.pop(name) for name in list(more) if name in Asking.__dataclass_fields__}
    endpoint = Endpoint(name="mine", base_url=server.url, key_env="MY_KEY")
    return Desk(endpoint, Asking("m", **{"timeout": 5.0, **options}), jitter=random.Random(0), **more)


def request(text: str, **more: Any) -> Request:
    return Request(text, [{"role": "user", "content": text}], **more)


def ask(desk: Desk, texts: Sequence[str], most: int = 4, stop: Any = lambda: False, **more: Any) -> dict[str, Answer]:
    async def work(text: str) -> tuple[str, Answer]:
        return text, await desk.ask(request(text, **more))

    return dict(run_all(desk, work, texts, most, stop))


TEXTS = [f"text {i}" for i in range(12)]


@pytest.mark.parametrize(
    ("turn", "kind", "billed"),
    [
        ((429, {}, error("slow down")), "429", False),
        ((429, {"retry-after": "0"}, error("slow down")), "429", False),
        ((500, {}, error("oh")), "500", False),
        (OVERLOADED, "503", False),
        ((504, {}, b"<html>gateway</html>"), "504", True),
        ("cut", "cut", True),
        (b"<html>it works</html>", "not JSON", True),
        (b'{"choices": []}', "no choices", True),
        (b'{"choices": null}', "no choices", True),
        (b"[1]", "no choices", True),
        (b'{"error": {"message": "upstream", "code": 502}}', "502", False),
    ],
)
def test_what_passes_is_tried_again_and_recorded(server: FaultyServer, turn: Any, kind: str, billed: bool) -> None:
    server.turns = [turn, turn]
    desk = desk_of(server)
    found = ask(desk, TEXTS)
    assert {text: answer.choices[0].text for text, answer in found.items()} == {text: f"to {text}" for text in TEXTS}
    assert len(server.requests) == len(TEXTS) + 2
    assert desk.journal.failures == {kind: 2}
    assert desk.journal.lost == ({kind: 2} if billed else {})
    assert sum(answer.attempts for answer in found.values()) == len(server.requests)


def test_a_slow_answer_is_given_up_and_asked_again(server: FaultyServer) -> None:
    server.turns = [1.5]
    desk = desk_of(server, timeout=0.5)
    assert ask(desk, ["a"])["a"].attempts == 2
    assert desk.journal.lost == {"timeout": 1}


def test_a_server_that_is_slow_gets_more_time_each_time(server: FaultyServer) -> None:
    server.turns = [0.8] * 6
    assert ask(desk_of(server, timeout=0.2, attempts=7), ["a"])["a"].attempts < 6


@pytest.mark.parametrize(
    ("turn", "says"),
    [
        ((401, {}, error(f"Incorrect API key provided: {KEY}", code="invalid_api_key")), "does not accept the key"),
        ((403, {}, error("no access")), "may not use this model"),
        ((404, {}, error("The model `m` does not exist", code="model_not_found")), "does not know the model"),
        ((429, {}, error("You exceeded your quota", code="insufficient_quota")), "no credit left"),
        ((402, {}, error("Payment required")), "no credit left"),
        ((400, {}, error("maximum context length is 10 tokens", code="context_length_exceeded")), "longer than the"),
        ((400, {}, error("messages must not be empty")), "status 400: messages must not"),
        ((429, {"retry-after": "7200"}, error("tomorrow")), "wait 120 minutes"),
    ],
)
def test_what_does_not_pass_ends_the_run_at_once(server: FaultyServer, turn: Any, says: str) -> None:
    server.reply = lambda _: turn
    with pytest.raises(TradeoffError, match=says) as raised:
        ask(desk_of(server), TEXTS, most=1)
    assert len(server.requests) == 1
    assert raised.value.remedy
    held: BaseException | None = raised.value
    while held is not None:  # the client's exceptions hold the request's headers
        assert KEY not in repr(held) + repr(vars(held))
        held = held.__cause__ or (None if held.__suppress_context__ else held.__context__)


def test_an_endpoint_that_stays_away_ends_the_run_after_all_attempts(server: FaultyServer) -> None:
    server.reply = lambda _: OVERLOADED
    with pytest.raises(TradeoffError, match="asked 3 times: busy"):
        ask(desk_of(server, attempts=3), ["a"])
    assert len(server.requests) == 3


def test_nobody_there_is_told(server: FaultyServer) -> None:
    desk = desk_of(server, attempts=2)
    desk.endpoint = Endpoint(name="mine", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(TradeoffError, match="cannot be reached"):
        ask(desk, ["a"])
    assert not desk.journal.lost


def test_what_was_answered_before_a_failure_is_yielded_and_kept(server: FaultyServer, tmp_path: Path) -> None:
    server.reply = lambda r: (401, {}, error("no")) if r["messages"][-1]["content"] == TEXTS[5] else completion("fine")
    desk = desk_of(server, journal=Journal(tmp_path / "requests.jsonl"))

    async def work(text: str) -> str:
        await desk.ask(request(text))
        return text

    seen: list[str] = []
    with pytest.raises(TradeoffError):
        seen.extend(run_all(desk, work, TEXTS, 1, lambda: False))
    assert seen == TEXTS[:5]
    server.reply = lambda _: completion("fine")
    again = desk_of(server, journal=Journal(tmp_path / "requests.jsonl"))
    assert sorted(ask(again, TEXTS)) == sorted(TEXTS)
    assert set(server.billed.values()) == {1}


def test_the_wait_that_a_server_asks_for_is_kept_by_all_requests(server: FaultyServer) -> None:
    server.turns = [(429, {"retry-after": "0.6"}, error("wait"))]
    ask(desk_of(server), TEXTS[:4], most=1)
    assert server.at[1] - server.at[0] >= 0.55


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7), ({"retry-after": "0.5"}, 0.5), ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": email.utils.formatdate(1030, usegmt=True)}, 30),
        ({"retry-after": email.utils.formatdate(900, usegmt=True)}, 0),
        ({"retry-after": "soon"}, None), ({"retry-after": "-3"}, None), ({"retry-after": "nan"}, None), ({}, None),
    ],
)  # fmt: skip
def test_retry_after_in_seconds_and_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=1000) == seconds


def test_no_more_requests_than_allowed_are_in_flight(server: FaultyServer) -> None:
    server.turns = [0.05] * 12
    ask(desk_of(server), TEXTS, most=3)
    assert server.most_at_once == 3


@pytest.mark.parametrize(
    ("parameter", "says"),
    [
        ("temperature", error("Unsupported value: 'temperature' does not support 0", param="temperature")),
        ("response_format", error("response_format is not supported")),
        ("logprobs", error("You are not allowed to request logprobs from this model")),
        ("max_tokens", error("Unsupported parameter: 'max_tokens' is not supported with this model. "
                             "Use 'max_completion_tokens' instead.", param=None)),
    ],
)  # fmt: skip
def test_a_parameter_that_is_refused_is_left_out_from_then_on(
    server: FaultyServer, parameter: str, says: bytes
) -> None:
    server.reply = lambda asked: (400, {}, says) if parameter in asked else completion("fine")
    desk = desk_of(server)
    assert len(ask(desk, TEXTS, most=1, schema={"type": "object"}, top_logprobs=3)) == 12
    assert len(server.requests) == 13
    assert list(desk.dropped) == [parameter]
    last = server.requests[-1]
    assert parameter not in last
    assert ("max_tokens" in last) != ("max_completion_tokens" in last)  # a limit always stands


def test_an_endpoint_that_refuses_every_limit_ends_the_run(server: FaultyServer) -> None:
    server.reply = lambda r: (400, {}, error("max_tokens" if "max_tokens" in r else "max_completion_tokens"))
    with pytest.raises(TradeoffError, match="refuses both"):
        ask(desk_of(server), ["a"])


def test_a_text_that_the_provider_filters_is_its_answer_and_no_failure(server: FaultyServer) -> None:
    server.reply = lambda _: (400, {}, error("blocked", code="content_filter"))
    with pytest.raises(Filtered, match="content filter"):
        ask(desk_of(server), ["a"])


def test_azure_is_asked_by_deployment_version_and_its_own_header(server: FaultyServer) -> None:
    endpoint = {"api_version": "2024-10-21", "base_url": server.url.removesuffix("/v1"), "headers": {"x-team": "nlp"}}
    desk = desk_of(server)
    desk.endpoint = Endpoint(name="azure", key_env="MY_KEY", **endpoint)
    ask(desk, ["a"])
    assert server.paths == ["/openai/deployments/m/chat/completions?api-version=2024-10-21"]
    assert (server.headers[0]["api-key"], server.headers[0]["x-team"]) == (KEY, "nlp")
    assert server.requests[0]["max_completion_tokens"] == 256


def test_halves_of_surrogate_pairs_are_sent_and_kept(server: FaultyServer, tmp_path: Path) -> None:
    server.reply = lambda _: b'{"choices": [{"message": {"content": "a\\ud83d"}}]}'
    desk = desk_of(server, journal=Journal(tmp_path / "j"))
    assert ask(desk, ["odd \ud83d"])["odd \ud83d"].choices[0].text == "a?"
    assert Journal(tmp_path / "j").answers


def test_a_killed_run_counts_what_was_in_flight_once_and_asks_again(server: FaultyServer, tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    ask(desk_of(server, journal=Journal(path), spending=Spending(price=PRICE)), ["a"])
    lines = path.read_text().splitlines()
    sent = json.loads(lines[0])
    path.write_text(lines[0] + "\n" + lines[1][:40])  # killed while the answer was being written
    journal = Journal(path)
    assert journal.lost == {INTERRUPTED: 1}
    assert journal.lost_usd == pytest.approx(sent["usd"])
    ask(desk_of(server, journal=journal), ["a"])
    assert server.billed == {"a": 2}
    later = Journal(path)
    assert (sum(later.lost.values()), len(later.answers)) == (1, 1)


def test_a_reader_of_a_journal_writes_nothing(server: FaultyServer, tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    Journal(path).sent("k", 0.5)
    before = path.read_bytes()
    assert Journal(path, goes_on=False).lost_usd == 0.5
    assert path.read_bytes() == before


def test_a_cap_is_never_passed_and_what_it_allows_is_spent(server: FaultyServer) -> None:
    server.reply = lambda _: completion("fine", usage=(100, 10))  # $0.12 each
    desk = desk_of(server, spending=Spending(5.0, PRICE))
    with pytest.raises(TradeoffError, match=r"cap of \$5.00 is reached"):
        ask(desk, [f"t{i}" for i in range(100)], most=8, max_new_tokens=20)
    assert desk.spending.spent == pytest.approx(0.12 * len(server.requests))
    worst = desk.spending.worst([{"role": "user", "content": "t99"}], '""', 20)
    assert worst
    assert 5.0 - worst < desk.spending.spent <= 5.0
    assert desk.spending.reserved == pytest.approx(0)


def test_what_may_have_been_billed_counts_against_the_cap(server: FaultyServer) -> None:
    server.reply = lambda _: b"<html>"
    desk = desk_of(server, spending=Spending(1.0, PRICE), attempts=20)
    with pytest.raises(TradeoffError, match="is reached"):
        ask(desk, ["a"], max_new_tokens=20)
    assert 0 < len(server.requests) <= 3
    assert desk.journal.lost_usd == pytest.approx(desk.spending.spent)


def test_answers_without_counts_cost_the_worst_case(server: FaultyServer) -> None:
    server.reply = lambda _: completion("fine", usage=None)
    desk = desk_of(server, spending=Spending(1.0, PRICE))
    with pytest.raises(TradeoffError, match="is reached"):
        ask(desk, TEXTS, most=1, max_new_tokens=20)
    assert desk.journal.tokens("predict") == (Tokens(), len(server.requests))


def test_a_run_that_is_to_stop_stops_soon_even_while_it_waits(server: FaultyServer) -> None:
    server.reply = lambda _: (429, {"retry-after": "500"}, error("wait"))
    began, asked = time.monotonic(), []
    with pytest.raises(Cancelled):
        ask(desk_of(server), TEXTS, stop=lambda: asked.append(1) or len(asked) > 3)
    assert len(server.requests) <= 4
    assert time.monotonic() - began < 60  # not the 500 s that the server asked for
