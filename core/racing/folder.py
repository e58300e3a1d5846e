"""The folder of a race: what it is, what was decided, and which runs it has asked for.

race.json       the race (`Race`)
events.jsonl    what was decided, in order (`Event`); always written whole, so that a decision is there or is not
asked.jsonl     each run when it was queued, with what it had used before
full.json       what a run on all texts would take, by candidate: estimates
.lock           held by whoever decides
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core import files
from core.errors import TradeoffError, unknown
from core.home import Home
from core.racing.records import Event, Race, Saved
from core.runs import PLAIN_ID
from core.spec import Record

ENDINGS = ("finished", "stopped")


class Asked(Record):
    """A run that the race queued: for whom, in which round, how often its candidate had been resumed, and what it had
    used by then, and before the race first asked for it."""

    run: str
    candidate: str
    round: int
    resumed: int = 0
    then: Saved = Saved(seconds=0.0, usd=0.0, kwh=0.0)
    before: Saved = Saved(seconds=0.0, usd=0.0, kwh=0.0)


@dataclass(frozen=True)
class RaceFolder:
    """A race on disk."""

    path: Path

    @property
    def race(self) -> Race:
        """What is raced.

        Raises:
            TradeoffError: race.json is absent or damaged.
        """
        try:
            return Race(**files.read_json(self.path / "race.json"))
        except (TypeError, ValidationError):
            raise TradeoffError(
                f"The race {self.path.name} cannot be read", str(self.path / "race.json"),
                "Delete it, then start it again: its runs stay.",
            ) from None  # fmt: skip

    def write_race(self, race: Race) -> None:
        """Write race.json."""
        files.write_json(self.path / "race.json", race.model_dump(mode="json"))

    @property
    def events(self) -> list[Event]:
        """What was decided, in order; a line that cannot be read is passed over."""
        return list(_records(self.path / "events.jsonl", Event))

    def tell(self, more: Sequence[Event]) -> None:
        """Add events, all of them or none."""
        if more:
            lines = [event.model_dump_json() for event in (*self.events, *more)]
            files.write_through(
                self.path / "events.jsonl", lambda part: part.write_text("\n".join(lines) + "\n", encoding="utf-8")
            )

    @property
    def asked(self) -> list[Asked]:
        """The runs that were asked for, in order: the last word on each, with what it had used before the first."""
        found: dict[str, Asked] = {}
        for one in _records(self.path / "asked.jsonl", Asked):
            before = found[one.run].before if one.run in found else one.before
            found[one.run] = one.model_copy(update={"before": before})
        return list(found.values())

    def note(self, asked: Asked) -> None:
        """Note a run that was queued."""
        files.append_jsonl(self.path / "asked.jsonl", [asked.model_dump(mode="json")])

    @property
    def full(self) -> dict[str, Saved]:
        """What a run on all texts would take, by candidate."""
        content = files.read_json(self.path / "full.json", {})
        return {name: Saved(**one) for name, one in content.items()}

    def write_full(self, full: dict[str, Saved]) -> None:
        """Write full.json."""
        files.write_json(self.path / "full.json", {name: one.model_dump() for name, one in full.items()})

    def lock(self, wait_seconds: float = 0.0) -> AbstractContextManager[bool]:
        """To be held by whoever decides."""
        return files.held(self.path / ".lock", wait_seconds)

    def remove(self) -> None:
        """Remove the race, first its mark as one. Its runs stay."""
        (self.path / "race.json").unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)


def race_folders(home: Home) -> list[RaceFolder]:
    """Every race, by name."""
    if not home.races.is_dir():
        return []
    return [RaceFolder(path) for path in sorted(home.races.iterdir()) if (path / "race.json").exists()]


def find_race(home: Home, race_id: str) -> RaceFolder:
    """The race called `race_id`, or the only one whose id starts with it.

    Raises:
        TradeoffError: there is none, or several.
    """
    names = {place.path.name: place for place in race_folders(home)}
    if PLAIN_ID.fullmatch(race_id) and race_id in names:
        return names[race_id]
    matches = [name for name in names if race_id and name.startswith(race_id)]
    if len(matches) != 1:
        raise unknown("race" if not matches else f"single race among {len(matches)} called", race_id, names)
    return names[matches[0]]


def any_open(home: Home) -> bool:
    """Whether a race goes on, so that a worker is needed."""
    return any(ended(place.events) is None for place in race_folders(home))


def ended(events: Sequence[Event]) -> Event | None:
    """The event that ended the race, unless it goes on since."""
    for event in reversed(events):
        if event.what in ENDINGS:
            return event
        if event.what == "resumed":
            return None
    return None


def _records(path: Path, kind: type[Any]) -> Iterator[Any]:
    for record in files.read_jsonl(path):
        try:
            yield kind(**record)
        except ValidationError:
            continue
