"""Figures that stand on the answers of many runs, kept under `cache/figures` so that another process need not compute
them again: intervals, differences, draws, cascades.

A file a figure, named by what it was computed from: the runs with the marks of their files
(`core.findings.answer_cache.stamp_of`), what was asked, and the program that computed it. When any of these is another
one, so is the name, and the figure is computed anew; a file that is torn is found out by its checksum. What is no
longer asked for is removed once there are many. Everything here may be deleted at any time.
"""

import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import TypeAdapter

from core.errors import TradeoffError
from core.findings.answer_cache import stamp_of, write_lightly
from core.home import Home
from core.runs import RunFolder

T = TypeVar("T")
WORTH_SECONDS = 0.02
"""What is computed faster is not kept."""
MOST = 4000
"""Files that are kept; beyond that the oldest fourth is removed."""
SOURCES = ("analysis", "findings", "tasks", "metering")
"""The folders of `core` whose code decides what a figure is."""
_counted: dict[Path, int] = {}


def kept(
    home: Home, kind: TypeAdapter[T], name: str, runs: Sequence[str], of: Sequence[Any], make: Callable[[], T]
) -> T:
    """The figure `name` of these runs, from the disk where it is kept there, else made and kept.

    `of` is all else that it depends on, as JSON can say it; `kind` reads and writes it.

    Raises:
        Exception: whatever `make` raises.
    """
    try:
        key = _key(home, name, runs, of)
    except (OSError, TradeoffError):
        return make()  # the predictions of a run are gone: whoever makes the figure knows what that means
    path = home.cache / "figures" / f"{key[:32]}.json"
    try:
        return _read(path, key, kind)
    except (OSError, ValueError):
        began = time.perf_counter()
        made = make()
        if time.perf_counter() - began >= WORTH_SECONDS:
            _write(path, key, kind, made)
        return made


def _key(home: Home, name: str, runs: Sequence[str], of: Sequence[Any]) -> str:
    marks = [(run, stamp_of(RunFolder(home.runs / run)), _written(f"{home.runs}/{run}/usage.json")) for run in runs]
    return hashlib.sha256(json.dumps([program(), name, marks, of]).encode()).hexdigest()


def _written(path: str) -> int:
    try:
        return os.stat(path).st_ctime_ns
    except OSError:
        return 0


@cache
def program() -> str:
    """A mark of the code that computes figures: an update never shows those of the program before."""
    digest = hashlib.sha256(f"{np.__version__} {version('genai-prices')}".encode())
    for folder in SOURCES:
        for path in sorted((Path(__file__).parents[1] / folder).rglob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _read(path: Path, key: str, kind: TypeAdapter[T]) -> T:
    head, _, body = path.read_bytes().partition(b"\n")
    if head != _head(key, body):
        raise ValueError("it is of something else, or torn")
    return kind.validate_json(body)


def _head(key: str, body: bytes) -> bytes:
    return f"{key} {zlib.crc32(body)}".encode()


def _write(path: Path, key: str, kind: TypeAdapter[T], made: T) -> None:
    """Keep a figure, unless it cannot be told exactly; a disk that is full only means that it is computed again."""
    body = kind.dump_json(made)
    try:
        if kind.validate_json(body) != made:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(path.parent)
        write_lightly(path, _head(key, body) + b"\n" + body)
    except (OSError, ValueError):
        return


def _make_room(folder: Path) -> None:
    count = _counted.get(folder, MOST) + 1  # counted by the first that is written in this process
    if count > MOST:
        found = sorted((entry for entry in os.scandir(folder)), key=lambda entry: entry.stat().st_mtime)
        for entry in found[: len(found) // 4 if len(found) > MOST else 0]:
            Path(entry.path).unlink(missing_ok=True)
        count = len(found)
    _counted[folder] = count
