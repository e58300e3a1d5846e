"""How a race goes on: by looking at its folder and its runs, never by anything that is only in memory.

Whoever has the race's lock takes one step after the other until it has to wait for a run. A step writes what it decided
before anybody acts on it, and acting twice on it does nothing more, so it does not matter where a process is killed.
"""

import math

from core.home import Home
from core.launch import places_in_line, queue_again
from core.portion import ask_portion, asked_portion
from core.processes import end_processes
from core.racing.amounts import beyond, expected, spent, under_way, used
from core.racing.deciding import event, finish, judged, more_seeds, unspent
from core.racing.field import Field, Runner, Task
from core.racing.folder import Asked, RaceFolder
from core.racing.records import Event, Saved
from core.runs import RunFolder, create_run

MOST_STEPS = 1000
STOP_SECONDS = 5.0
SET_ASIDE = "Set aside: its race was stopped, or its budget is spent"
GOES_ON = "Resume takes it to the end; what it has answered is kept."
Due = tuple[Runner, Task]


def take_steps(home: Home, place: RaceFolder) -> bool:
    """Take steps until a run must be waited for (true) or the race is over (false).

    Raises:
        TradeoffError: something cannot be read or written now.
    """
    for _ in range(MOST_STEPS):
        field = Field.of(home, place)
        if field.ended is not None:
            return False
        if not _step(home, place, field):
            return True
    return True


def _step(home: Home, place: RaceFolder, field: Field) -> bool:
    """One step; false when there is nothing to do but wait."""
    due = [(runner, task) for runner in field.staying for task in field.due(runner)]
    if _note_queued(place, field, due):
        return True
    losses = _losses(field)
    if losses:
        place.tell(losses)
        return True
    left = [(runner, task) for runner, task in due if not field.done(task) and not field.lost(runner, task)]
    if left:
        return _work(home, place, field, left)
    place.tell(_decision(home, place, field))
    return True


def _decision(home: Home, place: RaceFolder, field: Field) -> list[Event]:
    if not field.staying:
        return [finish(field)]
    if field.decided <= field.last:
        refresh_full(field, place)
        return judged(field, home)
    return more_seeds(field) or [finish(field)]


def refresh_full(field: Field, place: RaceFolder) -> None:
    """Estimate again what runs on all texts take, and take what was measured where they have finished."""
    runners = list(field.runners.values())
    tasks = [field.task(runner, field.last) for runner in runners]
    guesses = expected(field, tasks, whole=True)
    full, before = {}, place.full
    for runner, task, guess in zip(runners, tasks, guesses, strict=True):
        state = field.state(task.run_id)
        finished = state is not None and state.status == "finished"
        known = used(field.home, task.run_id) if finished else guess
        full[runner.label] = before.get(runner.label, known) if known == Saved() else known
    place.write_full(full)


def _note_queued(place: RaceFolder, field: Field, due: list[Due]) -> bool:
    """Note runs that were queued by someone who was killed before noting it."""
    known = {one.run for one in field.asked}
    found = False
    for runner, task in due:
        if task.run_id in known or field.state(task.run_id) is None:
            continue
        mark = asked_portion(RunFolder(field.home.runs / task.run_id))
        if mark.get("race") == field.race.id:
            before = Saved(**mark.get("before", {}))
            place.note(Asked(run=task.run_id, candidate=runner.label, round=task.round, resumed=runner.resumed,
                             then=before, before=before))  # fmt: skip
            found = True
    return found


def _losses(field: Field) -> list[Event]:
    """Candidates whose run failed, was cancelled or deleted; a further seed that is lost costs nobody the race."""
    found = []
    for runner in field.staying:
        task = field.due(runner)[0]
        why = "" if field.done(task) else field.lost(runner, task)
        if why:
            found.append(event("dropped", task.round, why, runner.label, saved=unspent(field, runner)))
    return found


def _work(home: Home, place: RaceFolder, field: Field, left: list[Due]) -> bool:
    """Queue what the budget pays for; whether anything was done."""
    budget, waiting = field.race.budget, [row for row in left if not field.is_open(row[1])]
    busy = [row for row in left if field.is_open(row[1])]
    if busy and budget.is_limited and beyond(budget, [spent(field)]):
        stopped = [_stop(field, task) for _, task in busy]
        if any(stopped):
            return True
    if not waiting:
        return False
    tasks = [task for _, task in left]
    amounts = dict(zip([task.run_id for task in tasks], expected(field, tasks), strict=True))
    ordered = sorted(waiting, key=lambda row: _urgency(field, row, amounts[row[1].run_id]))
    committed = [spent(field), *(under_way(field, task, amounts[task.run_id]) for _, task in busy)]
    reserve = _reserve(field, place, left)
    asked, short = False, []
    for runner, task in ordered:
        kept = [] if runner.label == reserve[0] else [reserve[1]]
        limit = budget.is_limited and beyond(budget, [*committed, amounts[task.run_id], *kept])
        if limit:
            alone = beyond(budget, [*committed, amounts[task.run_id]])
            short.append((runner, task, limit, not alone))
            continue
        _queue(home, place, field, runner, task)
        committed.append(amounts[task.run_id])
        asked = True
    if asked or busy:  # what has run then may leave more than was expected
        return asked
    best = _straight_to_the_end(field, committed)
    if best is not None:
        _queue(home, place, field, *best)
    lost = [one for one in short if best is None or one[0].label != best[0].label]
    place.tell([_unaffordable(field, amounts[one[1].run_id], *one) for one in lost])
    return bool(short)


def _straight_to_the_end(field: Field, committed: list[Saved]) -> Due | None:
    """Where another round is too much, the leader's run on all texts if that can be paid: better one than none."""
    runner = field.runners.get(leader(field))
    if runner is None or field.stage(runner) >= field.last:
        return None
    task = field.task(runner, field.last)
    return None if beyond(field.race.budget, [*committed, *expected(field, [task])]) else (runner, task)


def _urgency(field: Field, row: Due, amount: Saved) -> tuple[float, float]:
    """The cheapest information first; of runs on all texts that of the leader."""
    runner, task = row
    leads = task.round >= field.last and runner.label == leader(field)
    return (0.0 if leads else 1.0, math.inf if amount.seconds is None else amount.seconds)


def leader(field: Field) -> str:
    """Who was likeliest to win when the last round was decided, of those who are in; empty before the first."""
    seen = next((one.seen for one in reversed(field.events) if one.what == "round" and one.seen), {})
    staying = [runner.label for runner in field.staying if runner.label in seen]
    return max(staying, key=lambda name: (seen[name].chance or 0.0, seen[name].quality or 0.0), default="")


def _reserve(field: Field, place: RaceFolder, left: list[Due]) -> tuple[str, Saved]:
    """What is kept for the leader's run on all texts (before there is one, for the cheapest), and whose it is.

    Nothing is kept once a run on all texts has finished or is queued.
    """
    whole = [field.task(runner, field.last) for runner in field.staying]
    if any(field.done(task) or (field.is_open(task) and field.is_whole(task)) for task in whole):
        return "", Saved()
    full, first = place.full, leader(field)
    if first:
        return (first if any(task.round >= field.last for _, task in left) else "", full.get(first, Saved()))
    known = [full[runner.label] for runner in field.staying if runner.label in full]
    known = [one for one in known if one.seconds is not None]
    return "", min(known, key=lambda one: one.seconds or 0.0, default=Saved())


def _queue(home: Home, place: RaceFolder, field: Field, runner: Runner, task: Task) -> None:
    folder = RunFolder(home.runs / task.run_id)
    then = used(home, task.run_id)
    ask_portion(folder, task.portion, race=field.race.id, before=then.model_dump())
    moment = places_in_line(home, 1)[0]
    create_run(home, task.spec, moment)
    queue_again(folder, moment)
    place.note(Asked(run=task.run_id, candidate=runner.label, round=task.round, resumed=runner.resumed, then=then,
                     before=then))  # fmt: skip


def _stop(field: Field, task: Task) -> bool:
    """Set a run aside that the budget does not pay for any more; whether its state has changed."""
    folder = RunFolder(field.home.runs / task.run_id)
    if asked_portion(folder).get("race") != field.race.id:
        return False  # somebody else wants it as well
    for _ in range(3):  # a worker may have started it again meanwhile
        state = folder.state
        if state is None or state.status not in ("queued", "running"):
            return False
        if state.status == "running":
            end_processes(folder, state, STOP_SECONDS)
        if folder.set_state("paused", SET_ASIDE, GOES_ON, after=("queued",)).status == "paused":
            return True
    return False


def stop_all(home: Home, place: RaceFolder) -> None:
    """Set all open runs of a race aside."""
    field = Field.of(home, place)
    for runner in field.staying:
        for task in field.due(runner):
            if field.is_open(task):
                _stop(field, task)


def _unaffordable(field: Field, amount: Saved, runner: Runner, task: Task, limit: str, kept: bool) -> Event:
    size = {"minutes": None if amount.seconds is None else f"{amount.seconds / 60:.1f} minutes",
            "USD": None if amount.usd is None else f"{amount.usd:.4f} USD",
            "kWh": None if amount.kwh is None else f"{amount.kwh:.4f} kWh"}[limit]  # fmt: skip
    needs = f"about {size}" if size else "an amount that is not known"
    beside = " beside what is kept for the leader's run on all texts" if kept else ""
    why = f"What is left of the budget in {limit} does not pay for its next run, {needs}{beside}."
    number = task.round
    return event("unaffordable", number, why, runner.label, saved=unspent(field, runner))
