"""How much a race saves, and how often it still finds the winner: races replayed from finished runs.

    python -m bench.racing HOME trec banking77 phrasebank liar [--raced HOME] [--repeats 20] [--worlds 40] [--json FILE]

HOME holds each candidate's runs with several train sizes, of which the largest is all. Nothing runs again; HOME is only
read. In each repeat the validation and test texts are dealt anew into both parts, the validation texts get a random
order, of which each round sees a first part as large as its share of the training texts, and a seed is drawn.

*Full grid*: every candidate is fitted on all texts (with each seed) and answers all validation and test texts. *Race*:
in each round those still in are fitted on the round's texts and answer its part of the validation texts, counted anew
each round; only those left in the last round answer the test texts. With more seeds there is another decision after it,
and those that cannot be told from the best on the validation texts then run with the next seed too, as long as there
are two of them and seeds. What is not trained runs once in the grid. Compute is measured CPU seconds of fit and
answers; of the first rounds, where `--raced` has a real race of the same candidates, that of its runs.

The winner of either is the best on validation. They are *tied* where the 95 % interval of their paired difference on
the test texts holds zero. *Harm*: on all texts and seeds together the best that the race dropped is better than
the best that it kept by more than a tie, which is what the stated risk is about.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from bench.racing_outcomes import Outcome, table
from bench.racing_runs import Arm, Ground, ground_of
from bench.racing_worlds import World
from core.analysis.compare import Performance, paired_difference
from core.analysis.gains import PRIOR, Prior
from core.analysis.racing import TIE, Stage, allowance, judge, tie_of
from core.data.dataset import load_dataset
from core.home import Home

Seen = Mapping[str, Sequence[Stage]]
Policy = Callable[[Seen, int, float, int, float], dict[str, float]]
"""From what was seen, all texts, what may be risked, a seed and what counts as a tie to the labels that are dropped,
each with its chance."""
ONE_POINT = "rule, ties of a point"
WORLDS = (World(), World(encoders=15))
RISKS = (0.05, 0.1, 0.2)
DEFAULT = 0.05
STILL = replace(PRIOR, slope=0.0, late=1e-9)
"""Nobody gains anything with more texts."""


def by_rule(seen: Seen, all_texts: int, risk: float, seed: int, tie: float, prior: Prior = PRIOR) -> dict[str, float]:
    """The product's rule."""
    found = judge(seen, all_texts, risk, seed=seed, tie=tie, prior=prior)
    return {name: one.chance for name, one in found.items() if one.drop}


def by_rank(seen: Seen, *_: float, part: int) -> dict[str, float]:
    """Successive halving: the better 1/`part` by what is seen now go on (Jamieson & Talwalkar 2016)."""
    order = sorted(seen, key=lambda name: -seen[name][-1].performance.overall)
    return dict.fromkeys(order[max(1, -(-len(order) // part)) :], 0.0)


POLICIES: dict[str, Policy] = {
    "rule": by_rule, ONE_POINT: by_rule, "no extrapolation": partial(by_rule, prior=STILL),
    "the better half": partial(by_rank, part=2), "the better third": partial(by_rank, part=3),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Deal:
    """What chance decided for a repeat."""

    ground: Ground
    order: np.ndarray
    """Places of the validation texts, in the order in which rounds see them."""
    test: np.ndarray
    seeds: tuple[int, ...]
    """The first is raced; the others, if any, are of the last round."""
    repeat: int

    def stage(self, arm: Arm, stage: int, seeds: Sequence[int]) -> Stage:
        """What a round shows of a candidate."""
        size, texts = self.ground.size(stage), self.ground.sizes[stage]
        seen = self.order[: self.validated(stage)]
        return Stage(texts if arm.trained else None, _over(arm, size, seeds, seen))

    def validated(self, stage: int) -> int:
        """The validation texts of a round."""
        return round(len(self.order) * self.ground.sizes[stage] / self.ground.sizes[-1])

    def best(self, ran: Mapping[str, int]) -> str:
        """The best on all validation texts, each with the first so many seeds."""
        arms = self.ground.arms
        return max(ran, key=lambda name: _over(arms[name], None, self.seeds[: ran[name]], self.order).overall)


def _over(arm: Arm, size: int | None, seeds: Sequence[int], places: np.ndarray) -> Performance:
    found = [arm.trial(size, seed).performance for seed in (seeds if arm.trained else seeds[:1])]
    whole = Performance(found[0].ids, tuple(run for one in found for run in one.runs))
    return whole.take(np.sort(places))


def deal(ground: Ground, seeds: int, repeat: int) -> Deal:
    """A repeat, reproducible by its number."""
    draw = np.random.default_rng([repeat, seeds])
    places = draw.permutation(ground.texts)
    order = tuple(int(seed) for seed in draw.permutation(ground.seeds)[:seeds])
    return Deal(ground, places[: ground.validated], places[ground.validated :], order, repeat)


def raced(one: Deal, name: str, policy: Policy, risk: float) -> Outcome:
    """A race under a policy, beside the full grid."""
    ground, arms = one.ground, one.ground.arms
    last, stays, taken, spent = len(ground.sizes) - 1, list(arms), 0.0, 0.0
    seen: dict[str, list[Stage]] = {label: [] for label in arms}
    counts, decisions, tie = [], last + (len(one.seeds) > 1), TIE
    for stage in range(decisions):
        counts.append(len(stays))
        for label in stays:
            spent += _took(one, arms[label], stage)
            seen[label].append(one.stage(arms[label], stage, one.seeds[:1]))
        may = allowance(risk, taken, decisions - stage)
        those = {label: seen[label] for label in stays}
        tie = tie_of(those, len(one.test)) if name == "rule" else TIE
        out = policy(those, ground.sizes[-1], may, one.repeat, tie)
        taken += sum(out.values())
        stays = [label for label in stays if label not in out]
    counts.append(len(stays))
    if len(one.seeds) == 1:
        spent += sum(_took(one, arms[label], last) for label in stays)
    ran = dict.fromkeys(stays, 1)
    while more := [label for label in _level(one, ran) if arms[label].trained and ran[label] < len(one.seeds)]:
        for label in more:
            spent += arms[label].trial(None, one.seeds[ran[label]]).took(ground.texts)
            ran[label] += 1
    return _checked(one, name, (risk, taken, tie), ran, spent, tuple(counts))


def _level(one: Deal, ran: dict[str, int]) -> list[str]:
    """Those that cannot be told from the best on the validation texts by the seeds that have run; nobody when alone."""
    found = {label: _over(one.ground.arms[label], None, one.seeds[:seeds], one.order) for label, seeds in ran.items()}
    best = max(found, key=lambda name: found[name].overall)
    level = [name for name in found if name == best or paired_difference(found[best], found[name]).is_tie]
    return level if len(level) > 1 else []


def _took(one: Deal, arm: Arm, stage: int) -> float:
    """CPU seconds of a round; the last one answers the test texts as well."""
    whole = stage == len(one.ground.sizes) - 1
    return arm.trial(one.ground.size(stage), one.seeds[0]).took(one.ground.texts if whole else one.validated(stage))


def _least(one: Deal, winner: Arm) -> float:
    """CPU seconds of a race in which all but the winner are dropped after the first round."""
    later = sum(_took(one, winner, stage) for stage in range(1, len(one.ground.sizes)))
    return sum(_took(one, arm, 0) for arm in one.ground.arms.values()) + later


def _checked(
    one: Deal, name: str, risk: tuple[float, float, float], ran: dict[str, int], spent: float, counts: tuple[int, ...]
) -> Outcome:
    arms, ground = one.ground.arms, one.ground
    of_grid, winner = one.best(dict.fromkeys(arms, len(one.seeds))), one.best(ran)
    first, other = (_over(arms[label], None, one.seeds, one.test) for label in (of_grid, winner))
    grid = sum(arm.trial(None, seed).took(ground.texts) for arm in arms.values()
               for seed in (one.seeds if arm.trained else one.seeds[:1]))  # fmt: skip
    every = np.arange(ground.texts)
    truth = {label: _over(arm, None, ground.seeds, every).overall for label, arm in arms.items()}
    missed = max(truth.values()) - max(truth[label] for label in ran)
    return Outcome(
        ground.dataset, len(one.seeds), one.repeat, name, risk[0], winner, of_grid, spent / grid,
        first.overall - other.overall, winner == of_grid or paired_difference(first, other).is_tie, risk[1], missed,
        _least(one, arms[of_grid]) / grid, counts, risk[2],
    )  # fmt: skip


def grounds(home: Home, datasets: Sequence[str], raced: Home | None = None) -> Iterator[Ground]:
    """The data sets with enough finished runs; tells what is there of each."""
    for name in datasets:
        ground = ground_of(home, name, len(load_dataset(home, name).examples("train")), raced)
        if ground is None:
            print(f"{name}: too few runs are finished")
            continue
        print(f"{name}: {len(ground.arms)} candidates, seeds {ground.seeds}; left out: {ground.missing or 'none'}")
        yield ground


def _rounds(ground: Ground, two: bool) -> Ground:
    return replace(ground, sizes=(ground.sizes[0], ground.sizes[-1])) if two else ground


def outcomes(ground: Ground, repeats: Iterable[int]) -> Iterator[Outcome]:
    """Every race on a data set, with one seed and, where there are runs, with two and three."""
    for seeds in range(1, min(3, len(ground.seeds)) + 1):
        for repeat in repeats:
            one = deal(ground, seeds, repeat)
            for name, policy in POLICIES.items():
                for risk in RISKS if policy is by_rule else (DEFAULT,):
                    yield raced(one, name, policy, risk)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path, nargs="?")
    parser.add_argument("datasets", nargs="*")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--worlds", type=int, default=0, help="so many made-up data sets of each kind as well")
    parser.add_argument("--two", action="store_true", help="only two rounds: the smallest train size, then all")
    parser.add_argument("--raced", type=Path, metavar="HOME", help="a data folder with real races: what rounds took")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every race as JSON")
    options = parser.parse_args()
    found = []
    raced_there = Home(options.raced) if options.raced else None
    for ground in grounds(Home(options.home), options.datasets, raced_there) if options.home else ():
        found += list(outcomes(_rounds(ground, options.two), range(options.repeats)))
    for world in WORLDS:
        for number in range(options.worlds):
            found += list(outcomes(_rounds(world.ground(number), options.two), (number,)))
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=1))


if __name__ == "__main__":
    main()
