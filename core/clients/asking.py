"""One request to an endpoint with all that can happen to it: retries, caps, answers kept before they are counted."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from core.clients.buckets import read_buckets
from core.clients.endpoints import Endpoint, check_key
from core.clients.faults import Fault, Filtered, Refused, of_status, scrubbed
from core.clients.journal import Answer, Choice, Journal, request_key
from core.clients.spending import Spending
from core.errors import TradeoffError

FIRST_WAIT, LONGEST_BACKOFF = 1.0, 60.0
MOST_REFUSALS = 8
SLICE = 0.1
"""How long a wait goes on, in seconds, before it looks whether the run is to stop."""


class Stopped(Exception):
    """The run is to stop: nothing further is sent."""


@dataclass(frozen=True)
class Asking:
    """How requests are made: the model's name at the endpoint, and what is asked of its answers."""

    model: str
    temperature: float = 0.0
    max_new_tokens: int = 256
    top_logprobs: int = 0
    timeout: float = 60.0
    attempts: int = 6
    schema: Mapping[str, Any] | None = None


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
    phase: str = "predict"
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

    async def ask(self, about: str, messages: Sequence[Mapping[str, str]], first: int = 0, samples: int = 1,
                  max_new_tokens: int | None = None) -> Answer:  # fmt: skip
        """The answer to `messages`, asked for the example `about`: its samples number `first` and up.

        An endpoint may send fewer choices than `samples`: whoever asks looks at what came.

        Raises:
            TradeoffError: the endpoint refuses for good, stays away after all attempts, or the cap is reached.
            Filtered: the provider refuses this text.
            Stopped: the run is to stop.
        """
        messages = [{"role": m["role"], "content": _sendable(m["content"])} for m in messages]
        limit = max_new_tokens or self.asking.max_new_tokens
        options = {
            "model": self.asking.model, "temperature": self.asking.temperature, "limit": limit,
            "schema": self.asking.schema, "logprobs": self.asking.top_logprobs, "at": self.endpoint.host,
        }  # fmt: skip
        key = request_key({"about": about, "first": first, "n": samples, "messages": messages, **options})
        if key in self.journal.answers:
            return self.journal.answers[key]
        worst = self.spending.worst(messages, json.dumps(self.asking.schema or ""), limit * samples)
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(key, messages, samples, limit, worst, attempt)
            except Refused as refused:
                self._drop(refused)
                attempt -= 1
            except Fault as fault:
                if attempt >= self.asking.attempts:
                    raise self._gave_up(fault, attempt) from None
                await self._back_off(fault, attempt)

    async def _attempt(
        self, key: str, messages: Sequence[Mapping[str, str]], samples: int, limit: int, worst: float | None,
        attempt: int,
    ) -> Answer:  # fmt: skip
        await self._turn()
        while not self.spending.reserve(worst):
            await self._sleep(SLICE)
        self.journal.sent(key, worst)
        began, actual = time.perf_counter(), worst
        try:
            choices, tokens, model = await self._send(self._parameters(messages, samples, limit))
            answer = Answer(choices, tokens, time.perf_counter() - began, model, attempt)
            self.journal.answered(key, self.phase, answer)
            actual = self.spending.cost(tokens, worst)
            return answer
        except (Fault, Refused, Filtered, TradeoffError) as error:
            kind, billed = (error.kind, error.billed) if isinstance(error, Fault) else (_kind(error), False)
            actual = worst if billed else 0.0
            self.journal.failed(key, kind, billed, worst if billed else None, time.perf_counter() - began)
            raise
        finally:
            self.spending.settle(worst, actual)

    async def _send(self, parameters: dict[str, Any]) -> tuple[list[Choice], Any, str]:
        import openai

        try:
            async with asyncio.timeout(self.asking.timeout):
                raw = await self._client.chat.completions.with_raw_response.create(**parameters)
                body = raw.http_response.content
        except openai.APIStatusError as error:
            response = error.response
            failed = of_status(error.status_code, response.headers, response.content, self.endpoint, self.asking.model)
            # The chain is cut here: the client's exceptions hold the request and with it the key.
            raise failed from None
        except (TimeoutError, openai.APITimeoutError):
            raise Fault("timeout", f"no answer within {self.asking.timeout:g} s", billed=True) from None
        except openai.APIConnectionError as error:
            raise _cut(error) from None
        except openai.OpenAIError as error:
            raise Fault("client", scrubbed(str(error), self.endpoint.key), billed=True) from None
        return self._read(body)

    def _read(self, body: bytes) -> tuple[list[Choice], Any, str]:
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            raise Fault("not JSON", "the endpoint answered with something that is not JSON", billed=True) from None
        if isinstance(content, dict) and content.get("error") and not content.get("choices"):
            code = content["error"].get("code") if isinstance(content["error"], dict) else None
            status = code if isinstance(code, int) and 400 <= code < 600 else 502
            raise of_status(status, {}, body, self.endpoint, self.asking.model)
        found = content.get("choices") if isinstance(content, dict) else None
        choices = [_choice(choice) for choice in found or () if isinstance(choice, dict) and choice.get("message")]
        if not choices:
            raise Fault("no choices", "the endpoint answered without any choice", billed=True)
        return choices, read_buckets(content.get("usage")), str(content.get("model") or "")

    def _parameters(self, messages: Sequence[Mapping[str, str]], samples: int, limit: int) -> dict[str, Any]:
        asking = self.asking
        modern = self.endpoint.api_version or self.endpoint.host.endswith(("api.openai.com", ".azure.com"))
        name = "max_completion_tokens" if modern else "max_tokens"
        if name in self.dropped:
            name = "max_tokens" if modern else "max_completion_tokens"
        wanted: dict[str, Any] = {name: limit, "temperature": asking.temperature}
        if samples > 1:
            wanted["n"] = samples
        if asking.top_logprobs:
            wanted |= {"logprobs": True, "top_logprobs": asking.top_logprobs}
        if asking.schema is not None:
            schema = {"name": "answer", "strict": True, "schema": dict(asking.schema)}
            wanted["response_format"] = {"type": "json_schema", "json_schema": schema}
        if "logprobs" in self.dropped or "top_logprobs" in self.dropped:
            wanted = {name: value for name, value in wanted.items() if "logprobs" not in name}
        kept = {name: value for name, value in wanted.items() if name not in self.dropped}
        return {"model": asking.model, "messages": list(messages), **kept}

    def _drop(self, refused: Refused) -> None:
        both = {"max_tokens", "max_completion_tokens"}
        if both <= {*self.dropped, refused.parameter}:
            raise TradeoffError(
                f"The endpoint refuses both max_tokens and max_completion_tokens: {refused.what}", self.endpoint.name,
                "Choose another endpoint or model.",
            )  # fmt: skip
        self._refusals += 1
        # Requests that were in flight together may all be refused for the same parameter.
        if self._refusals > MOST_REFUSALS * self.endpoint.concurrency:
            raise TradeoffError(
                f"The endpoint refuses the request: {refused.what}", self.endpoint.name, "Change the settings."
            )
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


def open_client(endpoint: Endpoint, timeout: float) -> Any:
    """The `openai` client of an endpoint, without its own retries."""
    import logging

    import openai

    for name in ("openai", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    common: dict[str, Any] = {
        "api_key": endpoint.key or "none", "max_retries": 0, "timeout": timeout,
        "default_headers": dict(endpoint.headers),
    }  # fmt: skip
    if endpoint.api_version:
        return openai.AsyncAzureOpenAI(azure_endpoint=endpoint.base_url, api_version=endpoint.api_version, **common)
    return openai.AsyncOpenAI(base_url=endpoint.base_url, **common)


def _cut(error: Exception) -> Fault:
    """A connection that could not be made was not billed; one that broke may have been."""
    cause = type(error.__cause__ or error.__context__ or error).__name__
    if cause in ("ConnectError", "ConnectTimeout"):
        return Fault("no connection", "the endpoint cannot be reached")
    return Fault("cut", f"the connection was cut ({cause})", billed=True)


def _choice(choice: Mapping[str, Any]) -> Choice:
    message = choice["message"]
    content = message.get("content")
    if isinstance(content, list):  # parts: text among thoughts
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    finish = str(choice.get("finish_reason") or "")
    refusal = str(message.get("refusal") or "")
    return Choice(_sendable(str(content or "")), finish, _sendable(refusal), _logprobs(choice.get("logprobs")))


def _logprobs(found: Any) -> list[tuple[str, float, list[tuple[str, float]]]] | None:
    rows = found.get("content") if isinstance(found, dict) else None
    if not isinstance(rows, list) or not rows:
        return None
    try:
        return [
            (_sendable(str(row["token"])), _finite(row["logprob"]),
             [(_sendable(str(top["token"])), _finite(top["logprob"])) for top in row.get("top_logprobs") or ()])
            for row in rows
        ]  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return None


def _finite(value: Any) -> float:
    return max(-1e4, min(0.0, float(value)))


def _kind(error: Exception) -> str:
    return {"Refused": "parameter refused", "Filtered": "filtered"}.get(type(error).__name__, "refused")


def _sendable(text: str) -> str:
    """Lone halves of surrogate pairs have no UTF-8 form."""
    return text.encode("utf-8", "replace").decode("utf-8")
