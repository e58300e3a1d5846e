"""All races of a data folder go on: called again and again, so what has not changed costs a few looks at files."""

import os
import time
from pathlib import Path

from core.home import Home
from core.racing.folder import RaceFolder, ended, race_folders

LOOK_AGAIN_SECONDS = 5.0
"""A race that goes on is looked at so often at least: it may wait for a run that somebody else has queued."""
Mark = tuple[int, ...]
_seen: dict[Path, tuple[Mark, bool, float]] = {}


def advance(home: Home) -> bool:
    """Decide what can be decided and queue what is next; whether any race still goes on.

    Raises:
        TradeoffError: something cannot be read or written now; the other races went on.
    """
    going, trouble = False, None
    for place in race_folders(home):
        try:
            going |= _looked_at(home, place)
        except Exception as error:
            trouble, going = error, True
    if trouble is not None:
        raise trouble
    return going


def _looked_at(home: Home, place: RaceFolder) -> bool:
    """Whether a race goes on; nothing is done where nothing has changed."""
    mark, known = _mark(home, place), _seen.get(place.path)
    if known and known[0] == mark and (not known[1] or time.monotonic() - known[2] < LOOK_AGAIN_SECONDS):
        return known[1]
    going = _advanced(home, place)
    # The mark of before: what changed meanwhile is looked at the next time.
    _seen[place.path] = (mark, going is not False, time.monotonic())
    return going is not False


def _advanced(home: Home, place: RaceFolder) -> bool | None:
    """Whether the race goes on; None where somebody else decides just now."""
    from core.racing.steps import take_steps

    if ended(place.events) is not None:
        return False
    with place.lock() as mine:
        return take_steps(home, place) if mine else None


def _mark(home: Home, place: RaceFolder) -> Mark:
    """Of all that decisions hang on: the race's files and, while it goes on, the states of its runs."""
    found = [_stamp(place.path / name) for name in ("race.json", "events.jsonl", "asked.jsonl")]
    known = _seen.get(place.path)
    if known is None or known[1]:
        found += [_stamp(home.runs / one.run / "state.json") for one in place.asked]
    return tuple(found)


def _stamp(path: Path) -> int:
    try:
        status = os.stat(path)
    except OSError:
        return 0
    return status.st_mtime_ns ^ status.st_ino
