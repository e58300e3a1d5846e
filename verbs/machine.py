"""What is around: endpoints, and whether everything is here."""

import argparse
from typing import Any

from core.errors import TradeoffError
from core.home import Home
from verbs.parsing import Declare


def add(verb: Declare) -> None:
    """Declare the verbs."""
    made = verb("endpoints", endpoints)
    made.add_argument("name", nargs="?", metavar="NAME")
    made.add_argument("--url", metavar="URL", help="where it is, up to and with /v1")
    made.add_argument("--key-env", metavar="VARIABLE", help="the environment variable that holds the key")
    made.add_argument("--api-version", metavar="VERSION", help="Azure only, e.g. 2024-10-21")
    made.add_argument("--concurrency", type=int, metavar="N", help="most requests at once")
    made.add_argument("--batch-share", type=float, metavar="SHARE", help="share of the price that its batches bill")
    made.add_argument("--test", action="store_true", help="ask it for its models; nobody bills that")
    made.add_argument("--remove", action="store_true", help="forget it")

    verb("doctor", doctor)


def endpoints(options: argparse.Namespace, home: Home) -> Any:
    """The servers that answer for api: candidates; with a name, add, change, test or remove one."""
    from core.clients import managing
    from core.preferences import load

    wanted = {"base_url": options.url, "key_env": options.key_env, "api_version": options.api_version,
              "concurrency": options.concurrency, "batch_share": options.batch_share}  # fmt: skip
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if not options.name and (wanted or options.test or options.remove):
        raise TradeoffError("Which endpoint is missing", remedy="Give its name: `cli.py endpoints NAME …`.")
    if options.remove:
        managing.remove(home, options.name)
    elif wanted:
        managing.put(home, {"name": options.name, **wanted})
    rows = [row for row in managing.rows(load(home)) if options.remove or options.name in (None, row["name"])]
    if options.test:
        told = managing.try_connection(options.name, load(home).endpoints)
        rows = [{**row, "test": told} for row in rows]
    return rows


def doctor(_: argparse.Namespace, home: Home) -> Any:
    """Is everything here that the product needs?"""
    from core.doctor import examine

    return [check.model_dump() for check in examine(home)]
