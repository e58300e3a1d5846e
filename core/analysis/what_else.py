"""What would change a decision: each limit let go, another measure of what is cheap, another metric."""

from collections.abc import Callable, Iterator

from core.analysis.cheapness import ASKED, MEASURES
from core.analysis.decision import Alternative, Decision, Question
from core.analysis.limits import Limits
from core.metric_words import metric_quality

Ask = Callable[[Question], Decision | None]
"""Decides the same candidates by another question."""

LIMIT_WORDS = {
    "max_usd_per_1k": "the limit on cost",
    "max_p95_ms": "the limit on time",
    "max_memory_gb": "the limit on memory",
    "offline": "the wish to run offline",
    "in_house": "the wish to keep texts in the house",
}


def what_else(found: Decision, ask: Ask) -> Iterator[Alternative]:
    """The candidates that would be taken by a question that differs in one thing."""
    for words, question in _without_limits(found.question):
        other = ask(question)
        if other and other.winner and (found.winner is None or other.winner.candidate != found.winner.candidate):
            row = other.winner
            figure = metric_quality(row.metric, row.quality, row.quality_low, row.quality_high)
            yield Alternative(
                candidate=row.candidate, kind="limit",
                words=f"Without {words} {row.candidate} would be taken ({figure}).",
            )  # fmt: skip
    if found.winner is None:
        return
    for key in ASKED[:3]:
        if key == found.question.cheap:
            continue
        other = ask(found.question.model_copy(update={"cheap": key}))
        if other and other.winner and other.winner.candidate != found.winner.candidate:
            name = other.winner.candidate
            yield Alternative(
                candidate=name, kind="measure",
                words=f"If {MEASURES[key].short} mattered instead, {name} would be taken "
                f"({MEASURES[key].show(other.costs.get(name))}).",
            )  # fmt: skip


def _without_limits(question: Question) -> Iterator[tuple[str, Question]]:
    """The question without one of its limits, and if there are several without any."""
    plain, limits = Limits(), question.limits
    given = [name for name in Limits.model_fields if getattr(limits, name) != getattr(plain, name)]
    for name in given:
        lifted = limits.model_copy(update={name: getattr(plain, name)})
        yield LIMIT_WORDS[name], question.model_copy(update={"limits": lifted})
    if len(given) > 1:
        yield "any limit", question.model_copy(update={"limits": plain})
