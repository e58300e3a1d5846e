"""What more labels would bring, and how much hangs on how a prompt is worded."""

import argparse
from typing import TYPE_CHECKING, Any

from core.errors import TradeoffError
from core.home import Home
from verbs.parsing import Declare, amount, money, share

if TYPE_CHECKING:
    from core.findings.label_study import Answer, LabelStudy


def add(verb: Declare) -> None:
    """Declare the verbs."""
    made = verb("curve", curve)
    made.add_argument("dataset")
    made.add_argument("--candidate", help="only this one; all that learn from labels when left out")
    made.add_argument("--target", default="", help="the candidate to be tied with")
    made.add_argument("--reach", type=share, metavar="SHARE", help="a quality to be reached, such as 0.9")
    made.add_argument("--margin", type=share, default=0.01, help="how much worse is still tied; 0.01 is a point")
    made.add_argument("--metric")
    made.add_argument("--usd-per-label", type=float, metavar="USD", help="names the cheapest way to the goal")
    made.add_argument("--volume", type=amount, default=100_000, metavar="TEXTS", help="texts a month")
    made.add_argument("--months", type=float, default=12, help="how long the labels will serve")

    made = verb("sensitivity", sensitivity)
    made.add_argument("dataset")
    made.add_argument("--candidate", help="only this prompt candidate; needed with --launch")
    made.add_argument("--metric")
    made.add_argument("--wordings", type=int, default=3, help="wordings of the instruction to try (with --launch)")
    made.add_argument("--orders", type=int, default=3, help="orders of the labels to try")
    made.add_argument("--draws", type=int, default=3, help="draws of demonstrations to try")
    made.add_argument("--launch", action="store_true", help="queue the ways that have not been tried")
    made.add_argument("--max-usd", type=money, help="most that providers may bill for it")


def sensitivity(options: argparse.Namespace, home: Home) -> Any:
    """How much hangs on the way a prompt is asked: wordings, label orders, draws of demonstrations."""
    from core.analysis.prompt_spread import sentence
    from core.findings.results import dataset_runs, results
    from core.findings.sensitivity import asked_in_ways
    from core.preferences import load

    runs = dataset_runs(home, options.dataset)
    if options.launch:
        return _launch_ways(options, home, runs)
    rows = results(home, options.dataset, load(home), metric=options.metric)
    found = [
        one
        for one in asked_in_ways(home, rows, runs, rows[0].metric if rows else "")
        if options.candidate in (None, one.row.candidate)
    ]
    if options.candidate and not found:
        raise TradeoffError(
            f"{options.candidate} has not been run as a prompt on {options.dataset}",
            remedy=f"Add --launch to ask it in several ways, or see `python cli.py results {options.dataset}`.",
        )
    if not options.json:
        options.told = "\n".join(
            sentence(one.row.candidate, one.row.metric, one.spread)
            if one.spread
            else f"{one.row.candidate}: {len(one.ways)} way(s) of asking tried; --launch tries several."
            for one in found
        )
        return [{**_way(way), "metric": one.row.metric, "candidate": one.row.candidate} for one in found
                for way in one.ways]  # fmt: skip
    return [_asked(one) for one in found]


def _launch_ways(options: argparse.Namespace, home: Home, runs: Any) -> Any:
    from core.findings.sensitivity import candidate_called, experiments, ways_to_ask
    from core.launch import launch

    if not options.candidate:
        raise TradeoffError("Which candidate is to be asked in several ways is missing", remedy="Add --candidate NAME.")
    candidate = candidate_called(options.candidate, runs)
    ways = ways_to_ask(candidate, options.wordings, options.orders, options.draws)
    found = [
        folder
        for experiment in experiments(options.dataset, candidate, ways, options.max_usd)
        for folder in launch(home, experiment)
    ]
    options.verb = "runs"
    return [
        {"run": folder.run_id, "status": state.status if (state := folder.state) else "queued", "reason": ""}
        for folder in found
    ]


def _way(way: Any) -> dict[str, Any]:
    return {
        "wording": way.paraphrase, "label_order": way.label_order, "seed": way.seed, "value": way.value,
        "validation": way.validation, "run": way.run_id,
    }  # fmt: skip


def _asked(one: Any) -> dict[str, Any]:
    from core.analysis.prompt_spread import sentence

    told = {"candidate": one.row.candidate, "metric": one.row.metric, "ways": [_way(way) for way in one.ways]}
    if one.spread is None:
        return {**told, "spread": None, "sentence": ""}
    spread = {
        "low": one.spread.low, "high": one.spread.high, "mean": one.spread.mean, "deviation": one.spread.deviation,
        "by_chance": one.spread.chance, "by_prompt": one.spread.by_prompt, "beyond_chance": one.spread.beyond_chance,
        "shares": dict(one.spread.shares),
    }  # fmt: skip
    return {**told, "spread": spread, "sentence": sentence(one.row.candidate, one.row.metric, one.spread)}


def curve(options: argparse.Namespace, home: Home) -> Any:
    """What more labels bring: learning curves, how many labels a goal takes, and the cheapest way to it."""
    from core.analysis.curve_words import path_sentence
    from core.data.dataset import load_dataset
    from core.findings.label_study import Goal, label_study
    from core.findings.results import dataset_runs, results
    from core.preferences import load

    plan = _plan(options)
    info = load_dataset(home, options.dataset).info
    rows = results(home, options.dataset, load(home), metric=options.metric)
    goal = Goal(target=options.target, reach=options.reach, margin=options.margin)
    study = label_study(home, info, dataset_runs(home, options.dataset), rows, goal)
    paths = study.ways(plan) if plan else []
    answers = [study.answer(options.candidate)] if options.candidate else list(study.answers)
    if not options.json:
        said = [text for one in answers for text in dict.fromkeys((one.sentence, one.more)) if text] + (
            [path_sentence(paths, plan)] if plan and paths else []
        )
        options.told = "\n".join([*said, *_next(study)])
        return [_row(one) for one in answers if one.curve]
    return {
        "dataset": info.name, "metric": study.metric, "train_texts": study.here, "test_texts": study.curves.texts,
        "goal": {**study.goal.model_dump(), "quality": study.value},
        "curves": [_plain(one, study.here) for one in answers],
        "paths": [path.model_dump(mode="json") for path in paths],
    }  # fmt: skip


def _plan(options: argparse.Namespace) -> Any:
    from pydantic import ValidationError

    from core.analysis.label_paths import Plan

    if options.usd_per_label is None:
        return None
    try:
        return Plan(usd_per_label=options.usd_per_label, texts_a_month=options.volume, months=options.months)
    except ValidationError as error:
        first = error.errors()[0]
        flag = {"usd_per_label": "--usd-per-label", "texts_a_month": "--volume", "months": "--months"}
        raise TradeoffError(
            f"{flag[str(first['loc'][0])]} {first['input']:g} cannot be used: {first['msg'].lower()}",
            remedy="Take another number.",
        ) from None


def _next(study: "LabelStudy") -> list[str]:
    """How to get the first curve."""
    from core.findings.curves import as_command, suggested

    if study.curves.curves:
        return []
    if not study.answers:
        return ["No candidate that learns from labels has finished yet."]
    experiment = suggested(study.info, study.answers[0].learner.candidate)
    return [f"A curve needs several train sizes: {as_command(experiment)}"]


def _row(answer: "Answer") -> dict[str, Any]:
    """A curve as a row of a table."""
    assert answer.curve is not None
    last, found = answer.curve.points[-1], answer.needed
    return {
        "candidate": answer.learner.name, "sizes": len(answer.curve.points),
        "runs": sum(point.runs for point in answer.curve.points), "metric": answer.learner.row.metric,
        "value": last.value, "texts": last.texts, "doubling": answer.curve.gain(last.texts, 2 * last.texts),
        "ceiling": answer.curve.ceiling(), "state": found.state if found else "",
        "needed": found.texts if found else None, "low": found.low if found else None,
        "high": found.high if found else None,
    }  # fmt: skip


def _plain(answer: "Answer", here: int) -> dict[str, Any]:
    """Everything about a candidate's curve as JSON."""
    from dataclasses import asdict

    found, row = answer.curve, answer.learner.row
    told: dict[str, Any] = {
        "candidate": row.candidate, "train_sizes": {str(size): len(runs) for size, runs in answer.learner.runs.items()},
        "sentence": f"{answer.sentence} {answer.more}".strip(), "why_no_curve": "" if found else answer.sentence,
    }  # fmt: skip
    if found is None:
        return told
    ranged = {"ceiling": found.ceiling(), "doubling": found.gain(here, 2 * here)}
    return {
        **told,
        "points": [asdict(point) for point in found.points],
        **{name: dict(zip(("value", "low", "high"), figure, strict=True)) for name, figure in ranged.items()},
        "seed_spread": found.luck, "largest_size_missed_by": found.missed,
        "needed": asdict(answer.needed) if answer.needed else None,
    }  # fmt: skip
