"""Who runs in a race and how far each is, read from what was decided and from the run folders."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from core.home import Home
from core.methods import method_entry
from core.portion import portion_of, validated
from core.racing.folder import Asked, RaceFolder, ended
from core.racing.records import Event, Race
from core.runs import RunFolder, State
from core.spec import RunSpec


@dataclass(frozen=True)
class Task:
    """A run that a candidate is to do: with `portion` only so many validation texts are answered."""

    spec: RunSpec
    portion: int | None
    round: int

    @property
    def run_id(self) -> str:
        """The name of its folder."""
        return self.spec.run_id


@dataclass
class Runner:
    """A candidate in a race, after all that was decided."""

    label: str
    entry: RunSpec
    out: Event | None = None
    resumed: int = 0
    seeds: list[int] = field(default_factory=list)
    """Further seeds that it was given."""
    cut_short: bool = False
    """Whether the budget paid for no more seeds."""

    @property
    def trained(self) -> bool:
        """Whether more training texts are anything to it."""
        return method_entry(self.entry.candidate.method).trained

    @property
    def varies(self) -> bool:
        """Whether another seed changes anything: without training and examples it does not."""
        return self.trained or self.entry.candidate.settings.get("shots", 1) != 0


@dataclass(frozen=True)
class Field:
    """A race at a moment. Run folders are read when asked for, and once."""

    home: Home
    race: Race
    events: Sequence[Event]
    asked: Sequence[Asked]
    _states: dict[str, State | None] = field(default_factory=dict)
    _validated: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, home: Home, place: RaceFolder) -> "Field":
        """The race as its folder tells it.

        Raises:
            TradeoffError: it cannot be read.
        """
        return cls(home, place.race, place.events, place.asked)

    @property
    def last(self) -> int:
        """The round on all texts."""
        return len(self.race.rounds) - 1

    @cached_property
    def decided(self) -> int:
        """How many rounds were decided: the number of the one that goes on now."""
        return max((event.round + 1 for event in self.events if event.what == "round"), default=0)

    @property
    def ended(self) -> Event | None:
        """The event that ended it, unless it goes on."""
        return ended(self.events)

    @cached_property
    def runners(self) -> dict[str, Runner]:
        """All candidates by label, after all events."""
        found = {entry.label: Runner(entry.label, entry) for entry in self.race.entries}
        for event in self.events:
            if event.what == "resumed" and not event.candidate:
                for runner in found.values():
                    runner.cut_short = False
                    if runner.out and runner.out.what == "unaffordable":
                        runner.out = None
            elif runner_of := found.get(event.candidate):
                self._replay(runner_of, event)
        return found

    def _replay(self, runner: Runner, event: Event) -> None:
        if event.what == "resumed":
            runner.out, runner.resumed = None, runner.resumed + 1
        elif event.what == "more_seeds":
            left = [seed for seed in self.race.experiment.seeds[1:] if seed not in runner.seeds]
            runner.seeds += left[:1]
        elif event.what == "unaffordable" and event.round > self.last:
            runner.cut_short, runner.seeds = True, runner.seeds[:-1]
        elif event.what in ("dropped", "unaffordable"):
            runner.out = event

    @cached_property
    def staying(self) -> list[Runner]:
        """Who is in."""
        return [runner for runner in self.runners.values() if runner.out is None]

    @property
    def taken(self) -> float:
        """The risk that was taken by dropping those who are still out."""
        dropped = (runner.out for runner in self.runners.values() if runner.out and runner.out.what == "dropped")
        return sum(event.chance or 0.0 for event in dropped)

    def task(self, runner: Runner, number: int) -> Task:
        """The run of a round with the first seed."""
        if number >= self.last:
            return Task(runner.entry, None, self.last)
        seen, whole = self.race.rounds[number], self.race.rounds[-1]
        if not runner.trained or seen.train >= whole.train:
            return Task(runner.entry, seen.validation, number)
        return Task(runner.entry.model_copy(update={"train_size": seen.train}), seen.validation, number)

    def stage(self, runner: Runner) -> int:
        """The round that a candidate is in. To the last one goes who was taken back by a person, has been run on all
        texts or is just now, or is alone."""
        whole = self.task(runner, self.last)
        alone = self.decided > 0 and len(self.staying) == 1
        there = self.done(whole) or (self.is_open(whole) and self.is_whole(whole))
        return self.last if runner.resumed or alone or there else min(self.decided, self.last)

    def is_whole(self, task: Task) -> bool:
        """Whether a run is to answer all texts."""
        return portion_of(RunFolder(self.home.runs / task.run_id)) is None

    def due(self, runner: Runner) -> list[Task]:
        """What a candidate is to have done before the next decision."""
        first = self.task(runner, self.stage(runner))
        more = (runner.entry.model_copy(update={"seed": seed}) for seed in runner.seeds)
        return [first, *(Task(spec, None, self.last + 1) for spec in more)]

    def state(self, run_id: str) -> State | None:
        """Where a run stands; None where it is not there."""
        if run_id not in self._states:
            self._states[run_id] = RunFolder(self.home.runs / run_id).state
        return self._states[run_id]

    def answered(self, run_id: str) -> int:
        """How many validation texts a run that is set aside has answered."""
        if run_id not in self._validated:
            self._validated[run_id] = validated(RunFolder(self.home.runs / run_id))
        return self._validated[run_id]

    def done(self, task: Task) -> bool:
        """Whether a run has shown what it was to show."""
        state = self.state(task.run_id)
        if state is None or state.status not in ("finished", "paused"):
            return False
        return state.status == "finished" or bool(task.portion and self.answered(task.run_id) >= task.portion)

    def is_open(self, task: Task) -> bool:
        """Whether a run is queued or running."""
        state = self.state(task.run_id)
        return state is not None and state.status in ("queued", "running")

    def lost(self, runner: Runner, task: Task) -> str:
        """Why a run that was asked for will not be done; empty when it may be."""
        asked = next((one for one in self.asked if one.run == task.run_id), None)
        if asked is None or asked.resumed < runner.resumed:
            return ""
        state = self.state(task.run_id)
        if state is None:
            return "Its run was deleted."
        if state.status == "cancelled":
            return "Its run was cancelled."
        return f"Its run failed: {state.reason.rstrip('.')}." if state.status == "failed" else ""
