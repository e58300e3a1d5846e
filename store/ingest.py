"""From folders to rows: what changed since the last time, in one transaction, the same rows whenever it runs."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core import files
from core.data.dataset import DatasetInfo
from core.errors import TradeoffError
from core.home import Home
from core.methods import METHODS
from core.runs import RunFolder
from core.tasks import get_task
from store.db import Index
from store.migrations import OF_RUN

RUN_FILES = ("state.json", "scores.json", "usage.json", "predictions.parquet")


@dataclass(frozen=True)
class RefreshSummary:
    """What a refresh did, in folders."""

    read: int
    gone: int
    skipped: int
    """Folders that could not be read; they are tried again next time."""


def refresh(index: Index) -> RefreshSummary:
    """Bring the index up to date with the folders. Costs a few file times when nothing has changed."""
    with index.lock:
        known = dict(index.connection.execute("SELECT path, stamp FROM sources").fetchall())
        found = _stamps(index.home)
        gone = [path for path in known if path not in found]
        outdated = {path.rpartition("/")[2] for path in gone}
        outdated |= {path.rpartition("/")[2] for path, stamp in found.items() if known.get(path) != stamp}
        # Rows of versions are found by fingerprint: the same content under two names is read again together.
        changed = [path for path in found if path.rpartition("/")[2] in outdated]
        if not changed and not gone:
            return RefreshSummary(0, 0, 0)
        batch = _read(index.home, changed)
        _write(index, batch, [*gone, *changed], {path: found[path] for path in batch.read})
        return RefreshSummary(len(batch.read), len(gone), len(changed) - len(batch.read))


def generation(index: Index) -> str:
    """A mark of the index's content, for copies of it."""
    with index.lock:
        row = index.connection.execute(
            "SELECT md5(coalesce(string_agg(path || stamp, ' ' ORDER BY path), '')) FROM sources"
        )
        return str((row.fetchone() or ("",))[0])[:16]


@dataclass
class _Batch:
    read: list[str]
    rows: dict[str, list[dict[str, Any]]]
    predictions: list[Path]
    examples: list[tuple[str, str, Path]]


def _stamps(home: Home) -> dict[str, str]:
    """Folder → when its files were written, without opening any."""
    stamps = {}
    for path in _folders(home.runs):
        if os.path.exists(f"{path}/spec.json"):
            stamps[f"runs/{os.path.basename(path)}"] = _stamp(path, RUN_FILES)
    for folder in _folders(home.datasets):
        current = files.read_text(Path(folder) / "current") if os.path.exists(f"{folder}/current") else ""
        for version in _folders(Path(folder)):
            if os.path.exists(f"{version}/dataset.json"):
                path = f"datasets/{os.path.basename(folder)}/{os.path.basename(version)}"
                stamps[path] = f"{_stamp(version, ('dataset.json',))}{os.path.basename(version) == current}"
    return stamps


def _folders(path: Path) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return [entry.path for entry in entries if entry.is_dir()]
    except FileNotFoundError:
        return []


def _stamp(folder: str, names: Iterable[str]) -> str:
    marks = []
    for name in names:
        try:
            status = os.stat(f"{folder}/{name}")
            marks.append(f"{status.st_mtime_ns}.{status.st_size}")
        except OSError:
            marks.append("-")
    return " ".join(marks)


def _read(home: Home, paths: Sequence[str]) -> _Batch:
    batch = _Batch([], {name: [] for name in ("datasets", "runs", "scores", "usage")}, [], [])
    for path in paths:
        try:
            if path.startswith("runs/"):
                _read_run(RunFolder(home.root / path), batch)
            else:
                _read_dataset(home.root / path, batch)
        except (TradeoffError, OSError, ValueError, KeyError, TypeError):
            continue  # half written or damaged: it is tried again when it has changed, and counted as skipped
        batch.read.append(path)
    return batch


def _read_run(folder: RunFolder, batch: _Batch) -> None:
    spec, state, usage, scores = folder.spec, folder.state, folder.usage, folder.scores
    if state is None:
        raise ValueError("no state")
    candidate, run_id, task = spec.candidate, folder.run_id, get_task(spec.task)
    batch.rows["runs"].append(
        {
            "run_id": run_id, "dataset": spec.dataset, "fingerprint": spec.fingerprint, "task": spec.task,
            "candidate": spec.label, "candidate_id": candidate.id, "method": candidate.method,
            "family": METHODS[candidate.method].family, "model": candidate.model, "seed": spec.seed,
            "train_size": spec.train_size, "device": spec.device, "status": state.status, "reason": state.reason,
            "attempt": state.attempt, "queued_at": state.queued_at, "started_at": state.started_at,
            "changed_at": state.at, "settings": json.dumps(candidate.settings), "spec": spec.model_dump_json(),
            "has_spans": task.has_spans, "joint": ", ".join(reference.dataset for reference in spec.joint),
            "usage": json.dumps({phase: record.model_dump(mode="json") for phase, record in usage.items()}),
        }
    )  # fmt: skip
    for score in scores:
        batch.rows["scores"].append(
            {"run_id": run_id, "metric": score.metric, "split": score.split, "value": score.value, "low": score.low,
             "high": score.high, "n": score.n, "is_primary": score.metric == task.primary_metric}
        )  # fmt: skip
    for phase, record in usage.items():
        low, high = record.kwh_range or (None, None)
        tokens = {f"tokens_{bucket}": count for bucket, count in record.tokens.model_dump().items()}
        batch.rows["usage"].append(
            {"run_id": run_id, "phase": phase, "texts": record.texts, "wall_seconds": record.wall_seconds,
             "cpu_seconds": record.cpu_seconds, "device_seconds": record.device_seconds,
             "device_name": record.device_name, "kwh": record.kwh, "kwh_low": low, "kwh_high": high,
             "energy_provenance": record.energy_provenance, "co2e_kg": record.co2e_kg,
             "peak_ram_bytes": record.peak_ram_bytes, "peak_gpu_bytes": record.peak_gpu_bytes,
             **tokens, "attempts": record.attempts}
        )  # fmt: skip
    if state.status == "finished" and (folder.path / "predictions.parquet").exists():
        batch.predictions.append(folder.path / "predictions.parquet")


def _read_dataset(folder: Path, batch: _Batch) -> None:
    info = DatasetInfo(**files.read_json(folder / "dataset.json"))
    current = files.read_text(folder.parent / "current") == folder.name
    batch.rows["datasets"].append(
        {"dataset": info.name, "fingerprint": info.fingerprint, "task": info.task, "is_current": current,
         "labels": len(info.labels), **{split: info.counts.get(split, 0) for split in ("train", "validation", "test")},
         "left_out": info.left_out, "note": info.note, "created_at": info.created_at}
    )  # fmt: skip
    batch.examples.append((info.name, info.fingerprint, folder / "examples.parquet"))


def _write(index: Index, batch: _Batch, outdated: Sequence[str], stamps: dict[str, str]) -> None:
    """Replace all rows of the outdated folders in one transaction: a kill keeps the old rows whole."""
    connection = index.connection
    runs = [path.removeprefix("runs/") for path in outdated if path.startswith("runs/")]
    versions = [path.rpartition("/")[2] for path in outdated if path.startswith("datasets/")]
    connection.begin()
    try:
        for table in OF_RUN:
            connection.execute(f"DELETE FROM {table} WHERE run_id IN (SELECT unnest(?::VARCHAR[]))", [runs])
        for table in ("datasets", "examples"):
            connection.execute(f"DELETE FROM {table} WHERE fingerprint IN (SELECT unnest(?::VARCHAR[]))", [versions])
        connection.execute("DELETE FROM sources WHERE path IN (SELECT unnest(?::VARCHAR[]))", [list(outdated)])
        for table, rows in batch.rows.items():
            _insert(index, table, rows)
        _insert(index, "sources", [{"path": path, "stamp": stamp} for path, stamp in stamps.items()])
        _insert_predictions(index, batch.predictions)
        for name, mark, path in batch.examples:
            connection.execute(
                "INSERT INTO examples SELECT ?, ?, id, split, target, text FROM read_parquet(?)",
                [name, mark, str(path)],
            )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _insert(index: Index, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        frame = pd.DataFrame(rows, dtype="object")
        index.connection.register("incoming", frame)
        columns = ", ".join(rows[0])
        index.connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM incoming")
        index.connection.unregister("incoming")


def _insert_predictions(index: Index, paths: Sequence[Path]) -> None:
    """All files in one statement: DuckDB reads them side by side."""
    if paths:
        index.connection.execute(
            """
            INSERT INTO predictions
            SELECT parse_path(filename)[-2], id, split, target, prediction, coalesce(prediction = target, false),
                   reason, confidence, seconds, tokens_input, tokens_output
            FROM read_parquet(?, filename = true)
            """,
            [[str(path) for path in paths]],
        )
