"""Contenders timed in turn, in one process, with how busy the machine was with other things."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import psutil

BUSY_LIMIT = 0.10
"""Share of all cores that others may use; above it a round does not count as quiet."""


@dataclass(frozen=True)
class Outcome:
    """What a round gave: how many units were done, the answers in order, and figures of quality by name."""

    units: int
    answers: Sequence[str | None] = ()
    quality: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """Who runs: `act` is timed; `fresh` makes ready before each round, `judge` gives the quality after the last."""

    name: str
    act: Callable[[], Outcome]
    fresh: Callable[[], object] = lambda: None
    judge: Callable[[], dict[str, float]] | None = None


@dataclass
class Timing:
    """Rounds of one contender: seconds, and the share of all cores that others used meanwhile."""

    name: str
    seconds: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    outcome: Outcome = field(default_factory=lambda: Outcome(0))

    @property
    def rates(self) -> list[float]:
        """Units a second of each round."""
        return [self.outcome.units / seconds for seconds in self.seconds]

    @property
    def rate(self) -> float:
        """The median."""
        return statistics.median(self.rates)

    @property
    def busy(self) -> float:
        """The most that others used in a round."""
        return max(self.others, default=0.0)


def in_turn(contenders: Sequence[Contender], rounds: int = 3) -> list[Timing]:
    """Every contender once, then again, `rounds` times: what disturbs the machine disturbs all alike."""
    timings = [Timing(contender.name) for contender in contenders]
    for _ in range(rounds):
        for contender, timing in zip(contenders, timings, strict=True):
            contender.fresh()
            began, mine, all_busy = time.perf_counter(), own_seconds(), busy_seconds()
            timing.outcome = contender.act()
            seconds = time.perf_counter() - began
            others = (busy_seconds() - all_busy) - (own_seconds() - mine)
            timing.seconds.append(seconds)
            timing.others.append(max(0.0, others) / (seconds * (os.cpu_count() or 1)))
    for contender, timing in zip(contenders, timings, strict=True):
        if contender.judge:
            timing.outcome = replace(timing.outcome, quality=contender.judge())
    return timings


def own_seconds() -> float:
    """Processor seconds of this process and of its children, the ended ones among them."""
    times = os.times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in psutil.Process().children(recursive=True):
        try:
            spent = child.cpu_times()
            total += spent.user + spent.system
        except psutil.Error:
            continue
    return total


def busy_seconds() -> float:
    """Processor seconds that anybody used on this machine since it started."""
    spent = psutil.cpu_times()
    idle = spent.idle + getattr(spent, "iowait", 0.0)
    return float(sum(spent) - idle - getattr(spent, "guest", 0.0) - getattr(spent, "guest_nice", 0.0))


def agreement(one: Outcome, other: Outcome) -> float | None:
    """Share of units with the same answer, of the first ones that both were asked; None where one has no answers."""
    shared = list(zip(one.answers, other.answers, strict=False))
    return sum(a == b for a, b in shared) / len(shared) if shared else None
