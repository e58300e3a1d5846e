"""Which candidate to take."""

import argparse
from typing import Any

from core.errors import TradeoffError
from core.home import Home
from verbs.parsing import Declare, Parser, add_assumptions, changes


def add(verb: Declare) -> None:
    """Declare the verb."""
    made = verb("recommend", recommend)
    made.add_argument("dataset")
    question_options(made)
    add_assumptions(made)


def question_options(made: Parser) -> None:
    """Declare the options that ask a question: what matters, what limits, how much difference matters."""
    made.add_argument("--metric", help="what is right; the task's own metric when left out")
    made.add_argument("--margin", type=number, metavar="SHARE", help="how much worse is as good; 0.01 is a point")
    made.add_argument("--cheap", choices=("usd", "kwh", "latency", "total"), help="what should be little; usd")
    made.add_argument("--volume", type=number, metavar="N", help="texts a month, for --cheap total")
    made.add_argument("--rule", choices=("proven", "plausible"), help="proven: shown to be as good; plausible: "
                      "also what cannot be told apart from the best")  # fmt: skip
    made.add_argument("--max-usd-per-1k", type=number, metavar="USD", help="most for 1,000 texts")
    made.add_argument("--max-p95-ms", type=number, metavar="MS", help="most for one text, in 95 of 100 cases")
    made.add_argument("--max-memory-gb", type=number, metavar="GB", help="most memory while answering")
    made.add_argument("--offline", action="store_true", help="it must answer without a network")
    made.add_argument("--in-house", action="store_true", help="no text may leave the house")


def recommend(options: argparse.Namespace, home: Home) -> Any:
    """The cheapest candidate that is not worse than the best, why, and what would change that."""
    from core.analysis.scenario import scenario_of
    from core.findings.decide import decision_and_rows
    from core.findings.decision_plain import as_record, as_table, as_text
    from core.findings.rerank import rerank

    question = asked(options)
    scenario = scenario_of(changes(options.assumed)) if options.assumed else None
    found, rows = decision_and_rows(home, options.dataset, question, scenario=scenario)
    if found is None:
        raise TradeoffError(
            f"No run on {options.dataset} has finished yet", remedy="python cli.py runs shows where they stand."
        )
    cleaned = rerank(home, options.dataset, rows, question, scenario)
    options.told = as_text(found, cleaned)
    return as_record(found, options.dataset, cleaned) if options.json else as_table(found, rows)


def asked(options: argparse.Namespace) -> Any:
    """The question that the options ask.

    Raises:
        TradeoffError: a value is out of bounds, or a total is asked for without a volume.
    """
    from core.analysis.decision import question_of

    if options.cheap == "total" and options.volume is None:
        raise TradeoffError("A total cost needs a volume", remedy="Add --volume N, texts a month.")
    names = ("metric", "margin", "cheap", "volume", "rule")
    limits = ("max_usd_per_1k", "max_p95_ms", "max_memory_gb", "offline", "in_house")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    return question_of(given, {name: value for name in limits if (value := getattr(options, name)) is not None})


def number(text: str) -> float:
    """A number; bounds are the question's."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no number") from None
