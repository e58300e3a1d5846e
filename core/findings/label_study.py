"""Would more labels help? The answer for a dataset, from its finished runs: for the page and for the command line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from core.analysis import curve_words as words
from core.analysis.curve import Curve, Needed, needed
from core.analysis.label_paths import Path, Plan, cheapest_first, path
from core.analysis.results import CandidateRow, RunSummary
from core.data.dataset import DatasetInfo
from core.errors import TradeoffError, unknown
from core.findings.curves import NO_LABELS, Curves, Learner, fitted_curves, learners
from core.home import Home
from core.spec import Record


class Goal(Record):
    """What is to be reached: a candidate's quality less a margin, or a figure of one's own."""

    target: str = Field(default="", description="candidate to be tied with; chosen when both are left out")
    reach: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False, description="quality, a share")
    margin: float = Field(default=0.01, ge=0, lt=1, allow_inf_nan=False)


@dataclass(frozen=True)
class Answer:
    """What labels do for a candidate: how many it needs and what twice as many bring; or why that is not known."""

    learner: Learner
    curve: Curve | None
    needed: Needed | None
    sentence: str
    more: str = ""
    """What twice the labels would bring."""


@dataclass(frozen=True, eq=False)
class LabelStudy:
    """The answers for all candidates that learn from labels, those with a curve first."""

    info: DatasetInfo
    metric: str
    goal: Goal
    value: float | None
    """The quality to be reached; None where there is no goal."""
    answers: tuple[Answer, ...]
    curves: Curves
    rows: tuple[CandidateRow, ...]

    @property
    def here(self) -> int:
        """Labelled training texts that are here."""
        return self.info.counts["train"]

    def answer(self, name: str) -> Answer:
        """What is known of the candidate `name`.

        Raises:
            TradeoffError: it is none that learns from labels.
        """
        found = {one.learner.name: one for one in self.answers}
        if name not in found:
            raise unknown("candidate that learns from labels", name, found)
        return found[name]

    def ways(self, plan: Plan, rows: Sequence[CandidateRow] = ()) -> list[Path]:
        """Ways to the goal, the cheapest first: candidates as they are, and those whose curve gets there.

        `rows` are the same candidates under other prices.
        """
        value, ways = self.value, []
        found = {one.learner.name: one for one in self.answers}
        for row in (rows or self.rows) if value is not None else ():
            sized = row.model_copy(update={"train_size": row.train_size or self.here})
            one = found.get(row.candidate)
            if row.candidate == self.goal.target or (value is not None and row.quality >= value):
                ways.append(path(sized, plan, None, self.here))
            elif one and one.needed and one.needed.texts is not None:
                ways.append(path(sized, plan, one.needed, self.here))
        return cheapest_first(ways, plan, self.goal.target)


def label_study(
    home: Home, info: DatasetInfo, runs: Sequence[RunSummary], rows: Sequence[CandidateRow], goal: Goal
) -> LabelStudy:
    """The study of a dataset.

    Args:
        home: the data folder.
        info: the dataset.
        runs: its runs.
        rows: its candidates with their most training texts, all by one metric.
        goal: what is to be reached; a target is chosen where it names nothing.

    Raises:
        TradeoffError: the goal names a candidate that is not there, or whose predictions cannot be read.
    """
    metric = rows[0].metric if rows else ""
    known = learners(rows, runs, info.counts["train"])
    goal = _completed(goal, rows, known)
    targets = [row for row in rows if row.candidate == goal.target]
    curves = fitted_curves(home, known, targets, metric)
    value, draws = _value(goal, curves)
    answers = [_answer(one, curves, goal, value, draws, info.counts["train"]) for one in known]
    answers.sort(key=lambda one: one.curve is None)
    return LabelStudy(info, metric, goal, value, tuple(answers), curves, tuple(rows))


def _completed(goal: Goal, rows: Sequence[CandidateRow], known: Sequence[Learner]) -> Goal:
    """The goal with a target: the best candidate on validation beside those that have a curve, a prompted one first."""
    names = [row.candidate for row in rows]
    if goal.target and goal.target not in names:
        raise unknown("candidate", goal.target, names)
    if goal.target or goal.reach is not None:
        return goal
    able = {one.name for one in known if not one.short}
    merit = lambda row: (row.validation_quality if row.validation_quality is not None else -1.0, row.quality)  # noqa: E731
    others = [row for row in rows if row.candidate not in able]
    best = max(others, key=merit, default=None)
    worst = min((row.quality for row in rows if row.candidate in able), default=0.0)
    prompted = max((row for row in others if row.family in NO_LABELS), key=merit, default=None)
    if prompted is not None and prompted.quality > worst:
        best = prompted
    if best is None or best.quality <= worst:
        best = max(rows, key=merit, default=None)
    return goal.model_copy(update={"target": best.candidate if best else ""})


def _value(goal: Goal, curves: Curves) -> tuple[float | None, np.ndarray | None]:
    if goal.reach is not None:
        return goal.reach, None
    if not goal.target or not curves.curves:
        return None, None
    if goal.target not in curves.figures:
        raise TradeoffError(
            f"What {goal.target} answered cannot be read", remedy="Choose another candidate to be tied with."
        )
    value, draws = curves.figures[goal.target]
    return value - goal.margin, draws - goal.margin


def _answer(
    one: Learner, curves: Curves, goal: Goal, value: float | None, draws: np.ndarray | None, here: int
) -> Answer:
    curve = curves.curves.get(one.name)
    if curve is None:
        return Answer(one, None, None, f"{one.name}: {one.short or 'what its runs answered cannot be read'}.")
    more = words.doubling_sentence(one.name, curve, curves.metric, here)
    if value is None or one.name == goal.target:
        return Answer(one, curve, None, more, more)
    found = needed(curve, value, draws)
    told = words.goal_words(curves.metric, value, goal.target, goal.margin)
    said = words.labels_sentence(one.name, curve, curves.metric, value, told, found, here)
    return Answer(one, curve, found, said, more)
