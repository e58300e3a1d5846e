"""Rows are laid end to end, what they share once, and batches keep within their budget."""

import pytest
import torch

from core.prompts.packing import pack, pack_batches
from core.prompts.tree import AnswerTree


def test_what_rows_share_stands_there_once():
    packed = pack([[5, 6, 7], [5, 6, 8], [5, 6, 7]], AnswerTree(((1, 2), (1, 3), (4,))))
    assert packed.tokens.tolist() == [5, 6, 7, 1, 8, 1]
    assert packed.positions.tolist() == [0, 1, 2, 3, 2, 3]
    assert packed.ends.tolist() == [[2, 3], [4, 5], [2, 3]]
    (group,) = packed.groups
    assert sorted(group.targets.tolist()) == list(range(6))


def test_a_node_sees_its_row_and_its_ancestors_only():
    tree = AnswerTree(((1, 2, 3), (4, 5)))
    assert tree.tokens == [1, 2, 4]
    (group,) = pack([[7, 8], [9]], tree).groups
    sees = (group.mask[:, 0] == 0)[:, :, :]
    long, short = (group.rows.index(row) for row in (0, 1))
    assert sees[long].int().tolist() == [
        [1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 0, 0, 1],
    ]  # fmt: skip
    assert sees[short, :4].int().tolist() == [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 0, 0, 1, 0]]


def test_rows_of_very_different_length_are_attended_apart():
    packed = pack([[1] * 100, [2] * 4, [3] * 5])
    assert [group.rows for group in packed.groups] == [[0], [2, 1]]
    kept = torch.cat([group.targets for group in packed.groups])
    assert sorted(kept.tolist()) == list(range(109))


@pytest.mark.parametrize("most", [1, 9, 20, 1000])
def test_batches_hold_every_row_once_within_the_budget(most):
    rows = [[i % 3, i % 7, *range(i % 5)] for i in range(40)]
    batches = list(pack_batches(rows, 2, most))
    assert sorted(place for batch in batches for place in batch) == list(range(40))
    tree = AnswerTree(((1, 2), (3, 4)))
    sizes = [len(pack([rows[place] for place in batch], tree).tokens) for batch in batches]
    assert all(size <= most or len({tuple(rows[place]) for place in batch}) == 1
               for size, batch in zip(sizes, batches, strict=True))  # fmt: skip


def test_no_rows_make_no_batch():
    assert list(pack_batches([], 2, 10)) == []
