"""What a dataset's test texts can show of its candidates, and what would settle the rest: texts or seeds."""

from collections.abc import Sequence
from typing import Literal

from pydantic import TypeAdapter

from core import format as f
from core.analysis.compare import paired_difference
from core.analysis.decision import MARGIN, Standing, best_of, standing
from core.analysis.decision_words import points
from core.analysis.power import detectable, missing, seeds_needed, texts_needed
from core.analysis.results import CandidateRow
from core.findings.evidence import performances_of
from core.findings.figure_cache import kept
from core.home import Home
from core.spec import Record


class Sight(Record):
    """How well a candidate can be told from the best. Differences are the best's metric minus its."""

    candidate: str
    difference: float
    low: float
    high: float
    standing: Standing
    detectable: float
    """The least true difference that these texts and runs show with a probability of 80 %."""
    texts_needed: int | None
    """More test texts that settle it with that probability; 0 settled, None out of reach."""
    seeds_needed: int | None
    """Runs each needs in all to settle it on these texts; None out of reach, or one has a single run."""
    missing: Literal["texts", "seeds"]
    seeds_share: float | None
    """The share of the variance that comes from seeds; None with one run each."""


class Power(Record):
    """What the test texts can show of all candidates beside the best, which is chosen on validation."""

    best: str
    metric: str
    margin: float
    texts: int
    candidates: tuple[Sight, ...]
    reason: str


POWER: TypeAdapter[Power | None] = TypeAdapter(Power | None)


def power(home: Home, rows: Sequence[CandidateRow], margin: float = MARGIN) -> Power | None:
    """The power of a dataset's test texts; None without two candidates whose answers can be compared."""
    of = [margin, *((row.candidate, row.metric, row.runs, row.validation_quality) for row in rows)]
    return kept(
        home, POWER, "power", [run for row in rows for run in row.run_ids], of, lambda: _power(home, rows, margin)
    )


def _power(home: Home, rows: Sequence[CandidateRow], margin: float) -> Power | None:
    best = best_of(rows)
    found = performances_of(home, rows)
    if best is None or best.candidate not in found:
        return None
    top = found.pop(best.candidate)
    sights = []
    for name, other in found.items():
        gap, least, lack = paired_difference(top, other), detectable(top, other), missing(top, other)
        if least is None or lack is None:
            continue
        sights.append(Sight(
            candidate=name, difference=gap.value, low=gap.low, high=gap.high, standing=standing(gap, margin),
            detectable=least, texts_needed=texts_needed(top, other, margin),
            seeds_needed=seeds_needed(top, other, margin), missing=lack.what, seeds_share=lack.seeds,
        ))  # fmt: skip
    if not sights:
        return None
    sights.sort(key=lambda sight: sight.difference)
    return Power(
        best=best.candidate, metric=best.metric, margin=margin, texts=len(top.ids), candidates=tuple(sights),
        reason=reason(best.candidate, best.metric, margin, len(top.ids), sights),
    )  # fmt: skip


def reason(best: str, metric: str, margin: float, texts: int, sights: Sequence[Sight]) -> str:
    """What can be seen, and what is missing where the texts cannot say, in sentences."""
    least, most = (end(sights, key=lambda sight: sight.detectable) for end in (min, max))
    span = f"{points(least.detectable, metric)} ({least.candidate})"
    if len(sights) > 1:
        span = f"{span} to {points(most.detectable, metric)} ({most.candidate})"
    within = f"within {points(margin, metric)} of {best}"
    said = [f"With these {texts:,} test texts, differences from {best} can be seen from {span} on, 4 times in 5."]
    said += [_open(sight, within) for sight in sights if sight.standing == "unsettled"]
    if len(said) == 1:
        said.append(f"For every candidate it is settled whether it is {within}.")
    elif all(sight.seeds_share is None for sight in sights):
        said.append("Each candidate has one run, so the luck of training is not in it: three seeds or more would tell.")
    return " ".join(said)


def _open(sight: Sight, within: str) -> str:
    """What would settle a candidate."""
    begun = f"Whether {sight.candidate} is {within} is open"
    luck = f" ({f.percent(sight.seeds_share, 0)} of what is uncertain is luck of training)" if sight.seeds_share else ""
    if sight.texts_needed is not None:
        also = f", or {sight.seeds_needed} runs of each," if sight.seeds_needed else ""
        texts = f"about {f.significant(sight.texts_needed)} more labelled test texts"
        return f"{begun}{luck}: {texts}{also} would likely settle it."
    if sight.seeds_needed:
        return f"{begun}{luck}: {sight.seeds_needed} runs of each, with other seeds, would likely settle it."
    if sight.missing == "seeds":
        return f"{begun}{luck}: runs with different seeds lie too far apart for more texts to settle it."
    return (
        f"{begun}{luck}, and no realistic number of texts settles it: the difference is about as large as the margin."
    )
