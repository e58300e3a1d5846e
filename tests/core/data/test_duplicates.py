import random
from itertools import combinations

import pytest

from core.data.duplicates import group_duplicates, jaccard, near_pairs, normalise, shingles


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is new?", "what is  NEW"),
        ("don't", "don’t"),
        ("ﬁne “quotes”", "fine quotes"),
        ("Ｗｉｄｅ", "wide"),
        ("日本語のテキスト", "日本語のテキスト。"),
        ("नमस्ते दुनिया", "नमस्ते, दुनिया"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
    ],
)
def test_texts_that_read_the_same_are_equal(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1.5 percent", "15 percent"), ("great 😀", "great 😡"), ("?", "!"), ("C++", "C"), ("नमस्ते", "नमसत"), ("a", "")],
)
def test_texts_that_mean_something_else_stay_apart(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_short_different_questions_are_not_near_duplicates() -> None:
    texts = [
        "What is the capital of Ethiopia ?",
        "What is the capital of Yugoslavia ?",
        "What is the population of Mexico City ?",
        "What is the population of Mozambique ?",
        "Who won the Super Bowl in 1968 ?",
        "Who won the Super Bowl in 1969 ?",
        "Net sales of the group rose to EUR 36.1 million from EUR 27.4 million in the first quarter of the year",
        "Net sales of the group rose to EUR 36.7 million from EUR 27.9 million in the first quarter of the year",
    ]
    assert len(set(group_duplicates(texts))) == len(texts)


def test_the_same_text_with_small_changes_is_a_near_duplicate() -> None:
    text = "I was out today looking forward to paying with my new card, but the payment just kept getting declined."
    changed = ["Hello! " + text, text.replace("just ", ""), text.replace("declined", "declned"), text.upper() + "!!"]
    other = "The exchange rate you are using is really bad, this cannot be the official interbank exchange rate."
    assert group_duplicates([text, other, *changed]) == [0, 1, 0, 0, 0, 0]
    assert group_duplicates([text, other, *changed], near=False) == [0, 1, 2, 3, 4, 0]


def test_every_near_pair_is_found_and_none_is_invented() -> None:
    generator = random.Random(1)
    texts = []
    for _ in range(60):
        words = [
            f"{generator.choice('bcdfgklmnprst')}{generator.choice('aeiou')}{generator.choice('lmnrst')}" * 2
            for _ in range(20)
        ]
        texts.append("".join(words))
        for changes in (1, 2, 4):
            varied = list(words)
            for place in generator.sample(range(20), changes):
                varied[place] = "zzz"
            texts.append("".join(varied))
    sets = [shingles(text) for text in texts]
    true = {(a, b) for a, b in combinations(range(len(texts)), 2) if jaccard(sets[a], sets[b]) >= 0.8}
    found = {(pair.first, pair.second) for pair in near_pairs(texts)}
    assert len(true) > 50
    assert found <= true
    assert len(found) >= 0.99 * len(true)


def test_a_crowd_of_equal_or_similar_texts_is_one_group() -> None:
    assert set(group_duplicates(["same text"] * 20_000)) == {0}
    letters = "abcdefghijklmnopqrstuvwxyz"
    crowd = [
        f"Hello {a}{b}, the parcel you ordered stands at your door, thanks for buying" for a in letters for b in letters
    ]
    assert set(group_duplicates(crowd)) == {0}


def test_odd_input_is_grouped() -> None:
    assert group_duplicates([]) == []
    assert group_duplicates(["", " ", "!", "lone \ud800", "\0", "a" * 1_000_000, "a" * 1_000_000]) == [
        0,
        0,
        1,
        2,
        0,
        3,
        3,
    ]


def test_long_texts_with_the_same_ends_but_other_lengths_differ() -> None:
    generator = random.Random(0)
    head, tail = ("".join(generator.choices("abcdefgh", k=15_000)) for _ in range(2))
    assert len(set(group_duplicates([head + tail, head + "x" * 100_000 + tail]))) == 2
