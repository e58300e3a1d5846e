"""Splits that are made: shares, strata, duplicates on one side, the same for the same seed."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from core.data.split import Group, hold_out, make_splits
from core.errors import TradeoffError

WORDS = [f"{a}{b}" for a in ("ka", "lo", "mi", "nu", "pe", "ra") for b in ("to", "sha", "vel", "dri", "bok", "zum")]


def texts_of(count: int, seed: int = 0, words: int = 8) -> list[str]:
    generator = np.random.default_rng(seed)
    return [" ".join(generator.choice(WORDS, words)) + f" {place}" for place in range(count)]


def labels_of(count: int) -> list[str]:
    return ["common" if place % 10 < 6 else "middle" if place % 10 < 9 else "rare" for place in range(count)]


@pytest.mark.parametrize(("count", "given", "shares"), [
    (1000, ["train"], {"test": 200, "validation": 120}),
    (1000, ["train", "test"], {"validation": None}),
    (4000, ["train"], {"test": 800, "validation": 320}),
])  # fmt: skip
def test_shares_and_strata(count: int, given: list[str], shares: dict[str, int | None]) -> None:
    targets = labels_of(count)
    splits = [given[place % len(given)] for place in range(count)]
    made, how = make_splits(texts_of(count), targets, splits, seed=3)
    assert set(how) == set(shares)
    for split, size in shares.items():
        found = Counter(target for target, part in zip(targets, made, strict=True) if part == split)
        expected = size or round(0.15 * splits.count("train"))
        assert found.total() == pytest.approx(expected, abs=2)
        if len(given) == 1:
            assert found["common"] == pytest.approx(0.6 * expected, abs=2)
            assert found["rare"] == pytest.approx(0.1 * expected, abs=2)
    assert all(a == b for a, b in zip(made, splits, strict=True) if b != "train")


def test_the_seed_decides() -> None:
    arguments = (texts_of(300), labels_of(300), ["train"] * 300)
    assert make_splits(*arguments, seed=1) == make_splits(*arguments, seed=1)
    assert make_splits(*arguments, seed=1)[0] != make_splits(*arguments, seed=2)[0]


def test_exact_and_near_duplicates_stay_on_one_side() -> None:
    base = texts_of(200, words=20)
    near = [f"{text} indeed" for text in base[:60]]
    exact = [text.upper() + "!!" for text in base[60:120]]
    texts = base + near + exact
    targets = labels_of(200) + labels_of(200)[:120]
    made, _ = make_splits(texts, targets, ["train"] * len(texts), seed=5)
    for place in range(120):
        assert made[place] == made[200 + place], texts[place]
    assert set(made) == {"train", "validation", "test"}


def test_rare_labels() -> None:
    targets = ["a"] * 60 + ["b"] * 30 + ["once"] + ["twice"] * 2 + ["thrice"] * 3
    made, _ = make_splits(texts_of(len(targets)), targets, ["train"] * len(targets))
    where = defaultdict(Counter)
    for target, split in zip(targets, made, strict=True):
        where[target][split] += 1
    assert where["once"] == {"train": 1}
    assert where["twice"] == {"train": 1, "test": 1}
    assert where["thrice"] == {"train": 1, "test": 1, "validation": 1}


def test_many_rare_labels_do_not_eat_train_up() -> None:
    targets = [f"label {place // 2}" for place in range(2000)]
    made, _ = make_splits(texts_of(2000), targets, ["train"] * 2000)
    assert made.count("test") <= 1.5 * 400 + 1
    assert {target for target, split in zip(targets, made, strict=True) if split == "train"} == set(targets)


def test_a_big_crowd_of_duplicates_stays_in_train() -> None:
    groups = [Group("a", tuple(range(90))), *[Group("a", (90 + n,)) for n in range(10)]]
    chosen = hold_out(groups, 0.2, np.random.default_rng(0))
    assert 0 not in chosen
    assert len(chosen) == 10


def test_too_few_or_wrong_shares_are_told() -> None:
    with pytest.raises(TradeoffError, match="too few different examples"):
        make_splits(["same text"] * 20, ["a", "b"] * 10, ["train"] * 20)
    for share in (0.0, 0.95, -1.0):
        with pytest.raises(TradeoffError, match="between 0 and"):
            make_splits(["a", "b"], ["a", "b"], ["train"] * 2, test_share=share)


def test_what_is_given_is_not_altered_nor_looked_at() -> None:
    splits = ["train", "validation", "test"] * 4
    assert make_splits(["same"] * 12, ["a"] * 12, splits) == (splits, {})
