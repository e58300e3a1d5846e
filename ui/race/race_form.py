"""The race on the Launch page: whether losers are stopped early, under which budget and at which risk."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core import format as f
from core import racing
from core.racing.records import Aim, Budget, Rules
from core.spec import Experiment, RunSpec
from ui.downloads import as_command
from ui.launch.estimates import Total, estimates, in_words, rounded, total
from ui.messages import plain, told
from ui.navigation import go
from ui.race.budget_form import ask_budget
from ui.session import home

KEPT = "kept.race.on"
RISKS = (0.01, 0.02, 0.05, 0.1, 0.2)
AIMS: dict[Aim, str] = {"best": "the best", "front": "the best for its cost"}
WHAT = (
    "All candidates start on a few texts. Those that can hardly win any more are dropped, the rest get more texts, and "
    "the finalists more repeats. What was dropped can be resumed."
)


@dataclass(frozen=True)
class RaceAsked:
    """The budget and the rules that were chosen."""

    budget: Budget
    rules: Rules

    def capped(self, usd: float | None) -> "RaceAsked":
        """The same; of candidates that ask a provider `usd` is the limit where the budget has none."""
        usd = usd if self.budget.usd is None else self.budget.usd
        return RaceAsked(self.budget.model_copy(update={"usd": usd}), self.rules)

    @property
    def options(self) -> list[str]:
        """The same on a command line."""
        limits = [(f"--{name}", value) for name, value in self.budget if value is not None]
        found = [word for name, value in limits for word in (name, f"{value:g}")]
        usual = Rules()
        found += ["--risk", f"{self.rules.risk:g}"] if self.rules.risk != usual.risk else []
        return found + (["--aim", self.rules.aim] if self.rules.aim != usual.aim else [])


def wants_race() -> bool:
    """Whether losers shall be stopped early; the choice lives in the URL."""
    key = "race.on"
    st.session_state[key] = st.query_params.get("race", st.session_state.get(KEPT)) == "on"

    def keep() -> None:
        st.session_state[KEPT] = "on" if st.session_state[key] else "off"
        if st.session_state[key]:
            st.query_params["race"] = "on"
        else:
            st.query_params.pop("race", None)

    return st.toggle("Stop losers early (race)", key=key, on_change=keep, help=WHAT)


def ask_race() -> RaceAsked:
    """The widgets of budget, risk and aim."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        budget = ask_budget("race.budget", Budget())
        risk = st.select_slider(
            "Risk", RISKS, 0.05, key="race.risk", persist_state="session", width=200,
            format_func=lambda share: f.percent(share, 0), help="The most that the chance of having dropped the "
            "one that would have won may be, over the whole race. More risk drops earlier and saves more.",
        )  # fmt: skip
        aim = st.segmented_control(
            "Looking for", list(AIMS), default="best", key="race.aim", persist_state="session", required=True,
            format_func=lambda name: AIMS[name], help="The most accurate candidate, or all that nobody beats in both "
            "quality and cost.",
        )  # fmt: skip
    return RaceAsked(budget, Rules(risk=risk, aim=aim or "best"))


def plan_sentence(whole: Total, budget: Budget) -> str:
    """What all candidates on all texts would take, and how much of that the budget pays for."""
    grid = f"All candidates on all texts would take {in_words(whole.seconds, whole.kwh, whole.usd)}"
    if not budget.is_limited:
        return f"{grid}; there is no limit, so only who can hardly win is stopped."
    minutes = None if whole.seconds is None else whole.seconds / 60
    pairs = ((budget.minutes, minutes), (budget.usd, whole.usd), (budget.kwh, whole.kwh))
    shares = [most / needed for most, needed in pairs if most is not None and needed]
    if len(shares) < sum(most is not None for most, _ in pairs):
        return f"{grid}; how far the budget goes is not known."
    least = min(shares)
    if least >= 1:
        return f"{grid}; the budget would pay for all of it."
    return f"{grid}; the budget of {at_most(budget)} pays for {f.percent(least, 0)} of that."


def at_most(budget: Budget) -> str:
    """`10 min, $1.00`; empty without a limit."""
    said = [
        rounded(60 * budget.minutes) if budget.minutes else "",
        f.usd(budget.usd) if budget.usd else "",
        f.energy(budget.kwh) if budget.kwh else "",
    ]
    return ", ".join(part for part in said if part)


def race_button(experiment: Experiment, specs: Sequence[RunSpec], asked: RaceAsked, command: str) -> None:
    """The plan in a sentence, the button that starts the race and leads to its page, and the same as a command."""
    count = len({spec.label for spec in specs})
    limit = f" · at most {at_most(asked.budget)}" if asked.budget.is_limited else ""
    if specs:
        st.markdown(plain(plan_sentence(total(estimates(specs)), asked.budget)))
    words = f"Start a race of {count} candidate{'' if count == 1 else 's'}{limit}"
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        pressed = st.button(
            plain(words), type="primary", icon=":material/sports_score:", disabled=count < 2, key="race.start",
            help="A race needs two candidates at least." if count < 2 else None,
        )  # fmt: skip
        as_command(command)
    if pressed:
        with told():
            race = racing.start(home(), experiment, asked.budget, asked.rules)
            go("race", race=race.id)
