"""What runs of a race have used and will take: seconds, money and energy side by side."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from core.estimating.estimate import Estimate
from core.findings.results import pricing, summary_of
from core.findings.spending import entry
from core.home import Home
from core.planning import estimates
from core.preferences import load as load_preferences
from core.racing.field import Field, Task
from core.racing.records import Budget, Saved
from core.runs import RunFolder

FIGURES = ("seconds", "usd", "kwh")
SAID = {"minutes": "minutes", "usd": "USD", "kwh": "kWh"}


def total(amounts: Iterable[Saved], strict: bool = True) -> Saved:
    """The sum, figure by figure; `strict`: unknown where a part is, else the sum of what is known."""
    found, sums = list(amounts), {}
    for name in FIGURES:
        values = [getattr(one, name) for one in found]
        known = [value for value in values if value is not None]
        sums[name] = sum(known) if len(known) == len(values) or (known and not strict) else None
    return Saved(**sums)


def less(whole: Saved, part: Saved) -> Saved:
    """What is left of `whole`, never below 0; unknown where either is."""
    left = {}
    for name in FIGURES:
        a, b = getattr(whole, name), getattr(part, name)
        left[name] = None if a is None or b is None else max(0.0, a - b)
    return Saved(**left)


def times(one: Saved, count: float) -> Saved:
    """The amount so many times."""
    return Saved(**{name: None if (value := getattr(one, name)) is None else value * count for name in FIGURES})


def used(home: Home, run_id: str) -> Saved:
    """What a run has used so far, its start included; zero for one that has not begun or is gone."""
    folder = RunFolder(home.runs / run_id)
    stamp = _stamp(folder.path)
    return _used(home, run_id, stamp) if stamp else Saved(seconds=0.0, usd=0.0, kwh=0.0)


@lru_cache(maxsize=4096)
def _used(home: Home, run_id: str, stamp: tuple[int, ...]) -> Saved:  # noqa: ARG001
    """By the files that it is read from: `stamp` only tells that they are the same."""
    folder = RunFolder(home.runs / run_id)
    state = folder.state
    try:
        found = entry(home, folder, summary_of(folder), state, pricing(load_preferences(home))) if state else None
    except (OSError, ValueError):
        found = None
    if state is None or found is None:
        return Saved(seconds=state.seconds if state else 0.0, usd=0.0, kwh=0.0)
    return Saved(seconds=max(state.seconds, found.seconds), usd=found.usd, kwh=found.kwh)


def _stamp(folder: Path) -> tuple[int, ...]:
    """Of the files that what a run has used is read from; empty where there is no run."""
    found = []
    names = ["state.json", "usage.json", "../../preferences.json", "checkpoints/requests.jsonl"]
    if not (folder / "state.json").exists():
        return ()
    paths = [folder / name for name in names] + sorted((folder / "parts").glob("usage-*.json"))
    for path in paths:
        try:
            status = path.stat()
            found.append(status.st_mtime_ns ^ status.st_ino)
        except OSError:
            found.append(0)
    return tuple(found)


def under_way(field: Field, task: Task, whole: Saved) -> Saved:
    """What an open run is still to use of what was expected when it was asked for."""
    asked = next((one for one in field.asked if one.run == task.run_id), None)
    return less(whole, less(used(field.home, task.run_id), asked.then)) if asked else whole


def spent(field: Field) -> Saved:
    """By all runs of the race together, since it asked for them."""
    return total(less(used(field.home, one.run), one.before) for one in field.asked)


def spent_on(field: Field, label: str) -> Saved:
    """By the runs of a candidate."""
    return total(less(used(field.home, one.run), one.before) for one in field.asked if one.candidate == label)


def expected(field: Field, tasks: Sequence[Task], whole: bool = False) -> list[Saved]:
    """What is still to be used by runs that are to be done; unknown where it cannot be estimated.

    `whole`: by runs of which nothing is there yet.
    """
    counts = [{} if whole else _texts(field, task) for task in tasks]
    found = estimates(field.home, [task.spec for task in tasks], counts)
    return [_saved(one) for one in found]


def _texts(field: Field, task: Task) -> dict[str, int]:
    """Texts of each split that are still to be answered."""
    there = field.answered(task.run_id)
    if task.portion is None:
        return {"validation": max(0, field.race.rounds[-1].validation - there)} if there else {}
    return {"validation": max(0, task.portion - there), "test": 0}


def _saved(found: Estimate | None) -> Saved:
    return Saved(seconds=found.seconds, usd=found.usd, kwh=found.kwh) if found else Saved()


def beyond(budget: Budget, parts: Iterable[Saved]) -> str:
    """Which limit these amounts would pass together, in words; empty when none. What is unknown passes none."""
    whole = total(parts, strict=False)
    limits = {
        "minutes": (budget.minutes, None if whole.seconds is None else whole.seconds / 60),
        "usd": (budget.usd, whole.usd),
        "kwh": (budget.kwh, whole.kwh),
    }
    for name, (most, value) in limits.items():
        if most is not None and value is not None and value > most:
            return SAID[name]
    return ""
