"""Which candidate to take: the cheapest that is not worse than the best by more than a margin.

The best is chosen on validation; on test every other is compared with it, paired (`core.analysis.compare`). With the
95 % interval of `best − other` and a margin m a candidate is *tied* (shown to be not worse) where the interval ends at
or below m, *worse* where it begins above m, else *unsettled*: the texts cannot say. That is the test of
non-inferiority by confidence interval (ICH E9 1998; Wellek 2010, *Testing Statistical Hypotheses of Equivalence and
Noninferiority*). Limits are applied first.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, ValidationError

from core.analysis.cheapness import Cheap, costs_of
from core.analysis.compare import Difference
from core.analysis.limits import Limits, within
from core.analysis.results import CandidateRow
from core.errors import TradeoffError
from core.spec import Record

Rule = Literal["proven", "plausible"]
Standing = Literal["tied", "unsettled", "worse"]
MARGIN = 0.01
"""One point of the metric."""


class Question(Record):
    """What somebody wants to know: what matters, what limits, how much difference matters."""

    metric: str | None = Field(default=None, description="What is right; the task's own metric when empty")
    cheap: Cheap = Field(default="usd", description="What should be little")
    margin: float = Field(
        default=MARGIN, ge=0, lt=1, allow_inf_nan=False, description="How much worse is still as good, as a share"
    )
    rule: Rule = Field(
        default="proven",
        description="proven: only who is shown to be within the margin; plausible: also who cannot be told apart",
    )
    volume: float | None = Field(
        default=None, gt=0, le=1e12, allow_inf_nan=False, description="Texts a month, for the total cost"
    )
    limits: Limits = Limits()


def question_of(given: Mapping[str, Any], limits: Mapping[str, Any]) -> Question:
    """A question from named values, checked.

    Raises:
        TradeoffError: there is no such name, or a value is out of bounds.
    """
    try:
        return Question(**given, limits=Limits(**limits))
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        field = (Question.model_fields | Limits.model_fields).get(name)
        remedy = f"It is: {field.description[0].lower()}{field.description[1:]}." if field and field.description else ""
        raise TradeoffError(f"{name} cannot be used: {first['msg'].lower()}", remedy=remedy) from None


class Alternative(Record):
    """Another candidate, and what would have to change for it to be taken."""

    candidate: str
    kind: Literal["runner-up", "margin", "texts", "limit", "measure", "quality"]
    words: str


class NextStep(Record):
    """What to do now: why, the command that does it, and the page where it is done."""

    words: str
    command: str = ""
    page: str = ""
    button: str = ""
    parameters: dict[str, str] = {}


class Decision(Record):
    """The answer to a question: who is taken and why, how sure that is, and what else there is.

    Names are the rows' candidates. `best` and `winner` are None when nobody keeps the limits.
    """

    question: Question
    metric: str
    best: CandidateRow | None
    winner: CandidateRow | None
    tied: tuple[str, ...] = ()
    """Shown to be not worse than the best by more than the margin; without the best itself."""
    unsettled: tuple[str, ...] = ()
    """Who could be within the margin or beyond it, as far as the test texts tell."""
    worse: tuple[str, ...] = ()
    excluded: dict[str, str] = {}
    """Who was not compared, and why, in words: a limit, or predictions that cannot be read."""
    differences: dict[str, Difference] = {}
    """By candidate: best minus it, in the metric on test."""
    costs: dict[str, float | None] = {}
    """By candidate: the figure that is to be little; None where unknown."""
    needed: dict[str, int | None] = {}
    """By unsettled candidate: how many more test texts would settle it; None where out of reach or not computed."""
    seeds: dict[str, int | None] = {}
    """By unsettled candidate: how many runs it and the best would need in all to settle it; None where out of reach,
    or where the luck of a single run is not known."""
    reason: str = ""
    doubts: tuple[str, ...] = ()
    """What limits the answer, a sentence each."""
    alternatives: tuple[Alternative, ...] = ()
    next_steps: tuple[NextStep, ...] = ()

    @property
    def rivals(self) -> tuple[str, ...]:
        """Who was in the choice with the best: the tied, and by the rule "plausible" those not told from it."""
        if self.question.rule == "proven":
            return self.tied
        return (*self.tied, *(name for name in self.unsettled if self.differences[name].low <= 0))


def best_of(rows: Sequence[CandidateRow]) -> CandidateRow | None:
    """The best on validation; who has no figure there comes last, and test decides between equals."""
    order = lambda row: (-1.0 if row.validation_quality is None else row.validation_quality, row.quality)  # noqa: E731
    return max(rows, key=order, default=None)


def standing(gap: Difference, margin: float) -> Standing:
    """How a candidate stands to the best, from the best's metric minus its."""
    return "tied" if gap.high <= margin else "worse" if gap.low > margin else "unsettled"


def open_to(found: Decision) -> list[str]:
    """The unsettled candidates that matter: the winner itself, and who would be taken if it were shown to be as good.

    The cheapest first.
    """
    if found.winner is None:
        return []
    winner, least = found.winner.candidate, found.costs.get(found.winner.candidate)
    cost = {name: found.costs.get(name) for name in found.unsettled}
    matter = [
        name for name in found.unsettled
        if name == winner or ((own := cost[name]) is not None and (least is None or own < least))
    ]  # fmt: skip
    return sorted(matter, key=lambda name: (cost[name] is None, cost[name] or 0.0))


def decide(
    rows: Sequence[CandidateRow], differences: Mapping[str, Difference], question: Question,
    costs: Mapping[str, float | None] | None = None, needed: Mapping[str, int | None] | None = None,
) -> Decision | None:  # fmt: skip
    """The decision over `rows`, or None when there are none.

    `differences` is by candidate: the metric of the best of those within the limits minus its, on test. `costs` are
    the figures that are to be little, by default those of the rows; a total must be given. `needed` says how many
    more test texts would settle a candidate (`core.analysis.power.texts_needed`).
    """
    from core.analysis.decision_words import told

    allowed, excluded = within(rows, question.limits)
    best = best_of(allowed)
    if not rows:
        return None
    known = dict(costs) if costs is not None else costs_of(rows, question.cheap)
    groups: dict[Standing, list[str]] = {"tied": [], "unsettled": [], "worse": []}
    gaps = {}
    for row in allowed:
        gap = differences.get(row.candidate)
        if row is best:
            continue
        if gap is None or gap.n == 0:
            excluded[row.candidate] = "its answers to the test texts cannot be compared"
        else:
            gaps[row.candidate] = gap
            groups[standing(gap, question.margin)].append(row.candidate)
    found = Decision(
        question=question, metric=rows[0].metric, best=best, winner=best, excluded=excluded, differences=gaps,
        costs=known, needed=dict(needed or {}), tied=tuple(groups["tied"]), unsettled=tuple(groups["unsettled"]),
        worse=tuple(groups["worse"]),
    )  # fmt: skip
    found = found.model_copy(update={"winner": _cheapest(allowed, found)})
    return told(found, rows)


def _cheapest(rows: Sequence[CandidateRow], found: Decision) -> CandidateRow | None:
    """The cheapest of the best and its rivals whose figure is known; the best where none is."""
    if found.best is None:
        return None
    chosen = {found.best.candidate, *found.rivals}
    known = [row for row in rows if row.candidate in chosen and found.costs.get(row.candidate) is not None]
    return min(known, key=lambda row: (found.costs[row.candidate], -row.quality, row.candidate), default=found.best)
