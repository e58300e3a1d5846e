"""Which thresholds a cascade takes, chosen on validation, and what they come to on test, in records and in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core import format as f
from core.analysis.cascade import Sweep
from core.analysis.cheapness import MEASURES, Cheap, ratio
from core.analysis.compare import Difference
from core.analysis.decision_words import points
from core.analysis.pareto import front
from core.metering.usage import Provenance
from core.metric_words import metric_show, metric_told
from core.spec import Record

PERSON = "a person"
CAUTION = 1.645
"""Standard errors by which the quality on validation must be inside the margin: one-sided 95 %.

Thresholds that only just keep the quality on validation lose more on other texts half of the time; with this, one
time in six to ten (bench/cascades.py, docs/cascades.md).
"""
LEFT_MISTAKES = 0.5
"""Share of the best candidate's mistakes that may be left where a person is asked and mistakes have no price."""


class Point(Record):
    """A cascade, or a candidate alone, on the test texts. Shares are 0…1, rates per 1,000 texts, None is unknown."""

    thresholds: tuple[float | None, ...] = ()
    """How sure each stage but the last must be; None: it never is."""
    answered: tuple[float, ...]
    """Share of the test texts that each stage answers."""
    validation_quality: float
    quality: float
    quality_low: float | None = None
    quality_high: float | None = None
    usd_per_1k: float | None = None
    kwh_per_1k: float | None = None
    co2e_g_per_1k: float | None = None
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    mistakes_usd_per_1k: float | None = None
    """What the wrong answers cost, where prices of mistakes are given."""


class StageTold(Record):
    """A stage: who is asked, how sure it must be, and the shares of the test texts that it is asked and answers."""

    candidate: str
    run_ids: tuple[str, ...] = ()
    threshold: float | None = None
    asked: float
    answered: float
    energy_provenance: Provenance | None = None
    """How its energy is known; None of a person, who is not metered."""


class CascadeFound(Record):
    """A cascade with its figures on test beside each of its stages alone, and all other thresholds."""

    dataset: str
    metric: str
    cheap: Cheap
    margin: float
    stages: tuple[StageTold, ...]
    chosen: Point
    by_hand: bool = False
    """Whether the thresholds were given instead of chosen on validation."""
    alone: tuple[Point, ...]
    """A point a stage that would answer everything."""
    differences: tuple[Difference, ...]
    """The metric of the cascade minus that of each stage alone, paired, on test."""
    strongest: int
    """The candidate that is best alone, on validation: its place among the stages."""
    frontier: tuple[Point, ...]
    person_usd: float | None = None
    energy_provenance: Provenance = "unknown"
    runs: int = 1
    validation_texts: int
    test_texts: int
    sentence: str = ""
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The stages in order: `tfidf-linear, then minilm-full`."""
        return ", then ".join(stage.candidate for stage in self.stages)


@dataclass(frozen=True)
class Wish:
    """What thresholds are to be chosen by, on validation; arrays have the shape of the grid."""

    cost: NDArray[np.float64]
    """What is to be least, mistakes included where they have a price."""
    merit: NDArray[np.float64]
    """The quality, or what it is at least as far as the texts tell."""
    floor: float
    """The merit that must be reached; minus infinity where mistakes have a price, which says it all."""


def choose(found: Sweep, wish: Wish) -> tuple[int, ...]:
    """The place in the grid of the least cost whose merit reaches the floor, else of the highest merit.

    Thresholds at which some stage answers nothing are taken only when there are no others: they are no cascade.
    """
    real = (found.answered > 0).all(axis=0)
    merit = np.where(real if real.any() else np.ones_like(real), wish.merit, -np.inf)
    floor = max(min(wish.floor, float(merit.max())), np.finfo(float).min)
    cost = np.where(merit >= floor - 1e-12, wish.cost, np.inf)
    best = np.flatnonzero(cost.reshape(-1) <= cost.min() * (1 + 1e-12))
    place = best[np.argmax(found.quality.reshape(-1)[best])]
    return tuple(int(at) for at in np.unravel_index(place, cost.shape))


def frontier_places(quality: NDArray[np.float64], cost: NDArray[np.float64]) -> list[tuple[int, ...]]:
    """The places worth showing, cheapest first: all of a cascade of two, else the front of validation."""
    if quality.ndim == 1:
        return [(int(at),) for at in np.argsort(cost, kind="stable")]
    flat = list(zip(cost.reshape(-1).tolist(), quality.reshape(-1).tolist(), strict=True))
    return [tuple(int(at) for at in np.unravel_index(place, quality.shape)) for place in front(flat)]


def sentence(found: CascadeFound) -> str:
    """The cascade in one sentence that says no more than the data do: who answers what, how good, what it saves."""
    first, *rest = found.stages
    passes = ", ".join(f"{stage.candidate} {_share(stage.answered)}" for stage in rest)
    who = f"{first.candidate} answers {_share(first.answered)} of the texts, {passes}"
    strong = found.stages[found.strongest].candidate
    figure = metric_told(found.metric, found.chosen.quality)
    return f"{who}: {figure}, {_standing(found, strong)}{_saving(found, strong)}."


def _standing(found: CascadeFound, strong: str) -> str:
    gap, alone = found.differences[found.strongest], found.alone[found.strongest]
    beside = f"{strong} alone ({metric_show(found.metric)(alone.quality)})"
    if gap.low > 0:
        return f"better than {beside}"
    if -gap.low <= found.margin:
        return f"not worse than {beside} by more than {points(found.margin, found.metric)}"
    if gap.low <= 0 <= gap.high:
        return f"which these texts cannot tell from {beside}"
    return f"{points(-gap.value, found.metric)} worse than {beside}"


def _saving(found: CascadeFound, strong: str) -> str:
    measure = MEASURES[found.cheap]
    own, other = getattr(found.chosen, measure.field), getattr(found.alone[found.strongest], measure.field)
    if found.chosen.mistakes_usd_per_1k is not None:
        whole, without = (f.usd(_with_mistakes(point)) for point in (found.chosen, found.alone[found.strongest]))
        return f"; answering and mistakes cost {whole} per 1,000 texts, {without} with {strong} alone"
    if found.person_usd is not None:
        reviews = 1000 * found.chosen.answered[-1]
        return f"; of 1,000 texts {reviews:,.0f} go to a person, for {f.usd(reviews * found.person_usd)}"
    if own is None or other is None:
        return f"; its {measure.short} is not known"
    known = found.stages[found.strongest].energy_provenance
    if found.cheap in ("kwh", "co2e") and known != found.energy_provenance:
        return f"; its {measure.short} is {found.energy_provenance}, that of {strong} {known}, so they are not compared"
    if less := ratio(other, own):
        return f", and it {measure.less.format(ratio=less)}"
    if more := ratio(own, other):
        return f", but its {measure.short} is {more} that of {strong}: this cascade saves nothing"
    return f", and its {measure.short} is about the same"


def _with_mistakes(point: Point) -> float | None:
    if point.usd_per_1k is None or point.mistakes_usd_per_1k is None:
        return None
    return point.usd_per_1k + point.mistakes_usd_per_1k


def _share(share: float) -> str:
    return f"{100 * share:.0f} %" if 0.005 < share < 0.995 or share in (0, 1) else f"{100 * share:.1f} %"


def plain_thresholds(thresholds: Sequence[float]) -> tuple[float | None, ...]:
    """Thresholds as records and JSON hold them: 0 lets every answer stand, None none."""
    return tuple(None if value == np.inf else max(0.0, value) for value in thresholds)
