"""The tests of a record: every candidate against the best, on the same test texts, corrected for their number."""

from collections.abc import Sequence

from core.analysis.compare import comparison
from core.analysis.decision import Decision
from core.analysis.power import detectable
from core.analysis.results import CandidateRow
from core.analysis.significance import holm
from core.findings.evidence import performances_of
from core.home import Home
from core.record.parts import ComparisonPart


def comparisons(home: Home, rows: Sequence[CandidateRow], decided: Decision) -> tuple[ComparisonPart, ...]:
    """The test of each candidate that was compared with the best; Holm's correction is over these."""
    best = decided.best
    if best is None:
        return ()
    compared = [row for row in rows if row.candidate in decided.differences]
    found = performances_of(home, [best, *compared])
    top = found.pop(best.candidate, None)
    if top is None:
        return ()
    tests = [comparison(top, other, best.candidate, name) for name, other in found.items()]
    adjusted = holm([one.p for one in tests])
    return tuple(
        ComparisonPart(candidate=one.b, test=one.test, p=one.p, p_holm=p, detectable=detectable(top, found[one.b]))
        for one, p in zip(tests, adjusted, strict=True)
    )
