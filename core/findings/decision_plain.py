"""A decision for programs and terminals."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from core.analysis.cheapness import MEASURES
from core.analysis.decision import Decision
from core.analysis.decision_words import span_told
from core.analysis.results import CandidateRow
from core.findings.rerank import Reranked


def as_record(found: Decision, dataset: str, cleaned: Reranked | None) -> dict[str, Any]:
    """The decision as JSON can hold it; figures as shares, USD, kWh and ms."""
    question = found.question
    return {
        "dataset": dataset, "metric": found.metric, "winner": _name(found.winner), "best": _name(found.best),
        "reason": found.reason, "doubts": list(found.doubts),
        "margin": question.margin, "rule": question.rule, "cheap": question.cheap, "volume": question.volume,
        "limits": question.limits.model_dump(mode="json"),
        "tied": list(found.tied), "unsettled": list(found.unsettled), "worse": list(found.worse),
        "excluded": found.excluded, "costs": found.costs, "texts_needed": found.needed, "seeds_needed": found.seeds,
        "differences": {name: asdict(gap) for name, gap in found.differences.items()},
        "alternatives": [one.model_dump(mode="json") for one in found.alternatives],
        "next_steps": [{"words": step.words, "command": step.command} for step in found.next_steps],
        "without_doubtful_texts": cleaned_record(cleaned),
    }  # fmt: skip


def cleaned_record(cleaned: Reranked | None) -> dict[str, Any] | None:
    """What the ranking becomes without doubtful texts; None where the set was not audited."""
    if cleaned is None:
        return None
    return {
        "winner": _name(cleaned.after.winner) if cleaned.after else None, "changed": cleaned.changed,
        "sentence": cleaned.sentence, "texts": cleaned.texts, "by_doubt": cleaned.left_out,
        "ranking": [one.model_dump(mode="json") for one in cleaned.moved], "notes": list(cleaned.notes),
    }  # fmt: skip


def as_table(found: Decision, rows: Sequence[CandidateRow]) -> list[dict[str, Any]]:
    """A row a candidate: how it stands, its difference to the best, and the figure that is to be little."""
    return [
        {
            "candidate": row.candidate, "standing": stands(row.candidate, found), "metric": row.metric,
            "quality": row.quality, "quality_low": row.quality_low, "quality_high": row.quality_high,
            "behind": span_told(gap, row.metric) if (gap := found.differences.get(row.candidate)) else "",
            "cost": MEASURES[found.question.cheap].show(found.costs.get(row.candidate)),
        }
        for row in rows
    ]  # fmt: skip


def stands(name: str, found: Decision) -> str:
    """How a candidate stands, in a word or two."""
    words = [
        *(["taken"] if found.winner and name == found.winner.candidate else []),
        *(["best"] if found.best and name == found.best.candidate else []),
        *[word for word in ("tied", "unsettled", "worse") if name in getattr(found, word)],
    ]
    return ", ".join(words) or "left out"


def as_text(found: Decision, cleaned: Reranked | None) -> str:
    """The decision as paragraphs: why, how sure, what else, what next."""
    return "\n".join(_lines(found, cleaned))


def _lines(found: Decision, cleaned: Reranked | None) -> Iterator[str]:
    yield found.reason
    yield from found.doubts
    if cleaned is not None:
        yield cleaned.sentence
    for name, why in found.excluded.items():
        yield f"Left out: {name}; {why}."
    if found.alternatives:
        yield "\nWhat would change it"
        yield from (f"  {one.words}" for one in found.alternatives)
    if found.next_steps:
        yield "\nWhat to do next"
        for step in found.next_steps:
            yield f"  {step.words}"
            yield f"    {step.command}"


def _name(row: CandidateRow | None) -> str | None:
    return row.candidate if row else None
