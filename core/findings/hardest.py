"""The test texts that most runs get wrong, counted over all answers of a dataset's runs."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import TradeoffError
from core.findings.answer_cache import Answers, Pair, answers
from core.home import Home
from core.runs import RunFolder
from core.spec import Record

SHOWN = 50
Ids = NDArray[np.str_]


class Hard(Record):
    """A text: how many of the runs that answered it were wrong, and what they mostly took it for."""

    id: str
    target: str
    wrong: int
    runs: int
    mostly_taken_for: str | None
    """The most frequent wrong answer, of equals the first by name; None where most could not be read."""


def hardest(home: Home, runs: Sequence[str], most: int = SHOWN, split: str = "test") -> list[Hard]:
    """The texts that most of these runs got wrong, the hardest first, of equals the first by name.

    A run whose answers cannot be read is left out. Runs over other texts count where they answered.
    """
    found = [one for run in runs if (one := _answers(home, run, split)) is not None]
    if not found:
        return []
    groups = _groups(found)
    ids = np.unique(np.concatenate([group[0].ids for group in groups]))
    wrong, asked = _counted(groups, ids)
    chosen = np.array([place for place in np.lexsort((ids, -wrong))[:most] if wrong[place]], np.int64)
    pairs = _pairs(groups, ids[chosen])
    return [
        _told(str(ids[place]), int(wrong[place]), int(asked[place]), of_text)
        for place, of_text in zip(chosen.tolist(), pairs, strict=True)
    ]


def _answers(home: Home, run: str, split: str) -> Answers | None:
    try:
        return answers(RunFolder(home.runs / run), split)
    except (OSError, ValueError, KeyError, TradeoffError):
        return None


def _groups(found: Sequence[Answers]) -> list[list[Answers]]:
    """The runs by the texts that they answered: mostly all over the same."""
    groups: dict[int, list[Answers]] = {}
    for one in found:
        groups.setdefault(id(one.ids), []).append(one)
    return list(groups.values())


def _counted(groups: Sequence[Sequence[Answers]], ids: Ids) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many runs were wrong on each of the ids, and how many answered it."""
    wrong, asked = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    for group in groups:
        counts = np.zeros(len(group[0]), np.int64)
        for one in group:
            counts += np.array([target != answer for target, answer in one.pairs], bool)[one.kinds]
        places = np.searchsorted(ids, group[0].ids)
        asked[places] += len(group)
        wrong[places] += counts
    return wrong, asked


def _pairs(groups: Sequence[Sequence[Answers]], names: Ids) -> list[list[Pair]]:
    """What every run that answered them has on some ids."""
    found: list[list[Pair]] = [[] for _ in names]
    for group in groups:
        there = np.flatnonzero(np.isin(names, group[0].ids))
        places = np.searchsorted(group[0].ids, names[there])
        for one in group:
            for name, kind in zip(there.tolist(), one.kinds[places].tolist(), strict=True):
                found[name].append(one.pairs[kind])
    return found


def _told(name: str, wrong: int, asked: int, pairs: Sequence[Pair]) -> Hard:
    taken = Counter(answer for target, answer in pairs if answer != target)
    most = min(taken, key=lambda answer: (-taken[answer], answer or ""))
    return Hard(id=name, target=pairs[0][0], wrong=wrong, runs=asked, mostly_taken_for=most)
