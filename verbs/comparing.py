"""Candidates beside each other: compared pair by pair, and who is on the front of two figures."""

import argparse
from typing import Any

from core.errors import TradeoffError
from core.home import Home
from verbs.parsing import Declare, add_assumptions, changes, share

SHOWN = 20


def add(verb: Declare) -> None:
    """Declare the verbs."""
    made = verb("compare", compare)
    made.add_argument("dataset")
    made.add_argument("candidates", nargs="*", metavar="CANDIDATE", help="two to six; the best four when left out")
    made.add_argument("--metric")
    made.add_argument(
        "--margin", type=share, metavar="SHARE", help="a difference that does not matter; 0.01 is a point"
    )
    made.add_argument("--train-size", help="a number, or all")
    add_assumptions(made)
    made.add_argument("--texts", type=count, default=SHOWN, metavar="N|all", help="texts they answered differently")

    made = verb("front", front)
    made.add_argument("dataset")
    made.add_argument("--metric")
    made.add_argument(
        "--up", metavar="FIGURE", default="quality", help="quality, or another figure of which less is better"
    )
    made.add_argument(
        "--against", metavar="FIGURE", default="usd", help="usd, kwh, co2e, latency, typical, memory or fit"
    )
    made.add_argument("--train-size", help="a number, or all")
    add_assumptions(made)


def compare(options: argparse.Namespace, home: Home) -> Any:
    """Two to six candidates side by side: paired differences, labels, settings that differ, texts they disagree on."""
    from core.analysis.decision import MARGIN
    from core.data.dataset import load_dataset
    from core.findings.comparing import chosen
    from core.findings.comparing import compare as compared
    from core.findings.comparing_words import plain, sentence

    found = compared(home, chosen(_rows(options, home), options.candidates),
                     MARGIN if options.margin is None else options.margin)  # fmt: skip
    frame = load_dataset(home, options.dataset).frame
    options.told = sentence(found)
    texts = dict(zip(frame["id"], frame["text"], strict=True))
    return plain(found, options.dataset, texts, options.texts)


def front(options: argparse.Namespace, home: Home) -> Any:
    """How likely each candidate is on the Pareto front: that nothing is better in two figures at once."""
    from core.findings.fronts import front_records

    return front_records(home, options.dataset, _rows(options, home), options.up, options.against)


def count(text: str) -> int | None:
    """A number of texts; None is all."""
    if text == "all":
        return None
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is no number of texts: give one, or all")
    return int(text)


def _rows(options: argparse.Namespace, home: Home) -> Any:
    from core.analysis.scenario import scenario_of
    from core.findings.results import results
    from core.preferences import load

    size = options.train_size or "largest"
    if not size.isdigit() and size not in ("all", "largest"):
        raise TradeoffError(f"{size} is no train size", remedy="Give a number of training texts, or all.")
    size = int(size) if size.isdigit() else size
    scenario = scenario_of(changes(options.assumed)) if options.assumed else None
    rows = results(home, options.dataset, load(home), metric=options.metric, train_size=size, scenario=scenario)
    if not rows:
        raise TradeoffError(f"No run on {options.dataset} has finished yet",
                            remedy="python cli.py runs shows where they stand.")  # fmt: skip
    return rows
