"""The answers of runs as small arrays, kept under `cache/evidence`, so that a thousand runs are read in moments.

A file a run and split: two lines of JSON, then which of its distinct pairs of target and prediction (the second line)
each example is, in the order of the sorted ids. It names the files it was made from by time, size and place: when they
have changed it is made again. Everything here may be deleted at any time. Runs over the same examples share their ids,
and those that answered in the same ways their pairs.
"""

import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.home import Home
from core.recent import Recent
from core.runs import RunFolder

VERSION = 2
"""To be raised with every change of the files' form."""
MOST_PAIRS = 1_000_000
"""Pairs that are kept in memory to be shared."""
MADE_FROM = ("predictions.parquet", "scores.json", "spec.json")
WORDS = ("target", "prediction")
Pair = tuple[str, str | None]


@dataclass(frozen=True, eq=False)
class Answers:
    """A run's answers on a split, an example a place, in the order of their sorted ids."""

    run_id: str
    split: str
    task: str
    labels: tuple[str, ...]
    ids: NDArray[np.str_]
    """Sorted; one and the same array for all runs over the same examples."""
    pairs: tuple[Pair, ...]
    """Each target with its prediction, once; None is an answer that could not be read."""
    kinds: NDArray[np.unsignedinteger[Any]]
    """Which pair each example is, shape (examples,)."""

    def __len__(self) -> int:
        return len(self.ids)


def answers(folder: RunFolder, split: str = "test") -> Answers:
    """A finished run's answers on `split`, from the cache where it still fits, else from its predictions.

    Raises:
        OSError: the run has no predictions, or they are damaged.
        TradeoffError: its spec is damaged.
    """
    stamp = stamp_of(folder)
    place = Home(folder.path.parent.parent).cache / "evidence" / f"{folder.run_id}.{split}"
    found = _kept(place, folder, split, stamp)
    if found is None:
        found = _made(folder, split)
        _keep(place, found, stamp)
    return found


def stamp_of(folder: RunFolder) -> str:
    """A mark of the files that a run's answers are read from; it changes when one of them does, or who may read it.

    Raises:
        OSError: the run has no predictions.
    """
    marks = [str(VERSION)]
    for name in MADE_FROM:
        try:
            status = os.stat(f"{folder.path}/{name}")
            marks.append(f"{status.st_ctime_ns}.{status.st_size}.{status.st_ino}")
        except FileNotFoundError:
            if name == MADE_FROM[0]:
                raise
            marks.append("-")
    return " ".join(marks)


def sweep(home: Home) -> int:
    """Remove what is kept of runs that are gone (once a process, when it keeps something); how many files it was."""
    there = {entry.name for entry in os.scandir(home.runs)} if home.runs.exists() else set()
    kept = (home.cache / "evidence").glob("*.*")
    gone = [path for path in kept if path.suffix != ".ids" and path.stem not in there]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def read_predictions(folder: RunFolder, split: str, columns: Sequence[str]) -> pa.Table:
    """Columns of a run's predictions on a split, those of `WORDS` dictionary-encoded, each in one piece.

    Raises:
        OSError: there are none, or they are damaged.
    """
    path = folder.path / "predictions.parquet"
    words = [name for name in WORDS if name in columns]
    try:
        table = pq.read_table(path, columns=list(columns), filters=[("split", "=", split)], read_dictionary=words)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise OSError(f"the predictions of {folder.run_id} cannot be read: {error}") from error
    return table.combine_chunks()


def coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str | None]]:
    """The codes of a column of strings and what they mean; the last means that there is none."""
    whole = column.combine_chunks()
    whole = whole if pa.types.is_dictionary(whole.type) else pc.dictionary_encode(whole)
    values: list[str | None] = whole.dictionary.to_pylist()
    codes = whole.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    return codes.astype(np.int64), [*values, None]


def ids_of(column: pa.ChunkedArray) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """The ids of a column sorted, and the place in the column of each. Both are shared by equal columns."""
    mark = _digest(_bytes(column))
    found = _columns.get(mark)
    if found is None:
        ids = np.array(column.to_pylist(), np.str_)
        order = np.argsort(ids, kind="stable")
        found = _columns.setdefault(mark, (_shared(ids[order]), order))
    return found


def _bytes(column: pa.ChunkedArray) -> bytes:
    """The lengths of a column's texts and the texts: what tells it from others, without making strings of it."""
    whole = column.cast(pa.large_string()).combine_chunks()
    if not len(whole):
        return b""
    ends = np.frombuffer(whole.buffers()[1], np.int64)[whole.offset : whole.offset + len(whole) + 1]
    texts: bytes = whole.buffers()[2][int(ends[0]) : int(ends[-1])].to_pybytes()
    return np.diff(ends).tobytes() + texts


def _made(folder: RunFolder, split: str) -> Answers:
    """The answers read from the predictions themselves."""
    table = read_predictions(folder, split, ("id", *WORDS))
    ids, order = ids_of(table["id"])
    (targets, meant), (predictions, answered) = (coded(table[name]) for name in WORDS)
    joint, kinds = np.unique(targets * len(answered) + predictions, return_inverse=True)
    found = [(str(meant[both // len(answered)]), answered[both % len(answered)]) for both in joint.tolist()]
    by_name = sorted(range(len(found)), key=lambda place: (found[place][0], found[place][1] or "", place))
    places = np.empty(len(found), np.min_scalar_type(max(0, len(found) - 1)))
    places[by_name] = np.arange(len(found))
    pairs = _pairs(json.dumps([found[place] for place in by_name]).encode())
    labels = tuple(folder.labels)
    return Answers(folder.run_id, split, folder.spec.task, labels, ids, pairs, places[kinds.reshape(-1)][order])


def _pairs(content: bytes) -> tuple[Pair, ...]:
    """Pairs from JSON; those of runs that answered in the same ways are one and the same tuple."""
    return _alike.get(content, lambda: tuple((target, answer) for target, answer in json.loads(content)))


def _kept(place: Path, folder: RunFolder, split: str, stamp: str) -> Answers | None:
    """What is kept, or None where there is nothing that fits."""
    try:
        head, _, rest = place.read_bytes().partition(b"\n")
        told = json.loads(head)
        if told["stamp"] != stamp or told["check"] != zlib.crc32(rest):
            return None
        pairs, _, body = rest.partition(b"\n")
        ids, kinds = _ids(place.parent, told["ids"]), np.frombuffer(body, told["type"])
        if len(kinds) != len(ids):
            return None
        return Answers(folder.run_id, split, told["task"], tuple(told["labels"]), ids, _pairs(pairs), kinds)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(place: Path, made: Answers, stamp: str) -> None:
    """Write the answers; a disk that is full or may not be written only means that they are read again."""
    rest, mark = json.dumps(made.pairs).encode() + b"\n" + made.kinds.tobytes(), _mark(made.ids)
    head = {"stamp": stamp, "check": zlib.crc32(rest), "ids": mark, "type": made.kinds.dtype.str, "task": made.task,
            "labels": made.labels}  # fmt: skip
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.parent not in _swept:
            _swept.add(place.parent)
            sweep(Home(place.parent.parent.parent))
        ids = place.with_name(f"{mark}.ids")
        if not ids.exists():
            write_lightly(ids, json.dumps(made.ids.tolist()).encode())
        write_lightly(place, json.dumps(head).encode() + b"\n" + rest)
    except OSError:
        return


def write_lightly(path: Path, content: bytes) -> None:
    """Whole or not at all for those who read. Not flushed to disk: a torn file is found out by its checksum."""
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(part, path)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise


_swept: set[Path] = set()
_alike: Recent[tuple[Pair, ...]] = Recent(MOST_PAIRS, len)
_known: dict[str, NDArray[np.str_]] = {}
_columns: dict[str, tuple[NDArray[np.str_], NDArray[np.int64]]] = {}


def _shared(ids: NDArray[np.str_]) -> NDArray[np.str_]:
    """The one array of these ids in this process."""
    return _known.setdefault(_mark(ids), ids)


def _ids(folder: Path, mark: str) -> NDArray[np.str_]:
    found = _known.get(mark)
    if found is None:
        found = np.array(json.loads((folder / f"{mark}.ids").read_bytes()), np.str_)
        if _mark(found) != mark:
            raise ValueError("these are not the ids that were kept")
        found = _known.setdefault(mark, found)
    return found


def _mark(ids: NDArray[np.str_]) -> str:
    return _digest("\0".join((str(len(ids)), *ids.tolist())).encode("utf-8", "surrogatepass"))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]
