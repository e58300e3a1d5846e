"""Datasets by name, from a real HTTP server that answers as the hub does, read by a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.data.hub import import_from_hub
from core.errors import TradeoffError
from core.home import Home
from tests.core.data.hub_server import parquet, serving

ROOT = Path(__file__).parents[3]
CHILD = """
import json, sys
from pathlib import Path
from core.data.hub import import_from_hub
from core.errors import TradeoffError
from core.home import Home
home, told = Home(Path(sys.argv[1])).prepare(), {}
for name in sys.argv[2:]:
    try:
        told[name] = import_from_hub(home, name).info.model_dump(mode="json")
    except TradeoffError as error:
        told[name] = str(error)
print(json.dumps({"told": told, "heavy": sorted({"torch", "datasets", "transformers"} & set(sys.modules))}))
"""
SUBJECTS = ["cats", "dogs", "trains", "boats", "songs", "films", "books", "games", "trees", "birds", "roads"]


def part(count: int, start: int = 0) -> tuple[list[str], list[int | None]]:
    places = range(start, start + count)
    texts = [f"{SUBJECTS[n % 11]} {SUBJECTS[n // 11 % 11]} {SUBJECTS[n * 5 // 7 % 11]} story {n}" for n in places]
    return texts, [n % 2 for n in places]


NAMES = ("neg", "pos")
FILES = {
    "acme/reviews": {
        "refs/convert/parquet": {
            "default/train/0000.parquet": parquet(*part(60), NAMES),
            "default/train/0001.parquet": parquet(*part(40, 60), NAMES),
            "default/test/0000.parquet": parquet(part(20, 100)[0], [-1] * 20, NAMES),
            "default/validation/0000.parquet": parquet(*part(20, 120), NAMES),
            "default/unsupervised/0000.parquet": parquet(*part(5, 200), NAMES),
        }
    },
    "acme/plain": {
        "main": {
            "README.md": b"# words",
            "data/train-00000-of-00002.parquet": parquet(*part(50)),
            "data/train-00001-of-00002.parquet": parquet(*part(50, 50)),
            "data/test-00000-of-00001.parquet": parquet(*part(20, 100)),
            "loader.py": b"raise SystemExit('this must never run')",
        }
    },
    "acme/many": {
        "refs/convert/parquet": {f"{config}/train/0000.parquet": parquet(*part(60)) for config in ("big", "small")}
    },
    "acme/code": {"main": {"loader.py": b"print(1)", "data.csv": b"text,label\n"}},
}


def child(address: str, home: Path, *names: str) -> dict:
    environment = {**os.environ, "HF_ENDPOINT": address, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1",
                   "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HOME": str(home / "hf")}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(home), *names], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict:
    with serving(FILES) as address:
        return child(
            address, tmp_path_factory.mktemp("home"), "acme/reviews", "acme/plain", "acme/many", "acme/many:small",
            "acme/many:smal", "acme/code", "acme/nothing",
        )  # fmt: skip


def test_shards_are_joined_classes_named_and_hidden_labels_replaced(told: dict) -> None:
    info = told["told"]["acme/reviews"]
    assert info["name"] == "reviews"
    assert info["labels"] == ["neg", "pos"]
    assert info["counts"] == {"train": 80, "validation": 20, "test": 20}
    source = info["source"]
    assert (source["kind"], source["name"], source["config"]) == ("hub", "acme/reviews", "default")
    assert source["revision"] == "0123456789abcdef0123456789abcdef01234567"
    warnings = "\n".join(source["warnings"])
    assert "test split are hidden" in warnings
    assert '"unsupervised"' in warnings
    assert source["splits"]["validation"] == "given"
    assert source["splits"]["test"].startswith("made")


def test_a_datasets_own_parquet_files_do_as_well(told: dict) -> None:
    info = told["told"]["acme/plain"]
    assert info["counts"] == {"train": 85, "validation": 15, "test": 20}
    assert info["labels"] == ["0", "1"]


def test_configurations_are_chosen_by_name(told: dict) -> None:
    assert "acme/many:NAME with one of: big, small" in told["told"]["acme/many"]
    assert told["told"]["acme/many:small"]["source"]["config"] == "small"
    assert 'Did you mean "small"' in told["told"]["acme/many:smal"]


def test_what_cannot_be_had_is_told_in_one_sentence(told: dict) -> None:
    assert "has no Parquet files" in told["told"]["acme/code"]
    assert "no public dataset acme/nothing" in told["told"]["acme/nothing"]


def test_nothing_heavy_is_loaded(told: dict) -> None:
    assert told["heavy"] == []


def test_without_a_network(home: Home, tmp_path: Path) -> None:
    told = child("http://127.0.0.1:9", tmp_path / "home", "acme/reviews")
    assert told["told"]["acme/reviews"].startswith("Hugging Face cannot be reached for the dataset acme/reviews")
    with pytest.raises(TradeoffError, match="HF_HUB_OFFLINE is set"):
        import_from_hub(home, "acme/reviews")


@pytest.mark.parametrize("name", ["", "../x", "a/b/c", "http://x/y", "a b"])
def test_a_name_that_is_none(home: Home, name: str) -> None:
    with pytest.raises(TradeoffError, match="no Hugging Face dataset name"):
        import_from_hub(home, name)
