"""Two to six candidates side by side, from run folders: what the Compare page and the verb `compare` answer with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from core.analysis.compare import Comparison, Difference, all_pairs
from core.analysis.decision import MARGIN, best_of
from core.analysis.differing import Differing, Plain, differing
from core.analysis.label_scores import LabelScores, label_scores
from core.analysis.results import CandidateRow
from core.analysis.side_by_side import SideBySide, side_by_kinds
from core.analysis.statistic import OfLabels
from core.errors import TradeoffError, unknown
from core.findings.answer_cache import Answers, answers, stamp_of
from core.findings.evidence import performance_over
from core.findings.figure_cache import kept
from core.home import Home
from core.recent import Recent
from core.runs import RunFolder, find_run
from core.tasks import get_task

PAIRS, LABELS = TypeAdapter(list[Comparison]), TypeAdapter(list[LabelScores])
MOST_CELLS = 2_000_000
"""Candidates times texts that are held side by side."""
LEAST, SHOWN, MOST = 2, 4, 6
"""How many candidates can be laid side by side, and how many are when none is named."""


@dataclass(frozen=True, eq=False)
class Compared:
    """Candidates side by side, best on validation first; all figures are of the test texts that all answered."""

    rows: tuple[CandidateRow, ...]
    margin: float
    pairs: tuple[Comparison, ...]
    """Every pair once; the one that stands further up in `rows` is `a`."""
    sides: SideBySide
    labels: tuple[LabelScores, ...]
    settings: tuple[Differing, ...]

    @property
    def metric(self) -> str:
        """The metric that is compared."""
        return self.rows[0].metric

    @property
    def best(self) -> CandidateRow:
        """The best on validation."""
        return self.rows[0]

    def pair(self, a: str, b: str) -> Comparison:
        """The comparison of two of the candidates, as `a − b`."""
        for one in self.pairs:
            if (one.a, one.b) == (a, b):
                return one
            if (one.a, one.b) == (b, a):
                gap = one.difference
                turned = Difference(-gap.value, -gap.high, -gap.low, gap.n)
                return Comparison(a, b, turned, one.p, one.test, one.p_holm)
        raise unknown("pair", f"{a}, {b}", (f"{one.a}, {one.b}" for one in self.pairs))


def chosen(rows: Sequence[CandidateRow], names: Sequence[str]) -> list[CandidateRow]:
    """The rows of the candidates called `names`, or of the best few where none is named.

    A name is that of a row, or the id of a candidate where it means only one row.

    Raises:
        TradeoffError: there is no such candidate, one is named twice, or too few or too many are.
    """
    named = [_called(rows, name) for name in names] or sorted(rows, key=lambda row: -row.quality)[:SHOWN]
    if len({row.candidate for row in named}) < len(named):
        raise TradeoffError("A candidate is named twice", remedy="Name each one once.")
    if len(named) < LEAST:
        has = f"only {rows[0].candidate} has finished" if len(rows) == 1 else f"{len(rows)} have finished"
        raise TradeoffError(f"Two candidates or more are needed to compare, and {has}",
                            remedy="Name two of them, or launch another one.")  # fmt: skip
    if len(named) > MOST:
        raise TradeoffError(f"{len(named)} candidates are too many side by side", remedy=f"Name {MOST} at most.")
    return named


def _called(rows: Sequence[CandidateRow], name: str) -> CandidateRow:
    found = [row for row in rows if row.candidate == name] or [row for row in rows if row.candidate_id == name]
    if len(found) > 1:
        raise TradeoffError(f'"{name}" means {len(found)} candidates', ", ".join(row.candidate for row in found),
                            "Name one of them in full, in quotes.")  # fmt: skip
    if not found:
        raise unknown("finished candidate", name, (row.candidate for row in rows))
    return found[0]


def compare(home: Home, rows: Sequence[CandidateRow], margin: float = MARGIN) -> Compared:
    """The candidates of `rows` side by side.

    Raises:
        TradeoffError: predictions of one cannot be read, or no test text was answered by all.
    """
    best = best_of(rows)
    assert best is not None
    ordered = (best, *sorted((row for row in rows if row is not best), key=lambda row: -row.quality))
    folders = {row.candidate: [find_run(home, run) for run in row.run_ids] for row in ordered}
    found = {name: [_answers(name, folder) for folder in of_one] for name, of_one in folders.items()}
    sides = _sides(home, folders, found).ordered(list(found))
    if not len(sides):
        raise TradeoffError("No test text was answered by all of these candidates",
                            remedy="Compare candidates that ran on the same version of the dataset.")  # fmt: skip
    runs, of = [run for row in ordered for run in row.run_ids], [(row.candidate, row.runs) for row in ordered]
    pairs = kept(home, PAIRS, "pairs", runs, [best.metric, *of], lambda: _pairs(found, best.metric))
    labels = kept(home, LABELS, "labels", runs, of, lambda: _labels(found))
    return Compared(
        ordered, margin, tuple(pairs), sides, tuple(labels),
        tuple(differing({name: [folder.spec for folder in of_one] for name, of_one in folders.items()},
                        {name: _surroundings(of_one) for name, of_one in folders.items()})),
    )  # fmt: skip


def _answers(name: str, folder: RunFolder) -> Answers:
    try:
        return answers(folder)
    except (OSError, ValueError, KeyError):
        raise TradeoffError(f"The predictions of {name} cannot be read", folder.run_id,
                            "Leave it out, or launch its run again.") from None  # fmt: skip


def _sides(
    home: Home, folders: Mapping[str, Sequence[RunFolder]], found: Mapping[str, Sequence[Answers]]
) -> SideBySide:  # fmt: skip
    """Who is right where hangs on no metric: candidates are laid side by side once, whichever is the best."""
    names = sorted(found)
    key = (home, *((name, *((one.run_id, stamp_of(one)) for one in folders[name])) for name in names))
    return _lately.get(
        key, lambda: side_by_kinds({name: [(one.ids, one.pairs, one.kinds) for one in found[name]] for name in names})
    )


def _pairs(found: Mapping[str, Sequence[Answers]], metric: str) -> list[Comparison]:
    return all_pairs({name: performance_over(of_one, metric) for name, of_one in found.items()})


def _labels(found: Mapping[str, Sequence[Answers]]) -> list[LabelScores]:
    """Any metric of label counts will do: all of them are over the same counts."""
    task = get_task(next(iter(found.values()))[0].task)
    every = task.statistics([], [], []).items()
    metric = next(name for name, statistic in every if isinstance(statistic.value, OfLabels))
    counted = {name: performance_over(of_one, metric) for name, of_one in found.items()}
    clusters = next(iter(counted.values())).clusters
    return label_scores({name: one.runs for name, one in counted.items()}, clusters=clusters)


def _surroundings(folders: Sequence[RunFolder]) -> dict[str, Plain]:
    """The hardware and the versions that runs had, beside their settings."""
    hardware = dict.fromkeys(usage.device_name for folder in folders for usage in folder.usage.values())
    versions = [folder.environment.get("libraries", {}) for folder in folders]
    named = {f"version of {library}": ", ".join(sorted({str(of_run.get(library)) for of_run in versions}))
             for library in dict.fromkeys(name for of_run in versions for name in of_run)}  # fmt: skip
    return {"hardware": ", ".join(name for name in hardware if name) or None, **named}


_lately: Recent[SideBySide] = Recent(MOST_CELLS, lambda sides: sides.codes.size)
