"""The sets that come with the installation."""

import csv
from pathlib import Path

import pytest

from core.data.bundled import BUNDLED, import_bundled, write
from core.data.duplicates import normalise
from core.errors import TradeoffError
from core.home import Home


@pytest.mark.parametrize("name", sorted(BUNDLED))
def test_a_bundled_set_is_as_its_row_says(name: str, tmp_path: Path) -> None:
    entry = BUNDLED[name]
    paths = write(name, tmp_path / "one")
    rows = {}
    for split, path in paths.items():
        with open(path, encoding="utf-8", newline="") as file:
            rows[split] = list(csv.DictReader(file))
    assert {split: len(found) for split, found in rows.items()} == {"train": entry.train, "test": entry.test}
    texts = [normalise(row["text"]) for found in rows.values() for row in found]
    assert len(set(texts)) == len(texts), "no text stands twice, in whichever file"
    labels = {row["label"] for row in rows["train"]}
    assert len(labels) == entry.labels
    assert {row["label"] for row in rows["test"]} <= labels
    again = write(name, tmp_path / "two")
    assert [path.read_bytes() for path in again.values()] == [path.read_bytes() for path in paths.values()]
    assert entry.source
    assert entry.licence


def test_trec_is_imported_under_its_name(home: Home) -> None:
    info = import_bundled(home, "trec").info
    assert info.counts == {"train": 2700, "validation": 300, "test": 500}
    assert info.labels == ["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"]
    assert info.source["kind"] == "bundled"
    assert "MIT" in info.source["licence"]
    assert (info.name, info.left_out, info.source["warnings"]) == ("trec", 0, [])
    assert import_bundled(home, "trec").info.fingerprint == info.fingerprint


def test_an_unknown_set_is_told() -> None:
    with pytest.raises(TradeoffError, match='Did you mean "trec"'):
        write("treck", Path("nowhere"))
