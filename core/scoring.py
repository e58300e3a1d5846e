"""The scores of a run, from its answers on a split."""

from collections.abc import Sequence

from core.analysis.intervals import wilson
from core.methods.base import EXCLUDED
from core.tasks import Score, Task


def run_scores(
    task: Task, labels: Sequence[str], split: str, targets: Sequence[str], answers: Sequence[str | None],
    reasons: Sequence[str | None], ids: Sequence[str] = (),
) -> list[Score]:  # fmt: skip
    """The task's scores and the share of answers that could not be read.

    Where a candidate leaves texts out, by their reason, the scores are those of the others, beside the coverage. `ids`
    may tell which texts are from one document (`core.analysis.clusters`).
    """
    n = len(targets)
    kept = [place for place, reason in enumerate(reasons) if not (reason or "").startswith(EXCLUDED)]
    kept = kept or list(range(n))
    due, given = [targets[place] for place in kept], [answers[place] for place in kept]
    scores = task.score(due, given, labels, split, [ids[place] for place in kept] if ids else ())
    if len(kept) < n:
        scores.append(_share("coverage", split, len(kept), n))
    return [*scores, _share("invalid_rate", split, sum(answer is None for answer in answers), n)]


def _share(name: str, split: str, hits: int, n: int) -> Score:
    low, high = wilson(hits, n)
    return Score(name, split, hits / n, low, high, n)
