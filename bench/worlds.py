"""Worlds from which test sets are drawn, each with a known truth: what `bench/statistics.py` simulates."""

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from core.analysis import metrics
from core.analysis.compare import Performance
from core.analysis.statistic import Counts, OfLabels, Statistic

NORMAL = NormalDist()
SPANS = np.array([0.45, 0.3, 0.15, 0.07, 0.03])
"""How many entities a text has: 0 to 4."""
SPURIOUS = 0.05
"""Entities found where none are: one of two tries a text."""


@lru_cache(maxsize=64)
def ids(n: int) -> NDArray[np.str_]:
    """Sorted ids of `n` texts."""
    return np.char.zfill(np.arange(n).astype(str), 8)


def of_right(right: NDArray) -> Performance:
    """One run from which texts are right, shape (texts,), or several runs, shape (runs, texts)."""
    runs = tuple(Statistic.of_mean(run) for run in np.atleast_2d(right))
    return Performance(ids(np.atleast_2d(right).shape[1]), runs)


@dataclass(frozen=True)
class Pair:
    """Two candidates: `alone` is the share of texts that only one gets right, `gap` how much better the first is."""

    alone: float
    gap: float

    def draw(self, n: int, draw: np.random.Generator) -> tuple[Performance, Performance]:
        """Both on `n` texts."""
        luck = draw.random(n)
        return self._of(luck < (self.alone + self.gap) / 2, luck >= 1 - (self.alone - self.gap) / 2)

    def exact(self, n: int) -> tuple[Performance, Performance]:
        """Both on `n` texts in which the shares are just as in the world."""
        places = (np.arange(n) + 0.5) / n
        return self._of(places < (self.alone + self.gap) / 2, places >= 1 - (self.alone - self.gap) / 2)

    def _of(self, only_a: NDArray, only_b: NDArray) -> tuple[Performance, Performance]:
        return of_right(~only_b), of_right(~only_a)


@dataclass(frozen=True)
class Accuracy:
    """Candidates that are right with the same probability; texts are hard or easy for all of them."""

    mean: float

    def draw(self, count: int, n: int, draw: np.random.Generator) -> list[Performance]:
        """`count` candidates on the same texts."""
        easy = draw.beta(3 * self.mean, 3 * (1 - self.mean), n)
        return [of_right(draw.random(n) < easy) for _ in range(count)]


@dataclass(frozen=True)
class Seeds:
    """A candidate whose runs' true accuracies have the mean `truth` and lie `luck` apart (standard deviation)."""

    truth: float
    luck: float
    hardness = 1.5
    """How far texts differ, on the probit scale."""

    def draw(self, k: int, n: int, draw: np.random.Generator) -> NDArray[np.bool_]:
        """Which texts each of `k` runs gets right, shape (k, n)."""
        return self._runs(k, draw.normal(0, self.hardness, n), draw)

    def pair(self, k: int, n: int, draw: np.random.Generator) -> tuple[Performance, Performance]:
        """Two candidates of this kind on the same texts, `k` runs each."""
        hard = draw.normal(0, self.hardness, n)
        return of_right(self._runs(k, hard, draw)), of_right(self._runs(k, hard, draw))

    def _runs(self, k: int, hard: NDArray, draw: np.random.Generator) -> NDArray[np.bool_]:
        wide = np.sqrt(1 + self.hardness**2)
        slope = NORMAL.pdf(NORMAL.inv_cdf(self.truth)) / wide
        luck = self.luck / slope
        centre = NORMAL.inv_cdf(self.truth) * np.sqrt(wide**2 + luck**2)
        level = centre + luck * draw.normal(size=(k, 1)) + hard
        result: NDArray[np.bool_] = draw.normal(size=(k, len(hard))) < level
        return result


@dataclass(frozen=True)
class Entities:
    """Texts with 0 to 4 entities, each found with the probability `found`; `alike` makes documents differ in it."""

    found: float
    alike: float = 0.0

    @property
    def name(self) -> str:
        """What is simulated."""
        return "F1 of entities"

    @property
    def truth(self) -> float:
        """F1 over endlessly many texts."""
        gold = float(SPANS @ np.arange(5))
        given = gold * (self.found + (1 - self.found) / 2) + 2 * SPURIOUS
        return 2 * self.found * gold / (gold + given)

    def draw(self, n: int, draw: np.random.Generator) -> tuple[Statistic, None]:
        """F1 on `n` texts."""
        return self.on(draw.choice(5, n, p=SPANS), self.found, draw), None

    def on(self, gold: NDArray, found: float | NDArray, draw: np.random.Generator) -> Statistic:
        """F1 on texts with so many entities each."""
        hits = draw.binomial(gold, found)
        given = hits + draw.binomial(gold - hits, 0.5) + draw.binomial(2, SPURIOUS, len(gold))
        table, kinds = np.unique(np.stack([hits, gold, given], 1), axis=0, return_inverse=True)
        return Statistic(Counts.of_table(table.astype(float), kinds.reshape(-1)), OfLabels(metrics.micro_f1, ("e",)))

    def documents(self, count: int, draw: np.random.Generator) -> tuple[Statistic, NDArray[np.int64]]:
        """F1 on the sentences of `count` documents, and the document of each."""
        places = np.repeat(np.arange(count), draw.integers(1, 20, count))
        found = draw.beta(4 * self.found, 4 * (1 - self.found), count)[places] if self.alike else self.found
        return self.on(draw.choice(5, len(places), p=SPANS), found, draw), places


@dataclass(frozen=True)
class Documents:
    """Documents of 1 to 19 sentences; the share of right ones differs between documents."""

    truth: float

    @property
    def name(self) -> str:
        """What is simulated."""
        return f"accuracy {self.truth}"

    def documents(self, count: int, draw: np.random.Generator) -> tuple[Statistic, NDArray[np.int64]]:
        """Accuracy on the sentences of `count` documents, and the document of each."""
        places = np.repeat(np.arange(count), draw.integers(1, 20, count))
        share = draw.beta(5 * self.truth, 5 * (1 - self.truth), count)[places]
        return Statistic.of_mean(draw.random(len(places)) < share), places


@dataclass(frozen=True)
class Labels:
    """Six labels, the rarest of them `rare` of the texts; a wrong answer is any other label alike. Macro F1."""

    right: float
    rare: float

    @property
    def name(self) -> str:
        """What is simulated."""
        return f"macro F1, rarest label {100 * self.rare:.0f} %"

    @property
    def shares(self) -> NDArray[np.float64]:
        """How often each label is, from common to rare."""
        steps = np.linspace(1 / 3 - self.rare, self.rare, 6)
        return steps / steps.sum()

    @property
    def truth(self) -> float:
        """Macro F1 over endlessly many texts."""
        cells = self.shares[:, None] * (
            np.full((6, 6), (1 - self.right) / 5) + np.eye(6) * (self.right - (1 - self.right) / 5)
        )
        counts = np.stack([np.diag(cells), cells.sum(1), cells.sum(0)])
        return float(metrics.macro_f1(counts))

    def draw(self, n: int, draw: np.random.Generator) -> tuple[Statistic, NDArray[np.int64]]:
        """Macro F1 on `n` texts, and the label of each."""
        gold = draw.choice(6, n, p=self.shares)
        given = np.where(draw.random(n) < self.right, gold, (gold + draw.integers(1, 6, n)) % 6)
        one, other = np.divmod(np.arange(36), 6)
        table = np.zeros((36, 3, 6))
        places = np.arange(36)
        table[places, 1, one] = table[places, 2, other] = 1
        table[places, 0, one] = one == other
        value = OfLabels(metrics.macro_f1, tuple("abcdef"))
        return Statistic(Counts.of_table(table.reshape(36, 18), gold * 6 + given), value), gold


def arms(worlds: list[Entities], n: int, draw: np.random.Generator) -> tuple[Performance, Performance]:
    """Two candidates that look for the same entities."""
    gold = draw.choice(5, n, p=SPANS)
    one, other = (Performance(ids(n), (world.on(gold, world.found, draw),)) for world in worlds)
    return one, other
