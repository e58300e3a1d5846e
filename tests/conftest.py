"""Fixtures that every part uses: a data folder of its own and a small labelled set that a simple model can learn."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from core.data.dataset import Dataset, save_dataset
from core.home import Home

WORDS = {
    "animal": ["cat", "dog", "horse", "cow", "sheep", "mouse"],
    "colour": ["red", "green", "blue", "yellow", "purple", "white"],
    "number": ["one", "two", "three", "seven", "nine", "eleven"],
}


def small_frame(per_label: int = 40, seed: int = 0) -> pd.DataFrame:
    """`per_label` short texts for each of three labels; 70 % train, 15 % validation, 15 % test."""
    generator = random.Random(seed)
    rows = []
    for label, words in WORDS.items():
        for place in range(per_label):
            text = f"please tell me about the {' and the '.join(generator.sample(words, 3))} number {len(rows)}"
            share = place / per_label
            split = "train" if share < 0.7 else "validation" if share < 0.85 else "test"
            rows.append({"id": f"{label}-{place}", "text": text, "target": label, "split": split})
    generator.shuffle(rows)
    return pd.DataFrame(rows)


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Streamlit's AppTest leaves its script as `__main__`, which processes that are spawned later would run."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "data").prepare()


@pytest.fixture
def dataset(home: Home) -> Dataset:
    return save_dataset(home, small_frame(), "things", "single_label")
