"""Races: an experiment under a budget, where those that cannot win any more are stopped."""

import argparse
import sys
from typing import Any

from core.errors import TradeoffError
from core.home import Home
from verbs.parsing import Declare, names, numbers

ACTS = ("show", "resume", "stop", "continue", "delete", "list")


def add(verb: Declare) -> None:
    """Declare the verb."""
    made = verb("race", race)
    made.usage = (
        "cli.py race [DATASET | FILE.yaml] --candidates A,B,C [--minutes M] [--usd USD] [--kwh KWH] [--risk 0.05] "
        "[--aim best|front] [--seeds 0,1] [--wait]\n"
        "       cli.py race list | show ID | resume ID CANDIDATE | stop ID | continue ID [--minutes M …] | delete ID"
    )
    made.add_argument(
        "what", nargs="*", metavar="DATASET", help="a dataset, an experiment file, or an act and its race"
    )
    made.add_argument("--dataset", help="of an experiment file: race on this one")
    made.add_argument("--candidates", type=names, metavar="A,B,C")
    made.add_argument("--seeds", type=numbers, metavar="0,1", help="the first is raced, finalists get the others too")
    made.add_argument("--set", action="append", default=[], metavar="CANDIDATE.SETTING=VALUE")
    made.add_argument("--device", choices=("auto", "cpu", "cuda"))
    made.add_argument("--minutes", type=limit, metavar="M", help="the most that all its runs may take together")
    made.add_argument("--usd", type=limit, metavar="USD", help="the most that they may cost")
    made.add_argument("--kwh", type=limit, metavar="KWH", help="the most energy that they may use")
    made.add_argument("--risk", type=risk, metavar="R", help="the chance, at most, that the best is stopped (0.05)")
    made.add_argument("--aim", choices=("best", "front"), help="look for the best, or for the Pareto front")
    made.add_argument("--margin", type=share, metavar="SHARE", help="how far behind does not matter; 0.01 is a point")
    made.add_argument("--shares", type=shares, metavar="1/9,1/3", help="the parts of the texts that the rounds see")
    made.add_argument("--finalists", type=int, metavar="N", help="so many are run on all texts at least (1)")
    made.add_argument("--wait", action="store_true", help="show the race through to its end")
    made.set_defaults(with_=None, train_size=None, max_usd=None)


def race(options: argparse.Namespace, home: Home) -> Any:
    """Race candidates under a budget: all start small, those that cannot win any more are stopped."""
    from core import racing

    words = list(options.what)
    act = words.pop(0) if words and words[0] in ACTS else "start"
    if act == "list" or (act == "start" and not words and not options.candidates):
        return [_row(home, found.id) for found in racing.races(home)]
    race_id = _started(options, home, words) if act == "start" else _acted(options, home, act, words)
    if options.wait:
        from verbs.race_watch import watch

        status = watch(home, race_id, quiet=options.json)
        options.failed = status not in ("finished", "out of budget")
    report = racing.report(home, race_id) if act != "delete" else None
    return report.model_dump(mode="json") if report else {"deleted": race_id}


def _started(options: argparse.Namespace, home: Home, words: list[str]) -> str:
    from core import racing
    from core.planning import left_out
    from core.racing.records import Budget, Rules
    from verbs.runs import asked_experiment

    if len(words) > 1:
        near = f"An act is one of {', '.join(ACTS)}."
        raise TradeoffError(f'"{" ".join(words)}" cannot be raced', remedy=f"Give one dataset or one file. {near}")
    is_file = bool(words) and words[0].endswith((".yaml", ".yml"))
    options.experiment = words[0] if is_file else None
    if words and not is_file:
        if options.dataset:
            raise TradeoffError("Two datasets are named", f"{words[0]}, {options.dataset}", "Give one.")
        options.dataset = words[0]
    experiment = asked_experiment(options)
    for line in left_out(home, experiment):
        print(f"Left out: {line}.", file=sys.stderr)
    named = ("risk", "aim", "margin", "finalists", "shares")
    rules = {name: value for name in named if (value := getattr(options, name)) is not None}
    budget = _checked(Budget, {"minutes": options.minutes, "usd": options.usd, "kwh": options.kwh})
    return racing.start(home, experiment, budget, _checked(Rules, rules)).id


def _acted(options: argparse.Namespace, home: Home, act: str, words: list[str]) -> str:
    from core import racing
    from core.racing.folder import find_race
    from core.racing.records import Budget

    needed = 2 if act == "resume" else 1
    if len(words) != needed:
        told = "the race and the candidate" if act == "resume" else "the race"
        raise TradeoffError(f"`race {act}` needs {told}", remedy="`cli.py race list` names the races.")
    race_id = find_race(home, words[0]).path.name
    if act == "resume":
        racing.resume_candidate(home, race_id, words[1])
    elif act == "stop":
        racing.stop(home, race_id)
    elif act == "continue":
        given = {name: getattr(options, name) for name in ("minutes", "usd", "kwh")}
        asked = {name: value for name, value in given.items() if value is not None}
        before = racing.report(home, race_id).race.budget
        racing.go_on(home, race_id, _checked(Budget, {**before.model_dump(), **asked}) if asked else None)
    elif act == "delete":
        racing.delete(home, race_id)
    return race_id


def _checked(kind: type[Any], values: dict[str, Any]) -> Any:
    """The record with these values.

    Raises:
        TradeoffError: one of them is out of bounds.
    """
    from pydantic import ValidationError

    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        told = kind.model_fields[name].description or ""
        raise TradeoffError(f"--{name} {values[name]:g} cannot be used: {first['msg'].lower()}", remedy=told) from None


def _row(home: Home, race_id: str) -> dict[str, Any]:
    from core import racing

    found = racing.report(home, race_id)
    budget = found.race.budget
    return {
        "race": race_id, "dataset": found.race.experiment.dataset, "status": found.status,
        "round": f"{found.round + 1} of {found.rounds}", "candidates": len(found.standings), "leader": found.leader,
        "spent_seconds": found.spent.seconds, "spent_usd": found.spent.usd, "spent_kwh": found.spent.kwh,
        "minutes": budget.minutes, "usd": budget.usd, "kwh": budget.kwh,
    }  # fmt: skip


def limit(text: str) -> float:
    """An amount above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no amount: give a number above 0")
    return value


def risk(text: str) -> float:
    """A risk above 0 and at most a half."""
    value = limit(text)
    if value > 0.5:
        raise argparse.ArgumentTypeError(f"{text} is no risk: give a share from above 0 to 0.5; 0.05 is one in twenty")
    return value


def share(text: str) -> float:
    """A part of the metric from 0 to a half."""
    value = 0.0 if text.strip() in ("0", "0.0") else limit(text)
    if value > 0.5:
        raise argparse.ArgumentTypeError(f"{text} is no margin: give a share from 0 to 0.5; 0.01 is one point")
    return value


def shares(text: str) -> tuple[float, ...]:
    """`1/9,1/3` as shares of the texts, the whole at the end added where it is left out."""
    found = []
    for part in text.split(","):
        above, slash, below = part.partition("/")
        try:
            found.append(float(above) / float(below) if slash else float(above))
        except (ValueError, ZeroDivisionError):
            raise argparse.ArgumentTypeError(f"{part} is no share: write 1/9,1/3") from None
    found = found if found[-1] == 1.0 else [*found, 1.0]
    if found != sorted(set(found)) or found[0] <= 0 or not 2 <= len(found) <= 8:
        raise argparse.ArgumentTypeError(f"{text} are no shares: they rise from above 0 up to 1")
    return tuple(found)
