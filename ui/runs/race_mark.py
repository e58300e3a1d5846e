"""What a race decided about a run that was set aside: dropped when and why, and the way to the race."""

from functools import lru_cache
from pathlib import Path

import streamlit as st

from core.portion import asked_portion
from core.racing.folder import RaceFolder
from core.racing.records import Event
from ui.data import Run
from ui.messages import plain
from ui.navigation import link
from ui.session import home

OUT = ("dropped", "unaffordable")


def race_of(run: Run) -> str:
    """The id of the race that asked for a run that was set aside; empty where there is none, or it is gone."""
    if run.status != "paused":
        return ""
    race_id = asked_portion(run.folder).get("race")
    return race_id if isinstance(race_id, str) and (home().races / race_id / "race.json").exists() else ""


def fate_words(run: Run) -> str:
    """`Dropped by its race in round 1`, for a list; empty where no race has decided."""
    event = _fate(run)
    if event is None:
        return ""
    did = "Dropped by its race" if event.what == "dropped" else "Its race's budget was spent"
    return f"{did} in round {event.round + 1}"


def race_line(run: Run) -> None:
    """Why the race dropped the run's candidate, and a link to the race; nothing where the run is of none."""
    race_id = race_of(run)
    if not race_id:
        return
    event = _fate(run)
    words = f"{fate_words(run)}: {event.why}" if event else "It was run for a round of a race, on a part of the texts."
    st.markdown(f":material/sports_score: {plain(words)}")
    link("race", "Show the race, or resume the candidate in it", race=race_id, candidate=run.summary.spec.label)


def _fate(run: Run) -> Event | None:
    race_id = race_of(run)
    if not race_id:
        return None
    folder = home().races / race_id
    try:
        stamp = (folder / "events.jsonl").stat().st_mtime_ns
    except OSError:
        return None
    return _fates(str(folder), stamp).get(run.summary.spec.label)


@lru_cache(maxsize=64)
def _fates(folder: str, stamp: int) -> dict[str, Event]:  # noqa: ARG001
    """The event by which each candidate is out, by its label; `stamp` only tells that the file is the same."""
    found: dict[str, Event] = {}
    for event in RaceFolder(Path(folder)).events:
        if event.what in OUT and event.candidate:
            found[event.candidate] = event
        elif event.what == "resumed":
            found = {name: one for name, one in found.items() if not _back(event, name, one)}
    return found


def _back(resumed: Event, name: str, out: Event) -> bool:
    """Whether a person took a candidate back; with a raised budget all come back that it did not pay for."""
    return name == resumed.candidate or (not resumed.candidate and out.what == "unaffordable")
