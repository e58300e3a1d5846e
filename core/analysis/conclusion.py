"""What a tradeoff chart shows, in one sentence that does not say more than the data do.

The best candidate is chosen on validation and compared on test, paired. Whoever the test cannot tell apart
from it is tied; among the tied the cheapest is the pick.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.analysis.compare import Difference
from core.analysis.results import CandidateRow
from core.metric_words import metric_told

COSTS: dict[str, tuple[str, str]] = {
    "usd_per_1k": ("Cost per 1,000 texts (USD)", "costs {ratio} less per text"),
    "kwh_per_1k": ("Energy per 1,000 texts (kWh)", "uses {ratio} less energy per text"),
    "latency_p95_ms": ("Time for one text, 95 of 100 are faster (ms)", "answers {ratio} faster"),
    "latency_p50_ms": ("Typical time for one text (ms)", "answers {ratio} faster"),
    "fit_seconds": ("Time to fit (s)", "is fitted {ratio} faster"),
}
"""What can be held against quality: the axis title and how a saving is told."""


@dataclass(frozen=True)
class Conclusion:
    """Who is best (chosen on validation), who is tied with it on test, and the cheapest of these."""

    best: CandidateRow
    tied: tuple[CandidateRow, ...]
    """Includes the best."""
    pick: CandidateRow
    differences: dict[str, Difference]
    """By candidate: best minus it, in the rows' metric on test. Empty where predictions are missing."""
    sentence: str


def best_of(rows: Sequence[CandidateRow]) -> CandidateRow | None:
    """The best on validation; who has no figure there comes last, and test decides between equals."""
    order = lambda row: (-1.0 if row.validation_quality is None else row.validation_quality, row.quality)  # noqa: E731
    return max(rows, key=order, default=None)


def conclude(
    rows: Sequence[CandidateRow], differences: Mapping[str, Difference], cost: str = "usd_per_1k"
) -> Conclusion | None:
    """The conclusion over `rows`, or None when there are none.

    `differences` is by candidate: the best one's metric minus its, on test (`core.results.differences`).
    """
    best = best_of(rows)
    if best is None:
        return None
    tied = tuple(
        row for row in rows if row is best or ((gap := differences.get(row.candidate)) is not None and gap.low <= 0)
    )
    priced = [row for row in tied if getattr(row, cost) is not None]
    pick = min(priced, key=lambda row: getattr(row, cost)) if priced else best
    return Conclusion(best, tied, pick, dict(differences), _sentence(rows, best, tied, pick, cost))


def _sentence(
    rows: Sequence[CandidateRow], best: CandidateRow, tied: tuple[CandidateRow, ...], pick: CandidateRow, cost: str
) -> str:
    figure = metric_told(best.metric, best.quality)
    if len(rows) == 1:
        return f"Only {best.candidate} has finished so far ({figure}): run a second candidate to compare."
    if len(tied) == 1:
        return f"{best.candidate} is better than all others ({figure}); none is tied with it."
    others = _listed([row.candidate for row in tied if row is not pick])
    if getattr(pick, cost) is None:
        return f"{best.candidate} is best ({figure}), tied with {others}; which of them is cheapest is not known."
    if pick is best:
        return f"{best.candidate} is best ({figure}) and the cheapest of those tied with it ({others})."
    ratio = _ratio(getattr(best, cost), getattr(pick, cost))
    saving = f" and {COSTS[cost][1].format(ratio=ratio)} than {best.candidate}" if ratio else ""
    return f"{pick.candidate} is tied with the best ({others}){saving}."


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ratio(dear: float | None, cheap: float | None) -> str:
    if not dear or not cheap or dear / cheap < 1.05:
        return ""
    ratio = dear / cheap
    return f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.1f}×"
