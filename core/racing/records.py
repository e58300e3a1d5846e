"""What a race is, and what it tells: plain records, for the command line and the pages.

A race is a folder `races/<id>/` with two files. `race.json` (a `Race`) is written once; `events.jsonl` (an `Event` a
line) says what was decided, in order. Everything else is read from the run folders, so that a race goes on after any
process was killed.
"""

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.spec import Experiment, Record, RunSpec

Aim = Literal["best", "front"]
"""What a candidate must still be able to be: the most accurate, or on the Pareto front of quality against cost."""


class Budget(Record):
    """The most that a race may spend: whichever is reached first ends it. None: no limit of this kind."""

    minutes: float | None = Field(default=None, gt=0, le=100_000, description="wall minutes of all its runs together")
    usd: float | None = Field(
        default=None, gt=0, le=1_000_000, description="US dollars: devices by the hour, providers"
    )
    kwh: float | None = Field(default=None, gt=0, le=1_000_000, description="energy of all its runs together")

    @property
    def is_limited(self) -> bool:
        """Whether there is any limit."""
        return any(limit is not None for limit in (self.minutes, self.usd, self.kwh))


class Rules(Record):
    """How a race is run.

    `shares` are the parts of the training and the validation texts that each round sees, nested, the last being all;
    `risk` is the most that the chance of having stopped the candidate that would have won may be, over the whole race.
    """

    shares: tuple[float, ...] = Field(default=(1 / 9, 1.0), min_length=2, max_length=8)
    risk: float = Field(default=0.05, gt=0, le=0.5)
    aim: Aim = "best"
    margin: float | None = Field(
        default=None, ge=0, le=0.5,
        description="how far behind does not matter, as a share: 0.01 is one point; left out: what the test texts "
        "could hardly show, 1 to 3 points",
    )  # fmt: skip
    finalists: int = Field(default=1, ge=1, le=20, description="how many candidates are at least run on all texts")

    @model_validator(mode="after")
    def _rising(self) -> "Rules":
        if list(self.shares) != sorted(set(self.shares)) or self.shares[0] <= 0 or self.shares[-1] != 1.0:
            raise PydanticCustomError("shares", "The shares must rise from above 0 to 1")
        return self


class Round(Record):
    """How many training and validation texts a round sees; the last one sees all, and the test texts."""

    train: int
    validation: int


class Race(Record):
    """A race as it was launched.

    `entries` is each candidate's run on all texts with the first seed: a race is over the version of the dataset and
    the settings that it was started with.
    """

    id: str
    launched_at: str
    launched_by: str = ""
    experiment: Experiment
    budget: Budget = Budget()
    rules: Rules = Rules()
    entries: tuple[RunSpec, ...] = ()
    rounds: tuple[Round, ...] = ()


Happening = Literal["started", "round", "dropped", "unaffordable", "resumed", "more_seeds", "finished", "stopped"]
"""`round`: a round was decided; `unaffordable`: the rest of the budget does not pay for a run; `resumed`: a person
took a dropped candidate back; `stopped`: a person ended the race."""


class Saved(Record):
    """What was not spent, because a run was not made; estimates. None: unknown."""

    seconds: float | None = None
    usd: float | None = None
    kwh: float | None = None


class Seen(Record):
    """What a round showed of a candidate: its quality on that round's validation texts, with its 95 % interval."""

    round: int
    texts: int = 0
    """Training texts; 0 for what is not trained."""
    validated: int = 0
    """Validation texts."""
    quality: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None


class Event(Record):
    """Something that was decided, with why, in a sentence that a manager understands."""

    at: str
    what: Happening
    round: int
    candidate: str = ""
    """Label of the candidate; empty where it is about the race."""
    why: str = ""
    chance: float | None = None
    """Of being what the race looks for, when it was dropped."""
    saved: Saved = Saved()
    seen: dict[str, Seen] = Field(default_factory=dict)
    """What the round showed of each candidate that was judged, by its label; of `round` only."""


Position = Literal["waiting", "running", "in", "dropped", "unaffordable", "finished", "failed"]


class Standing(Seen):
    """Where a candidate stands, with what the last round that it has done showed of it (`round` is -1 before the first)
    and the chance that it is what the race looks for."""

    candidate: str
    family: str
    position: Position
    history: tuple[Seen, ...] = ()
    """Each round that it has done, oldest first: the line of a chart."""
    runs: tuple[str, ...] = ()
    """Ids of its runs, of all rounds and seeds."""
    spent: Saved = Saved()
    saved: Saved = Saved()
    why: str = ""


class RaceReport(Record):
    """A race as it stands now: what the page shows."""

    race: Race
    status: Literal["running", "finished", "stopped", "out of budget"]
    round: int
    rounds: int
    metric: str
    standings: tuple[Standing, ...]
    """The likeliest winner first, the dropped ones last."""
    events: tuple[Event, ...]
    spent: Saved
    """By all runs of the race; runs that had finished before it count nothing, and are told in `reused`."""
    full_grid: Saved
    """What all candidates and seeds on all texts would take: measured where they ran, else estimated."""
    reused: tuple[str, ...] = ()
    risk_taken: float = 0.0
    """The chance, summed over those dropped, that one of them would have won."""
    leader: str = ""
