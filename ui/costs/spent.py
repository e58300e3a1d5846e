"""What all runs have used so far, as pages tell it. Light: no chart is loaded for it."""

from core import format as f
from core.findings.results import pricing
from core.findings.spending import Entry, entry
from core.preferences import load as load_preferences
from core.runs import AT_REST
from ui import data
from ui.session import home

_kept: dict[str, tuple[data.Run, str, Entry | None]] = {}
"""Of each run folder: the run as it was read, the prices, and what it used."""


def spent_entries() -> list[Entry]:
    """What each run that is here has used; of runs that have ended it is computed once for the same prices."""
    root, preferences = home(), load_preferences(home())
    price = pricing(preferences)
    prices = preferences.model_dump_json(include={"device_prices", "token_prices", "endpoints"})
    found = []
    for run in data.all_runs():
        key = str(run.folder.path)
        kept = _kept.get(key)
        if kept is None or kept[0] is not run or kept[1] != prices or run.status not in AT_REST:
            kept = _kept[key] = (run, prices, entry(root, run.folder, run.summary, run.state, price))
        if kept[2]:
            found.append(kept[2])
    return found


def known_and_unknown(told: str, unknown: int) -> str:
    """A sum of what is known, with the number of runs whose figure is not."""
    return f"{told} + {unknown} unknown" if unknown and told != f.UNKNOWN else told
