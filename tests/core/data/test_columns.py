"""Which column is what: by name, by content, or as told."""

from pathlib import Path

import pytest

from core.data.columns import SPLIT_WORDS, choose, guess, split_word
from core.data.read import read_table
from core.errors import TradeoffError

TEXTS = ["where is my card", "i lost my phone today", "please close the account", "what does it cost to send money"]


@pytest.fixture
def table(tmp_path: Path):
    def table(names: str, *columns: list[str]):
        path = tmp_path / "set.csv"
        lines = [",".join(row) for row in zip(*columns, strict=True)]
        path.write_text("\n".join([names, *lines]) + "\n", encoding="utf-8")
        return read_table(path, header=True)

    return table


@pytest.mark.parametrize(("names", "found"), [
    ("text,label", ("text", "label")), ("Utterance,Intent", ("Utterance", "Intent")),
    ("category,tweet", ("tweet", "category")), ("Review,Sentiment", ("Review", "Sentiment")),
    ("wert,klasse", ("wert", "klasse")), ("a,b", ("a", "b")),
])  # fmt: skip
def test_columns_are_guessed_by_name_then_by_content(table, names: str, found: tuple[str, str]) -> None:
    swapped = names.startswith("category")
    cells = [[f"{text} {n}" for n, text in enumerate(TEXTS * 10)], ["yes", "no"] * 20]
    guessed = guess(table(names, *(reversed(cells) if swapped else cells)))
    assert (guessed["text"], guessed["label"]) == found


def test_a_known_label_name_wins_over_a_longer_or_rarer_column(table) -> None:
    n = 40
    made = table(
        "id,sentence,note,target,label", [str(k) for k in range(n)], [f"{TEXTS[k % 4]} {k}" for k in range(n)],
        [f"a much longer note than the sentence itself, number {k}".replace(",", "") for k in range(n)],
        [f"firm {k}" for k in range(n)], [str(k % 3) for k in range(n)],
    )  # fmt: skip
    assert guess(made) == {"text": "sentence", "label": "label", "id": "id"}
    assert choose(made).guessed == ()


def test_ids_and_numbers_are_no_texts_and_repeated_ids_no_ids(table) -> None:
    made = table(
        "id,zahl,wort,klasse", ["1"] * 40, [str(n * 1000) for n in range(40)], [f"ein Wort {n}" for n in range(40)],
        ["a", "b"] * 20,
    )  # fmt: skip
    assert guess(made) == {"text": "wort", "label": "klasse"}
    assert choose(made).guessed == ("text", "label")


def test_what_is_told_is_taken_and_a_slip_is_helped(table) -> None:
    made = table("text,label,other", TEXTS * 3, ["a", "b"] * 6, ["c", "d", "e"] * 4)
    assert choose(made, label="other").label == "other"
    assert choose(made, text="TEXT").text == "text"
    with pytest.raises(TradeoffError, match='Did you mean "label"'):
        choose(made, label="lable")
    with pytest.raises(TradeoffError, match="chosen twice"):
        choose(made, text="text", label="text")


def test_no_label_column_is_told_with_the_columns_there_are(table) -> None:
    made = table("when,content", [f"day {n}" for n in range(40)], [f"{TEXTS[n % 4]} {n}" for n in range(40)])
    assert guess(made) == {"text": "content"}
    with pytest.raises(TradeoffError, match=r"labels.*--label.*when, content"):
        choose(made)


@pytest.mark.parametrize(("word", "split"), [
    ("TRAIN", "train"), (" dev ", "validation"), ("val", "validation"), ("Validation", "validation"),
    ("test", "test"), ("testing", "test"), ("eval", "validation"), ("other", None), ("", None), (None, None),
])  # fmt: skip
def test_splits_are_spelled_in_many_ways(word: str | None, split: str | None) -> None:
    assert split_word(word) == split


def test_a_split_column_is_only_one_when_all_its_values_are_splits(table) -> None:
    words = list(SPLIT_WORDS)[:3]
    texts = [f"{TEXTS[n % 4]} {n}" for n in range(30)]
    assert guess(table("text,label,split", texts, ["a", "b"] * 15, words * 10))["split"] == "split"
    assert "split" not in guess(table("text,label,split", texts, ["a", "b"] * 15, ["red", "blue"] * 15))
