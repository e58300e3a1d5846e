"""Deleted runs lie in `trash/` of the data folder for a week, so that a delete can be undone."""

import shutil
import time
from pathlib import Path

from core.errors import TradeoffError
from core.home import Home
from core.runs import RunFolder, delete_run

TRASH_DAYS = 7
LETTING_GO_SECONDS = 3.0


def put(home: Home, folder: RunFolder) -> Path:
    """Move a run that is not executed to the trash; returns where it lies.

    Raises:
        TradeoffError: it is still being executed, or the folder cannot be moved.
    """
    with folder.lock(LETTING_GO_SECONDS) as mine:
        if not mine:
            raise TradeoffError(f"{folder.run_id} is still stopping", remedy="Delete it again in a moment.")
        return put_folder(home, folder.path)


def put_folder(home: Home, path: Path) -> Path:
    """Move a folder that nobody works in to the trash; returns where it lies.

    Raises:
        TradeoffError: it cannot be moved.
    """
    purge(home)
    kept = _place(home) / f"{path.name}@{time.time_ns()}"
    try:
        kept.parent.mkdir(exist_ok=True)
        path.rename(kept)
    except OSError as error:
        raise TradeoffError(
            f"{path.name} cannot be deleted: {error.strerror}",
            str(path),
            "Check the permissions of the data folder, then try again.",
        ) from error
    return kept


def take_back(home: Home, run_id: str) -> RunFolder:
    """Take the run that was deleted last under this id out of the trash.

    Raises:
        TradeoffError: it is not in the trash, or the run exists again.
    """
    folder = RunFolder(home.runs / run_id)
    if (folder.path / "spec.json").exists():
        raise TradeoffError(f"{run_id} exists again", remedy="Delete that one first.")
    take_folder_back(home, folder.path)
    return folder


def take_folder_back(home: Home, path: Path) -> None:
    """Put what was deleted last under the name of `path` back there.

    Raises:
        TradeoffError: it is not in the trash.
    """
    found = (kept for kept, name, _ in _kept(home) if name == path.name)
    last = max(found, default=None, key=lambda kept: kept.name)
    if last is None:
        raise TradeoffError(
            f"{path.name} is not in the trash", remedy=f"What is deleted is kept for {TRASH_DAYS} days."
        )
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    last.rename(path)


def purge(home: Home) -> None:
    """Remove for good what was deleted more than a week ago."""
    for path, _, deleted_at in _kept(home):
        if time.time_ns() - deleted_at > TRASH_DAYS * 86_400 * 10**9:
            delete_run(RunFolder(path))


def _kept(home: Home) -> list[tuple[Path, str, int]]:
    """What lies in the trash: its folder, the run's id, and when it was deleted (nanoseconds)."""
    found = []
    for path in _place(home).glob("*@*"):
        name, _, moment = path.name.rpartition("@")
        if moment.isdigit():
            found.append((path, name, int(moment)))
    return found


def _place(home: Home) -> Path:
    return home.root / "trash"
