"""What a linear model knows about a word: the word, its shape and ends, and the words around it."""

import re
from collections.abc import Iterator, Sequence

from core.tasks.words import Word

EDGE = "^"
LONGEST = 40
"""Characters of a word that count: longer ones are links and noise."""


def word_features(text: str, places: Sequence[Word]) -> Iterator[list[str]]:
    """The features of each word of a text, as strings."""
    plain = [text[start : min(end, start + LONGEST)] for start, end in places]
    lower, shapes = [word.lower() for word in plain], [shape(word) for word in plain]
    padded, padded_shapes = [EDGE, EDGE, *lower, EDGE, EDGE], [EDGE, EDGE, *shapes, EDGE, EDGE]
    for i, word in enumerate(lower):
        two, one, _, after, second = padded[i : i + 5]
        yield [
            f"w={word}", f"s={shapes[i]}", f"c={plain[i]}",
            *(f"p{n}={word[:n]}" for n in (1, 2, 3) if len(word) > n),
            *(f"e{n}={word[-n:]}" for n in (1, 2, 3, 4) if len(word) > n),
            f"-1={one}", f"-2={two}", f"+1={after}", f"+2={second}",
            f"-1w={one}|{word}", f"w+1={word}|{after}", f"-2-1={two}|{one}",
            f"-1s={padded_shapes[i + 1]}", f"+1s={padded_shapes[i + 3]}",
            f"sss={padded_shapes[i + 1]}|{shapes[i]}|{padded_shapes[i + 3]}",
        ]  # fmt: skip


def shape(word: str) -> str:
    """Kinds of characters with runs shortened.

    >>> shape("McDonald's"), shape("2026-11"), shape("@user")
    ("XxXx'x", '0-0', '@x')
    """
    kinds = "".join(_kind(character) for character in word)
    return re.sub(r"(.)\1+", r"\1", kinds)


def _kind(character: str) -> str:
    if character.isdigit():
        return "0"
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return character
