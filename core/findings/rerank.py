"""What the ranking becomes without texts on which a score says little: likely wrong labels, and leaked texts.

Suspects come from the audit. Nothing runs again: candidates are scored anew on the remaining validation and test texts.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from core.analysis.compare import Difference, Performance, paired_difference
from core.analysis.decision import Decision, Question, best_of
from core.analysis.decision_words import listed
from core.analysis.intervals import interval
from core.analysis.power import seeds_needed, texts_needed
from core.analysis.results import CandidateRow
from core.analysis.scenario import Scenario
from core.data.audit import Audit, load_audit
from core.data.dataset import load_dataset
from core.findings.decide import PLAIN, weigh
from core.findings.evidence import performances_of
from core.home import Home
from core.spec import Record

Doubt = Literal["wrong labels", "two labels", "leaks"]
FINDINGS: dict[Doubt, tuple[str, ...]] = {
    "wrong labels": ("wrong_labels",),
    "two labels": ("two_labels",),
    "leaks": ("test_in_train", "test_in_train_but_for_case", "test_near_train", "validation_in_train",
              "validation_in_train_but_for_case", "validation_near_train"),
}  # fmt: skip
"""The findings of the audit that make a held-out text doubtful."""
TOLD: dict[Doubt, str] = {
    "wrong labels": "with a likely wrong label",
    "two labels": "labelled in two ways",
    "leaks": "that stand in the training set too",
}
FEWEST = 20
"""With fewer test texts left nothing is ranked."""


class Moved(Record):
    """A candidate before and after: its metric on test and its place among all, from 1."""

    candidate: str
    before: float
    after: float
    place_before: int
    place_after: int


class Reranked(Record):
    """The decision before and after doubtful texts were left out."""

    doubts: tuple[Doubt, ...]
    left_out: dict[Doubt, int]
    """By doubt: test texts concerned; one text can be doubtful for several reasons."""
    texts: int
    """Test texts left out."""
    remaining: int
    before: Decision
    after: Decision | None
    """None where too few test texts remain."""
    moved: tuple[Moved, ...] = ()
    sentence: str
    notes: tuple[str, ...] = ()
    """What the audit could not check."""

    @property
    def changed(self) -> bool:
        """Whether another candidate is taken."""
        return self.after is not None and _winner(self.after) != _winner(self.before)


def doubtful(audit: Audit) -> dict[Doubt, frozenset[str]]:
    """Ids of texts by what makes them doubtful; training texts may be among them."""
    return {
        doubt: frozenset(id for kind in kinds if (found := audit.finding(kind)) for id in found.ids)
        for doubt, kinds in FINDINGS.items()
    }


def rerank(
    home: Home, dataset: str, rows: Sequence[CandidateRow], question: Question = PLAIN,
    scenario: Scenario | None = None, doubts: Sequence[Doubt] = tuple(FINDINGS),
) -> Reranked | None:  # fmt: skip
    """The decision with and without the doubtful texts; None without rows or before the set was audited.

    Raises:
        TradeoffError: there is no such dataset.
    """
    data = load_dataset(home, dataset)
    audit = load_audit(data)
    if audit is None or not rows:
        return None
    suspects = {doubt: ids for doubt, ids in doubtful(audit).items() if doubt in doubts}
    gone = frozenset().union(*suspects.values())
    clean = CleanGrounds(home, rows, gone)
    tested = clean.tested
    by_doubt = {doubt: len(tested & ids) for doubt, ids in suspects.items()}
    before = weigh(rows, question, CleanGrounds(home, rows, frozenset()), scenario)
    assert before is not None
    remaining = len(tested - gone)
    after = weigh(clean.rows, question, clean, scenario) if remaining >= FEWEST else None
    return Reranked(
        doubts=tuple(suspects), left_out=by_doubt, texts=len(tested & gone), remaining=remaining, before=before,
        after=after, moved=_moved(rows, clean.rows) if after else (), notes=audit.notes,
        sentence=_sentence(before, after, by_doubt, len(tested & gone), remaining),
    )  # fmt: skip


class CleanGrounds:
    """Grounds of a decision without some texts: rows scored anew, and their differences on what remains."""

    def __init__(self, home: Home, rows: Sequence[CandidateRow], gone: frozenset[str]) -> None:
        whole = performances_of(home, rows)
        self.tested = frozenset(str(id) for one in whole.values() for id in one.ids)
        self.performances = {name: without(one, gone) for name, one in whole.items()}
        chosen = {name: without(one, gone) for name, one in performances_of(home, rows, "validation").items()}
        self.rows = [_scored(row, self.performances.get(row.candidate), chosen.get(row.candidate)) for row in rows]

    def differences(self, rows: Sequence[CandidateRow]) -> dict[str, Difference]:
        """By candidate: the best one's metric minus its, on the remaining test texts."""
        best = best_of(rows)
        top = self.performances.get(best.candidate) if best else None
        if best is None or top is None:
            return {}
        others = [row.candidate for row in rows if row is not best and row.candidate in self.performances]
        return {name: paired_difference(top, self.performances[name]) for name in others}

    def needed(self, best: CandidateRow, other: CandidateRow, margin: float) -> int | None:
        """How many more test texts settle whether `other` is within the margin of `best`."""
        return texts_needed(self.performances[best.candidate], self.performances[other.candidate], margin)

    def seeds(self, best: CandidateRow, other: CandidateRow, margin: float) -> int | None:
        """How many runs each of the two needs in all to settle it."""
        return seeds_needed(self.performances[best.candidate], self.performances[other.candidate], margin)


def without(whole: Performance, gone: frozenset[str]) -> Performance:
    """A performance on the texts that are not among `gone`."""
    return whole.take(np.flatnonzero(~np.isin(whole.ids, list(gone)))) if gone else whole


def _scored(row: CandidateRow, test: Performance | None, validation: Performance | None) -> CandidateRow:
    """The row with its quality on what remains; as it was where predictions cannot be read."""
    if test is None or not len(test.ids):
        return row
    value, low, high = interval(test.runs, test.clusters)
    chosen = validation.overall if validation is not None and len(validation.ids) else row.validation_quality
    return row.model_copy(
        update={"quality": value, "quality_low": low, "quality_high": high, "validation_quality": chosen,
                "test_texts": len(test.ids)}
    )  # fmt: skip


def _moved(before: Sequence[CandidateRow], after: Sequence[CandidateRow]) -> tuple[Moved, ...]:
    """Every candidate, in the order after."""
    old, new = _places(before), _places(after)
    quality = {row.candidate: row.quality for row in before}
    moved = (
        Moved(candidate=row.candidate, before=quality[row.candidate], after=row.quality,
              place_before=old[row.candidate], place_after=new[row.candidate])
        for row in after
    )  # fmt: skip
    return tuple(sorted(moved, key=lambda one: one.place_after))


def _places(rows: Sequence[CandidateRow]) -> Mapping[str, int]:
    order = sorted(rows, key=lambda row: (-row.quality, row.candidate))
    return {row.candidate: place for place, row in enumerate(order, 1)}


def _winner(found: Decision) -> str:
    return found.winner.candidate if found.winner else ""


def _sentence(
    before: Decision, after: Decision | None, by_doubt: Mapping[Doubt, int], texts: int, remaining: int
) -> str:
    if not texts:
        return "The audit doubts none of the test texts, so the answer stands."
    named = listed([f"{count:,} {TOLD[doubt]}" for doubt, count in by_doubt.items() if count])
    told = f"Without {texts:,} doubtful test text{'' if texts == 1 else 's'} ({named})"
    if after is None:
        return f"{told} only {remaining:,} remain: too few to rank anybody."
    if not _winner(after) and not _winner(before):
        return f"{told} nobody is taken either."
    if _winner(after) == _winner(before):
        return f"{told} {_winner(after)} is still taken."
    return f"{told} {_winner(after) or 'nobody'} would be taken instead of {_winner(before) or 'nobody'}."
