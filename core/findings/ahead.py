"""What pages ask of finished runs, computed before they ask: `python -m core.findings.ahead HOME`.

A process of its own, at low priority, fills what is kept on disk (`answer_cache`, `figure_cache`) for every dataset and
metric, as the pages are drawn by default. It never runs beside a run that is metered: it waits for nothing, ends as
soon as one is queued, and is started again when all have ended. Whoever asks before it is done computes for himself.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from core import files
from core.analysis.decision import MARGIN, Question
from core.analysis.results import CandidateRow
from core.analysis.scenario import Scenario
from core.data.dataset import list_datasets
from core.errors import TradeoffError
from core.findings.cascade_answers import Terms
from core.findings.cascade_suggestions import suggestions
from core.findings.cascades import CascadeQuestion, cascade_of
from core.findings.comparing import chosen, compare
from core.findings.decide import decision_of
from core.findings.fronts import quality_draws
from core.findings.power import power
from core.findings.results import dataset_runs, results
from core.findings.sensitivity import asked_in_ways
from core.home import Home
from core.preferences import load
from core.reconcile import open_runs
from core.tasks import ranking_metrics

ROOT = Path(__file__).parents[2]
POLITE = 10
"""How much lower its priority is."""
Step = Callable[[], object]
_at_work: dict[Home, "subprocess.Popen[bytes]"] = {}


def start(home: Home) -> bool:
    """Start the process unless one of ours is at work or a run is open; whether it was started."""
    before = _at_work.get(home)
    if (before and before.poll() is None) or open_runs(home):
        return False
    command = [sys.executable, "-m", "core.findings.ahead", str(home.root.resolve())]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        _at_work[home] = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return False
    return True


def stop() -> None:
    """End what was started; what it has kept by then is whole."""
    for child in _at_work.values():
        child.terminate()
        child.wait(10)
    _at_work.clear()


def compute(home: Home) -> int:
    """All steps, as long as no run is open; how many were done."""
    done = 0
    for step in steps(home):
        if open_runs(home):
            break
        with suppress(TradeoffError, OSError, ValueError, KeyError):  # the page that asks will tell what is wrong
            step()
            done += 1
    return done


def steps(home: Home) -> Iterator[Step]:
    """The primary metric of every dataset first, then the others; of each what is asked most first."""
    metrics = {info.name: list(ranking_metrics(info.task)) for info in list_datasets(home)}
    for place in range(max(map(len, metrics.values()), default=0)):
        for dataset, names in metrics.items():
            if place < len(names):
                yield from _of_metric(home, dataset, names[place])


def _of_metric(home: Home, dataset: str, metric: str) -> Iterator[Step]:
    rows: list[CandidateRow] = []
    yield lambda: rows.extend(results(home, dataset, load(home), metric=metric, scenario=Scenario()))
    if rows:
        yield partial(decision_of, home, rows, Question(metric=metric), Scenario())
        yield partial(quality_draws, home, rows)
        yield partial(power, home, rows, MARGIN)
        yield lambda: compare(home, chosen(rows, []))
        yield lambda: asked_in_ways(home, rows, dataset_runs(home, dataset), metric)
        yield partial(_cascade, home, dataset, rows)


def _cascade(home: Home, dataset: str, rows: list[CandidateRow]) -> None:
    terms = Terms.of(load(home), Scenario())
    found = suggestions(home, rows, terms)
    if found:
        cascade_of(home, dataset, rows, terms, CascadeQuestion(found[0].stages, margin=MARGIN))


def main() -> None:
    """Compute, unless another process does so for this folder."""
    home = Home(Path(sys.argv[1])).prepare()
    os.nice(POLITE)
    with files.held(home.locks / "ahead.lock") as mine:
        if mine:
            compute(home)


if __name__ == "__main__":
    main()
