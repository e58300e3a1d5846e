"""All races of a data folder go on: called again and again, so what has not changed costs a few looks at files."""

import os
from contextlib import suppress
from pathlib import Path

from core.home import Home
from core.racing.folder import RaceFolder, ended, race_folders

Mark = tuple[int, ...]
_seen: dict[Path, tuple[Mark, bool]] = {}


def advance(home: Home) -> bool:
    """Decide what can be decided and queue what is next; whether any race still goes on.

    Raises:
        TradeoffError: something cannot be read or written now; the other races went on.
    """
    going, trouble = False, None
    for place in race_folders(home):
        mark = _mark(home, place)
        known = _seen.get(place.path)
        if known and known[0] == mark:
            going |= known[1]
            continue
        try:
            open_now = _advanced(home, place)
        except Exception as error:
            trouble, open_now = error, True
        else:
            if open_now is not None:
                _seen[place.path] = (_mark(home, place), open_now)
        going |= open_now is not False
    if trouble is not None:
        raise trouble
    return going


def _advanced(home: Home, place: RaceFolder) -> bool | None:
    """Whether the race goes on; None where somebody else decides just now."""
    from core.racing.steps import take_steps

    if ended(place.events) is not None:
        return False
    with place.lock() as mine:
        return take_steps(home, place) if mine else None


def _mark(home: Home, place: RaceFolder) -> Mark:
    """Of all that decisions hang on: the race's files and the states of its runs."""
    found = [_stamp(place.path / name) for name in ("race.json", "events.jsonl", "asked.jsonl")]
    with suppress(OSError):
        found += [_stamp(home.runs / one.run / "state.json") for one in place.asked]
    return tuple(found)


def _stamp(path: Path) -> int:
    try:
        status = os.stat(path)
    except OSError:
        return 0
    return status.st_mtime_ns ^ status.st_ino
