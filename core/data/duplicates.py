"""Exact and near duplicates among texts.

Near duplicates share at least `THRESHOLD` of their character 5-grams (Jaccard similarity, verified, not estimated).
They are found by MinHash and locality-sensitive hashing (Broder 1997; Leskovec, Rajaraman and Ullman, *Mining of
Massive Datasets*, chapter 3), in time that grows with the number of texts, not with the number of pairs.
"""

import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SHINGLE = 5
THRESHOLD = 0.8
"""On TREC, Banking77, LIAR and the Financial PhraseBank, pairs at 0.8 and above are the same statement put twice;
from 0.75 down, "in Italy" and "in Poland" begin to pass for the same."""
BANDS, ROWS = 20, 6
"""A pair of similarity s becomes a candidate with 1 - (1 - s^6)^20: 0.998 at 0.8, 0.27 at 0.5."""
ESTIMATE_SLACK = 0.15
"""About four standard errors of MinHash's estimate at 0.8 with 120 permutations."""
NEIGHBOURS = 4
BATCH = 256
SHORT = 500
"""Characters of a text below which its numbers must be equal to those of its duplicate."""
LONGEST = 20_000
"""Characters of a text that are compared: of a longer one its two ends."""


class NearPair(NamedTuple):
    """Two texts by position, `first < second`, and the Jaccard similarity of their shingles."""

    first: int
    second: int
    similarity: float


def normalise(text: str) -> str:
    """`text` without what does not change its meaning: case, width (NFKC), punctuation, white space.

    Between two digits one mark is kept, so `1.5` is not `15`. Symbols and emoji are kept. A text of punctuation
    alone stays as it is, so `?` is not `!`.

    >>> normalise("What’s  NEW, Zoë?"), normalise("1.5 %"), normalise("?!")
    ('whatsnewzoë', '1|5', '?!')
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    ignored, between_digits = _ignored()
    return between_digits.sub("|", folded).translate(ignored) or "".join(folded.split())


def group_duplicates(texts: Sequence[str], near: bool = True, threshold: float = THRESHOLD) -> list[int]:
    """The group number of each text, shape (texts,): equal numbers mean duplicates, counted from 0 in order.

    Exact duplicates are equal after `normalise`; with `near`, near duplicates and their near duplicates join.
    """
    keys = [normalise(text) for text in texts]
    distinct = list(dict.fromkeys(keys))
    group_of = connect(len(distinct), near_pairs(distinct, threshold) if near else [])
    place = dict(zip(distinct, group_of, strict=True))
    numbers: dict[int, int] = {}
    return [numbers.setdefault(place[key], len(numbers)) for key in keys]


def connect(count: int, pairs: Sequence[NearPair]) -> list[int]:
    """The connected component of each of `count` texts when the pairs are the links between them."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    firsts, seconds = [pair.first for pair in pairs], [pair.second for pair in pairs]
    links = coo_array((np.ones(len(pairs), bool), (firsts, seconds)), shape=(count, count))
    return connected_components(links, directed=False)[1].tolist() if count else []


def near_pairs(
    keys: Sequence[str], threshold: float = THRESHOLD, progress: Callable[[float], None] | None = None
) -> list[NearPair]:
    """Pairs among distinct normalised texts whose shingles are at least `threshold` similar, in order.

    Short texts with other numbers in them are never near duplicates: "in 1968" and "in 1969" ask two questions. In a
    crowd of similar texts not every pair is listed, but enough that the pairs connect the crowd.
    """
    signatures = _signatures(keys, progress or (lambda _share: None))
    candidates = _candidates(signatures, _number_codes(keys))
    estimates = np.fromiter(
        ((signatures[a] == signatures[b]).mean() for a, b in candidates), np.float64, len(candidates)
    )
    shingles_of = lru_cache(maxsize=4096)(lambda position: shingles(keys[position]))
    pairs = []
    for a, b in candidates[estimates >= threshold - ESTIMATE_SLACK].tolist():
        similarity = jaccard(shingles_of(a), shingles_of(b)) if _lengths_allow(keys[a], keys[b], threshold) else 0.0
        if similarity >= threshold:
            pairs.append(NearPair(a, b, similarity))
    return pairs


def shingles(key: str) -> NDArray[np.uint32]:
    """Hashes of the character 5-grams of a normalised text, sorted and distinct.

    Its ends are padded, so that a changed last character weighs as much as one in the middle.
    """
    return np.unique(_hashed(_padded(key)))


def _padded(key: str) -> str:
    if len(key) > LONGEST:
        key = key[: LONGEST // 2] + key[-LONGEST // 2 :]
    pad = "\0" * (SHINGLE - 1)
    return pad + key + pad


def _hashed(text: str) -> NDArray[np.uint32]:
    """A hash of the 5-gram that begins at each character, shape (characters - 4,)."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    hashed = np.zeros(len(points) - SHINGLE + 1, np.uint32)
    for offset in range(SHINGLE):
        hashed = (hashed * np.uint32(0x01000193)) ^ (points[offset : offset + len(hashed)] * np.uint32(0x9E3779B1))
    return hashed


def jaccard(a: NDArray, b: NDArray) -> float:
    """Shared elements over all elements of two arrays of distinct values."""
    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / (len(a) + len(b) - shared)


def _signatures(keys: Sequence[str], progress: Callable[[float], None]) -> NDArray[np.uint32]:
    """MinHash signatures, shape (texts, BANDS * ROWS).

    Many texts at a time in numpy: a MinHash library works text by text and takes ten times as long.
    """
    generator = np.random.default_rng(0)
    factors = generator.integers(0, 2**32, BANDS * ROWS, np.uint32) | np.uint32(1)
    addends = generator.integers(0, 2**32, BANDS * ROWS, np.uint32)
    made = np.zeros((len(keys), BANDS * ROWS), np.uint32)
    for start in range(0, len(keys), BATCH):
        texts = [_padded(key) for key in keys[start : start + BATCH]]
        ends = np.cumsum([len(text) for text in texts])
        hashed = _hashed("".join(texts))
        across = (ends[:-1, None] - np.arange(1, SHINGLE)).ravel()
        hashed = np.delete(hashed, across)
        begins = np.concatenate([[0], ends[:-1] - (SHINGLE - 1) * np.arange(1, len(texts))])
        for place in range(BANDS * ROWS):
            permuted = hashed * factors[place] + addends[place]
            made[start : start + BATCH, place] = np.minimum.reduceat(permuted, begins)
        progress(start / len(keys))
    return made


def _candidates(signatures: NDArray[np.uint32], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs worth verifying, shape (pairs, 2), first < second, in order.

    Buckets are made by sorting, not with datasketch's MinHashLSH: its queries return whole buckets, which is
    quadratic in a crowd of templates. Here each text meets its `NEIGHBOURS` predecessors and its bucket's first.
    """
    found: list[NDArray[np.int64]] = [np.empty((0, 2), np.int64)]
    for band in range(BANDS):
        part = signatures[:, band * ROWS : (band + 1) * ROWS]
        columns = np.column_stack([numbers, part.astype(np.int64)])
        _, bucket = np.unique(columns, axis=0, return_inverse=True)
        order = np.argsort(bucket.ravel(), kind="stable")
        sorted_bucket = bucket.ravel()[order]
        starts = np.searchsorted(sorted_bucket, sorted_bucket)
        for back in range(1, NEIGHBOURS + 1):
            same = sorted_bucket[back:] == sorted_bucket[:-back]
            found.append(np.column_stack([order[:-back][same], order[back:][same]]))
        later = np.arange(len(order)) > starts
        found.append(np.column_stack([order[starts[later]], order[later]]))
    return np.unique(np.concatenate(found), axis=0)


def _number_codes(keys: Sequence[str]) -> NDArray[np.int64]:
    """Equal codes for short texts that hold the same numbers in the same order, one code for all long texts."""
    codes: dict[tuple[str, ...] | None, int] = defaultdict(lambda: len(codes))
    numbers = (tuple(re.findall(r"\d+", key)) if len(key) < SHORT else None for key in keys)
    return np.fromiter((codes[each] for each in numbers), np.int64, len(keys))


def _lengths_allow(a: str, b: str, threshold: float) -> bool:
    """Whether texts cut to their ends can be near duplicates as a whole."""
    shorter, longer = sorted((len(a), len(b)))
    return longer <= LONGEST or shorter >= threshold * longer


@lru_cache(maxsize=1)
def _ignored() -> tuple[dict[int, None], re.Pattern[str]]:
    """Punctuation, separators, control and invisible characters of all scripts: as a table for `str.translate`
    (50 times faster than a pattern), and as a pattern of what of them stands between two digits.
    """
    characters = [c for c in map(chr, range(sys.maxunicode + 1)) if _is_ignored(unicodedata.category(c))]
    pattern = re.compile(rf"(?<=\d)[{re.escape(''.join(characters))}]+(?=\d)")
    return dict.fromkeys(map(ord, characters)), pattern


def _is_ignored(category: str) -> bool:
    return category[0] in "PZ" or category in ("Cc", "Cf")
