"""Cascades: who answers first, and when a text is passed on."""

import argparse
import csv
from pathlib import Path
from typing import Any

from core.errors import TradeoffError
from core.home import Home
from verbs.parsing import Declare, add_assumptions, changes, money, names


def add(verb: Declare) -> None:
    """Declare the verb."""
    made = verb("cascade", cascade)
    made.add_argument("dataset")
    made.add_argument("--stages", type=names, default=[], metavar="A,B[,C]",
                      help="candidates from the cheapest to the strongest; the best pair when left out")  # fmt: skip
    made.add_argument("--metric", help="what is right; the task's own metric when left out")
    made.add_argument("--cheap", choices=("usd", "kwh", "co2e", "typical", "latency"), default="usd",
                      help="what should be little")  # fmt: skip
    made.add_argument("--margin", type=share, default=0.01, metavar="SHARE", help="how much worse is as good")
    made.add_argument("--at-least", type=share, metavar="SHARE", help="quality to keep on validation, as 0.95")
    made.add_argument("--thresholds", type=shares, metavar="T[,T]", help="how sure each stage must be, not chosen")
    made.add_argument("--person", type=money, metavar="USD", help="a person is asked last, for this much a review")
    made.add_argument("--mistake", type=money, metavar="USD", help="what a wrong answer costs")
    made.add_argument("--mistakes", type=Path, metavar="FILE.csv",
                      help="what each mistake costs: a row a right label, a column an answer")  # fmt: skip
    add_assumptions(made)
    made.add_argument("--save", metavar="NAME", help="keep it as a candidate")


def cascade(options: argparse.Namespace, home: Home) -> Any:
    """A small candidate answers when it is sure, else a stronger one or a person: how good, for how much."""
    from core.analysis.scenario import scenario_of
    from core.findings.cascade_answers import Terms
    from core.findings.cascade_saving import save
    from core.findings.cascade_suggestions import suggestions
    from core.findings.cascades import CascadeQuestion, cascade_of
    from core.findings.results import results
    from core.preferences import load

    preferences = load(home)
    scenario = scenario_of(changes(options.assumed)) if options.assumed else None
    terms = Terms.of(preferences, scenario)
    rows = results(home, options.dataset, preferences, metric=options.metric)
    if not rows:
        raise TradeoffError(
            f"No run on {options.dataset} has finished yet", remedy="python cli.py runs shows where they stand."
        )
    found = [] if options.stages else suggestions(home, rows, terms, options.cheap, options.margin)
    if not options.stages and not found:
        raise TradeoffError(
            "A cascade needs two candidates whose cost is known", options.dataset,
            "Launch another one, or name stages: --stages a,b.",
        )  # fmt: skip
    question = CascadeQuestion(
        stages=tuple(options.stages) or found[0].stages, cheap=options.cheap, margin=options.margin,
        person_usd=options.person, at_least=options.at_least, mistakes=_mistakes(options),
        thresholds=None if options.thresholds is None else tuple(options.thresholds),
    )  # fmt: skip
    told = cascade_of(home, options.dataset, rows, terms, question)
    sure = [f"{stage.candidate} answers when it is at least {100 * stage.threshold:.2f} % sure."
            for stage in told.stages if stage.threshold is not None]  # fmt: skip
    options.told = "\n".join([told.sentence, *sure, *told.notes])
    saved = []
    if options.save:
        saved = [folder.run_id for folder in save(home, rows, Terms.of(preferences).price, told, options.save)]
        options.told += f"\nSaved as {options.save}: python cli.py predict {options.save} TEXT --dataset {told.dataset}"
    if not options.json:
        return _table(told)
    return {
        **told.model_dump(mode="json"), "suggestions": [one.model_dump(mode="json") for one in found], "saved": saved,
    }  # fmt: skip


def share(text: str) -> float:
    """A share from 0 to 1."""
    if not 0 <= (value := float(text)) <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share: give one from 0 to 1, as 0.01")
    return value


def shares(text: str) -> list[float]:
    """`0.8,0.9` as shares."""
    return [share(part) for part in text.split(",")]


def _mistakes(options: argparse.Namespace) -> Any:
    """What mistakes cost, by the options; None when they have no price."""
    from core.findings.cascade_answers import Mistakes

    if options.mistakes is None:
        return None if options.mistake is None else Mistakes(options.mistake)
    try:
        with open(options.mistakes, encoding="utf-8-sig", newline="") as file:
            head, *rows = [row for row in csv.reader(file) if row]
        pairs = {
            (due, found): float(cell)
            for due, *cells in rows for found, cell in zip(head[1:], cells, strict=True) if due != found and cell
        }  # fmt: skip
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
        raise TradeoffError(
            f"The costs of mistakes cannot be read: {error}", str(options.mistakes),
            "Write a table: the first row holds answers, the first column right labels, each cell USD.",
        ) from error  # fmt: skip
    if any(not 0 <= usd < float("inf") for usd in pairs.values()):
        raise TradeoffError("A mistake cannot cost less than nothing", str(options.mistakes), "Give USD, 0 or more.")
    dearest = max(pairs.values(), default=0.0)
    return Mistakes(dearest if options.mistake is None else options.mistake, tuple(pairs.items()))


def _table(told: Any) -> list[dict[str, Any]]:
    """A row for the cascade and for each stage alone."""
    known = [told.energy_provenance, *(stage.energy_provenance or "not metered" for stage in told.stages)]
    points = [(told.name, told.chosen, None), *zip(
        (f"{stage.candidate} alone" for stage in told.stages), told.alone, told.differences, strict=True)]  # fmt: skip
    return [
        {
            "candidate": name, "metric": told.metric, "quality": point.quality, "quality_low": point.quality_low,
            "quality_high": point.quality_high, "usd_per_1k": point.usd_per_1k, "kwh_per_1k": point.kwh_per_1k,
            "latency_p50_ms": point.latency_p50_ms, "latency_p95_ms": point.latency_p95_ms,
            "mistakes_usd_per_1k": point.mistakes_usd_per_1k, "energy_provenance": sure,
            "difference": gap and (gap.value, gap.low, gap.high),
        }
        for (name, point, gap), sure in zip(points, known, strict=True)
    ]  # fmt: skip
