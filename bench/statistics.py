"""Do the statistics keep their word? Simulated coverage, false alarms and power: the tables of docs/statistics.md.

    python bench/statistics.py [--part PART …] [--repeats N] [--seed N]

Test sets are drawn from worlds whose truth is known and given to the functions that the product uses. A table a part,
in Markdown. All of it takes about a quarter of an hour on one core.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import sqrt
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: its statistics.py would hide the one of Python

import numpy as np
from numpy.typing import NDArray

from bench.worlds import Accuracy, Documents, Entities, Labels, Pair, Seeds, arms
from core.analysis.compare import Performance, all_pairs, comparison, paired_difference
from core.analysis.intervals import Interval, Kind, interval, intervals
from core.analysis.power import detectable, texts_needed
from core.analysis.resampling import Groups
from core.analysis.statistic import Statistic

Lines = Iterator[Sequence[object]]
SIZES = (100, 200, 500, 1000, 2000, 5000)
ACCURACIES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
WAYS: tuple[tuple[Kind, bool], ...] = (("percentile", False), ("bca", False), ("percentile", True))
"""Kinds of bootstrap, and whether each label is drawn by itself."""
NEAR = 0.01
"""Accuracies are simulated one by one and drawn within this far of each, since hits are whole numbers."""


def holds(found: tuple[float, float, float], truth: float) -> bool:
    """Whether an interval holds the truth."""
    return found[1] <= truth <= found[2]


def share(hits: Sequence[bool] | NDArray) -> str:
    """A share in percent with its own simulation error."""
    part = float(np.mean(hits))
    return f"{100 * part:.1f} ± {196 * sqrt(part * (1 - part) / len(hits)):.1f}"


def accuracy(_: int, draw: np.random.Generator) -> Lines:
    """Coverage of the 95 % interval of accuracy, one run"""
    yield ("test texts", *(f"{p:.2f}" for p in ACCURACIES), *(f"{p:.2f} ± {NEAR:.2f}" for p in ACCURACIES))
    for n in SIZES:
        ends = np.array([interval([Statistic.of_mean(np.arange(n) < hits)])[1:] for hits in range(n + 1)])
        cells = []
        for near in (0.0, NEAR):
            for p in ACCURACIES:
                truth = draw.uniform(p - near, p + near, 200_000)
                low, high = ends[draw.binomial(n, truth)].T
                cells.append(f"{100 * float(((low <= truth) & (truth <= high)).mean()):.1f}")
        yield (n, *cells)


def f1(repeats: int, draw: np.random.Generator) -> Lines:
    """Coverage of the 95 % interval of F1, one run: percentile, BCa, and with the strata of the labels"""
    yield "metric", "test texts", "truth", "percentile", "BCa", "stratified by label"
    worlds = [Entities(0.55), Entities(0.85), Labels(0.8, 0.1), Labels(0.9, 0.02)]
    for world in worlds:
        for n in (100, 500, 2000):
            drawn = [world.draw(n, draw) for _ in range(repeats)]
            cells = []
            for kind, layered in WAYS:
                known = not layered or drawn[0][1] is not None
                found = [_f1(one, kind, layered, place) for place, one in enumerate(drawn) if known]
                cells.append(share([holds(one, world.truth) for one in found]) if known else "")
            yield (world.name, n, f"{100 * world.truth:.1f}", *cells)


def seeds(repeats: int, draw: np.random.Generator) -> Lines:
    """Coverage of the mean over seeds for the candidate's true accuracy, over all texts and all seeds"""
    yield "true accuracy", "test texts", "seeds lie apart by (points)", *(f"{k} runs" for k in (1, 2, 3, 5, 10))
    for p, n, luck in ((0.9, 500, 0.0), (0.9, 500, 0.005), (0.9, 500, 0.02), (0.8, 2000, 0.01), (0.97, 1000, 0.005)):
        world = Seeds(p, luck)
        cells = [
            share([holds(interval([Statistic.of_mean(run) for run in world.draw(k, n, draw)]), world.truth)
                   for _ in range(repeats)])
            for k in (1, 2, 3, 5, 10)
        ]  # fmt: skip
        yield (f"{world.truth:.3f}", n, f"{100 * luck:.1f}", *cells)


def documents(repeats: int, draw: np.random.Generator) -> Lines:
    """Coverage where sentences of a document resemble each other: sentences drawn, or whole documents"""
    yield "metric", "documents", "sentences", "sentences drawn", "documents drawn"
    for world in (Documents(0.9), Entities(0.7, alike=1.0)):
        for count in (30, 100, 300):
            plain, whole, sentences = [], [], 0
            for place in range(repeats):
                one, clusters = world.documents(count, draw)
                sentences += len(one)
                plain.append(holds(interval([one], seed=place), world.truth))
                whole.append(holds(interval([one], clusters, seed=place), world.truth))
            yield world.name, count, round(sentences / repeats), share(plain), share(whole)


def differences(repeats: int, draw: np.random.Generator) -> Lines:
    """Coverage of the paired difference of two candidates, one run each"""
    yield "metric", "test texts", "right or wrong alone", "true difference (points)", "coverage", "above", "below"
    cases = [
        (n, alone, gap) for n in (100, 500, 2000) for alone, gap in ((0.02, 0.0), (0.1, 0.0), (0.1, 0.05), (0.3, 0.1))
    ]
    for n, alone, gap in cases:
        world = Pair(alone, gap)
        found = [paired_difference(*world.draw(n, draw)) for _ in range(repeats * 10)]
        yield ("accuracy", n, alone, f"{100 * gap:.0f}", *_sides([(one.low, one.high) for one in found], gap))
    for n in (200, 1000):
        one, other = Entities(0.75), Entities(0.70)
        gap = one.truth - other.truth
        found = []
        for place in range(repeats):
            a, b = arms([one, other], n, draw)
            found.append(paired_difference(a, b, seed=place))
        yield ("F1 of entities", n, "", f"{100 * gap:.1f}", *_sides([(one.low, one.high) for one in found], gap))


def false_alarms(repeats: int, draw: np.random.Generator) -> Lines:
    """False alarms at 5 %: two candidates that do equally well are told apart, in percent of the test sets"""
    yield "test", "test texts", "right or wrong alone", "p < 0.05", "interval leaves 0 out"
    for n, alone in ((100, 0.05), (100, 0.2), (500, 0.02), (500, 0.1), (2000, 0.05), (5000, 0.1)):
        yield ("McNemar", n, alone, *_alarms(partial(Pair(alone, 0.0).draw, n, draw), repeats * 10))
    for n in (100, 500):
        worlds = [Entities(0.7), Entities(0.7)]
        yield ("permutation, F1 of entities", n, "", *_alarms(partial(arms, worlds, n, draw), repeats))
    for k, luck in ((2, 0.01), (3, 0.01), (5, 0.0), (5, 0.02)):
        world = Seeds(0.9, luck)
        yield (f"t, {k} runs each, seeds {100 * luck:.0f} points apart", 500, "",
               *_alarms(partial(world.pair, k, 500, draw), repeats * 2))  # fmt: skip


def families(repeats: int, draw: np.random.Generator) -> Lines:
    """Holm: any false alarm among all pairs of candidates that do equally well, in percent of the test sets"""
    yield "candidates", "pairs", "test texts", "any p < 0.05", "any p < 0.05 after Holm"
    for count, n in ((3, 500), (5, 500), (8, 1000)):
        plain, adjusted = [], []
        for _ in range(repeats):
            found = all_pairs({str(place): one for place, one in enumerate(Accuracy(0.9).draw(count, n, draw))})
            plain.append(any(pair.p < 0.05 for pair in found))
            adjusted.append(any((pair.p_holm or 0) < 0.05 for pair in found))
        yield count, count * (count - 1) // 2, n, share(plain), share(adjusted)


def margins(repeats: int, draw: np.random.Generator) -> Lines:
    """Errors of "not worse by more than a point": how often it is said of a candidate that is worse by more"""
    yield "test texts", "right or wrong alone", "true difference (points)", "called not worse", "called worse"
    for n, alone in ((500, 0.05), (2000, 0.05), (5000, 0.1)):
        for gap in (0.0, 0.01, 0.02, 0.03):
            found = [paired_difference(*Pair(alone, gap).draw(n, draw)) for _ in range(repeats * 10)]
            yield (n, alone, f"{100 * gap:.0f}", share([one.high <= 0.01 for one in found]),
                   share([one.low > 0.01 for one in found]))  # fmt: skip


def power(repeats: int, draw: np.random.Generator) -> Lines:
    """The planner: of differences as large as it says can be seen, and with as many more texts as it asks for (80 %)"""
    yield "plan", "test texts", "right or wrong alone", "planned", "came true"
    for n, alone in ((200, 0.2), (500, 0.1), (2000, 0.05)):
        least = detectable(*Pair(alone, 0.0).exact(n))
        assert least is not None
        seen = [paired_difference(*Pair(alone, least).draw(n, draw)).low > 0 for _ in range(repeats * 10)]
        yield "difference that can be seen", n, alone, f"{100 * least:.1f} points", share(seen)
    for n, alone, gap in ((500, 0.06, 0.0), (500, 0.1, -0.004), (500, 0.1, 0.032)):
        more = texts_needed(*Pair(alone, gap).exact(n), 0.01)
        assert more
        found = [paired_difference(*Pair(alone, gap).draw(n + more, draw)) for _ in range(repeats * 2)]
        settled = [one.high <= 0.01 if gap < 0.01 else one.low > 0.01 for one in found]
        yield f"settle a difference of {100 * gap:.1f} within 1 point", n, alone, f"{more:,} more texts", share(settled)


def _f1(drawn: tuple[Statistic, Groups | None], kind: Kind, layered: bool, seed: int) -> Interval:
    one, strata = drawn
    return intervals({"f1": one}, seed, strata=strata if layered else None, kind=kind)["f1"]


def _sides(ends: Sequence[tuple[float, float]], truth: float) -> tuple[str, str, str]:
    low, high = np.array(ends).T
    return share((low <= truth) & (truth <= high)), share(low > truth), share(high < truth)


def _alarms(draw: Callable[[], tuple[Performance, Performance]], repeats: int) -> tuple[str, str]:
    found = [comparison(*draw(), "a", "b") for _ in range(repeats)]
    return share([one.p < 0.05 for one in found]), share([not one.difference.is_tie for one in found])


PARTS = (accuracy, f1, seeds, documents, differences, false_alarms, families, margins, power)


def main() -> None:
    """Print the table of each part."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [part.__name__ for part in PARTS]
    asked.add_argument("--part", nargs="+", choices=names, default=names)
    asked.add_argument("--repeats", type=int, default=2000, help="test sets a cell; cheap cells draw more")
    asked.add_argument("--seed", type=int, default=0)
    options = asked.parse_args()
    for part in PARTS:
        if part.__name__ in options.part:
            print(f"\n### {part.__doc__}\n")
            for row, line in enumerate(part(options.repeats, np.random.default_rng(options.seed))):
                print(f"| {' | '.join(str(cell) for cell in line)} |", flush=True)
                if not row:
                    print("|" + "---|" * len(line))


if __name__ == "__main__":
    main()
