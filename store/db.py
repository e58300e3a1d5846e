"""Opening the index. One process holds the shared file; a second one over the same folder builds a private one."""

import os
import threading
import time
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from core import files
from core.home import Home
from store.migrations import MIGRATIONS


class Index:
    """An open index: one connection that only `lock`ed code uses. Use it as a context manager, or call `close`."""

    def __init__(self, home: Home, path: Path, held: FileLock) -> None:
        self.home, self.path, self._held = home, path, held
        self.lock = threading.RLock()
        self.connection = _opened(path)

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_private(self) -> bool:
        """Whether this is the file of this process only."""
        return self.path.name.startswith("private-")

    def close(self) -> None:
        """Close the file; a private one is removed."""
        with self.lock:
            self.connection.close()
            if self.is_private:
                _remove(self.path)
            self._held.release()
            if self.is_private:
                Path(self._held.lock_file).unlink(missing_ok=True)


def open_index(home: Home) -> Index:
    """The index of a data folder. A file that is damaged or of a newer version is set aside and built anew.

    Raises:
        TradeoffError: the folder cannot be written.
    """
    home.prepare()
    _clean(home.index)
    for name in ("tradeoff", f"private-{os.getpid()}-{time.time_ns()}"):
        lock = FileLock(home.index / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        return Index(home, home.index / f"{name}.duckdb", lock)
    raise AssertionError("a private lock is always free")


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return _migrated(path)
    except (duckdb.Error, LookupError):
        path.replace(path.with_name(f"{path.name}.broken-{time.time_ns()}"))
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
        return _migrated(path)


def _migrated(path: Path) -> duckdb.DuckDBPyConnection:
    """Connect and bring the tables up to date, each migration in a transaction of its own."""
    connection = duckdb.connect(str(path))
    try:
        # A checkpoint after opening keeps a log that a kill left behind from growing over later runs.
        connection.execute("CHECKPOINT")
        connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER)")
        (done,) = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone() or (0,)
        if done > len(MIGRATIONS):
            raise LookupError(f"the index has version {done}, this program knows {len(MIGRATIONS)}")
        for version, statements in enumerate(MIGRATIONS[done:], done + 1):
            connection.begin()
            connection.execute(statements)
            connection.execute("INSERT INTO schema_version VALUES (?)", [version])
            connection.commit()
            connection.execute("CHECKPOINT")
    except BaseException:
        connection.close()
        raise
    return connection


def _clean(folder: Path) -> None:
    """Remove private files of processes that are gone, and all but the newest files that were set aside."""
    for lock in folder.glob("private-*.lock"):
        if not files.is_held(lock):
            _remove(lock.with_suffix(".duckdb"))
            lock.unlink(missing_ok=True)
    for old in sorted(folder.glob("*.broken-*"))[:-1]:
        old.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    for found in path.parent.glob(f"{path.name}*"):
        found.unlink(missing_ok=True)
    for found in path.parent.glob(f"{path.stem}.*.snapshot"):
        found.unlink(missing_ok=True)
