"""Made-up data sets for `bench/racing.py`, whose learning curves are known and are not those that the rule assumes.

Prompts are as good with any texts. Linear models follow a power law from the first text on. Fine-tuned encoders stay at
the most frequent answer until they have enough texts, then learn fast and level off: at the data set's ceiling, which
all share, less something of their own. Texts are hard or easy for all, and hard for each by itself. What runs take is
what MiniLM, linear models and a small language model took on TREC, in CPU seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.racing_runs import Arm, Ground, Key, Trial
from core.analysis.compare import Performance
from core.analysis.statistic import Statistic

SIZES: tuple[int, ...] = (200, 600, 1800)
VALIDATED, TESTED = 400, 1000
ALONE = 0.3
"""The share of texts that are hard for a candidate by itself."""
LUCK = 0.05
"""Standard deviation that the seed adds to a loss, as a share of it."""


@dataclass(frozen=True)
class World:
    """How many candidates of each kind there are, and with how many seeds."""

    encoders: int = 5
    linear: int = 5
    prompts: int = 3
    seeds: int = 3

    @property
    def name(self) -> str:
        """What is simulated."""
        return f"made up: {self.encoders} encoders, {self.linear} linear, {self.prompts} prompts"

    def ground(self, seed: int) -> Ground:
        """A data set drawn from this world."""
        draw = np.random.default_rng(seed)
        hard = draw.random(VALIDATED + TESTED)
        floor, ceiling = draw.uniform(0.1, 0.6), draw.uniform(0.7, 0.97)
        most = ceiling - floor
        arms = {}
        for number in range(self.prompts):
            right = floor + most * draw.uniform(-0.3, 0.7)
            arms[f"prompt {number}"] = self._arm(f"prompt {number}", _prompt(right), 2.0, 0.0, 0.05, hard, draw)
        for number in range(self.linear):
            arms[f"linear {number}"] = self._arm(f"linear {number}", _linear(floor, ceiling, draw), 2, 2e-3, 1e-3, hard,
                                                 draw)  # fmt: skip
        for number in range(self.encoders):
            arms[f"encoder {number}"] = self._arm(
                f"encoder {number}", _encoder(floor, ceiling, draw), 6, draw.uniform(0.02, 0.045), 1.4e-3, hard, draw
            )  # fmt: skip
        return Ground(self.name, arms, SIZES, VALIDATED, tuple(range(self.seeds)), ())

    def _arm(
        self, label: str, right: Callable[[float], float], start: float, a_text: float, answer: float,
        hard: np.ndarray, draw: np.random.Generator,
    ) -> Arm:  # fmt: skip
        """A candidate whose share of right answers is a function of the training texts."""
        own = np.where(draw.random(len(hard)) < ALONE, draw.random(len(hard)), hard)
        if not a_text:
            return Arm(label, {(None, 0): _trial(own, right(0), start, answer)})
        trials: dict[Key, Trial] = {}
        for size in SIZES:
            for seed in range(self.seeds):
                lucky = 1 - (1 - right(size)) * np.exp(draw.normal(0, LUCK))
                seen = np.where(draw.random(len(hard)) < 0.1, draw.random(len(hard)), own)
                key = None if size == SIZES[-1] else size
                trials[key, seed] = _trial(seen, lucky, start + a_text * size, answer)
        return Arm(label, trials)


def _prompt(right: float) -> Callable[[float], float]:
    return lambda _: right


def _linear(floor: float, ceiling: float, draw: np.random.Generator) -> Callable[[float], float]:
    start = draw.uniform(0.4, 0.8) * (1 - floor)
    speed, most = draw.uniform(0.1, 0.35), ceiling - draw.uniform(-0.01, 0.1)
    return lambda n: min(1 - start * (n / 200) ** -speed, most)


def _encoder(floor: float, ceiling: float, draw: np.random.Generator) -> Callable[[float], float]:
    begins, steep = 300 * np.exp(draw.normal(0, 0.7)), draw.uniform(2, 4)
    most, speed = ceiling - abs(draw.normal(0, 0.012)), draw.uniform(0.3, 0.6)

    def right(n: float) -> float:
        begun = 1 / (1 + (begins / n) ** steep)
        found: float = floor + (most - floor) * begun * (1 - 0.25 * (n / 200) ** -speed)
        return found

    return right


def _trial(hard: np.ndarray, right: float, fit: float, answer: float) -> Trial:
    ids = np.char.zfill(np.arange(len(hard)).astype(str), 6)
    return Trial(Performance(ids, (Statistic.of_mean((hard < right).astype(float)),)), fit, answer)
