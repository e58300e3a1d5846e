"""Adding, listing and trying endpoints: what Settings and the command line share."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from core.clients.endpoints import KNOWN, Endpoint, all_endpoints, check_key, find_endpoint
from core.clients.faults import of_status, scrubbed
from core.clients.wire import open_client
from core.errors import TradeoffError
from core.home import Home
from core.preferences import Preferences, changed, load, save

TRY_SECONDS = 15.0


def rows(preferences: Preferences) -> list[dict[str, Any]]:
    """Every endpoint with whether its key is set; keys themselves are never told."""
    own = {endpoint.name for endpoint in preferences.endpoints}
    found = []
    for endpoint in all_endpoints(preferences.endpoints).values():
        key = "set" if endpoint.key else "missing" if endpoint.key_env else "not needed"
        row = endpoint.model_dump(include={"name", "base_url", "key_env", "api_version", "concurrency", "batch_share"})
        found.append({**row, "key": key, "yours": endpoint.name in own})
    return found


def put(home: Home, values: dict[str, Any]) -> Endpoint:
    """Add an endpoint, or change the one of the same name.

    Raises:
        TradeoffError: a value cannot be used; the message never repeats it, since it may be a key.
    """
    preferences = load(home)
    known = all_endpoints(preferences.endpoints).get(str(values.get("name", "")))
    endpoint = checked({**(known.model_dump() if known else {}), **values})
    others = [other for other in preferences.endpoints if other.name != endpoint.name]
    save(home, changed(preferences, endpoints=[*others, endpoint]))
    return endpoint


def remove(home: Home, name: str) -> None:
    """Forget an endpoint of the user's; a known one of the same name is back then.

    Raises:
        TradeoffError: there is none of that name.
    """
    preferences = load(home)
    left = [endpoint for endpoint in preferences.endpoints if endpoint.name != name]
    if len(left) == len(preferences.endpoints):
        known = any(endpoint.name == name for endpoint in KNOWN)
        why = "comes with the product and cannot be removed" if known else "is not among yours"
        raise TradeoffError(f'The endpoint "{name}" {why}', remedy="`cli.py endpoints` lists yours.")
    save(home, changed(preferences, endpoints=left))


def checked(values: dict[str, Any]) -> Endpoint:
    """The endpoint of typed values.

    Raises:
        TradeoffError: a value cannot be used; the message never repeats it, since it may be a key.
    """
    try:
        return Endpoint(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "endpoint"
        help_text = Endpoint.model_fields[name].description if name in Endpoint.model_fields else ""
        said = first["msg"].removeprefix("Value error, ")
        raise TradeoffError(f"{name} cannot be used: {said}", remedy=f"{help_text or 'Check it'}.") from None


def try_connection(name: str, own: Sequence[Endpoint]) -> str:
    """Ask an endpoint for its models, which no provider bills; what came back, in a sentence.

    Raises:
        TradeoffError: no such endpoint, no key, or it cannot be reached or refuses.
    """
    endpoint = find_endpoint(name, own)
    check_key(endpoint)
    began = time.perf_counter()
    models = asyncio.run(_models(endpoint))
    answered = f"{endpoint.name} answered in {1000 * (time.perf_counter() - began):.0f} ms"
    if models is None:
        return f"{answered}, but it does not list its models: a run will tell whether yours is there."
    named = ", ".join(models[:8]) + (", …" if len(models) > 8 else "")
    return f"{answered} and offers {len(models)} models: {named}." if models else f"{answered} and offers no model."


async def _models(endpoint: Endpoint) -> list[str] | None:
    import openai

    client = open_client(endpoint, TRY_SECONDS)
    try:
        async with asyncio.timeout(TRY_SECONDS):
            raw = await client.models.with_raw_response.list()
        content = raw.http_response.json()
        listed = content.get("data", []) if isinstance(content, dict) else content
        return sorted(str(model["id"]) for model in listed)
    except openai.APIStatusError as error:
        if error.status_code in (404, 405) or error.status_code >= 500:
            return None
        failed = of_status(error.status_code, error.response.headers, error.response.content, endpoint, "its models")
        if isinstance(failed, TradeoffError):
            raise failed from None
        raise _unwell(endpoint, getattr(failed, "what", "it refused")) from None
    except (openai.OpenAIError, TimeoutError) as error:
        cause = type(error.__cause__ or error).__name__
        raise _unwell(endpoint, scrubbed(f"{error or 'no answer in time'} ({cause})", endpoint.key)) from None
    except (ValueError, TypeError, KeyError):
        return None
    finally:
        await client.close()


def _unwell(endpoint: Endpoint, said: str) -> TradeoffError:
    return TradeoffError(
        f"The endpoint {endpoint.name} could not be asked: {said}", endpoint.base_url,
        "Check that the server runs and that the address is right.",
    )  # fmt: skip
