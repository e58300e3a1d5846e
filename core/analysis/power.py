"""What a test set can show, and what is missing where it cannot: more texts, or more seeds.

Plans take what was measured as the truth: the present difference, how often the two disagree, how far seeds lie apart.
"""

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from core.analysis.compare import Difference, Performance, paired_difference, spread_between
from core.analysis.decision import standing
from core.analysis.spread import freedom_of, luck_of, spread, student

Z80 = 0.8416212335729143
"""The 80 % quantile of the normal distribution: the power that is planned for."""
MOST_TEXTS = 1_000_000
MOST_SEEDS = 100
"""More than this is as good as never."""


@dataclass(frozen=True)
class Missing:
    """Where the uncertainty of a figure or a difference comes from. `seeds` is None where each has only one run."""

    what: Literal["texts", "seeds"]
    texts: float
    """The share of the variance because other texts could have been drawn, 0…1."""
    seeds: float | None
    """The share because other seeds could have been drawn."""


def detectable(a: Performance, b: Performance) -> float | None:
    """The least true difference that these texts and runs would show with a probability of 80 %, as the metric is.

    Shown means that its 95 % interval leaves zero out: (z_0.975 + z_0.8) standard errors (Cohen 1988). None without
    a text that both answered.
    """
    found = spread_between(a, b)
    return (found.quantile + Z80) * found.error if found else None


def texts_needed(a: Performance, b: Performance, margin: float) -> int | None:
    """How many more test texts settle whether b is within `margin` of a, with a probability of 80 %.

    0 where it is settled already. None where texts cannot settle it: the present difference is as large as the margin,
    the seeds alone leave too much open, or it would take more than `MOST_TEXTS`.
    """
    now, found = paired_difference(a, b), spread_between(a, b)
    if found is None:
        return None
    if standing(now, margin) != "unsettled":
        return 0
    allowed = _allowed(now, margin, found.quantile) - found.seeds
    if allowed <= 0 or found.texts * now.n / allowed > MOST_TEXTS:
        return None
    return max(1, ceil(found.texts * now.n / allowed) - now.n)


def seeds_needed(a: Performance, b: Performance, margin: float) -> int | None:
    """How many runs each of the two needs in all, on the present texts, to settle it with a probability of 80 %.

    None where seeds cannot settle it, it would take more than `MOST_SEEDS`, or one of them has a single run, so that
    its luck is unknown.
    """
    now, found = paired_difference(a, b), spread_between(a, b)
    if found is None or any(side.count < 2 for side in found.sides):
        return None
    if standing(now, margin) != "unsettled":
        return max(side.count for side in found.sides)
    alike = max(0.0, found.texts - sum(side.noise / side.count for side in found.sides))
    for k in range(max(side.count for side in found.sides) + 1, MOST_SEEDS + 1):
        sides = [replace(side, count=k) for side in found.sides]
        texts, seeds = alike + sum(side.noise / k for side in sides), luck_of(sides)
        if texts + seeds <= _allowed(now, margin, student(freedom_of(texts, seeds, sides))):
            return k
    return None


def missing(*performances: Performance) -> Missing | None:
    """Whether texts or seeds leave more open, in a candidate's figure or in the difference of two.

    With one run each nothing is known of seeds, so texts are named. None without an answered text.
    """
    if len(performances) == 2:
        found = spread_between(*performances)
    else:
        (alone,) = performances
        found = spread([alone.runs], alone.clusters) if len(alone.ids) and alone.runs else None
    if found is None:
        return None
    if not found.known_seeds:
        return Missing("texts", 1.0, None)
    whole = found.texts + found.seeds
    share = found.seeds / whole if whole else 0.0
    return Missing("seeds" if share > 0.5 else "texts", 1 - share, share)


def _allowed(now: Difference, margin: float, quantile: float) -> float:
    """The largest variance with which the question would be settled."""
    return ((now.value - margin) / (quantile + Z80)) ** 2
