"""The bytes of a file: unpacked when gzipped, and never more of them than the limit."""

import gzip
import io
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from core.errors import TradeoffError

MOST_BYTES = 1_000_000_000
"""The most bytes of a file, and of what it unpacks to."""
MOST_RATIO = 200
"""A compressed file that grows by more is taken for a bomb, once it exceeds `SMALL_BYTES`."""
SMALL_BYTES = 50_000_000
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Source:
    """A file to read. `filename` is what the user calls it: a base name, never used as a path."""

    path: Path
    filename: str
    size: int
    compressed: bool

    @contextmanager
    def binary(self) -> Iterator["Counted"]:
        """The (unpacked) bytes from the start.

        Raises:
            TradeoffError: the file cannot be opened, is damaged, or unpacks to too much.
        """
        with self.told(), open(self.path, "rb") as raw:
            inner: BinaryIO = gzip.GzipFile(fileobj=raw) if self.compressed else raw  # type: ignore[assignment]
            yield Counted(inner, raw, self)

    @contextmanager
    def text(self, encoding: str, errors: str = "strict") -> Iterator[tuple[TextIO, "Counted"]]:
        """The characters from the start, line ends untouched, and the bytes that they come from.

        Raises:
            TradeoffError: as `binary`, or the bytes do not fit the encoding.
        """
        with self.binary() as counted:
            buffered = io.BufferedReader(counted, 1 << 18)
            try:
                yield io.TextIOWrapper(buffered, encoding, errors, newline=""), counted
            except UnicodeError as error:
                raise TradeoffError(
                    f"The file is not encoded as {encoding}: {getattr(error, 'reason', 'it cannot be decoded')}",
                    self.filename,
                    "Choose another encoding, or save the file as UTF-8.",
                ) from error

    def head(self, size: int = 1 << 16) -> bytes:
        """The first (unpacked) bytes."""
        with self.binary() as stream:
            return io.BufferedReader(stream, size).read(size)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what the system says about the file into one sentence.

        Raises:
            TradeoffError: the file is damaged or may not be read.
        """
        try:
            yield
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise TradeoffError(
                "The gzip file is damaged or cut short", self.filename, "Download or pack it again."
            ) from error
        except PermissionError as error:
            raise TradeoffError("The file may not be read", self.filename, "Change its permissions.") from error


class Counted(io.RawIOBase):
    """A stream that refuses to give more than the limit, so that a bomb stops early."""

    def __init__(self, inner: BinaryIO, raw: BinaryIO, source: Source) -> None:
        self._inner, self._raw, self._source = inner, raw, source
        self.given = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer`; the number of bytes that were left to give."""
        piece = self._inner.read(len(buffer))
        buffer[: len(piece)] = piece
        self.given += len(piece)
        if self.given > MOST_BYTES:
            raise too_big(self.given, self._source.filename, unpacked=self._source.compressed)
        if self._source.compressed and self.given > max(SMALL_BYTES, MOST_RATIO * self._source.size):
            raise bomb(self._source.filename)
        return len(piece)

    @property
    def share(self) -> float:
        """The share of the file on disk that was read."""
        return min(1.0, self._raw.tell() / max(1, self._source.size))


def open_source(path: Path, filename: str | None = None) -> Source:
    """The file at `path`, once it is sure that it is one and is not too big.

    Raises:
        TradeoffError: there is no such file, it is a folder or device, is empty, or exceeds the limit.
    """
    name = base_name(filename or path.name)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise TradeoffError(f"There is no file {name}", remedy="Check the path.") from error
    if not stat.S_ISREG(status.st_mode):
        raise TradeoffError(f"{name} is a folder or a device, not a file", remedy="Choose a file.")
    if status.st_size == 0:
        raise TradeoffError("The file is empty", name, "Choose a file with texts and labels.")
    if status.st_size > MOST_BYTES:
        raise too_big(status.st_size, name)
    plain = Source(path, name, status.st_size, compressed=False)
    source = Source(path, name, status.st_size, compressed=plain.head(2) == GZIP)
    if source.compressed and source.head(2) == GZIP:
        raise TradeoffError("The file is packed twice", name, "Unpack it once.")
    return source


def base_name(filename: str) -> str:
    """The last part of a file name that may be a path of any system; control characters are dropped."""
    last = filename.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[:200] or "file"


def too_big(size: int, name: str, unpacked: bool = False) -> TradeoffError:
    """The error for a file beyond the limit."""
    what = f"The file unpacks to more than {MOST_BYTES / 1e9:g} GB" if unpacked else (
        f"The file has {size / 1e9:.1f} GB and at most {MOST_BYTES / 1e9:g} GB can be read"
    )  # fmt: skip
    return TradeoffError(what, name, "Import a part of it: a few thousand examples a label are plenty.")


def bomb(name: str) -> TradeoffError:
    """The error for a file that unpacks to absurdly much."""
    return TradeoffError(
        f"The file unpacks to more than {MOST_RATIO} times its size, as only a damaged or hostile file does",
        name,
        "Unpack it yourself if you trust it.",
    )
