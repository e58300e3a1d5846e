"""Answers as a tree of tokens."""

from core.prompts.tree import AnswerTree, told_apart, tree_chunks


def test_what_answers_share_is_computed_once_and_leaves_never():
    tree = AnswerTree(((1, 2, 3), (1, 2, 4), (5,), (6, 7)))
    assert tree.tokens == [1, 2, 6]
    assert tree.parents == [-1, 0, -1]
    assert tree.depths == [1, 2, 1]
    assert tree.paths == [[(-1, 1), (0, 2), (1, 3)], [(-1, 1), (0, 2), (1, 4)], [(-1, 5)], [(-1, 6), (2, 7)]]
    assert tree.ancestors(1) == [1, 0]


def test_answers_are_closed_only_when_one_begins_another():
    assert told_apart([(1, 2), (3,)], (9,)) == [(1, 2), (3,)]
    assert told_apart([(1, 2), (1,)], (9,)) == [(1, 2, 9), (1, 9)]
    assert told_apart([(), (1,)], (9,)) == [(9,), (1, 9)]
    assert told_apart([(1,), (1,)], (9,)) == [(1,), (1,)]


def test_chunks_hold_every_answer_once_and_keep_neighbours_together():
    answers = [(i % 3, i) for i in range(30)]
    chunks = tree_chunks(answers, 10)
    assert sorted(place for chunk in chunks for place in chunk) == list(range(30))
    assert all(len(chunk) <= 5 for chunk in chunks)
    assert {answers[place][0] for place in chunks[0]} == {0}
