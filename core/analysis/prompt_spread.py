"""How much hangs on the way a prompt candidate is asked: wordings × label orders × draws of demonstrations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.analysis.resampling import Groups
from core.metric_words import metric_points, metric_show

FACTORS = {"paraphrase": "the wording", "label_order": "the order of the labels", "seed": "the demonstrations"}
"""What is varied, and what it is called."""
LEAST_WAYS = 3
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Way:
    """A way of asking, by the factors, and the quality that it had on test."""

    run_id: str
    paraphrase: int
    label_order: int
    seed: int
    value: float
    validation: float | None = None

    @property
    def usual(self) -> bool:
        """Whether it is worded and ordered as usual."""
        return not self.paraphrase and not self.label_order


@dataclass(frozen=True)
class PromptSpread:
    """The band of a prompt candidate over ways of asking; deviations are standard deviations, as the metric is."""

    ways: tuple[Way, ...]
    deviation: float
    chance: float
    """How far the ways would lie apart by the chance of the test texts alone."""
    beyond_chance: bool
    """Whether they lie farther apart than in 95 of 100 cases where nothing hung on the way of asking."""
    shares: Mapping[str, float]
    """The share of the spread that goes with each factor that was varied; what is missing to 1 is their interplay."""

    @property
    def low(self) -> float:
        """The worst way of asking."""
        return min(way.value for way in self.ways)

    @property
    def high(self) -> float:
        """The best way of asking."""
        return max(way.value for way in self.ways)

    @property
    def mean(self) -> float:
        """The mean over the ways."""
        return float(np.mean([way.value for way in self.ways]))

    @property
    def by_prompt(self) -> float:
        """What hangs on the way of asking: the spread without the chance of the test texts."""
        return max(0.0, self.deviation**2 - self.chance**2) ** 0.5

    @property
    def most(self) -> str:
        """The factor that most of the spread goes with; empty when only one was varied."""
        return max(self.shares, key=self.shares.__getitem__) if len(self.shares) > 1 else ""


def prompt_spread(ways: Sequence[Way], drawn: Array) -> PromptSpread | None:
    """The spread over ways of asking; None with fewer than three.

    Args:
        ways: with their quality as observed.
        drawn: the quality of at least three of them on redrawn test texts, shape (those, draws).
    """
    if len(ways) < LEAST_WAYS or len(drawn) < LEAST_WAYS:
        return None
    observed = np.array([way.value for way in ways])
    apart = (drawn - drawn.mean(1, keepdims=True)).std(0, ddof=1)
    deviation = float(observed.std(ddof=1))
    columns = {name: np.unique([getattr(way, name) for way in ways], return_inverse=True)[1] for name in FACTORS}
    shares = _shares(observed, {name: levels for name, levels in columns.items() if levels.max() > 0})
    chance = float(np.sqrt((apart**2).mean()))
    return PromptSpread(tuple(ways), deviation, chance, deviation > float(np.quantile(apart, 0.95)), shares)


def _shares(observed: Array, levels: Mapping[str, Groups]) -> dict[str, float]:
    """The share of the sum of squares between the levels of each factor (main effects of an analysis of variance)."""
    gaps = observed - observed.mean()
    whole = float((gaps**2).sum())
    if whole == 0:
        return dict.fromkeys(levels, 0.0)
    found = {}
    for name, level in levels.items():
        counts = np.bincount(level)
        means = np.bincount(level, gaps) / counts
        found[name] = float((counts * means**2).sum()) / whole
    # Ways that are not balanced share some of the spread between factors, which must not be counted twice.
    return {name: share / max(1.0, sum(found.values())) for name, share in found.items()}


def sentence(name: str, metric: str, found: PromptSpread) -> str:
    """The band in words."""
    show = metric_show(metric)
    said = f"{name} lies from {show(found.low)} to {show(found.high)} over {len(found.ways)} ways of asking"
    usual = [way.value for way in found.ways if way.usual]
    said += f" ({show(float(np.mean(usual)))} as it is usually asked)." if usual else "."
    if not found.beyond_chance:
        return f"{said} So many test texts would let them differ as much by chance: nothing is known to hang on it."
    width = metric_points(metric, found.by_prompt).removeprefix("+")
    most = f", most of it on {FACTORS[found.most]}" if found.most else ""
    return f"{said} About ±{width} hang on the way of asking{most}."
