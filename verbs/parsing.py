"""What all verbs share: the parser, how one is declared, and values of options."""

import argparse
import json
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, Protocol

from core.errors import TradeoffError
from core.home import Home

Act = Callable[[argparse.Namespace, Home], Any]
"""What a verb does: options and data folder to an answer that `verbs.show` shows, or JSON."""


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are one line that says how to go on."""

    def error(self, message: str) -> NoReturn:
        """Raise the mistake as the product's error."""
        raise TradeoffError(message[0].upper() + message[1:], remedy=f"See `{self.prog} --help`.")


class Declare(Protocol):
    """Declares a verb: its name and what it does; its options are added to the parser that comes back."""

    def __call__(self, name: str, act: Act) -> Parser:
        """Declare it."""


def numbers(text: str) -> list[int]:
    """`0,1` as whole numbers."""
    return [int(part) for part in text.split(",")]


def sizes(text: str) -> list[int | None]:
    """`100,all` as train sizes; None is all."""
    return [None if part in ("all", "0") else int(part) for part in text.split(",")]


def money(text: str) -> float:
    """An amount in USD above 0."""
    if not 0 < (value := float(text)) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is no amount of money: give dollars, above 0")
    return value


def share(text: str) -> float:
    """A share from 0 up to and without 1, such as a margin."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text} is no share: 0.01 stands for one point")
    return value


def amount(text: str) -> float:
    """A number of texts, written in any usual way: `100000`, `100,000`, `1e6`, `2.5M`."""
    plain = text.replace(",", "").replace("_", "").strip()
    factor = {"k": 1e3, "m": 1e6, "b": 1e9}.get(plain[-1:].lower(), 1.0)
    if not 1 <= (value := float(plain if factor == 1 else plain[:-1]) * factor) <= 1e10:
        raise argparse.ArgumentTypeError(f"{text} is no number of texts: give one from 1 to 10 billion")
    return value


def changes(pairs: Iterable[str]) -> dict[str, Any]:
    """`name=value` as a table; values are read as JSON where they are JSON, else as text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise TradeoffError(f'"{pair}" cannot be read', remedy="Write --if name=value.")
        try:
            found[name.strip()] = json.loads(text)
        except json.JSONDecodeError:
            found[name.strip()] = text
    return found


def add_assumptions(made: Parser) -> None:
    """The option that assumes other prices, electricity or ways of serving; its pairs are in `assumed`."""
    made.add_argument(
        "--if", dest="assumed", action="append", default=[], metavar="NAME=VALUE",
        help="assume otherwise: rent_share=0.6, hours_on=730, usd_per_label=0.1, retrain_months=3, … (docs/costs.md)",
    )  # fmt: skip


def names(text: str) -> list[str]:
    """`a, b` as names."""
    return [part.strip() for part in text.split(",") if part.strip()]


def settings(changes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """`candidate.setting=value` as a table; values are read as JSON where they are JSON, else as text."""
    found: dict[str, dict[str, Any]] = {}
    for change in changes:
        path, equals, text = change.partition("=")
        candidate, dot, setting = path.rpartition(".")
        if not equals or not dot:
            raise TradeoffError(f'"{change}" cannot be read', remedy="Write --set candidate.setting=value.")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        found.setdefault(candidate, {})[setting] = value
    return found
