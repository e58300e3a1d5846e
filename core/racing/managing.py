"""Starting, stopping and going on with races: what people do to them."""

import hashlib
import json
import math

from core import files, trash
from core.clients.checks import check_providers
from core.clients.spending import set_cap
from core.data.dataset import DatasetInfo, load_dataset
from core.errors import TradeoffError, unknown
from core.home import Home
from core.people import who
from core.planning import specs
from core.racing.deciding import event
from core.racing.field import Field
from core.racing.folder import RaceFolder, ended, find_race, race_folders
from core.racing.records import Budget, Race, Round, Rules
from core.racing.steps import refresh_full, stop_all
from core.spec import Experiment, RunSpec, slug
from core.worker import ensure_worker

LEAST_TRAIN, LEAST_VALIDATION = 20, 30
"""Texts of a round, at least, where there are so many."""
LOCK_SECONDS = 30.0


def start(home: Home, experiment: Experiment, budget: Budget | None = None, rules: Rules | None = None) -> Race:
    """Start a race, or go on with the one of the same experiment and rules: with a larger budget it is taken up again.

    Raises:
        TradeoffError: the experiment cannot be raced (fewer than two candidates, train sizes of its own, several
            datasets), or see `core.planning.specs` and `core.launch.launch`.
    """
    budget, rules = budget or Budget(), rules or Rules()
    made = _race(home, experiment, budget, rules)
    place = RaceFolder(home.races / made.id)
    if (place.path / "race.json").exists():
        return go_on(home, made.id, budget)
    check_providers(home, made.entries, _most_usd(experiment, budget))
    _cap(home, made)
    place.path.mkdir(parents=True, exist_ok=True)
    place.write_race(made)
    return go_on(home, made.id)


def races(home: Home) -> list[Race]:
    """Every race, the newest first; one that cannot be read is passed over."""
    found = []
    for place in race_folders(home):
        try:
            found.append(place.race)
        except TradeoffError:
            continue
    return sorted(found, key=lambda race: race.launched_at, reverse=True)


def go_on(home: Home, race_id: str, budget: Budget | None = None) -> Race:
    """Go on with a race that ended or was stopped, under another budget where one is given. One that goes on does so.

    Raises:
        TradeoffError: there is no such race, or its folder cannot be written.
    """
    place = find_race(home, race_id)
    with place.lock(LOCK_SECONDS) as mine:
        _mine(mine, place)
        race, end = place.race, ended(place.events)
        raised = budget is not None and budget != race.budget
        if raised and budget is not None:
            race = race.model_copy(update={"budget": budget})
            place.write_race(race)
            _cap(home, race)
        field = Field.of(home, place)
        if not field.events:
            _begin(place, field)
        short = any(one.cut_short or (one.out and one.out.what == "unaffordable") for one in field.runners.values())
        if (end and end.what == "stopped") or (raised and short):
            said = f"It goes on with {_budget_words(race.budget)}." if raised else "A person let it go on."
            place.tell([event("resumed", field.decided, said)])
    ensure_worker(home)
    return race


def _begin(place: RaceFolder, field: Field) -> None:
    seen, names = field.race.rounds[0], len(field.race.entries)
    told = f"{names} candidates start on {seen.train:,} training and {seen.validation:,} validation texts."
    place.tell([event("started", 0, told)])
    refresh_full(field, place)


def resume_candidate(home: Home, race_id: str, label: str) -> Race:
    """Take a candidate back that was dropped, was not affordable or failed: it is run on all texts.

    Raises:
        TradeoffError: there is no such race or candidate, or it is still in.
    """
    place = find_race(home, race_id)
    with place.lock(LOCK_SECONDS) as mine:
        _mine(mine, place)
        field = Field.of(home, place)
        if label not in field.runners:
            raise unknown(f"candidate of {place.path.name}", label, field.runners)
        if field.runners[label].out is None:
            raise TradeoffError(f"{label} is still in the race", place.path.name, "Nothing needs to be done.")
        place.tell([event("resumed", field.decided, "A person took it back: it is run on all texts.", label)])
    ensure_worker(home)
    return field.race


def stop(home: Home, race_id: str) -> Race:
    """End a race: its open runs are set aside, all that was answered is kept, and `go_on` goes on with it.

    Raises:
        TradeoffError: there is no such race, or its folder cannot be written.
    """
    place = find_race(home, race_id)
    with place.lock(LOCK_SECONDS) as mine:
        _mine(mine, place)
        if ended(place.events) is None:
            place.tell([event("stopped", Field.of(home, place).decided, "A person stopped it.")])
        stop_all(home, place)
    return place.race


def delete(home: Home, race_id: str) -> None:
    """Move a race to the trash (see `restore`); its runs stay as they are, set aside where they were open.

    Raises:
        TradeoffError: there is no such race, or it cannot be moved.
    """
    place = find_race(home, race_id)
    stop(home, place.path.name)
    trash.put_folder(home, place.path)


def restore(home: Home, race_id: str) -> Race:
    """Undo the delete of a race: it comes back as stopped.

    Raises:
        TradeoffError: it is not in the trash, or the race exists again.
    """
    place = RaceFolder(home.races / race_id)
    if (place.path / "race.json").exists():
        raise TradeoffError(f"{race_id} exists again", remedy="Delete that one first.")
    trash.take_folder_back(home, place.path)
    return place.race


def _race(home: Home, experiment: Experiment, budget: Budget, rules: Rules) -> Race:
    if experiment.with_datasets:
        raise TradeoffError("A race is over one dataset", ", ".join(experiment.with_datasets), "Leave out the others.")
    if experiment.train_sizes != [None]:
        raise TradeoffError("A race chooses the train sizes by itself", remedy="Leave them out.")
    entries = specs(home, experiment.model_copy(update={"seeds": experiment.seeds[:1]}))
    if len(entries) < 2:
        raise TradeoffError("A race needs two candidates at least", remedy="Add one, or launch the run as it is.")
    info = load_dataset(home, experiment.dataset).info
    experiment = experiment.model_copy(update={"seeds": list(dict.fromkeys(experiment.seeds))})
    return Race(
        id=_race_id(entries, experiment, rules), launched_at=files.now(), launched_by=who(), experiment=experiment,
        budget=budget, rules=rules, entries=tuple(entries), rounds=rounds_of(rules, info),
    )  # fmt: skip


def rounds_of(rules: Rules, info: DatasetInfo) -> tuple[Round, ...]:
    """The rounds on a dataset; those that a small one makes alike are one."""
    train, validation = info.counts["train"], info.counts["validation"]
    least = max(LEAST_TRAIN, 2 * len(info.labels))
    found = [
        Round(
            train=min(train, max(least, math.ceil(share * train))),
            validation=min(validation, max(LEAST_VALIDATION, math.ceil(share * validation))),
        )
        for share in rules.shares[:-1]
    ]
    return tuple(dict.fromkeys([*found, Round(train=train, validation=validation)]))


def _race_id(entries: list[RunSpec], experiment: Experiment, rules: Rules) -> str:
    content = json.dumps([[one.run_id for one in entries], experiment.seeds, rules.model_dump()], sort_keys=True)
    return f"{slug(experiment.dataset)}.{hashlib.sha256(content.encode()).hexdigest()[:10]}"


def _most_usd(experiment: Experiment, budget: Budget) -> float | None:
    known = [limit for limit in (experiment.max_usd, budget.usd) if limit is not None]
    return min(known) if known else None


def _cap(home: Home, race: Race) -> None:
    """Providers bill no more than the budget, whatever was estimated."""
    asking = [one for one in race.entries if one.device == "api"]
    runs = [one.model_copy(update={"seed": seed}).run_id for one in asking for seed in race.experiment.seeds]
    set_cap(home, runs, _most_usd(race.experiment, race.budget))


def _budget_words(budget: Budget) -> str:
    said = [f"{value:g} {name}" for name, value in
            (("minutes", budget.minutes), ("USD", budget.usd), ("kWh", budget.kwh)) if value is not None]  # fmt: skip
    return f"a budget of {', '.join(said)}" if said else "no limit"


def _mine(mine: bool, place: RaceFolder) -> None:
    if not mine:
        raise TradeoffError("The race is being decided upon", place.path.name, "Try again in a moment.")
