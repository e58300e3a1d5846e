"""What the Race page reads: the races, the report of one, and the marks of its candidates."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core import racing
from core.racing.records import Race, RaceReport
from ui.session import home


def all_races() -> list[Race]:
    """Every race, the newest first."""
    return sorted(racing.races(home()), key=lambda race: race.launched_at, reverse=True)


def report_of(race_id: str) -> RaceReport:
    """A race as it stands now."""
    return racing.report(home(), race_id)


def name_of(race: Race) -> str:
    """A race as a list names it: `trec · 7 candidates · 21 Nov 12:04`."""
    count = len(race.entries)
    began = f"{datetime.fromisoformat(race.launched_at).astimezone(visitor_zone()):%-d %b %H:%M}"
    return f"{race.experiment.dataset} · {count} candidate{'' if count == 1 else 's'} · {began}"


def visitor_zone() -> ZoneInfo:
    """The time zone of the visitor's browser; UTC where it is not known."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def methods_of(race: Race) -> dict[str, str]:
    """The method of each candidate by its label, for its mark."""
    return {entry.label: entry.candidate.method for entry in race.entries}
