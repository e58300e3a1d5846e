"""One request on the wire: sent by the `openai` client, and what came back read with care.

The answer is read from its bytes, not from what the client makes of them: servers differ, and what came is checked
and not what was asked for. No exception of the client leaves this module, since each holds the request and the key.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

from core.clients.buckets import read_buckets
from core.clients.endpoints import Endpoint
from core.clients.faults import TIMEOUT, Fault, of_status, scrubbed
from core.clients.journal import Choice
from core.methods.base import Tokens

Found = tuple[list[Choice], Tokens | None, str]
"""The choices of an answer, what was billed (None: not told), and the model that says it answered."""


def open_client(endpoint: Endpoint, timeout: float) -> Any:
    """The `openai` client of an endpoint, without its own retries."""
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


async def send(client: Any, endpoint: Endpoint, parameters: Mapping[str, Any], timeout: float) -> Found:
    """Send one request and read its answer.

    Raises:
        Fault: it failed and may be tried again.
        Refused: the endpoint refuses a parameter.
        Filtered: the provider refuses the text.
        TradeoffError: the endpoint refuses for good.
    """
    import openai

    model = str(parameters["model"])
    try:
        async with asyncio.timeout(timeout):
            raw = await client.chat.completions.with_raw_response.create(**parameters, timeout=timeout)
            body = raw.http_response.content
    except openai.APIStatusError as error:
        response = error.response
        raise of_status(error.status_code, response.headers, response.content, endpoint, model) from None
    except (TimeoutError, openai.APITimeoutError):
        raise Fault(TIMEOUT, f"no answer within {timeout:g} s", billed=True) from None
    except openai.APIConnectionError as error:
        raise _cut(error) from None
    except Exception as error:
        said = scrubbed(f"{type(error).__name__}: {error}", endpoint.key)
        raise Fault("unreadable", said, billed=True) from None
    return _read(body, endpoint, model)


def sendable(text: str) -> str:
    """Lone halves of surrogate pairs have no UTF-8 form."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _read(body: bytes, endpoint: Endpoint, model: str) -> Found:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Fault("not JSON", "the endpoint answered with something that is not JSON", billed=True) from None
    if not isinstance(content, dict):
        content = {}
    if content.get("error") and not content.get("choices"):  # some gateways tell errors with status 200
        code = content["error"].get("code") if isinstance(content["error"], dict) else None
        status = code if isinstance(code, int) and 400 <= code < 600 else 502
        raise of_status(status, {}, body, endpoint, model)
    found = content.get("choices")
    rows = found if isinstance(found, list) else []
    choices = [_choice(row) for row in rows if isinstance(row, dict) and isinstance(row.get("message"), dict)]
    if not choices:
        raise Fault("no choices", "the endpoint answered without any choice", billed=True)
    return choices, read_buckets(content.get("usage")), sendable(str(content.get("model") or ""))[:200]


def _choice(choice: Mapping[str, Any]) -> Choice:
    message = choice["message"]
    content = message.get("content")
    if isinstance(content, list):  # parts: text among thoughts
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    finish, refusal = str(choice.get("finish_reason") or ""), str(message.get("refusal") or "")
    return Choice(sendable(str(content or "")), finish, sendable(refusal), _logprobs(choice.get("logprobs")))


def _logprobs(found: Any) -> list[tuple[str, float, list[tuple[str, float]]]] | None:
    rows = found.get("content") if isinstance(found, dict) else None
    if not isinstance(rows, list) or not rows:
        return None
    try:
        return [
            (sendable(str(row["token"])), _finite(row["logprob"]),
             [(sendable(str(top["token"])), _finite(top["logprob"])) for top in row.get("top_logprobs") or ()])
            for row in rows
        ]  # fmt: skip
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _finite(value: Any) -> float:
    """A log-probability; servers write -inf as -9999 or the like."""
    number = float(value)
    if number != number:
        raise ValueError("not a number")
    return max(-1e4, min(0.0, number))


def _cut(error: Exception) -> Fault:
    """A connection that could not be made was not billed; one that broke may have been."""
    cause = type(error.__cause__ or error.__context__ or error).__name__
    if cause in ("ConnectError", "ConnectTimeout"):
        return Fault("no connection", "the endpoint cannot be reached")
    return Fault("cut", f"the connection was cut ({cause})", billed=True)
