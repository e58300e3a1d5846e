"""Intervals of candidates that ran with several seeds, from their answers: which texts they fail on together counts."""

from collections.abc import Callable, Sequence

from pydantic import TypeAdapter

from core.analysis.intervals import Interval, interval
from core.analysis.results import CandidateRow
from core.findings.evidence import performance_of
from core.findings.figure_cache import kept
from core.home import Home

SAME = 1e-6
INTERVAL: TypeAdapter[Interval | None] = TypeAdapter(Interval | None)
Of = Callable[[CandidateRow], Interval | None]
"""A candidate's metric with its interval; None where its answers cannot be read."""


def interval_of(home: Home, row: CandidateRow) -> Interval | None:
    """The mean of a candidate's metric over its runs with a 95 % interval for texts and seeds together."""
    return kept(home, INTERVAL, "interval", row.run_ids, [row.metric, row.test_texts], lambda: _interval(home, row))


def _interval(home: Home, row: CandidateRow) -> Interval | None:
    found = performance_of(home, row)
    return interval(found.runs, found.clusters) if found and len(found.ids) == row.test_texts else None


def surer(rows: Sequence[CandidateRow], of: Of) -> list[CandidateRow]:
    """Rows whose intervals over several seeds are those of their answers.

    Scores alone do not tell whether runs fail on the same texts, so that their interval is too wide. It stays where
    answers cannot be read, or where a candidate leaves texts out and its scores are those of the others.
    """
    return [_surer(row, of) if row.runs > 1 else row for row in rows]


def _surer(row: CandidateRow, of: Of) -> CandidateRow:
    found = of(row)
    if found is None or abs(found[0] - row.quality) > SAME:
        return row
    return row.model_copy(update={"quality_low": found[1], "quality_high": found[2]})
