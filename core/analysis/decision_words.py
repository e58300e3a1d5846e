"""A decision in words: why this one, how sure, and what would change the answer. It never says more than the data."""

from collections.abc import Iterator, Sequence

from core import format as f
from core.analysis.cheapness import MEASURES, ratio, saving
from core.analysis.compare import Difference
from core.analysis.decision import Alternative, Decision, open_to
from core.analysis.results import CandidateRow
from core.metric_words import metric_told

MOST_NAMES = 4
"""Names that a sentence lists; of more it tells how many."""
FAR = 0.2
"""Candidates that are further from the best are no alternatives, however cheap."""


def told(found: Decision, rows: Sequence[CandidateRow]) -> Decision:
    """`found` with its reason, doubts and alternatives."""
    if found.best is None or found.winner is None:
        return found.model_copy(update={"reason": _nobody(found)})
    return found.model_copy(
        update={
            "reason": _reason(found, rows), "doubts": tuple(_doubts(found, rows)),
            "alternatives": tuple(_alternatives(found)),
        }
    )  # fmt: skip


def _nobody(found: Decision) -> str:
    """That nobody keeps the limits; of a few with the reasons."""
    why = "; ".join(f"{name}: {reason}" for name, reason in found.excluded.items())
    return f"No candidate keeps the limits ({why})." if len(found.excluded) <= 2 else (
        f"None of the {len(found.excluded)} candidates keeps the limits."
    )  # fmt: skip


def points(difference: float, metric: str) -> str:
    """A difference of a metric in words: `1 point`, `0.5 points`; of a correlation `0.01`."""
    if metric == "mcc":
        return f"{difference:.2g}"
    value = f"{100 * difference:.1f}".removesuffix(".0")
    return f"{value} point{'' if value == '1' else 's'}"


def listed(names: Sequence[str]) -> str:
    """`a, b and c`; of very many the first few and how many more."""
    shown = list(names)
    if len(shown) > MOST_NAMES + 1:
        shown = [*shown[:MOST_NAMES], f"{len(shown) - MOST_NAMES} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def unsettled_told(found: Decision, name: str) -> str:
    """What the texts leave open about a candidate, and what would settle it."""
    assert found.best is not None
    apart = found.differences[name].low > 0
    best, margin = found.best.candidate, points(found.question.margin, found.metric)
    what = f"{name} is worse than {best}, by how much is not settled" if apart else (
        f"{name} cannot be told apart from {best}"
    )  # fmt: skip
    if found.needed.get(name) is not None:
        return f"{what}; {_about(found.needed[name] or 0)} more labelled test texts would settle it."
    if seeds := found.seeds.get(name):
        return f"{what}; {seeds} runs of each with seeds of their own would settle it, more texts alone would not."
    if name in found.needed:
        return f"{what}; they are so close to {margin} apart that no reasonable number of texts would settle it."
    return f"{what}; more labelled test texts would settle it."


def _reason(found: Decision, rows: Sequence[CandidateRow]) -> str:
    best, winner = found.best, found.winner
    assert best is not None
    assert winner is not None
    figure, margin = metric_told(best.metric, best.quality), points(found.question.margin, found.metric)
    if len(rows) == 1:
        return f"Only {best.candidate} has finished so far ({figure}): run a second candidate to compare."
    if len(rows) == len(found.excluded) + 1:
        return f"Only {best.candidate} is left to be taken ({figure})."
    if winner is not best:
        less = saving(found.costs, winner.candidate, best.candidate, found.question.cheap)
        also = f", and {less}" if less else ""
        if winner.candidate in found.tied:
            return (f"{winner.candidate} is the cheapest that is not worse than the best ({best.candidate}, {figure}) "
                    f"by more than {margin}{also}.")  # fmt: skip
        return f"{winner.candidate} cannot be told apart from the best ({best.candidate}, {figure}){also}."
    if not found.rivals and not found.unsettled:
        others = "all others that keep the limits" if found.question.limits.any and found.excluded else "all others"
        return f"{best.candidate} is better than {others} ({figure}), by more than {margin}."
    if found.rivals:
        others = listed(found.rivals)
        if found.costs.get(best.candidate) is None:
            return f"{best.candidate} is best ({figure}), tied with {others}; which of them is cheapest is not known."
        return f"{best.candidate} is best ({figure}) and the cheapest of those tied with it ({others})."
    if all(_cheaper(found, best.candidate, name) for name in found.unsettled):
        if all(found.differences[name].low <= 0 for name in found.unsettled):
            others = listed(found.unsettled)
            return f"Take {best.candidate} ({figure}): {others} cannot be told apart from it and {_dearer(found)}."
        return f"{best.candidate} is best ({figure}), and {listed(found.unsettled)}, perhaps as good, {_dearer(found)}."
    return f"{best.candidate} is best ({figure}); no other is shown to be within {margin} of it."


def _dearer(found: Decision) -> str:
    """That the unsettled cost more, as a verb."""
    one = len(found.unsettled) == 1
    return {
        "latency": "answers more slowly" if one else "answer more slowly",
        "typical": "answers more slowly" if one else "answer more slowly",
        "kwh": "uses more energy" if one else "use more energy",
        "co2e": "emits more" if one else "emit more",
        "memory": "needs more memory" if one else "need more memory",
        "fit": "takes longer to fit" if one else "take longer to fit",
    }.get(found.question.cheap, "costs more" if one else "cost more")


def _doubts(found: Decision, rows: Sequence[CandidateRow]) -> Iterator[str]:
    assert found.best is not None
    assert found.winner is not None
    measure = MEASURES[found.question.cheap]
    for name in open_to(found):
        yield unsettled_told(found, name)
    for name, gap in found.differences.items():
        if gap.high < -found.question.margin:
            ahead = Difference(-gap.value, -gap.high, -gap.low, gap.n)
            yield (f"On test {name} is {span_told(ahead, found.metric)} ahead of {found.best.candidate}, which was "
                   "better on validation: look at both.")  # fmt: skip
    chosen = (found.best.candidate, *found.rivals)
    unknown = [name for name in chosen if found.costs.get(name) is None]
    if unknown and len(chosen) > 1:
        yield f"The {measure.short} of {listed(unknown)} is unknown, so it could not be named the cheapest."
    if measure.key in ("kwh", "co2e"):
        yield from _energy_doubts([row for row in rows if row.candidate in chosen])
    if found.best.validation_quality is None:
        yield f"No validation score of {found.best.candidate} is known, so the best was chosen on test."


def _energy_doubts(rows: Sequence[CandidateRow]) -> Iterator[str]:
    by_kind: dict[str, list[str]] = {}
    for row in rows:
        if row.kwh_per_1k is not None:
            by_kind.setdefault(row.energy_provenance, []).append(row.candidate)
    if len(by_kind) > 1:
        parts = "; ".join(f"{listed(names)} {kind}" for kind, names in by_kind.items())
        yield f"Energy figures of different provenance stand beside each other here: {parts}."


def _cheaper(found: Decision, name: str, than: str) -> bool:
    one, other = found.costs.get(name), found.costs.get(than)
    return one is not None and (other is None or one < other)


def _alternatives(found: Decision) -> Iterator[Alternative]:
    """Runners-up by cost, then the cheaper ones that a wider margin would let in, nearest first."""
    assert found.best is not None
    assert found.winner is not None
    winner, best = found.winner.candidate, found.best.candidate
    order = lambda name: (found.costs.get(name) is None, found.costs.get(name) or 0.0)  # noqa: E731
    for name in sorted((name for name in (best, *found.rivals) if name != winner), key=order):
        yield _runner_up(found, name, winner)
    others = [name for name in (*found.unsettled, *found.worse) if name not in (winner, *found.rivals)]
    cheapest, shown = winner, 0
    for name in sorted(others, key=lambda name: found.differences[name].high):
        if _cheaper(found, name, cheapest) and found.differences[name].high <= FAR and shown < MOST_NAMES:
            yield _with_a_margin(found, name, winner)
            cheapest, shown = name, shown + 1


def _runner_up(found: Decision, name: str, winner: str) -> Alternative:
    measure = MEASURES[found.question.cheap]
    cost, least = found.costs.get(name), found.costs.get(winner)
    if cost is None or least is None:
        return Alternative(
            candidate=name, kind="runner-up",
            words=f"{name} is as good; its {measure.short} is unknown, and were it below {measure.show(least)} it "
            "would be taken." if least is not None else f"{name} is as good; no {measure.short} is known.",
        )  # fmt: skip
    times = ratio(cost, least)
    if not times:
        return Alternative(candidate=name, kind="runner-up", words=f"{name} is as good and {measure.as_much}.")
    return Alternative(
        candidate=name, kind="runner-up",
        words=f"{name} is as good; it would be taken if its {measure.short} fell from {measure.show(cost)} to "
        f"{measure.show(least)} ({times} less).",
    )  # fmt: skip


def _with_a_margin(found: Decision, name: str, winner: str) -> Alternative:
    less = saving(found.costs, name, winner, found.question.cheap) or "is cheaper"
    gap = found.differences[name]
    return Alternative(
        candidate=name, kind="margin",
        words=f"{name} {less}; it would be taken if {points(gap.high, found.metric)} of difference did not matter "
        f"(it is {span_told(gap, found.metric)} behind the best).",
    )  # fmt: skip


def span_told(gap: Difference, metric: str) -> str:
    """A difference with its interval: `11.0 points (7.6 to 14.4)`."""
    if metric == "mcc":
        return f"{gap.value:.2f} ({gap.low:.2f} to {gap.high:.2f})".replace("-", "−")
    return f"{_signed(gap.value)} points ({_signed(gap.low)} to {_signed(gap.high)})"


def _signed(value: float) -> str:
    return f"{100 * value:.1f}".replace("-", "−")


def _about(number: int) -> str:
    return f"about {f.significant(float(number))}" if number else "no"
