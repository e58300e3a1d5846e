"""Where two records differ, in words that name the candidate, the run and the figure."""

from collections.abc import Iterator
from math import isclose
from typing import Any

SURE = 1e-6
"""Relative difference of two figures below which they are the same: machines add in different orders."""
NOT_COMPARED = ("made_at", "made_with", "record_version", "prices")
"""What is not computed from run folders."""


def differing(content: dict[str, Any], again: dict[str, Any], whole: bool) -> Iterator[str]:
    """Where the record `content` differs from the one computed again.

    What only newer releases compute is passed over unless the document must be `whole`, being of this release.
    """
    for name in again if whole else content:
        if name not in NOT_COMPARED:
            yield from _apart(_title(name), content.get(name), again.get(name), whole)


def _apart(where: str, then: Any, now: Any, whole: bool) -> Iterator[str]:
    """The places below `where` at which two JSON values differ."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in {**then, **now} if whole else then:
            yield from _apart(f"{where}, {_title(key)}", then.get(key), now.get(key), whole)
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for place, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _apart(f"{where}, {_item(one, place)}", one, other, whole)
    elif not same(then, now):
        yield f"{where}: {_shown(then)} in the document, {_shown(now)} from the run folders"


def same(then: Any, now: Any) -> bool:
    """Whether two values are the same, numbers up to the order in which they were added."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (then, now))
    return isclose(then, now, rel_tol=SURE, abs_tol=1e-12) if numbers else then == now


def _item(value: Any, place: int) -> str:
    """What an element of a list is about, by its own name where it has one."""
    if isinstance(value, dict):
        for key in ("run_id", "candidate", "title"):
            if isinstance(value.get(key), str):
                component = value.get("component")
                return f"{value[key]} {component}" if component else value[key]
    return f"number {place + 1}"


def _title(key: str) -> str:
    return key.replace("_", " ")


def _shown(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else "nothing" if value is None else str(value)
    return text if len(text) <= 160 else f"{text[:159]}…"


def leaves(value: Any) -> int:
    """How many figures and words a JSON value holds."""
    if isinstance(value, dict):
        return sum(map(leaves, value.values()))
    return sum(map(leaves, value)) if isinstance(value, list) else 1
