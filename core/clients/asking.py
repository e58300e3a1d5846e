"""Asking an endpoint with all that can happen to a request: retries, caps, answers kept before they are counted."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from core.clients.endpoints import Endpoint, check_key
from core.clients.faults import SYSTEM_ROLE, TIMEOUT, Fault, Filtered, Refused
from core.clients.journal import Answer, Journal, request_key
from core.clients.spending import Spending
from core.clients.wire import open_client, send, sendable
from core.errors import TradeoffError

FIRST_WAIT, LONGEST_BACKOFF = 1.0, 60.0
LONGEST_TIMEOUT = 600.0
MOST_REFUSALS = 8
SLICE = 0.1
"""How long a wait goes on, in seconds, before it looks whether the run is to stop."""


class Stopped(Exception):
    """The run is to stop: nothing further is sent."""


@dataclass(frozen=True)
class Asking:
    """How requests are made: the model's name at the endpoint, and how long it is tried."""

    model: str
    timeout: float = 60.0
    attempts: int = 6


@dataclass(frozen=True)
class Request:
    """What is asked about one example.

    `first` is the number of its first sample: what tells it from another request in the same words. `phase` is what
    it is paid for: `fit` or `predict`.
    """

    about: str
    messages: Sequence[Mapping[str, str]]
    first: int = 0
    samples: int = 1
    temperature: float = 0.0
    max_new_tokens: int = 256
    top_logprobs: int = 0
    schema: Mapping[str, Any] | None = None
    phase: str = "predict"


@dataclass
class Desk:
    """Asks one endpoint, as an asynchronous context. Answers that the journal knows are not asked for again.

    Attributes:
        dropped: parameters that the endpoint refused, with its words; requests go without them from then on.
    """

    endpoint: Endpoint
    asking: Asking
    journal: Journal = field(default_factory=Journal)
    spending: Spending = field(default_factory=Spending)
    stopping: Callable[[], bool] = lambda: False
    dropped: dict[str, str] = field(default_factory=dict)
    jitter: random.Random = field(default_factory=random.Random)
    _client: Any = None
    _not_before: float = 0.0
    _refusals: int = 0

    async def __aenter__(self) -> Self:
        check_key(self.endpoint)
        self._client = open_client(self.endpoint, self.asking.timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def ask(self, request: Request) -> Answer:
        """The answer to a request. An endpoint may send fewer choices than samples: look at what came.

        Raises:
            TradeoffError: the endpoint refuses for good, stays away after all attempts, or the cap is reached.
            Filtered: the provider refuses this text.
            Stopped: the run is to stop.
        """
        key = request_key({**asdict(request), "model": self.asking.model, "at": self.endpoint.host})
        if key in self.journal.answers:
            return self.journal.answers[key]
        attempt, timeout = 0, self.asking.timeout
        while True:
            attempt += 1
            try:
                return await self._attempt(key, request, attempt, timeout)
            except Refused as refused:
                self._drop(refused)
                attempt -= 1
            except Fault as fault:
                # A server that is slow rather than gone may still work on what was given up: it gets more time.
                timeout = min(max(LONGEST_TIMEOUT, timeout), 2 * timeout) if fault.kind == TIMEOUT else timeout
                if attempt >= self.asking.attempts:
                    raise self._gave_up(fault, attempt) from None
                await self._back_off(fault, attempt)

    async def _attempt(self, key: str, request: Request, attempt: int, timeout: float) -> Answer:
        worst = self.spending.worst(
            request.messages, json.dumps(request.schema or ""), request.max_new_tokens * request.samples
        )
        await self._turn()
        while not self.spending.reserve(worst):
            await self._sleep(SLICE)
        self.journal.sent(key, worst)
        began, actual = time.perf_counter(), worst
        try:
            found = await send(self._client, self.endpoint, self._parameters(request), timeout)
            choices, tokens, model = found
            answer = Answer(choices, tokens, time.perf_counter() - began, model, attempt)
            self.journal.answered(key, request.phase, answer)
            actual = self.spending.cost(tokens, worst)
            return answer
        except (Fault, Refused, Filtered, TradeoffError) as error:
            kind, billed = (error.kind, error.billed) if isinstance(error, Fault) else (_kind(error), False)
            actual = worst if billed else 0.0
            self.journal.failed(key, kind, billed, actual, time.perf_counter() - began)
            raise
        finally:
            self.spending.settle(worst, actual)

    def _parameters(self, request: Request) -> dict[str, Any]:
        modern = self.endpoint.api_version or self.endpoint.host.endswith(("api.openai.com", ".azure.com"))
        limits = ["max_completion_tokens", "max_tokens"] if modern else ["max_tokens", "max_completion_tokens"]
        limit = next(name for name in limits if name not in self.dropped)
        wanted: dict[str, Any] = {limit: request.max_new_tokens, "temperature": request.temperature}
        if request.samples > 1:
            wanted["n"] = request.samples
        if request.top_logprobs and not {"logprobs", "top_logprobs"} & set(self.dropped):
            wanted |= {"logprobs": True, "top_logprobs": request.top_logprobs}
        if request.schema is not None:
            schema = {"name": "answer", "strict": True, "schema": dict(request.schema)}
            wanted["response_format"] = {"type": "json_schema", "json_schema": schema}
        kept = {name: value for name, value in wanted.items() if name not in self.dropped}
        messages = [{"role": row["role"], "content": sendable(row["content"])} for row in request.messages]
        if SYSTEM_ROLE in self.dropped and len(messages) > 1 and messages[0]["role"] == "system":
            first, second, *others = messages
            messages = [{**second, "content": f"{first['content']}\n\n{second['content']}"}, *others]
        return {"model": self.asking.model, "messages": messages, **kept}

    def _drop(self, refused: Refused) -> None:
        """Go without a parameter from now on; a limit of tokens always stays, for the cap's sake."""
        self._refusals += 1
        limits = {"max_tokens", "max_completion_tokens"} <= {*self.dropped, refused.parameter}
        # Requests that were in flight together may all be refused for the same parameter.
        if limits or self._refusals > MOST_REFUSALS * self.endpoint.concurrency:
            which = "both max_tokens and max_completion_tokens" if limits else "the request"
            raise TradeoffError(
                f"The endpoint refuses {which}: {refused.what}", self.endpoint.name,
                "Choose another endpoint or model, or change the settings that it names.",
            )  # fmt: skip
        self.dropped[refused.parameter] = refused.what

    async def _back_off(self, fault: Fault, attempt: int) -> None:
        """As long as the server asks, for all requests; else exponentially, with jitter so that they spread."""
        if fault.wait is not None:
            self._not_before = max(self._not_before, time.monotonic() + fault.wait)
            await self._sleep(self.jitter.uniform(0.0, SLICE))
            return
        longest = min(LONGEST_BACKOFF, FIRST_WAIT * 2 ** (attempt - 1))
        await self._sleep(longest * self.jitter.uniform(0.5, 1.0))

    async def _turn(self) -> None:
        while (left := self._not_before - time.monotonic()) > 0:
            await self._sleep(left)
        if self.stopping():
            raise Stopped

    async def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.stopping():
                raise Stopped
            await asyncio.sleep(min(SLICE, left))

    def _gave_up(self, fault: Fault, attempts: int) -> TradeoffError:
        tries = "once" if attempts == 1 else f"{attempts} times"
        return TradeoffError(
            f"The endpoint {self.endpoint.name} gave no answer, asked {tries}: {fault.what} ({fault.kind})",
            self.endpoint.host,
            "Everything answered is kept; retry the run when the endpoint is well again, or raise attempts.",
        )


def _kind(error: Exception) -> str:
    return {"Refused": "parameter refused", "Filtered": "filtered"}.get(type(error).__name__, "refused")
