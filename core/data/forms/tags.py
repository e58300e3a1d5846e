"""Tags word by word: which scheme they follow, and the spans they mean.

BIO (IOB2): `B-` begins a span, `I-` goes on. IOB1: `I-` begins one too; `B-` only parts it from a neighbour of the
same label. BIOES and BILOU also mark the last word (`E-`, `L-`) and spans of one word (`S-`, `U-`). Ramshaw and
Marcus 1995; Ratinov and Roth 2009.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Scheme = Literal["BIO", "IOB1", "BIOES", "BILOU", "IO"]
SCHEMES: dict[Scheme, str] = {
    "BIO": "BIO (IOB2): B- begins a span, I- goes on",
    "IOB1": "IOB1: I- begins a span, B- only after one of the same label",
    "BIOES": "BIOES: E- ends a span, S- is one of a single word",
    "BILOU": "BILOU: L- ends a span, U- is one of a single word",
    "IO": "labels without B-: neighbours of one label are one span",
}
NAMELESS = "entity"
"""The label of spans whose tags are only B, I and O."""
TAG = re.compile(r"([BIESLUM])[-_](.+)", re.IGNORECASE | re.DOTALL)
OUTSIDE = frozenset(("O", "o", "_", ""))


class Run(NamedTuple):
    """A span in words: from the word `first` to the word `last`, which belongs to it."""

    first: int
    last: int
    label: str


def split_tag(tag: str) -> tuple[str, str]:
    """The prefix and the label of a tag; no prefix when there is none, `O` and no label outside of spans.

    >>> split_tag("B-city"), split_tag("O"), split_tag("city"), split_tag("I")
    (('B', 'city'), ('O', ''), ('', 'city'), ('I', 'entity'))
    """
    tag = tag.strip()
    if tag in OUTSIDE:
        return "O", ""
    match = TAG.fullmatch(tag)
    if match and (tag[1] == "-" or tag[0].isupper()):
        return match[1].upper(), match[2].strip() or NAMELESS
    if tag in "BIESLUM" and len(tag) == 1:
        return tag, NAMELESS
    return "", tag.removesuffix("-") or NAMELESS


def scheme_of(sequences: Iterable[Sequence[str]]) -> Scheme:
    """The scheme that the tags of a whole set follow; BIO when nothing speaks for another."""
    prefixes: Counter[str] = Counter()
    begun, parted = 0, 0
    for tags in sequences:
        before = ("O", "")
        for tag in tags:
            prefix, label = split_tag(tag)
            prefixes[prefix] += 1
            goes_on = before[0] != "O" and before[1] == label
            begun += prefix == "I" and not goes_on
            parted += prefix == "B" and goes_on
            before = (prefix, label)
    marked = prefixes.total() - prefixes["O"]
    if prefixes["L"] + prefixes["U"] > prefixes["E"] + prefixes["S"]:
        return "BILOU"
    if prefixes["E"] + prefixes["S"]:
        return "BIOES"
    if marked and (prefixes[""] > marked / 2 or not prefixes["B"]):
        return "IO"
    return "IOB1" if begun and parted == prefixes["B"] else "BIO"


def runs(tags: Sequence[str], scheme: Scheme) -> tuple[list[Run], int]:
    """The spans that tags mean, and how many tags had to be mended to give them.

    A tag that goes on with nothing begins a span; a span that is not ended ends where the next begins. That is how
    conlleval and seqeval (not strict) read such tags.
    """
    ended = {"BIOES": "ES", "BILOU": "LU"}.get(scheme, "")
    found: list[Run] = []
    mended, is_open, last_prefix = 0, False, "O"
    for place, tag in enumerate(tags):
        prefix, label = split_tag(tag)
        joins = is_open and prefix not in ("O", "B", "S", "U") and found[-1].label == label
        # A span of BIOES or BILOU that is left without its end mark.
        mended += bool(ended) and is_open and not joins and last_prefix not in ended
        mended += prefix == "" and scheme != "IO"
        if joins:
            found[-1] = Run(found[-1].first, place, label)
        elif prefix != "O":
            mended += prefix in ("I", "M", "E", "L") and scheme not in ("IOB1", "IO")
            found.append(Run(place, place, label))
        is_open = prefix != "O" and prefix not in ("E", "L", "S", "U")
        last_prefix = prefix
    mended += bool(ended) and is_open
    return found, mended


def tags_of(found: Sequence[Run], count: int, scheme: Scheme = "BIO") -> list[str]:
    """The inverse of `runs`: a tag for each of `count` words."""
    tags = ["O"] * count
    marks = {"BIOES": ("B", "E", "S"), "BILOU": ("B", "L", "U")}
    first, last, single = marks.get(scheme, ("B", "I", "B"))
    for before, run in zip([None, *found], found, strict=False):
        parted = before is None or before.last + 1 != run.first or before.label != run.label
        begin = "I" if scheme == "IO" or (scheme == "IOB1" and parted) else first
        for place in range(run.first, run.last + 1):
            tags[place] = f"I-{run.label}"
        tags[run.last] = f"{last}-{run.label}"
        tags[run.first] = f"{begin if run.first < run.last or begin == 'I' else single}-{run.label}"
    return tags
