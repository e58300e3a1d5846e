"""Who can still win: candidates seen on parts of the data, judged by what they may still gain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isnan, nan, sqrt
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.analysis.compare import paired_difference
from core.analysis.gains import PRIOR, Prior, Stage, final_draws
from core.analysis.racing_words import why

__all__ = ["Stage", "Verdict", "allowance", "judge", "tie_of"]
DRAWS = 4000
TIE, WIDEST_TIE = 0.01, 0.03
"""A point of the metric: who is no further behind is tied, as in `core.analysis.decision`. And three: see `tie_of`."""
Aim = Literal["best", "front"]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Verdict:
    """What is to be thought of a candidate: `final_*` is the metric to expect on all texts, with its 95 % range."""

    chance: float
    """Of being what is looked for; of one that is dropped, of beating all that stay by more than a tie."""
    now: float
    final: float
    final_low: float
    final_high: float
    drop: bool
    why: str


def allowance(risk: float, taken: float, decisions: int) -> float:
    """What the next decision may take of a race's risk: an equal part of what is left, this decision and those after it
    being `decisions`. What one does not take is there for the next."""
    return max(0.0, risk - taken) / max(decisions, 1)


def tie_of(stages: Mapping[str, Sequence[Stage]], test_texts: int) -> float:
    """The difference that so many test texts could hardly show between the candidates that lead, 1 to 3 points.

    It is half of the 95 % interval that a paired difference to the one that leads now has on the validation texts seen,
    narrowed to that of the test texts; the middle one of the better half, since far losers differ otherwise.
    """
    last = {name: found[-1].performance for name, found in stages.items() if found and found[-1].seen}
    order = sorted(last, key=lambda name: -last[name].overall)
    halves = []
    for name in order[1 : max(2, (len(order) + 1) // 2)]:
        one = paired_difference(last[order[0]], last[name])
        if one.n and test_texts:
            halves.append((one.high - one.low) / 2 * sqrt(one.n / test_texts))
    return min(WIDEST_TIE, max(TIE, median(halves))) if halves else TIE


def judge(
    stages: Mapping[str, Sequence[Stage]], all_texts: int, risk: float, *, aim: Aim = "best",
    spend: Mapping[str, float] | None = None, top: float = 1.0, keep: int = 1, seed: int = 0, tie: float = TIE,
    prior: Prior = PRIOR,
) -> dict[str, Verdict]:  # fmt: skip
    """Judge every candidate that is still in, by label.

    `stages` holds each candidate's rounds, oldest first. `risk` is what this decision may take of the risk of the race
    (`allowance`): the chances of those dropped sum to at most `risk`, and `keep` candidates stay at least. `spend` is
    what answering costs, by label, for the Pareto front; one whose cost is unknown is on it only as the very best.
    `top` is the most that the metric can be, `tie` the share of it that does not matter: with two that are alike either
    may go.

    In each of many draws every candidate has a metric on all texts (`core.analysis.gains`). Dropping does harm in a
    draw where one of those dropped beats all that stay (for the front: all that stay and cost no more) by more than a
    tie. The least likely are dropped first, as long as the share of draws with harm is at most `risk`.

    Raises:
        ValueError: the front is asked for without what answering costs.
    """
    if aim == "front" and spend is None:
        raise ValueError("The Pareto front needs what answering costs")
    seen = {name: of for name, found in stages.items() if (of := [one for one in found if one.seen])}
    verdicts = {name: _unseen() for name in stages}
    if not seen:
        return verdicts
    names = list(seen)
    final = final_draws(seen, all_texts, DRAWS, seed, top, prior)
    costs = np.array([_cost(aim, spend, name) for name in names])
    if np.isnan(final).any():
        return verdicts | {name: replace(_unseen(), now=seen[name][-1].performance.overall) for name in names}
    wins = _wins(final, costs)
    harm = _dropped(final, costs, wins, risk, keep, tie * top)
    for row, name in enumerate(names):
        drop = row in harm
        verdicts[name] = _verdict(seen[name], final[row], harm[row] if drop else float(wins[row]), drop)
    stay = {name: verdicts[name] for name in names if not verdicts[name].drop}
    for name in names:
        told = why(
            name, verdicts[name], seen[name][-1].texts, all_texts, stay, _cheaper(aim, spend, name, stay), top
        )  # fmt: skip
        verdicts[name] = replace(verdicts[name], why=told)
    return verdicts


def _unseen() -> Verdict:
    return Verdict(nan, nan, nan, nan, nan, False, "Nothing has been seen of it yet that could be compared.")


def _cost(aim: Aim, spend: Mapping[str, float] | None, name: str) -> float:
    """What sets the front apart from the best: there everybody is compared with everybody."""
    if aim == "best" or spend is None:
        return 0.0
    cost = spend.get(name, inf)
    return inf if cost is None or isnan(cost) else cost


def _cheaper(aim: Aim, spend: Mapping[str, float] | None, name: str, stay: Iterable[str]) -> set[str] | None:
    """Those that stay and cost no more than `name`, where that matters."""
    if aim == "best" or spend is None:
        return None
    return {other for other in stay if _cost(aim, spend, other) <= _cost(aim, spend, name)}


def _wins(final: Array, costs: Array) -> Array:
    """The share of draws in which each is the best of all that cost no more; who is level with others shares them."""
    dearer = costs[:, None] >= costs[None, :]
    found = np.zeros(len(final))
    for row in range(len(final)):
        rivals = final[dearer[row]]
        level = (rivals == final[row]).sum(0)
        found[row] = ((final[row] >= rivals.max(0)) / level).mean()
    return found


def _dropped(final: Array, costs: Array, wins: Array, risk: float, keep: int, tie: float) -> dict[int, float]:
    """Those to drop, each with its share of the harm: together at most `risk`."""
    stay, harm = set(range(len(final))), dict[int, float]()
    for row in sorted(stay, key=lambda one: (wins[one], final[one].mean())):
        if len(stay) <= max(keep, 1):
            break
        tried = _harm(final, costs, sorted(stay - {row}), [*harm, row], tie)
        if sum(tried.values()) <= risk:
            stay, harm = stay - {row}, tried
    return harm


def _harm(final: Array, costs: Array, stay: Sequence[int], out: Sequence[int], tie: float) -> dict[int, float]:
    """By each that is dropped the share of draws in which it is what is missed most, and is missed at all."""
    kept = np.array(sorted(stay, key=lambda row: costs[row]))
    best = np.maximum.accumulate(final[kept], axis=0)
    missed = np.full((len(out), final.shape[1]), inf)
    for place, row in enumerate(out):
        cheaper = int(np.searchsorted(costs[kept], costs[row], side="right"))
        if cheaper:
            missed[place] = final[row] - best[cheaper - 1] - tie
    worst = missed.argmax(0)
    hurt = missed.max(0) > 0
    return {row: float((hurt & (worst == place)).mean()) for place, row in enumerate(out)}


def _verdict(stages: Sequence[Stage], final: Array, chance: float, drop: bool) -> Verdict:
    low, middle, high = (float(one) for one in np.quantile(final, (0.025, 0.5, 0.975)))
    return Verdict(chance, stages[-1].performance.overall, middle, low, high, drop, "")
