"""Money: what a month costs, when one's own model gets cheaper than paying by the token, and what was spent."""

import argparse
from typing import Any

from core.home import Home
from verbs.parsing import Declare, add_assumptions, amount, changes


def add(verb: Declare) -> None:
    """Declare the verbs."""
    made = verb("breakeven", breakeven)
    made.add_argument("dataset")
    made.add_argument("--volume", type=amount, metavar="N", help="texts a month; 100000 when not given")
    made.add_argument("--against", default="", metavar="NAME", help="a candidate, or a model that a provider offers")
    add_assumptions(made)

    made = verb("spent", spent)
    made.add_argument("--by", choices=("month", "dataset", "candidate", "person"), default="month")
    made.add_argument("--dataset")


def breakeven(options: argparse.Namespace, home: Home) -> Any:
    """What each candidate costs a month, and from which volume on it costs less than paying by the token."""
    from core.analysis.breakeven import from_volume
    from core.analysis.scenario import scenario_of
    from core.findings.breakeven import monthly_costs
    from core.preferences import load

    assumed = changes(options.assumed)
    if options.volume is not None:
        assumed["volume"] = options.volume
    found = monthly_costs(home, options.dataset, load(home), scenario_of(assumed), options.against)
    if options.json:
        return found.model_dump(mode="json")
    when = {one.candidate: one for one in found.break_evens}
    options.told = f"{found.sentence}\n{found.reference.name}: {found.reference.basis}."
    return [
        {
            "candidate": one.candidate + (" (recommended)" if one.candidate == found.winner else ""),
            "month": one.money.model_dump() if one.money else None, "why_unknown": one.why_unknown,
            "working": from_volume(when[one.candidate].working) if one.candidate in when else "",
            "always_on": from_volume(when[one.candidate].always_on) if one.candidate in when else "",
        }
        for one in found.forecasts
    ]  # fmt: skip


def spent(options: argparse.Namespace, home: Home) -> Any:
    """What all runs have used so far: money, energy, CO2e and time, by month, dataset, candidate or person."""
    from core.findings.results import pricing
    from core.findings.spending import by, entries
    from core.preferences import load

    found = [one for one in entries(home, pricing(load(home))) if options.dataset in (None, one.dataset)]
    return [one.model_dump(mode="json") for one in by(found, options.by)]
