"""Where models answer over HTTP: named endpoints. The key stays in an environment variable and is never written."""

import os
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from core.errors import TradeoffError, unknown
from core.spec import Record

_SECRET = re.compile(r"auth|key|token|secret|cookie|password", re.IGNORECASE)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class Endpoint(Record):
    """An OpenAI-compatible server: OpenAI, Azure, vLLM, Ollama, TGI, … `headers` are sent as they are."""

    name: str = Field(min_length=1, max_length=60, description="What you call it")
    base_url: str = Field(
        min_length=8, max_length=500, description="Where it is, up to and with /v1; for Azure the resource's address"
    )
    key_env: str = Field(
        default="", max_length=100, description="Name of the environment variable that holds the key; empty sends none"
    )
    api_version: str = Field(
        default="", max_length=40, description="Azure only: the API version, e.g. 2024-10-21; empty for all others"
    )
    headers: dict[str, str] = Field(default_factory=dict, description="Further headers, never a secret")
    concurrency: int = Field(default=8, ge=1, le=256, description="Most requests at once")
    batch_share: float | None = Field(
        default=None, gt=0, le=1, allow_inf_nan=False,
        description="Share of the price that its batch interface bills, e.g. 0.5; empty when not known",
    )  # fmt: skip

    @field_validator("name")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not _NAME.fullmatch(value.strip()):
            raise ValueError("take letters, digits, - _ and .")
        return value.strip()

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        address = value.strip().rstrip("/")
        try:
            parts = urlsplit(address)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise ValueError("it is no address") from None
        if parts.scheme not in ("http", "https") or not host:
            raise ValueError("it must begin with http:// or https://")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("it must hold no user, password or query; keys belong in an environment variable")
        return address

    @field_validator("key_env")
    @classmethod
    def _variable(cls, value: str) -> str:
        if value and not _VARIABLE.fullmatch(value.strip()):
            # The value is not repeated: it may be the key itself, typed into the wrong field.
            raise ValueError("give the name of an environment variable, not the key")
        return value.strip()

    @field_validator("headers")
    @classmethod
    def _no_secrets(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if _SECRET.search(name):
                raise ValueError("a header that holds a secret would be written to disk; use the key's variable")
        return value

    @property
    def host(self) -> str:
        """Host and port: what prices go by, since the same model costs different sums at different providers."""
        return urlsplit(self.base_url).netloc.lower()

    @property
    def key(self) -> str | None:
        """The key, read from the environment at the moment it is needed."""
        return os.environ.get(self.key_env, "").strip() or None if self.key_env else None


KNOWN: tuple[Endpoint, ...] = (
    Endpoint(name="openai", base_url="https://api.openai.com/v1", key_env="OPENAI_API_KEY", batch_share=0.5),
    Endpoint(name="anthropic", base_url="https://api.anthropic.com/v1", key_env="ANTHROPIC_API_KEY", batch_share=0.5),
    Endpoint(
        name="gemini", base_url="https://generativelanguage.googleapis.com/v1beta/openai", key_env="GEMINI_API_KEY",
        batch_share=0.5,
    ),
    Endpoint(name="mistral", base_url="https://api.mistral.ai/v1", key_env="MISTRAL_API_KEY", batch_share=0.5),
    Endpoint(name="ollama", base_url="http://localhost:11434/v1", concurrency=2),
    Endpoint(name="vllm", base_url="http://localhost:8000/v1", concurrency=16),
    Endpoint(name="tgi", base_url="http://localhost:8080/v1", concurrency=16),
)  # fmt: skip
"""Endpoints that need no configuration beyond a key or a running server; the user's of the same name come first."""


def all_endpoints(own: Iterable[Endpoint]) -> dict[str, Endpoint]:
    """The user's endpoints and the known ones, by name."""
    return {endpoint.name: endpoint for endpoint in (*KNOWN, *own)}


def find_endpoint(name: str, own: Iterable[Endpoint]) -> Endpoint:
    """The endpoint called `name`.

    Raises:
        TradeoffError: there is none.
    """
    endpoints = all_endpoints(own)
    if name not in endpoints:
        error = unknown("endpoint", name, endpoints)
        error.remedy += " Add yours in Settings, or by `cli.py endpoints NAME --url URL --key-env VARIABLE`."
        raise error
    return endpoints[name]


def check_key(endpoint: Endpoint, candidate: str = "") -> None:
    """See that the key is there, when the endpoint wants one.

    Raises:
        TradeoffError: the environment variable is not set.
    """
    if endpoint.key_env and not endpoint.key:
        asks = (
            f"{candidate} asks the endpoint {endpoint.name}" if candidate else f"The endpoint {endpoint.name} is asked"
        )
        raise TradeoffError(
            f"{asks}, but its key is missing: the environment variable {endpoint.key_env} is not set",
            remedy=f"Set {endpoint.key_env} where Tradeoff is started, or choose another endpoint (setting endpoint).",
        )
