"""What goes wrong between us and an endpoint: what is tried again, what ends the run, what is an answer of its own.

The client's exceptions hold the request with its key, so nothing of them is kept but the status and the server's
words, and the key is blotted out of those too: some servers repeat it.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz
from typing import Any

from core.clients.endpoints import Endpoint
from core.errors import TradeoffError

LONGEST_WAIT = 600.0
"""An endpoint that asks to wait longer than this many seconds ends the run: it goes on when it is retried."""
_SHOWN = 300
_KEY_LIKE = re.compile(r"(?i)\b(?:sk|pk|key|hf|gsk|xai)[-_][A-Za-z0-9_*.\-]{6,}|\bBearer\s+\S+|\bAIza[\w-]{20,}")
_NO_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "credit balance is too low")
_TOO_LONG = ("context_length_exceeded", "maximum context length", "context window", "prompt is too long",
             "too many tokens", "exceeds the maximum number of tokens")  # fmt: skip
_FILTERED = ("content_filter", "content_policy_violation", "responsibleaipolicyviolation")
_MAYBE_WORKED = (408, 504, 524)
"""Somebody between gave up waiting: the model may have answered all the same."""
PARAMETERS = ("response_format", "max_completion_tokens", "max_tokens", "temperature", "top_logprobs", "logprobs", "n")
"""Parameters that some endpoints or models refuse."""

TIMEOUT = "timeout"
SYSTEM_ROLE = "system_role"
"""The role of the instruction's message, which some models' chat formats lack."""


@dataclass(eq=False)
class Fault(Exception):
    """A failed attempt that may be tried again.

    `kind` in a word; `wait` is how long the server asks to wait; `billed` whether it may have been paid for.
    """

    kind: str
    what: str
    wait: float | None = None
    billed: bool = False


@dataclass(eq=False)
class Refused(Exception):
    """The endpoint does not know or allow a parameter: it is to be asked without."""

    parameter: str
    what: str


@dataclass(eq=False)
class Filtered(Exception):
    """The provider refused the text itself: that is the system's answer to it, an invalid one."""

    what: str


def scrubbed(text: str, key: str | None) -> str:
    """`text` on one line without the key and without what looks like one."""
    if key:
        text = text.replace(key, "***")
    return " ".join(_KEY_LIKE.sub("***", text).split())[:_SHOWN]


def of_status(status: int, headers: Mapping[str, str], body: bytes, endpoint: Endpoint, model: str) -> Exception:
    """What an answer with an error status means: a `Fault`, `Refused` or `Filtered`, or the error that ends the run."""
    said, code, parameter = _told(body)
    said = scrubbed(said, endpoint.key) or f"status {status}"
    lowered = f"{code} {said}".lower()
    where = f"{endpoint.name}, {endpoint.host}"
    if any(word in lowered for word in _NO_QUOTA) or status == 402:
        return TradeoffError(
            f"The account at {endpoint.name} has no credit left: {said}", where,
            "Add credit or raise the account's limit, then retry the run: it goes on where it stopped.",
        )  # fmt: skip
    if status == 429 or status >= 500 or status in (408, 409, 425):
        return _again(status, headers, said, where)
    if status in (400, 422):
        if any(word in lowered for word in _FILTERED):
            return Filtered(f"the provider's content filter refused the text: {said}")
        refused = parameter if parameter in PARAMETERS else _first_named(lowered)
        too_long = any(word in lowered for word in _TOO_LONG)
        if refused is None and "system" in lowered and "role" in lowered:
            refused = SYSTEM_ROLE
        if refused and not too_long:
            return Refused(refused, said)
        if too_long:
            remedy = "Lower max_text_characters, shots or max_new_tokens, or take a model with a longer window."
            return TradeoffError(f"A prompt is longer than the window of {model}: {said}", where, remedy)
    return TradeoffError(f"{_TELLING.get(status, f'The endpoint refused the request with status {status}')}: {said}",
                         where, _remedy(status, endpoint, model))  # fmt: skip


def _first_named(lowered: str) -> str | None:
    """The parameter that a message names first: `max_tokens is not supported, use max_completion_tokens`."""
    places = {}
    for name in PARAMETERS:
        pattern = rf"['\"`]{name}['\"`]" if name == "n" else rf"(?<![a-z_]){name}(?![a-z_])"
        if found := re.search(pattern, lowered):
            places[found.start()] = name
    return places[min(places)] if places else None


_TELLING = {
    401: "The endpoint does not accept the key",
    403: "The key may not use this model or endpoint",
    404: "The endpoint does not know the model or the address",
}


def _remedy(status: int, endpoint: Endpoint, model: str) -> str:
    if status == 401:
        variable = endpoint.key_env or "an environment variable, and name it in the endpoint's settings,"
        return f"Put a valid key into {variable}, restart Tradeoff there, then retry the run."
    if status == 403:
        return f"Ask for access to {model} at the provider, or choose another model."
    if status == 404:
        return f"Check that {model} is served there and that the address {endpoint.base_url} is right."
    return "Check the candidate's settings, then retry the run."


def _again(status: int, headers: Mapping[str, str], said: str, where: str) -> Exception:
    wait = retry_after(headers)
    if wait is not None and wait > LONGEST_WAIT:
        return TradeoffError(
            f"The endpoint asks to wait {wait / 60:.0f} minutes: {said}", where, "Retry the run then: it goes on."
        )
    return Fault(str(status), said, wait, billed=status in _MAYBE_WORKED)


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that a server asks to wait, told in milliseconds, seconds or as a date; None when it asks nothing."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if seconds == seconds and seconds >= 0:
            return seconds
    date = parsedate_tz(headers.get("retry-after", ""))
    return None if date is None else max(0.0, mktime_tz(date) - (time.time() if now is None else now))


def _told(body: bytes) -> tuple[str, str, str]:
    """Message, code and parameter of an error's body; a body that is not JSON is its own message."""
    try:
        content: Any = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")[: _SHOWN * 4], "", ""
    if isinstance(content, list) and content:
        content = content[0]
    error = content.get("error", content) if isinstance(content, dict) else content
    if not isinstance(error, dict):
        return str(error)[: _SHOWN * 4], "", ""
    said = error.get("message") or error.get("detail") or error.get("error") or json.dumps(error)
    inner = error.get("innererror")
    codes = [error.get("code"), error.get("type"), inner.get("code") if isinstance(inner, dict) else None]
    return str(said)[: _SHOWN * 4], " ".join(str(code) for code in codes if code), str(error.get("param") or "")
