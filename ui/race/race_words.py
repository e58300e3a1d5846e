"""A race in sentences: who leads, who is still in, what was spent, saved and risked."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from math import isnan

from core import format as f
from core.metric_words import metric_told
from core.racing.records import Event, RaceReport, Saved, Standing

STILL_IN = ("waiting", "running", "in", "finished")
"""Positions of candidates that may still be what the race looks for."""
OUT = ("dropped", "failed")
POSITIONS = {
    "waiting": ("○", "waiting"),
    "running": ("▶", "running"),
    "in": ("●", "still in"),
    "dropped": ("✗", "dropped"),
    "unaffordable": ("∅", "out of budget"),
    "finished": ("✓", "finished"),
    "failed": ("!", "failed"),
}
"""Sign and words of each position: never the colour alone."""
STATUS = {
    "running": (":material/play_circle:", "running", "blue"),
    "finished": (":material/check_circle:", "finished", "green"),
    "stopped": (":material/stop_circle:", "stopped", "orange"),
    "out of budget": (":material/savings:", "out of budget", "orange"),
}
"""Icon, words and colour of the state of a race."""
CHANCES = {"best": "chance to win", "front": "chance to be on the front"}
RIVAL = 0.05
"""From this chance on a candidate is told beside the leader."""
NAMED = 3
RISK_HELP = (
    "Dropping early is a bet: with more texts a candidate may have caught up. The chances of that are added up over "
    "all that were dropped; the race never takes more than what you allowed."
)
HAPPENINGS = {
    "started": (":material/flag:", "Started"),
    "round": (":material/timer:", "Round"),
    "dropped": (":material/close:", "Dropped"),
    "unaffordable": (":material/savings:", "Out of budget"),
    "resumed": (":material/replay:", "Resumed"),
    "more_seeds": (":material/casino:", "More seeds"),
    "finished": (":material/check_circle:", "Finished"),
    "stopped": (":material/stop_circle:", "Stopped"),
}
"""Icon and words of what happened."""


def position_words(position: str) -> str:
    """A position for a cell: `✗ dropped`."""
    sign, words = POSITIONS[position]
    return f"{sign} {words}"


def headline(report: RaceReport) -> str:
    """The answer of the page: who leads, who is still in, what was spent and what is left."""
    field, leader = _field(report), leader_of(report)
    spent = f"{_spent(report)}{_left(report)}"
    if leader is None:
        begun = "has no leader yet" if report.status == "running" else "ended before anybody led"
        return f"The race {begun}: {field}. {spent}"
    ahead = f"{_ahead(report, leader)}{_beside(report)}"
    if report.status == "running":
        return f"{ahead}; {field}. Round {report.round + 1} of {report.rounds}: {spent[0].lower()}{spent[1:]}"
    if report.status == "finished":
        return f"{ahead}; {field}. {spent}"
    ended = "was stopped" if report.status == "stopped" else "ran out of budget"
    return f"The race {ended} in round {report.round + 1} of {report.rounds}: {ahead}; {field}. {spent}"


def leader_of(report: RaceReport) -> Standing | None:
    """The likeliest winner; None before the first round is decided."""
    return next((one for one in report.standings if one.candidate == report.leader), None)


def _field(report: RaceReport) -> str:
    """`2 of 7 candidates are still in`; `5 of 7 candidates were dropped` once it is over."""
    every, gone = len(report.standings), sum(one.position == "dropped" for one in report.standings)
    if report.status == "running":
        still = sum(one.position in STILL_IN for one in report.standings)
        return f"{still} of {_many(every)} {'is' if still == 1 else 'are'} still in"
    return f"{gone or 'none'} of {_many(every)} {'was' if gone < 2 else 'were'} dropped"


def _many(count: int) -> str:
    return f"{count} candidate{'' if count == 1 else 's'}"


def rivals_of(report: RaceReport) -> list[Standing]:
    """Who else may still be what the race looks for, likeliest first."""
    others = (one for one in report.standings if one.candidate != report.leader and one.position not in OUT)
    return [one for one in others if (one.chance or 0.0) >= RIVAL]


def _ahead(report: RaceReport, leader: Standing) -> str:
    """`minilm-full won with 92 % ± 2`: a winner inside the noise is not crowned."""
    told = metric_told(report.metric, leader.quality, leader.low, leader.high)
    alone = report.status == "finished" and not rivals_of(report) and report.race.rules.aim == "best"
    verb = "won" if alone else "leads" if report.status == "running" else "is ahead"
    return f"{leader.candidate} {verb} with {told}"


def _beside(report: RaceReport) -> str:
    rivals = rivals_of(report)
    if not rivals:
        return ""
    names = [one.candidate for one in rivals[:NAMED]]
    more = [f"{len(rivals) - NAMED} more"] if len(rivals) > NAMED else []
    listed = _listed([*names, *more])
    if report.race.rules.aim == "front":
        return f", and {listed} may be on the front too"
    return f", not told apart from {listed}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _spent(report: RaceReport) -> str:
    """`Spent 7 min of 20 min`: of every limit, or all that is known where there is none."""
    limits = [f"{used} of {most}" for _, used, most, _ in budget_lines(report) if most]
    return f"Spent {', '.join(limits) or f'{told(report.spent)}, without a limit'}"


def _left(report: RaceReport) -> str:
    minutes, used = report.race.budget.minutes, report.spent.seconds
    if report.status != "running" or minutes is None or used is None:
        return "."
    return f", {f.duration(max(0.0, 60 * minutes - used))} left."


BudgetLine = tuple[str, str, str, float | None]
"""What, how much was used, the limit (empty: none), and the share used 0…1 (None: no limit, or unknown)."""


def budget_lines(report: RaceReport) -> list[BudgetLine]:
    """Time, money and energy: used, limit, share."""
    budget, spent = report.race.budget, report.spent
    seconds = None if budget.minutes is None else 60 * budget.minutes
    return [
        ("Time", f.duration(spent.seconds), "" if seconds is None else f.duration(seconds),
         _share(spent.seconds, seconds)),
        ("Money", f.usd(spent.usd), "" if budget.usd is None else f.usd(budget.usd), _share(spent.usd, budget.usd)),
        ("Energy", f.energy(spent.kwh), "" if budget.kwh is None else f.energy(budget.kwh),
         _share(spent.kwh, budget.kwh)),
    ]  # fmt: skip


def _share(used: float | None, most: float | None) -> float | None:
    return None if used is None or not most else used / most


def told(saved: Saved) -> str:
    """`4 min · $0.10 · 12 Wh`; what is unknown is left out, `unknown` when nothing is known."""
    parts = [
        f.duration(saved.seconds) if saved.seconds is not None else "",
        f.usd(saved.usd) if saved.usd is not None else "",
        f.energy(saved.kwh) if saved.kwh is not None else "",
    ]
    return " · ".join(part for part in parts if part) or f.UNKNOWN


def known(saved: Saved) -> bool:
    """Whether there is anything to tell."""
    return any((saved.seconds, saved.usd, saved.kwh))


def chance(share: float | None) -> str:
    """A chance, or a dash before anything was seen."""
    return "–" if share is None or isnan(share) else f.chance(share)


def moment(at: str, start: str, zone: tzinfo | None = None) -> str:
    """`12 min 20 s after the start, 12:04:30`, in the visitor's zone where it is known."""
    try:
        when, begun = datetime.fromisoformat(at), datetime.fromisoformat(start)
        passed = (when - begun).total_seconds()
        after = f"{f.duration(passed)} after the start" if passed >= 1 else "at the start"
        return f"{after}, {when.astimezone(zone):%H:%M:%S}"
    except (ValueError, TypeError):
        return at


def added(parts: Sequence[Saved]) -> Saved:
    """The sums of what is known; None where nothing is."""

    def over(name: str) -> float | None:
        known = [value for one in parts if (value := getattr(one, name)) is not None]
        return sum(known) if known else None

    return Saved(seconds=over("seconds"), usd=over("usd"), kwh=over("kwh"))


def saving_sentence(report: RaceReport) -> str:
    """What the race took beside all candidates on all texts, which is estimated where they did not run."""
    whole, used = report.full_grid.seconds, report.spent.seconds
    if not whole or used is None:
        return "What all candidates on all texts would take is not known."
    grid = f"all candidates on all texts would take about {f.duration(whole)} (estimated)"
    if report.status == "running":
        saved = added([one.saved for one in report.standings])
        so_far = f"{told(saved)} saved so far (estimated); " if saved.seconds else "Nothing saved so far; "
        return f"{so_far}{grid}."
    less = 1 - used / whole
    words = f"{f.percent(less, 0)} less" if less > 0 else f"{f.percent(-less, 0)} more"
    return f"It took {f.duration(used)}; {grid}: {words}."


def risk_sentence(report: RaceReport) -> str:
    """The risk taken against the risk allowed."""
    rules, gone = report.race.rules, sum(one.position == "dropped" for one in report.standings)
    if not gone:
        return f"No risk taken yet: nobody was dropped ({_small(rules.risk)} is allowed)."
    wanted = "have won" if rules.aim == "best" else "be on the front"
    who = "the one dropped would" if gone == 1 else f"one of the {gone} dropped would"
    return f"The chance that {who} {wanted} is {_small(report.risk_taken)}; {_small(rules.risk)} is allowed."


def _small(share: float) -> str:
    return f.percent(share, 0 if share >= 0.1 else 1)


def event_words(event: Event, rounds: int) -> tuple[str, str, str]:
    """Icon, what happened (to whom), and why, in a race of so many rounds."""
    icon, words = HAPPENINGS[event.what]
    if event.what == "round":
        words, _, why = event.why.partition(": ")
        return icon, words, why
    if event.candidate:
        if event.what == "dropped" and event.chance is None:
            icon, words = ":material/error:", "Out"
        when = f" in round {min(event.round + 1, rounds)}" if event.what in ("dropped", "unaffordable") else ""
        words = f"{event.candidate}: {words[0].lower()}{words[1:]}{when}"
    return icon, words, event.why
