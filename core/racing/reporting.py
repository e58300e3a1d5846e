"""A race as it stands now, from its folder and its run folders: quick, since pages ask again and again."""

from core.home import Home
from core.methods import METHODS
from core.racing.amounts import spent, spent_on, times, total, used
from core.racing.deciding import metric_of, seed_tasks, seen_now
from core.racing.field import Field, Runner
from core.racing.folder import find_race
from core.racing.records import Position, RaceReport, Saved, Seen, Standing
from core.racing.steps import leader

PLACES: tuple[Position, ...] = ("finished", "running", "in", "waiting", "unaffordable", "failed", "dropped")


def report(home: Home, race_id: str) -> RaceReport:
    """A race as it stands.

    Raises:
        TradeoffError: there is no such race, or it cannot be read.
    """
    place = find_race(home, race_id)
    field = Field.of(home, place)
    full = place.full
    found = [_standing(field, runner, full.get(runner.label, Saved())) for runner in field.runners.values()]
    known = {one.run for one in field.asked}
    reused = [task.run_id for runner in field.runners.values() for task in [*field.due(runner)]
              if task.run_id not in known and field.done(task)]  # fmt: skip
    return RaceReport(
        race=field.race, status=_status(field), round=min(field.decided, field.last), rounds=field.last + 1,
        metric=metric_of(field), standings=tuple(sorted(found, key=_rank)), events=tuple(field.events),
        spent=spent(field), full_grid=_full_grid(field, full), reused=tuple(dict.fromkeys(reused)),
        risk_taken=field.taken, leader=_leader(field, found),
    )  # fmt: skip


def _status(field: Field):  # type: ignore[no-untyped-def]
    end = field.ended
    if end is None:
        return "running"
    if end.what == "stopped":
        return "stopped"
    short = any(one.cut_short or (one.out and one.out.what == "unaffordable") for one in field.runners.values())
    return "out of budget" if short else "finished"


def _standing(field: Field, runner: Runner, full: Saved) -> Standing:
    now = seen_now(field, runner)
    told = [one.seen[runner.label] for one in field.events if one.what == "round" and runner.label in one.seen]
    history = {one.round: one for one in [*([now] if now else []), *told]}
    if now and now.round in history:
        history[now.round] = now.model_copy(update={"chance": history[now.round].chance})
    rounds = [history[number] for number in sorted(history)]
    last = rounds[-1] if rounds else Seen(round=-1)
    chance = next((one.chance for one in reversed(rounds) if one.chance is not None), None)
    out = runner.out
    left = max(0, len(field.race.experiment.seeds) - len(seed_tasks(field, runner)))
    return Standing(
        candidate=runner.label, family=METHODS[runner.entry.candidate.method].family, position=_position(field, runner),
        round=last.round, texts=last.texts, validated=last.validated, quality=last.quality, low=last.low,
        high=last.high, chance=out.chance if out and out.chance is not None else chance, history=tuple(rounds),
        runs=_runs(field, runner), spent=spent_on(field, runner.label),
        saved=times(full, left) if out or field.ended else Saved(), why=out.why if out else "",
    )  # fmt: skip


def _runs(field: Field, runner: Runner) -> tuple[str, ...]:
    tasks = [field.task(runner, number) for number in range(field.last + 1)]
    ids = [*(task.run_id for task in tasks), *(task.run_id for task in field.due(runner))]
    return tuple(dict.fromkeys(run for run in ids if field.state(run) is not None))


def _position(field: Field, runner: Runner) -> Position:
    if runner.out:
        if runner.out.what == "unaffordable":
            return "unaffordable"
        return "dropped" if runner.out.chance is not None else "failed"
    left = [task for task in field.due(runner) if not field.done(task) and not field.lost(runner, task)]
    if any((state := field.state(task.run_id)) and state.status == "running" for task in left):
        return "running"
    if left:
        return "waiting"
    return "finished" if field.done(field.task(runner, field.last)) else "in"


def _rank(one: Standing) -> tuple[bool, float, float, int]:
    """The likeliest winner first, those that are out last, the first dropped at the very end."""
    out = one.position in ("unaffordable", "failed", "dropped")
    return (
        out,
        -one.round if out else 0.0,
        -(one.chance or 0.0),
        -1 if one.quality is None else -round(one.quality * 1e6),
    )


def _leader(field: Field, found: list[Standing]) -> str:
    """Who is ahead: by quality among those that have run on all texts, else by the chance to win."""
    whole = [one for one in found if one.position == "finished" and one.quality is not None]
    if whole and field.decided > field.last:
        return max(whole, key=lambda one: one.quality or 0.0).candidate
    return leader(field)


def _full_grid(field: Field, full: dict[str, Saved]) -> Saved:
    """What all candidates and seeds on all texts would take."""
    parts = []
    for runner in field.runners.values():
        done = [used(field.home, task.run_id) for task in seed_tasks(field, runner)]
        rest = len(field.race.experiment.seeds) - len(done)
        parts += [*done, times(full.get(runner.label, Saved()), rest)]
    return total(parts)
