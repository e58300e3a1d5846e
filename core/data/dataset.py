"""A dataset version: immutable, fingerprinted, kept in `datasets/<name>/<fingerprint>/`.

`examples.parquet` holds the columns id, text, target and split, all strings; `dataset.json` the rest. An edit
makes a new version; `current` names the one that is used by default.
"""

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from core import files
from core.data.strata import strata
from core.errors import TradeoffError, unknown
from core.home import Home
from core.spec import Record, TaskName, slug
from core.tasks import Example, get_task

SPLITS = ("train", "validation", "test")
COLUMNS = ("id", "text", "target", "split")


class DatasetInfo(Record):
    """What is known about a dataset version without opening its examples."""

    name: str
    task: TaskName
    fingerprint: str
    labels: list[str]
    counts: dict[str, int]
    created_at: str
    note: str = ""
    parent: str | None = None
    left_out: int = 0
    source: dict[str, Any] = Field(default_factory=dict)
    """How it was read: files, encoding, delimiter, column mapping, how splits were made."""


@dataclass(frozen=True)
class Dataset:
    """A dataset version with its examples: a frame of the columns id, text, target, split."""

    info: DatasetInfo
    folder: Path

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The examples, in their original order."""
        return pq.read_table(self.folder / "examples.parquet").to_pandas()

    def examples(self, split: str) -> list[Example]:
        """The examples of a split, in their original order."""
        rows = self.frame[self.frame["split"] == split]
        return [Example(*row) for row in zip(rows["id"], rows["text"], rows["target"], strict=True)]


def save_dataset(
    home: Home,
    frame: pd.DataFrame,
    name: str,
    task: TaskName,
    source: dict[str, Any] | None = None,
    note: str = "",
    parent: str | None = None,
    left_out: int = 0,
) -> Dataset:
    """Keep `frame` (columns id, text, target, split) as the current version of the dataset `name`.

    The same content under the same name is the same version and is not written again.

    Raises:
        TradeoffError: too few labels or examples to learn from, an empty split, or the disk is full.
    """
    frame = frame.loc[:, list(COLUMNS)].astype(str).reset_index(drop=True)
    _check(frame, name, task)
    targets = frame["target"].tolist()
    info = DatasetInfo(
        name=name, task=task, fingerprint=fingerprint(frame, task), labels=get_task(task).label_set(targets),
        counts={split: int((frame["split"] == split).sum()) for split in SPLITS}, created_at=files.now(),
        note=note, parent=parent, left_out=left_out, source=source or {},
    )  # fmt: skip
    folder = dataset_folder(home, name) / info.fingerprint
    if not (folder / "dataset.json").exists():
        table = pa.Table.from_pandas(frame, preserve_index=False)
        files.write_through(folder / "examples.parquet", lambda part: pq.write_table(table, part, compression="zstd"))
        files.write_json(folder / "dataset.json", info.model_dump(mode="json"))
    files.write_through(folder.parent / "current", lambda part: part.write_text(info.fingerprint))
    return load_dataset(home, name)


def load_dataset(home: Home, name: str, version: str | None = None) -> Dataset:
    """The version of dataset `name` whose fingerprint starts with `version`; the current one by default.

    Raises:
        TradeoffError: there is no such dataset or version.
    """
    folder = dataset_folder(home, name)
    if not (folder / "current").exists():
        raise unknown("dataset", name, (info.name for info in list_datasets(home)))
    wanted = version or (folder / "current").read_text().strip()
    matches = [child for child in folder.iterdir() if child.is_dir() and child.name.startswith(wanted)]
    info = files.read_json(matches[0] / "dataset.json") if len(matches) == 1 else None
    if info is None:
        raise unknown(f"version of {name}", wanted, (child.name for child in folder.iterdir() if child.is_dir()))
    return Dataset(DatasetInfo(**info), matches[0])


def list_datasets(home: Home) -> list[DatasetInfo]:
    """The current version of every dataset, by name."""
    found = []
    for current in sorted(home.datasets.glob("*/current")):
        info = files.read_json(current.parent / current.read_text().strip() / "dataset.json")
        if info is not None:
            found.append(DatasetInfo(**info))
    return found


def versions(home: Home, name: str) -> list[DatasetInfo]:
    """All versions of the dataset `name`, newest first."""
    contents = (files.read_json(path) for path in dataset_folder(home, name).glob("*/dataset.json"))
    infos = [DatasetInfo(**content) for content in contents if content is not None]
    return sorted(infos, key=lambda info: info.created_at, reverse=True)


def use_version(home: Home, name: str, version: str) -> Dataset:
    """Make an existing version the current one again (undo of an edit)."""
    dataset = load_dataset(home, name, version)
    files.write_through(dataset.folder.parent / "current", lambda part: part.write_text(dataset.info.fingerprint))
    return dataset


def leave_out(home: Home, dataset: Dataset, ids: Iterable[str], note: str) -> Dataset:
    """A new version without the examples `ids`; the old one stays.

    Raises:
        TradeoffError: what remains is too little to learn from.
    """
    gone = set(ids)
    frame = dataset.frame[~dataset.frame["id"].isin(gone)]
    info = dataset.info
    removed = len(dataset.frame) - len(frame)
    return save_dataset(home, frame, info.name, info.task, info.source, note, info.fingerprint, info.left_out + removed)


def delete_dataset(home: Home, name: str) -> None:
    """Remove all versions of the dataset `name`. Its runs stay."""
    folder = load_dataset(home, name).folder.parent
    (folder / "current").unlink()
    shutil.rmtree(folder, ignore_errors=True)


def dataset_folder(home: Home, name: str) -> Path:
    """The folder of the dataset `name`: no name can point elsewhere, and no two names share one."""
    plain = slug(name, 80)
    mark = "" if plain == name else f".{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return home.datasets / f"{plain}{mark}"


def fingerprint(frame: pd.DataFrame, task: str) -> str:
    """A hash of the task and of every example in order: equal fingerprints mean equal data."""
    digest = hashlib.sha256(task.encode())
    for row in frame.loc[:, list(COLUMNS)].itertuples(index=False, name=None):
        for value in row:
            encoded = value.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return digest.hexdigest()[:16]


def nested_sample(
    examples: list[Example], size: int | None, seed: int, task: TaskName = "single_label"
) -> list[Example]:
    """`size` examples spread over labels as in the whole; smaller samples of one seed lie inside larger ones.

    Examples are ranked by their place within the shuffled list of their label (`core.data.strata`) relative to its
    length, so every prefix is stratified. Each label's first example ranks first: a rare one is not lost early.
    """
    if size is None or size >= len(examples):
        return examples
    generator = np.random.default_rng(seed)
    by_label: dict[str, list[int]] = {}
    labels = strata(task, [example.target for example in examples])
    for position in generator.permutation(len(examples)):
        by_label.setdefault(labels[position], []).append(int(position))
    ranked = [
        ((place / len(places)) if place else -1.0, position)
        for places in by_label.values()
        for place, position in enumerate(places)
    ]
    return [examples[position] for position in sorted(position for _, position in sorted(ranked)[:size])]


def _check(frame: pd.DataFrame, name: str, task: TaskName) -> None:
    if frame["id"].duplicated().any():
        raise TradeoffError("Two examples have the same id", name, "Leave the id column unmapped, or make ids unique.")
    _check_targets(frame, name, task)
    lacking = nothing_to_learn(task, frame.loc[frame["split"] == "train", "target"].tolist())
    if lacking:
        raise TradeoffError(f"{lacking}, so there is nothing to learn", name, _CHECK[get_task(task).kind])
    for split in ("validation", "test"):
        if not (frame["split"] == split).any():
            raise TradeoffError(
                f"The {split} split has no examples", name, "Add texts, or let the splits be made from one file."
            )


def _check_targets(frame: pd.DataFrame, name: str, task: TaskName) -> None:
    """Refuse targets that are none of the task, and spans that do not lie in their text one after the other."""
    if task == "single_label":
        return
    decode = get_task(task).decode
    for id, text, target in zip(frame["id"], frame["text"], frame["target"], strict=True):
        try:
            spans = decode(target).spans
        except (ValueError, KeyError) as error:
            raise TradeoffError(
                f"The target of the example {id} is none of the task {task}", name, "Encode it with the task."
            ) from error
        edges = [edge for span in sorted(spans) for edge in (span.start, span.end)]
        if edges != sorted(edges) or any(not 0 <= span.start < span.end <= len(text) for span in spans):
            raise TradeoffError(
                f"The spans of the example {id} overlap or lie outside of its text", name, "Mend them, or leave it out."
            )


_CHECK: dict[TaskName, str] = {
    "single_label": "Check which column was read as the label.",
    "multi_label": "Check which column was read as the labels, and the sign between them.",
    "token_labels": "Check which column was read as the tags.",
    "intent_slots": "Check the columns, or import it as a set with one label for each text.",
}


def nothing_to_learn(task: TaskName, targets: Sequence[str]) -> str | None:
    """What training targets lack, in words, when nothing can be learned from them; else None."""
    distinct, found = set(targets), get_task(task)
    if found.kind == "single_label":
        return "The training texts carry fewer than two labels" if len(distinct) < 2 else None
    labels = found.label_set(list(distinct))
    if found.kind == "multi_label":
        return "The training texts all carry the same labels, or none" if len(distinct) < 2 else None
    return None if found.span_label_set(labels) else "The training texts carry no spans"
