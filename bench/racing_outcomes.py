"""What a replayed race came to beside the full grid, and the table of them (`bench/racing.py`)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.racing import TIE


@dataclass(frozen=True)
class Outcome:
    """A race, checked against the full grid."""

    dataset: str
    seeds: int
    repeat: int
    policy: str
    risk: float
    winner: str
    of_grid: str
    compute: float
    """A share of the full grid's."""
    behind: float
    """The grid's winner minus the race's on the test texts."""
    tied: bool
    claimed: float
    """The harm that the rule expected of all it dropped, as a chance; 0 for policies that expect nothing."""
    missed: float
    """On all texts and seeds, the best of those dropped minus the best of those kept; 0 where that is less."""
    least: float
    """A share of the full grid's as well: a race that knew from the first round on who would win."""
    stayed: tuple[int, ...]
    """How many were in each round."""
    tie: float = TIE
    """What counted as a tie when it was last decided."""

    @property
    def same(self) -> bool:
        """Whether both have one winner."""
        return self.winner == self.of_grid


def table(found: Sequence[Outcome]) -> str:
    """The outcomes as Markdown."""
    head = ["set", "seeds", "policy", "risk", "compute", "least possible", "same winner", "or tied",
            "neither tied nor within a point", "points behind, mean", "a tie, points", "harm expected",
            "harm", "in each round"]  # fmt: skip
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for dataset in dict.fromkeys(one.dataset for one in found):
        mine = [one for one in found if one.dataset == dataset]
        for key in dict.fromkeys((one.seeds, one.policy, one.risk) for one in mine):
            group = [one for one in mine if (one.seeds, one.policy, one.risk) == key]
            lines.append(f"| {' | '.join((dataset, *map(str, key), *_cells(group)))} |")
    return "\n".join(lines)


def _cells(group: Sequence[Outcome]) -> Iterator[str]:
    n, compute = len(group), [one.compute for one in group]
    yield f"{100 * np.mean(compute):.0f} % ({100 * min(compute):.0f}–{100 * max(compute):.0f})"
    yield f"{100 * np.mean([one.least for one in group]):.0f} %"
    yield f"{sum(one.same for one in group)} of {n}"
    yield f"{sum(one.tied for one in group)} of {n}"
    yield f"{sum(not one.tied and one.behind > TIE for one in group)}"
    yield f"{100 * np.mean([one.behind for one in group]):.2f}"
    yield f"{100 * np.mean([one.tie for one in group]):.1f}"
    yield f"{100 * np.mean([one.claimed for one in group]):.1f} %"
    yield f"{100 * np.mean([one.missed > one.tie for one in group]):.1f} %"
    yield " → ".join(f"{np.mean(part):.1f}" for part in zip(*(one.stayed for one in group), strict=True))
