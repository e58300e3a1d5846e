"""Which solved examples are shown."""

from collections import Counter

from core.prompts.demonstrations import draw
from core.tasks import Example

TRAIN = [
    Example(f"{label}{i}", f"text {label} {i}", label) for label, n in (("a", 30), ("b", 5), ("c", 1)) for i in range(n)
]


def test_the_same_seed_draws_the_same_whatever_the_order_of_the_file():
    for how in ("balanced", "random"):
        assert draw(TRAIN, 6, how, 3) == draw(TRAIN[::-1], 6, how, 3)
        assert draw(TRAIN, 6, how, 3) != draw(TRAIN, 6, how, 4)


def test_balanced_gives_every_label_its_share_as_long_as_it_has_texts():
    for seed in range(5):
        assert Counter(e.target for e in draw(TRAIN, 3, "balanced", seed)) == {"a": 1, "b": 1, "c": 1}
        assert Counter(e.target for e in draw(TRAIN, 9, "balanced", seed)) == {"a": 4, "b": 4, "c": 1}
    assert len({e.target for e in draw(TRAIN, 2, "balanced", 0)}) == 2


def test_empty_and_repeated_texts_are_never_shown():
    odd = [Example("e", "", "a"), Example("s", " \n", "b"), Example("x1", "same", "a"), Example("x2", "same ", "b")]
    shown = draw(odd, 10, "random", 0)
    assert [e.id for e in shown] == ["x1"]


def test_fewer_when_there_are_no_more():
    assert len(draw(TRAIN, 64, "balanced", 0)) == len(TRAIN)
    assert len(draw(TRAIN, 64, "random", 0)) == len(TRAIN)
    assert draw(TRAIN, 0, "balanced", 0) == []
    assert draw([], 3, "random", 0) == []
