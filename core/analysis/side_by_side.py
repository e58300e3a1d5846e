"""Candidates side by side, text by text: who is right where, and where they disagree."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

Answers = tuple[Sequence[str] | NDArray[np.str_], Sequence[str], Sequence[str | None]]
"""A run's example ids, targets and answers, in one order; an answer that could not be read is None."""
Kinds = tuple[NDArray[np.str_], Sequence[tuple[str, str | None]], NDArray]
"""A run's example ids, its different pairs of target and answer, and which of these each example is."""
MOST_CELLS = 20_000_000
"""Texts times different answers whose counts are held at once."""


@dataclass(frozen=True)
class Agreement:
    """How two candidates answered the same texts. `same`: the same answer, right or wrong."""

    a: str
    b: str
    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    same: int


@dataclass(frozen=True, eq=False)
class SideBySide:
    """What candidates answered to the texts that all of them answered: codes of shape (candidates, texts).

    A candidate of several runs is shown by the answer that most of them gave, the first run's where as many gave
    another; `given` is the share of its runs that gave it.
    """

    names: tuple[str, ...]
    ids: NDArray[np.str_]
    vocabulary: tuple[str | None, ...]
    targets: NDArray[np.int64]
    """Shape (texts,), places in `vocabulary`."""
    codes: NDArray[np.int64]
    given: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each answer is right in all its parts, shape (candidates, texts)."""
        result: NDArray[np.bool_] = self.codes == self.targets
        return result

    @property
    def differing(self) -> NDArray[np.int64]:
        """Places of the texts that were not all answered alike: where most differ first, then in order of the texts."""
        kinds = (np.diff(np.sort(self.codes, axis=0), axis=0) != 0).sum(0)
        places = np.argsort(-kinds, kind="stable")
        result: NDArray[np.int64] = places[kinds[places] > 0]
        return result

    def ordered(self, names: Sequence[str]) -> "SideBySide":
        """The same candidates in another order."""
        rows = [self.names.index(name) for name in names]
        return replace(self, names=tuple(names), codes=self.codes[rows], given=self.given[rows])

    def answer(self, name: str, place: int) -> str | None:
        """What a candidate answered to a text, encoded."""
        return self.vocabulary[self.codes[self.names.index(name), place]]

    def target(self, place: int) -> str:
        """What is right for a text, encoded."""
        return str(self.vocabulary[self.targets[place]])

    def agreement(self, a: str, b: str) -> Agreement:
        """How two of the candidates answered."""
        one, other = self.names.index(a), self.names.index(b)
        first, second = self.right[one], self.right[other]
        cells = ((first, second), (first, ~second), (~first, second), (~first, ~second))
        both_right, only_a, only_b, both_wrong = (int((x & y).sum()) for x, y in cells)
        same = int((self.codes[one] == self.codes[other]).sum())
        return Agreement(a, b, both_right, only_a, only_b, both_wrong, same)

    def patterns(self) -> list[tuple[tuple[bool, ...], int]]:
        """Which candidates are right, as a flag each, and on how many texts; the most frequent first."""
        found = Counter(map(tuple, self.right.T.tolist()))
        return found.most_common()


def side_by_side(runs: Mapping[str, Sequence[Answers]]) -> SideBySide:
    """The answers of candidates, each by its runs, on the texts that all runs answered; in the order of their ids."""
    return side_by_kinds(
        {name: [(np.asarray(ids, np.str_), list(zip(due, answers, strict=True)), np.arange(len(due)))
                for ids, due, answers in of_one] for name, of_one in runs.items()}
    )  # fmt: skip


def side_by_kinds(runs: Mapping[str, Sequence[Kinds]]) -> SideBySide:
    """The same from runs whose pairs of target and answer are known by kind: what is alike is looked at once."""
    shared = _shared([ids for of_one in runs.values() for ids, _, _ in of_one])
    index: dict[str | None, int] = {}
    codes, given, targets = [], [], np.zeros(len(shared), np.int64)
    for of_one in runs.values():
        found = []
        for ids, pairs, kinds in of_one:
            of_text = kinds if ids is shared else kinds[_places(ids, shared)]
            targets = _coded([target for target, _ in pairs], index)[of_text]
            found.append(_coded([answer for _, answer in pairs], index)[of_text])
        code, share = most_given(np.array(found))
        codes.append(code)
        given.append(share)
    shape = (len(runs), len(shared))
    return SideBySide(
        tuple(runs), shared, tuple(index), targets, np.array(codes, np.int64).reshape(shape),
        np.array(given, np.float64).reshape(shape),
    )  # fmt: skip


def _shared(every: Sequence[NDArray[np.str_]]) -> NDArray[np.str_]:
    """The ids that stand in all, sorted; runs over the same texts mostly share one sorted array."""
    different = list({id(ids): ids for ids in every}.values())
    if len(different) == 1 and bool((different[0][1:] > different[0][:-1]).all()):
        return different[0]
    return reduce(np.intersect1d, different) if different else np.array([], np.str_)


def most_given(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of answers of shape (runs, texts) the most frequent to each text and its share; the first run breaks ties."""
    width = int(codes.max(initial=0)) + 1
    if len(codes) > 2 and width * codes.shape[1] <= MOST_CELLS:
        cells = codes + width * np.arange(codes.shape[1])
        counts = np.bincount(cells.reshape(-1))[cells]
    else:
        counts = np.array([(codes == run).sum(0) for run in codes])
    first, texts = counts.argmax(0), np.arange(codes.shape[1])
    return codes[first, texts], counts[first, texts] / len(codes)


def _places(ids: NDArray[np.str_], wanted: NDArray[np.str_]) -> NDArray[np.int64]:
    order = np.argsort(ids)
    result: NDArray[np.int64] = order[np.searchsorted(ids[order], wanted)]
    return result


def _coded(values: Sequence[str | None], index: dict[str | None, int]) -> NDArray[np.int64]:
    return np.fromiter((index.setdefault(value, len(index)) for value in values), np.int64, len(values))
