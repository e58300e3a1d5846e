"""What a candidate must keep to be taken at all; limits are applied before anything is compared."""

import ipaddress
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from pydantic import Field

from core import format as f
from core.analysis.results import CandidateRow
from core.spec import Record

GIB = 1024.0**3


class Limits(Record):
    """Limits on a candidate. A figure that is unknown keeps no limit: nobody can promise it."""

    max_usd_per_1k: float | None = Field(
        default=None, ge=0, le=1e9, allow_inf_nan=False, description="Most USD per 1,000 texts"
    )
    max_p95_ms: float | None = Field(
        default=None, gt=0, le=1e9, allow_inf_nan=False,
        description="Most milliseconds for one text, in 95 of 100 cases",
    )  # fmt: skip
    max_memory_gb: float | None = Field(
        default=None, gt=0, le=1e6, allow_inf_nan=False,
        description="Most memory in GiB while answering, of the GPU where one answers, else of the process",
    )  # fmt: skip
    offline: bool = Field(default=False, description="It must answer without any network")
    in_house: bool = Field(default=False, description="No text may leave the house")

    @property
    def any(self) -> bool:
        """Whether there is a limit at all."""
        return self != Limits()


def within(rows: Sequence[CandidateRow], limits: Limits) -> tuple[list[CandidateRow], dict[str, str]]:
    """The rows that keep the limits, and for each other candidate why it does not, in words."""
    broken = {row.candidate: "; ".join(why) for row in rows if (why := list(_broken(row, limits)))}
    return [row for row in rows if row.candidate not in broken], broken


def _broken(row: CandidateRow, limits: Limits) -> Iterator[str]:
    # What a provider runs takes none of our memory; of a cascade only some stages may run there.
    elsewhere = row.device == "api" and row.method != "cascade"
    most = None if limits.max_memory_gb is None or elsewhere else limits.max_memory_gb * GIB
    for name, value, limit, show in (
        ("cost per 1,000 texts", row.usd_per_1k, limits.max_usd_per_1k, f.exact_usd),
        ("time for slow texts", row.latency_p95_ms, limits.max_p95_ms, f.milliseconds),
        ("memory while answering", row.memory_bytes, most, f.memory),
    ):
        if limit is not None and value is None:
            yield f"its {name} is unknown"
        elif limit is not None and value is not None and value > limit:
            yield f"its {name} is {show(value)}, above {show(limit)}"
    if limits.offline and not all(map(_is_loopback, _hosts(row))):
        yield "it needs a network"
    if limits.in_house and not all(map(_is_private, _hosts(row))):
        yield "its texts leave the house"


def _hosts(row: CandidateRow) -> tuple[str, ...]:
    """The hosts that answer for a candidate; none for what runs here, an unknown one where nobody wrote it down."""
    return row.hosts or (("",) if row.device == "api" else ())


def _is_loopback(host: str) -> bool:
    name, address = _named(host)
    return address.is_loopback if address else name == "localhost"


def _is_private(host: str) -> bool:
    """Whether a host is this machine or one of a private network, as far as its name tells."""
    name, address = _named(host)
    if address:
        return address.is_private or address.is_loopback
    return bool(name) and ("." not in name or name.endswith((".local", ".internal", ".lan", ".home.arpa")))


def _named(host: str) -> tuple[str, ipaddress.IPv4Address | ipaddress.IPv6Address | None]:
    """The name of a host, which may be written with its port, and its address where the name is one."""
    for name in (host, _without_port(host)):
        try:
            address = ipaddress.ip_address(name.strip("[]"))
            return name, getattr(address, "ipv4_mapped", None) or address
        except ValueError:
            continue
    return _without_port(host).lower().rstrip("."), None


def _without_port(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
