"""What is decided when a round is done: who is stopped, who gets more seeds, and when the race is over."""

from collections.abc import Mapping, Sequence
from math import isnan
from statistics import fmean

from core import files
from core.analysis.compare import Performance, paired_difference
from core.analysis.racing import Stage, allowance, judge, tie_of
from core.data.dataset import load_dataset
from core.errors import TradeoffError
from core.findings.answer_cache import answers
from core.findings.evidence import performance_over
from core.findings.results import pricing
from core.home import Home
from core.metric_words import metric_told
from core.preferences import load as load_preferences
from core.racing.amounts import times
from core.racing.field import Field, Runner, Task
from core.racing.records import Event, Happening, Saved, Seen
from core.runs import RunFolder
from core.tasks import Score, get_task


def event(what: Happening, number: int, why: str, candidate: str = "", **more: object) -> Event:
    """Something that is decided now."""
    return Event(at=files.now(), what=what, round=number, why=why, candidate=candidate, **more)  # type: ignore[arg-type]


def metric_of(field: Field) -> str:
    """What candidates are ranked by."""
    return get_task(field.race.entries[0].task).primary_metric


def performance(field: Field, tasks: Sequence[Task]) -> Performance | None:
    """What runs (of several seeds) answered on validation; None where that cannot be read."""
    try:
        found = [answers(RunFolder(field.home.runs / task.run_id), "validation") for task in tasks]
        return performance_over(found, metric_of(field)) if found else None
    except (OSError, ValueError, KeyError, TradeoffError):
        return None


def seed_tasks(field: Field, runner: Runner) -> list[Task]:
    """The runs on all texts that have finished, one a seed."""
    first = field.task(runner, field.last)
    more = [Task(first.spec.model_copy(update={"seed": seed}), None, field.last + 1) for seed in runner.seeds]
    return [task for task in (first, *more) if field.done(task)]


def stages(field: Field, runner: Runner) -> list[Stage]:
    """What a candidate has shown, round by round; of what is not trained only the newest round says something."""
    found: list[Stage] = []
    whole = field.race.rounds[-1].train
    for number in range(field.last + 1):
        task = field.task(runner, number)
        tasks = seed_tasks(field, runner) if number == field.last else [task] if field.done(task) else []
        if (one := performance(field, tasks)) is not None:
            texts = None if not runner.trained else task.spec.train_size or whole
            found = [*(found if texts is not None else []), Stage(texts, one)]
    return found


def judged(field: Field, home: Home) -> list[Event]:
    """The events of a round that is done: who is dropped, and the round itself."""
    number, rules = min(field.decided, field.last), field.race.rules
    number = max(number, min(field.stage(runner) for runner in field.staying))
    decisions = field.last + (len(field.race.experiment.seeds) > 1)
    allowed = allowance(rules.risk, field.taken, decisions - number) if number < decisions else 0.0
    keep = rules.finalists if number < decisions else len(field.staying)
    seen_so_far = {runner.label: stages(field, runner) for runner in field.staying}
    found = judge(
        seen_so_far, field.race.rounds[-1].train, allowed, aim=rules.aim,
        spend=_spend(field, home) if rules.aim == "front" else None, keep=keep,
        tie=tie_of(seen_so_far, _test_texts(field)) if rules.margin is None else rules.margin,
    )  # fmt: skip
    out = [runner for runner in field.staying if found[runner.label].drop and not runner.resumed]
    dropped = [
        event("dropped", number, found[runner.label].why, runner.label, chance=_plain(found[runner.label].chance),
              saved=unspent(field, runner))
        for runner in out
    ]  # fmt: skip
    seen = {
        runner.label: shown.model_copy(update={"chance": _plain(found[runner.label].chance)})
        for runner in field.staying
        if (shown := seen_now(field, runner))
    }
    told = _round_words(field, number, len(field.staying), len(out))
    return [*dropped, event("round", number, told, seen=seen)]


def _test_texts(field: Field) -> int:
    entry = field.race.entries[0]
    return load_dataset(field.home, entry.dataset, entry.fingerprint).info.counts["test"]


def seen_now(field: Field, runner: Runner) -> Seen | None:
    """What the newest round that a candidate has done shows of it, the mean over its seeds; None before the first."""
    for number in range(field.stage(runner), -1, -1):
        task, whole = field.task(runner, number), field.race.rounds[-1]
        tasks = seed_tasks(field, runner) if number == field.last else [task] if field.done(task) else []
        if not tasks:
            continue
        scores = [one for task in tasks if (one := _score(field, task))]
        means = {name: fmean(getattr(one, name) for one in scores) for name in ("value", "low", "high") if scores}
        return Seen(
            round=number, texts=(task.spec.train_size or whole.train) if runner.trained else 0,
            validated=whole.validation if task.portion is None else task.portion,
            quality=means.get("value"), low=means.get("low"), high=means.get("high"),
        )  # fmt: skip
    return None


def _score(field: Field, task: Task) -> Score | None:
    found = RunFolder(field.home.runs / task.run_id).scores
    return next((one for one in found if (one.metric, one.split) == (metric_of(field), "validation")), None)


def unspent(field: Field, runner: Runner, full: Mapping[str, Saved] | None = None) -> Saved:
    """What a candidate's runs on all texts and seeds would still take, an estimate."""
    known = full if full is not None else _full(field)
    one = known.get(runner.label, Saved())
    left = len(field.race.experiment.seeds) - len(seed_tasks(field, runner))
    return times(one, max(0, left))


def _full(field: Field) -> dict[str, Saved]:
    from core.racing.folder import RaceFolder

    return RaceFolder(field.home.races / field.race.id).full


def more_seeds(field: Field) -> list[Event]:
    """Who gets another seed, as far as the experiment has any: those that cannot be told apart."""
    seeds = field.race.experiment.seeds
    open_ones = [one for one in field.staying if one.varies and not one.cut_short and len(one.seeds) < len(seeds) - 1]
    tied = _tied(field)
    if len(tied) < 2:
        return []
    words = (
        "It cannot be told from the others that are left" if field.race.rules.aim == "best" else "It is on the front"
    )
    return [
        event("more_seeds", field.last, f"{words}: seed {seeds[len(runner.seeds) + 1]} is run as well.", runner.label)
        for runner in open_ones
        if runner.label in tied
    ]


def _tied(field: Field) -> set[str]:
    """Those that may be the best by all that was seen; for the front everybody who is left."""
    found = {runner.label: one for runner in field.staying if (one := performance(field, seed_tasks(field, runner)))}
    if field.race.rules.aim == "front" or not found:
        return set(found)
    best = max(found, key=lambda name: found[name].overall)
    return {name for name, one in found.items() if name == best or paired_difference(found[best], one).is_tie}


def finish(field: Field) -> Event:
    """The end of the race, with who won it."""
    short = [one.label for one in field.runners.values() if one.out and one.out.what == "unaffordable"]
    found = {runner.label: one for runner in field.staying if (one := performance(field, seed_tasks(field, runner)))}
    said = []
    if found:
        best = max(found, key=lambda name: found[name].overall)
        said.append(f"{best} is the best on validation: {metric_told(metric_of(field), found[best].overall)}")
        others = sorted(_tied(field) - {best}) if field.race.rules.aim == "best" else []
        if others:
            said.append(f"{', '.join(others)} cannot be told from it")
    else:
        said.append("No candidate has been run on all texts")
    if short:
        said.append(f"the budget did not pay for {', '.join(short)}")
    elif any(runner.cut_short for runner in field.staying):
        said.append("the budget did not pay for more seeds")
    return event("finished", field.last, "; ".join(said) + ".")


def _round_words(field: Field, number: int, ran: int, out: int) -> str:
    seen = field.race.rounds[number]
    texts = "all texts" if number == field.last else f"{seen.train:,} training and {seen.validation:,} validation texts"
    stay = f"{ran - out} stay" if ran - out != 1 else "1 stays"
    said = "nobody was dropped" if not out else f"{out} {'was' if out == 1 else 'were'} dropped, {stay}"
    return (
        f"Round {number + 1} of {field.last + 1}: {ran} {'candidate' if ran == 1 else 'candidates'} on {texts}; {said}."
    )


def _spend(field: Field, home: Home) -> dict[str, float]:
    """What answering costs, by candidate: in money where all of it is known, else energy, else time."""
    price, rows = pricing(load_preferences(home)), {}
    for runner in field.staying:
        usage = _predicted(field, runner)
        if usage is None or not usage.texts:
            continue
        figures = (price(usage, runner.entry.candidate.model).usd, usage.kwh, usage.wall_seconds)
        rows[runner.label] = tuple(None if figure is None else figure / usage.texts for figure in figures)
    place = next((place for place in range(3) if all(row[place] is not None for row in rows.values())), 2)
    return {name: row[place] or 0.0 for name, row in rows.items()}


def _predicted(field: Field, runner: Runner):  # type: ignore[no-untyped-def]
    """The usage of answering of the newest run that has shown something."""
    for number in range(field.stage(runner), -1, -1):
        task = field.task(runner, number)
        if field.done(task):
            return RunFolder(field.home.runs / task.run_id).usage.get("predict")
    return None


def _plain(value: float) -> float | None:
    return None if isnan(value) else float(value)
