"""Splits that are made: stratified, seeded, with duplicates kept on one side.

Texts that are equal but for case and punctuation, or nearly equal, move together: otherwise a score would be told
on texts that were learned by heart.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import TradeoffError

TEST_SHARE = 0.2
MOST_SURPLUS = 1.5
"""Rare labels may make a split this much bigger than its share, so that each has an example in it."""
BIG_TRAIN = 2_000


@dataclass(frozen=True)
class Group:
    """Positions of duplicates, and the label that most of them carry."""

    label: str
    positions: tuple[int, ...]


def make_splits(
    texts: Sequence[str],
    targets: Sequence[str],
    splits: Sequence[str],
    *,
    seed: int = 0,
    validation_share: float | None = None,
    test_share: float = TEST_SHARE,
) -> tuple[list[str], dict[str, str]]:
    """The split of each example once validation and test exist, and how each was made, in words.

    Only examples of train move; what is given stays as it is. `validation_share` is 15 % of train by default, 10 %
    when train has more than 2,000 examples. Every label keeps an example in train.

    Raises:
        TradeoffError: a share is not between 0 and 0.9, or there are too few examples to hold any out.
    """
    for share in (validation_share, test_share):
        if share is not None and not 0 < share <= 0.9:
            raise TradeoffError(f"A split cannot have the share {share:g}", remedy="Give a share between 0 and 0.9.")
    made: dict[str, str] = {}
    found = list(splits)
    wanted = [split for split in ("test", "validation") if split not in found]
    if not wanted:
        return found, made
    groups = _groups(texts, targets, [place for place, split in enumerate(found) if split == "train"])
    generator = np.random.default_rng(seed)
    for split in wanted:
        size = sum(len(group.positions) for group in groups)
        share = test_share if split == "test" else validation_share or (0.1 if size > BIG_TRAIN else 0.15)
        chosen = hold_out(groups, share, generator)
        if not chosen:
            raise TradeoffError(
                f"There are too few different examples to make a {split} split",
                remedy="Add labelled texts, or give the split as a file of its own.",
            )
        for group in (groups[place] for place in chosen):
            for position in group.positions:
                found[position] = split
        groups = [group for place, group in enumerate(groups) if place not in chosen]
        made[split] = f"made: {share:.0%} of train, stratified, seed {seed}, duplicates kept on one side"
    return found, made


def hold_out(groups: Sequence[Group], share: float, generator: np.random.Generator) -> set[int]:
    """The places of groups that hold about `share` of all examples, of each label in proportion."""
    by_label: dict[str, list[int]] = defaultdict(list)
    for place in generator.permutation(len(groups)):
        by_label[groups[place].label].append(int(place))
    sizes = {label: sum(len(groups[place].positions) for place in places) for label, places in by_label.items()}
    divisible = {label for label, places in by_label.items() if len(places) > 1}
    quotas = _quotas(sizes, share, divisible)
    chosen: set[int] = set()
    for label, places in by_label.items():
        if label in divisible:
            chosen.update(_taken(places, groups, quotas[label]))
    return chosen


def _quotas(sizes: dict[str, int], share: float, divisible: set[str]) -> dict[str, int]:
    """How many examples of each label to hold out: largest remainders, then one for each label that has none."""
    wanted = {label: share * size for label, size in sizes.items()}
    quotas = {label: int(want) for label, want in wanted.items()}
    total = max(1, round(share * sum(sizes.values())))
    for label in sorted(divisible, key=lambda label: (quotas[label] - wanted[label], label)):
        if sum(quotas.values()) >= total:
            break
        quotas[label] += 1
    held = sum(quotas.values())
    for label in sorted(divisible, key=lambda label: (-sizes[label], label)):
        if not quotas[label] and held < MOST_SURPLUS * total:
            quotas[label], held = 1, held + 1
    return quotas


def _taken(places: Sequence[int], groups: Sequence[Group], quota: int) -> list[int]:
    """Groups of one label up to its quota; one always stays in train."""
    taken: list[int] = []
    size = 0
    for place in places:
        more = len(groups[place].positions)
        if size + more <= quota and len(taken) < len(places) - 1:
            taken.append(place)
            size += more
    if quota and not taken:
        smallest = min(places, key=lambda place: len(groups[place].positions))
        if len(groups[smallest].positions) <= 2 * quota:
            return [smallest]
    return taken


def _groups(texts: Sequence[str], targets: Sequence[str], positions: Sequence[int]) -> list[Group]:
    from core.data.duplicates import group_duplicates

    members: dict[int, list[int]] = defaultdict(list)
    for position, number in zip(positions, group_duplicates([texts[place] for place in positions]), strict=True):
        members[number].append(position)
    found = []
    for places in members.values():
        labels = [targets[place] for place in places]
        found.append(Group(max(sorted(set(labels)), key=labels.count), tuple(places)))
    return found
