"""Pairs of candidates that make a cascade worth a look."""

from collections.abc import Sequence
from functools import partial
from itertools import islice

import numpy as np
from pydantic import TypeAdapter

from core.analysis import cascade
from core.analysis.cascade_choice import choose
from core.analysis.cheapness import MEASURES
from core.analysis.results import CandidateRow
from core.errors import TradeoffError
from core.findings.cascade_answers import Terms, gathered, kept_on, picked
from core.findings.cascades import TAKEN, CascadeCheap, as_good, cost_of, times_of
from core.findings.evidence import evidence
from core.home import Home
from core.runs import find_run
from core.spec import Record

MOST_TRIED = 8
"""Candidates from which suggestions are made."""


class Suggestion(Record):
    """Two candidates that make a cascade worth a look, by validation: its quality and what it saves there."""

    stages: tuple[str, ...]
    validation_quality: float
    answered_first: float
    cost: float
    saved: float
    """Share of the cost of the best candidate alone that is saved; below 0 where it costs more."""


FOUND = TypeAdapter(list[Suggestion])


def suggestions(
    home: Home, rows: Sequence[CandidateRow], terms: Terms, cheap: CascadeCheap = "usd", margin: float = 0.01,
    most: int = 5,
) -> list[Suggestion]:  # fmt: skip
    """Pairs worth a look, by validation: first those that keep the quality of the best candidate, the cheapest first.

    Those that save nothing are left out, save for one when none does.
    """
    of = [cheap, margin, most]
    made = partial(_suggestions, home, rows, terms, cheap, margin, most)
    return kept_on(home, FOUND, "suggestions", rows, terms, of, made)


def _suggestions(
    home: Home, rows: Sequence[CandidateRow], terms: Terms, cheap: CascadeCheap, margin: float, most: int
) -> list[Suggestion]:  # fmt: skip
    tried = _worth_trying(home, rows, cheap)
    if len(tried) < 2:
        return []
    (answers,) = gathered(home, tried, terms, "validation", most_runs=1)
    quality = [cascade.alone(answers, stage).overall for stage in range(len(tried))]
    times = [times_of(home, row, terms) for row in tried]
    best = int(np.argmax(quality))
    found = []
    for first in range(len(tried)):
        for second in range(len(tried)):
            told = np.isfinite(answers.confidence[first]).any()
            if first == second or quality[first] >= quality[second] or not told:
                continue
            pair = picked(answers, (first, second))
            swept = cascade.sweep(pair, cascade.grids([pair]))
            mixture = cascade.latency_mixture([times[first], times[second]])
            cost = cost_of(swept, cheap, mixture)
            whole = getattr(tried[best], MEASURES[cheap].field)
            if cost is None or not whole:
                continue
            place = choose(swept, as_good(swept, cost, [pair], 1, quality[second] - margin))
            scale = 1000.0 if cheap in TAKEN else 1.0
            found.append(Suggestion(
                stages=(tried[first].candidate, tried[second].candidate),
                validation_quality=float(swept.quality[place]), answered_first=float(swept.answered[(0, *place)]),
                cost=scale * float(cost[place]), saved=1 - scale * float(cost[place]) / whole,
            ))  # fmt: skip
    keeps = quality[best] - margin - 1e-12
    ordered = sorted(found, key=lambda one: _order(one, keeps))
    return ([one for one in ordered if one.saved > 0] or ordered[:1])[:most]


def _order(one: Suggestion, keeps: float) -> tuple[bool, float, float]:
    kept = one.validation_quality >= keeps
    return not kept, one.cost if kept else -one.validation_quality, one.cost


def _worth_trying(home: Home, rows: Sequence[CandidateRow], cheap: CascadeCheap) -> list[CandidateRow]:
    """The best candidates on validation, of those whose cost is known and whose answers can be read."""
    field = MEASURES[cheap].field
    known = [row for row in rows if getattr(row, field) is not None and row.validation_quality is not None
             and row.method not in ("cascade", "majority")]  # fmt: skip
    ordered = sorted(known, key=lambda row: -(row.validation_quality or 0.0))
    return list(islice((row for row in ordered if _can_be_read(home, row)), MOST_TRIED))


def _can_be_read(home: Home, row: CandidateRow) -> bool:
    try:
        return len(evidence(find_run(home, row.run_ids[0]), "validation")) > 0
    except (TradeoffError, OSError, ValueError, KeyError):
        return False
