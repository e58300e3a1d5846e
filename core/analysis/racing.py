"""Who can still win: candidates seen on parts of the data, judged by what they may still gain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.analysis.compare import Performance


@dataclass(frozen=True)
class Stage:
    """A candidate after a round.

    `texts` are those it was trained on, None for what is not trained: it gains nothing with more. `performance` is on
    the validation texts of the round; those of later rounds contain those of earlier ones.
    """

    texts: int | None
    performance: Performance


@dataclass(frozen=True)
class Verdict:
    """What is to be thought of a candidate: `final_*` is the metric to expect on all texts, with its 95 % range."""

    chance: float
    now: float
    final: float
    final_low: float
    final_high: float
    drop: bool
    why: str


def judge(
    stages: Mapping[str, Sequence[Stage]], all_texts: int, risk: float, *, aim: Literal["best", "front"] = "best",
    spend: Mapping[str, float] | None = None, top: float = 1.0, keep: int = 1, seed: int = 0,
) -> dict[str, Verdict]:  # fmt: skip
    """Judge every candidate that is still in, by label.

    `stages` holds each candidate's rounds, oldest first. `risk` is what this decision may take of the risk of the race:
    the chances of those dropped sum to at most `risk`, and `keep` candidates stay at least. `spend` is what answering
    costs, by label, for the Pareto front. `top` is the most that the metric can be.
    """
    raise NotImplementedError
