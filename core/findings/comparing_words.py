"""A comparison side by side in words, and as plain records for files and `--json`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

from core.analysis.compare import Comparison
from core.analysis.decision_words import listed, points, span_told
from core.findings.comparing import Compared
from core.metric_words import metric_told
from core.tasks import get_task

LIKELY = 0.05
"""A difference that chance makes more often than this, counting all pairs, is not told as one."""
Verdict = Literal["better", "worse", "equal", "unsettled"]
VERDICTS: dict[str, str] = {
    "better": "better", "worse": "worse", "equal": "equal within the margin", "unsettled": "not told apart",
}  # fmt: skip
"""How one candidate stands to another, in few words."""


def verdict(one: Comparison, margin: float) -> Verdict:
    """How `a` stands to `b`: equal where their difference is shown to lie within the margin; better or worse where
    chance hardly makes such a difference, counting all pairs; else the texts cannot tell."""
    gap, p = one.difference, one.p if one.p_holm is None else one.p_holm
    if -margin <= gap.low and gap.high <= margin:
        return "equal"
    if p > LIKELY or gap.is_tie:
        return "unsettled"
    return "better" if gap.value > 0 else "worse"


def sentence(found: Compared) -> str:
    """What the comparison shows, in one sentence."""
    best, others = found.best, found.rows[1:]
    told = metric_told(found.metric, best.quality)
    by: dict[Verdict, list[str]] = {}
    for row in others:
        by.setdefault(verdict(found.pair(best.candidate, row.candidate), found.margin), []).append(row.candidate)
    if len(others) == 1:
        return _of_two(found, next(iter(by)))
    parts = []
    if "better" in by:
        parts.append(f"better than {listed(by['better'])}")
    if "equal" in by:
        parts.append(f"as good as {listed(by['equal'])} within {points(found.margin, found.metric)}")
    if "unsettled" in by:
        parts.append(f"not told apart from {listed(by['unsettled'])}")
    if "worse" in by:
        parts.append(f"on these texts worse than {listed(by['worse'])}, though better on validation")
    return f"{best.candidate} is the best of these {len(found.rows)} ({told}): {'; '.join(parts)}."


def _of_two(found: Compared, how: Verdict) -> str:
    one, other = found.rows
    gap = span_told(found.pair(one.candidate, other.candidate).difference, found.metric)
    figures = f"{metric_told(one.metric, one.quality)} and {metric_told(other.metric, other.quality)}"
    if how == "equal":
        return (f"{one.candidate} and {other.candidate} are equally good within "
                f"{points(found.margin, found.metric)}: {figures}.")  # fmt: skip
    if how == "unsettled":
        return (f"The test texts cannot tell {one.candidate} and {other.candidate} apart: {figures}, a difference of "
                f"{gap}.")  # fmt: skip
    better, worse = (one, other) if how == "better" else (other, one)
    turned = span_told(found.pair(better.candidate, worse.candidate).difference, found.metric)
    return f"{better.candidate} is better than {worse.candidate} by {turned}."


def plain(found: Compared, dataset: str, texts: Mapping[str, str], most: int | None = 20) -> dict[str, Any]:
    """The whole comparison as JSON-able records, with up to `most` texts (all for None) that were answered differently.

    `texts` are the dataset's, by id.
    """
    return {
        "dataset": dataset, "metric": found.metric, "margin": found.margin, "texts": len(found.sides),
        "best": found.best.candidate, "sentence": sentence(found),
        "candidates": [row.model_dump(mode="json") for row in found.rows],
        "pairs": [pair_record(found, pair) for pair in found.pairs],
        "agreement": [asdict(found.sides.agreement(pair.a, pair.b)) for pair in found.pairs],
        "labels": [asdict(label) for label in found.labels],
        "settings": [{"setting": row.name, "shared": row.is_shared, "values": row.values} for row in found.settings],
        "disagreements": [text_record(found, place, texts) for place in found.sides.differing[:most].tolist()],
    }  # fmt: skip


def pair_record(found: Compared, pair: Comparison) -> dict[str, Any]:
    """Two candidates in one flat row."""
    return {
        "a": pair.a, "b": pair.b, "metric": found.metric, **asdict(pair.difference), "p": pair.p,
        "p_holm": pair.p_holm, "test": pair.test, "verdict": verdict(pair, found.margin),
    }  # fmt: skip


def text_record(found: Compared, place: int, texts: Mapping[str, str]) -> dict[str, Any]:
    """A text with what is right and what each candidate answered, in plain words; None could not be read."""
    sides, task = found.sides, get_task(found.best.task)
    text = texts.get(str(sides.ids[place]), "")
    answers = {name: sides.answer(name, place) for name in sides.names}
    return {
        "id": str(sides.ids[place]), "text": text, "target": task.shown(sides.target(place), text),
        "answers": {name: None if one is None else task.shown(one, text) for name, one in answers.items()},
        "right": dict(zip(sides.names, sides.right[:, place].tolist(), strict=True)),
    }  # fmt: skip
