"""Writing files so that a kill at any moment leaves either the old content or the new, never half of it."""

import errno
import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.errors import TradeoffError


def now() -> str:
    """The time as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def write_through(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, flush it to disk and rename it over `path`.

    Raises:
        TradeoffError: the disk is full or the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        write(part)
        with open(part, "rb") as written:
            os.fsync(written.fileno())
        os.chmod(part, 0o644)
        os.replace(part, path)
    except OSError as error:
        raise TradeoffError(
            f"{path.name} could not be written: {error.strerror}",
            str(path.parent),
            "Free some disk space or check the folder's permissions, then try again.",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write `content` as JSON, atomically. Non-finite floats are refused: JSON has none."""
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
    write_through(path, lambda part: part.write_text(text, encoding="utf-8"))


def read_json(path: Path, default: Any = None) -> Any:
    """The JSON content of `path`, or `default` when there is no such file or it is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return default


def read_text(path: Path, default: str = "") -> str:
    """The stripped content of a small text file, or `default` when there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return default


def append_jsonl(path: Path, records: list[dict[str, Any]]) -> None:
    """Append one JSON line a record in a single write.

    A line torn by a kill is closed first, so that what follows it is read.

    Raises:
        TradeoffError: the disk is full (a short write counts).
    """
    block = "".join(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n" for record in records).encode()
    try:
        with open(path, "ab+", buffering=0) as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    block = b"\n" + block
            written = file.write(block)
        if written != len(block):
            raise OSError(28, "No space left on device")
    except OSError as error:
        raise TradeoffError(
            f"{path.name} could not be written: {error.strerror}", str(path.parent), "Free some disk space, then retry."
        ) from error


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a JSON-lines file; torn lines are passed over, an absent file has none."""
    if not path.exists():
        return
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue
            if isinstance(record, dict):
                yield record


@contextmanager
def held(path: Path, wait_seconds: float = 0.0) -> Iterator[bool]:
    """Try to hold the lock file `path` while the block runs; yields whether it is held.

    Raises:
        TradeoffError: the lock file cannot be made or opened.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        yield False
        return
    except OSError as error:
        raise TradeoffError(
            f"{path.name} could not be opened: {error.strerror}",
            str(path.parent),
            "Free some disk space or check the folder's permissions, then try again.",
        ) from error
    try:
        yield True
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether some process holds the lock file `path` now. Those who ask at once do not see each other."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return True
    finally:
        os.close(descriptor)
    with held(path) as free:  # a file system without flock: filelock has a way around it
        return not free
