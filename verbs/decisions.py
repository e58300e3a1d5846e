"""What the test texts can show, and what is missing where they cannot."""

import argparse
from typing import Any

from core.errors import TradeoffError
from core.home import Home
from verbs.parsing import Declare, share


def add(verb: Declare) -> None:
    """Declare the verbs."""
    made = verb("power", power)
    made.add_argument("dataset")
    made.add_argument("--margin", type=share, help="how much worse is still as good: 0.01 (by default) is one point")
    made.add_argument("--metric")


def power(options: argparse.Namespace, home: Home) -> Any:
    """Which differences the test texts can show, and how many more texts or seeds would settle what is open."""
    from core.analysis.decision import MARGIN
    from core.findings.power import power as found_power
    from core.findings.results import results
    from core.preferences import load

    rows = results(home, options.dataset, load(home), metric=options.metric)
    found = found_power(home, rows, MARGIN if options.margin is None else options.margin)
    if found is None:
        raise TradeoffError(
            f"On {options.dataset} there are not yet two candidates to compare",
            remedy=f"Run another one: python cli.py launch --dataset {options.dataset} --candidates NAME --wait.",
        )
    options.told = found.reason
    return {"dataset": options.dataset, **found.model_dump(mode="json")}
