"""How often the band of a learning curve holds the truth: made-up runs whose law is known.

`python -m bench.curves [REPEATS]` prints a row a case: the share of 95 % bands that hold the true quality at once,
twice and four times the largest train size, and the share of label ranges that hold the true number for the quality at
twice of it. Each run's luck (its seed) is normal; 70 % of the test texts are as hard for every run, as real ones are.
"""

import argparse
from dataclasses import dataclass
from math import inf

import numpy as np

from core.analysis.curve import fitted, needed

DRAWS = 300


@dataclass(frozen=True)
class Case:
    """A true law, how it is tried, and on how many test texts."""

    ceiling: float
    gap: float
    speed: float
    sizes: tuple[int, ...]
    seeds: int
    texts: int
    luck: float

    def truth(self, size: float) -> float:
        """The quality with so many training texts."""
        return self.ceiling - self.gap * (size / self.sizes[0]) ** -self.speed


FIVE, THREE = (100, 200, 400, 800, 1600), (125, 500, 2000)
CASES = (
    Case(0.95, 0.35, 0.5, FIVE, 3, 500, 0.01),
    Case(0.95, 0.35, 0.5, FIVE, 1, 500, 0.01),
    Case(0.95, 0.35, 0.5, THREE, 3, 500, 0.01),
    Case(0.90, 0.30, 0.2, FIVE, 2, 1000, 0.005),
    Case(0.90, 0.30, 0.9, FIVE, 2, 2000, 0.02),
    Case(0.80, 0.40, 1.2, FIVE, 3, 5000, 0.005),
)


def held(case: Case, seed: int) -> list[bool]:
    """Whether the bands at once, twice and four times the largest size hold the truth, and the range of labels."""
    generator = np.random.default_rng(seed)
    hard, sizes, right = generator.random(case.texts), [], []
    for size in case.sizes:
        for _ in range(case.seeds):
            own = np.where(generator.random(case.texts) < 0.7, hard, generator.random(case.texts))
            sizes.append(size)
            right.append(own < case.truth(size) + generator.normal(0, case.luck))
    table = np.array(right, float).T
    drawn = generator.multinomial(case.texts, np.full(case.texts, 1 / case.texts), DRAWS) @ table / case.texts
    means = drawn.reshape(DRAWS, len(case.sizes), case.seeds).mean(2)
    curve = fitted(sizes, table.mean(0), means, seed)
    assert curve is not None
    found = []
    for times in (1, 2, 4):
        _, low, high = curve.value(times * case.sizes[-1])
        found.append(low <= case.truth(times * case.sizes[-1]) <= high)
    twice = 2 * case.sizes[-1]
    labels = needed(curve, case.truth(twice))
    return [*found, (labels.low or inf) <= 1.1 * twice and (labels.high or inf) >= 0.9 * twice]


def main(repeats: int) -> None:
    """Print the table."""
    print("| law | train sizes × seeds | test texts | at the largest | twice | four times | labels |")
    print("|---|---|---|---|---|---|---|")
    for case in CASES:
        shares = np.mean([held(case, seed) for seed in range(repeats)], axis=0)
        law = f"{case.ceiling:g} − {case.gap:g} n^−{case.speed:g}, luck {case.luck:g}"
        cells = " | ".join(f"{100 * share:.1f} %" for share in shares)
        print(f"| {law} | {len(case.sizes)} × {case.seeds} | {case.texts:,} | {cells} |", flush=True)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("repeats", type=int, nargs="?", default=300)
    main(asked.parse_args().repeats)
