"""How often the recommendation is right: decided on one half of the test texts, checked on the other.

    python bench/decisions.py HOME trec phrasebank wnut17 liar [--splits 20] [--margins 0.01,0.02] [--json FILE]

The stored test predictions are split into random halves. The first half (with validation, on which the best is chosen)
is all that the recommendation sees; on the other half the truth is taken: the best candidate there, and how far behind
it the recommended one is. *Right* means within the margin. Nothing runs again; HOME is only read.

The halves complement each other: where chance makes a candidate look x points too good on the first, it looks x points
too bad on the second, beside the whole. Regrets are therefore overstated, for every policy alike; less so the smaller
the share that is seen (`--share`).
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)  # not this folder: its statistics.py would hide the one of Python

from core.analysis.compare import Performance, paired_difference
from core.analysis.decision import Question, Rule, best_of, decide
from core.analysis.intervals import interval
from core.analysis.results import CandidateRow
from core.findings.evidence import performances_of
from core.findings.results import results
from core.home import Home
from core.preferences import load

POLICIES = ("proven", "plausible", "most accurate", "cheapest")
CHEAP = {"usd": "usd_per_1k", "kwh": "kwh_per_1k"}


@dataclass(frozen=True)
class Outcome:
    """One decision, checked: points behind the true best, and what it costs beside the most accurate."""

    dataset: str
    split: int
    margin: float
    cheap: str
    policy: str
    winner: str
    true_best: str
    regret: float
    right: bool
    usd_saved: float | None
    kwh_saved: float | None
    """Shares of what the most accurate (on validation) costs; below 0 where it costs more."""


def outcomes(home: Home, dataset: str, margins: Sequence[float], splits: int, share: float = 0.5) -> Iterator[Outcome]:
    """Every decision on every split of a dataset; `share` of the test texts are seen."""
    rows = results(home, dataset, load(home))
    whole = performances_of(home, rows)
    rows = [row for row in rows if row.candidate in whole]
    ids = np.unique(np.concatenate([one.ids for one in whole.values()]))
    for split in range(splits):
        seen = np.random.default_rng(split).permutation(ids)[: round(share * len(ids))]
        first = {name: half(one, seen, True) for name, one in whole.items()}
        truth = {name: half(one, seen, False).overall for name, one in whole.items()}
        yield from _decided(dataset, split, rows, first, truth, margins)


def half(whole: Performance, seen: np.ndarray, inside: bool) -> Performance:
    """A performance on the texts that are, or are not, among `seen`."""
    return whole.take(np.flatnonzero(np.isin(whole.ids, seen) == inside))


def _decided(
    dataset: str, split: int, rows: Sequence[CandidateRow], first: dict[str, Performance], truth: dict[str, float],
    margins: Sequence[float],
) -> Iterator[Outcome]:  # fmt: skip
    rows = [_on_half(row, first[row.candidate]) for row in rows]
    best = best_of(rows)
    assert best is not None
    gaps = {name: paired_difference(first[best.candidate], one) for name, one in first.items()
            if name != best.candidate}  # fmt: skip
    by_name = {row.candidate: row for row in rows}
    true_best = max(truth, key=lambda name: truth[name])
    for margin in margins:
        for cheap in CHEAP:
            for policy in POLICIES:
                winner = _taken(rows, gaps, best, policy, margin, cheap)
                regret = truth[true_best] - truth[winner]
                yield Outcome(
                    dataset, split, margin, cheap, policy, winner, true_best, regret, regret <= margin + 1e-12,
                    _saved(by_name[winner].usd_per_1k, best.usd_per_1k),
                    _saved(by_name[winner].kwh_per_1k, best.kwh_per_1k),
                )  # fmt: skip


def _on_half(row: CandidateRow, seen: Performance) -> CandidateRow:
    value, low, high = interval(seen.runs, seen.clusters)
    return row.model_copy(update={"quality": value, "quality_low": low, "quality_high": high})


def _taken(rows: Sequence[CandidateRow], gaps: dict, best: CandidateRow, policy: str, margin: float, cheap: str) -> str:
    if policy == "most accurate":
        return best.candidate
    if policy == "cheapest":
        priced = [row for row in rows if getattr(row, CHEAP[cheap]) is not None]
        return min(priced, key=lambda row: getattr(row, CHEAP[cheap])).candidate
    rule: Rule = "proven" if policy == "proven" else "plausible"
    found = decide(rows, gaps, Question(margin=margin, cheap=cheap, rule=rule))  # type: ignore[arg-type]
    assert found is not None
    assert found.winner is not None
    return found.winner.candidate


def _saved(cost: float | None, beside: float | None) -> float | None:
    return None if cost is None or not beside else 1 - cost / beside


def table(found: Sequence[Outcome]) -> str:
    """The outcomes by set, margin, what is cheap and policy, as Markdown; the last rows are over all sets."""
    head = ["set", "margin", "cheap", "policy", "right", "regret, mean", "regret, worst", "USD saved", "energy saved",
            "took the most accurate", "taken"]  # fmt: skip
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    sets = [*dict.fromkeys(one.dataset for one in found), "all"]
    for dataset in sets:
        mine = [one for one in found if dataset in ("all", one.dataset)]
        for key in dict.fromkeys((one.margin, one.cheap, one.policy) for one in mine):
            group = [one for one in mine if (one.margin, one.cheap, one.policy) == key]
            lines.append(f"| {' | '.join(_cells(dataset, key, group, mine))} |")
    return "\n".join(lines)


def _cells(
    dataset: str, key: tuple[float, str, str], group: Sequence[Outcome], mine: Sequence[Outcome]
) -> Iterator[str]:
    margin, cheap, policy = key
    accurate = {(one.dataset, one.split): one.winner for one in mine if one.policy == "most accurate"}
    same = float(np.mean([one.winner == accurate[one.dataset, one.split] for one in group]))
    counts: dict[str, int] = {}
    for one in group:
        counts[one.winner] = counts.get(one.winner, 0) + 1
    taken = ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda item: -item[1])[:3])
    yield from (dataset, f"{100 * margin:g}", cheap, policy)
    yield f"{sum(one.right for one in group)} of {len(group)}"
    yield f"{100 * np.mean([one.regret for one in group]):.1f}"
    yield f"{100 * max(one.regret for one in group):.1f}"
    for saved in ([one.usd_saved for one in group], [one.kwh_saved for one in group]):
        known = [share for share in saved if share is not None]
        yield f"{np.mean(known):.0%}".replace("%", " %") if known else "unknown"
    yield f"{same:.0%}".replace("%", " %")
    yield taken if dataset != "all" else ""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("datasets", nargs="+")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--share", type=float, default=0.5, help="share of the test texts that are seen")
    parser.add_argument("--margins", default="0.01,0.02,0.05")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every decision as JSON")
    options = parser.parse_args()
    margins = [float(part) for part in options.margins.split(",")]
    found = [
        one for name in options.datasets
        for one in outcomes(Home(options.home), name, margins, options.splits, options.share)
    ]  # fmt: skip
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=1))


if __name__ == "__main__":
    main()
