"""Vectors that runs share: the same as computed alone, charged in full, and safe to lose at any moment."""

import multiprocessing
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.data.dataset import Dataset
from core.execute import execute
from core.home import Home
from core.metering.attribution import Ledger
from core.metering.meter import REUSED
from core.metering.usage import Energy, Usage
from core.methods.shared_vectors import Shelf, sweep
from tests.core.test_launch import queued, status
from tests.models import tiny_encoder

TEXTS = ["one", "two two", "three", "two two"]


class Bill:
    """Stands where a metered phase stands: each look at it is a second and a watt-hour later."""

    def __init__(self) -> None:
        self.looks = 0
        self.charged: list[Usage] = []

    def usage(self) -> Usage:
        self.looks += 1
        energy = Energy(kwh=self.looks / 1000, provenance="modelled")
        return Usage(phase="fit", wall_seconds=self.looks, cpu_seconds=self.looks, energy={"cpu": energy})

    def attribute(self, usage: Usage) -> None:
        self.charged.append(usage)


def a_shelf(folder: Path, run: str = "one", phase: Any = None) -> Shelf:
    return Shelf(folder / "kind", Ledger(folder, run, phase or Bill()))


def computed(asked: list[list[str]]) -> Any:
    def compute(texts: list[str]) -> tuple[Any, Any]:
        asked.append(list(texts))
        rows = np.array([[len(text), ord(text[0])] for text in texts], np.float32)
        return rows, np.array([text == "three" for text in texts])

    return compute


def test_each_text_is_computed_once_and_comes_in_its_place(tmp_path: Path) -> None:
    asked: list[list[str]] = []
    first, cut = a_shelf(tmp_path).vectors(TEXTS, 2, computed(asked))
    again, cut_again = a_shelf(tmp_path, "other").vectors([*reversed(TEXTS), "four"], 2, computed(asked))
    assert asked == [["one", "two two", "three"], ["four"]]
    assert (cut, cut_again) == (1, 1)
    assert again[:4].tolist() == first[::-1].tolist()
    assert again[4].tolist() == [4, ord("f")]


def test_who_reuses_is_charged_by_the_share_of_what_was_reused(tmp_path: Path) -> None:
    a_shelf(tmp_path).vectors(["aaaa", "bbbb", "cccccccccc"], 2, computed([]))
    bill = Bill()
    mine = a_shelf(tmp_path, "other", bill)
    mine.vectors(["aaaa", "bbbb"], 2, computed([]))
    (charged,) = bill.charged
    assert charged.wall_seconds == pytest.approx(10 / 21)
    assert charged.kwh == pytest.approx(10 / 21 / 1000)
    assert charged.energy_provenance == "modelled"
    assert mine.ledger.texts == 2


def test_a_run_is_not_charged_for_what_it_did_itself(tmp_path: Path) -> None:
    a_shelf(tmp_path).vectors(TEXTS, 2, computed([]))
    bill, asked = Bill(), list[list[str]]()
    a_shelf(tmp_path, "one", bill).vectors(TEXTS, 2, computed(asked))
    assert (bill.charged, asked) == ([], [])


def test_what_nobody_metered_is_not_kept(tmp_path: Path) -> None:
    unmetered = Shelf(tmp_path / "kind", Ledger(tmp_path, "one"))
    unmetered.vectors(TEXTS, 2, computed([]))
    assert not list(tmp_path.rglob("*.safetensors"))


@pytest.mark.parametrize("content", [b"", b"torn", None])
def test_a_damaged_file_is_as_if_it_were_not_there(tmp_path: Path, content: bytes | None) -> None:
    a_shelf(tmp_path).vectors(TEXTS, 2, computed([]))
    (file,) = tmp_path.rglob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-8] if content is None else content)
    bill, asked = Bill(), list[list[str]]()
    found, _ = a_shelf(tmp_path, "other", bill).vectors(TEXTS, 2, computed(asked))
    assert (bill.charged, len(asked)) == ([], 1)
    assert found[1].tolist() == [7, ord("t")]


def test_vectors_of_another_width_are_not_taken(tmp_path: Path) -> None:
    a_shelf(tmp_path).vectors(TEXTS, 2, computed([]))
    asked: list[list[str]] = []
    a_shelf(tmp_path, "other").vectors(TEXTS, 3, computed(asked))
    assert len(asked) == 1


def test_what_was_not_used_for_the_longest_time_goes_first(tmp_path: Path) -> None:
    for place, name in enumerate("abc"):
        path = tmp_path / "kind" / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 100)
        os.utime(path, (place, place))
    sweep(tmp_path, 250)
    assert sorted(path.name for path in tmp_path.rglob("*.safetensors")) == ["b.safetensors", "c.safetensors"]


def _many(folder: Path, run: int) -> None:
    for step in range(20):
        texts = [f"text {n}" for n in range(step, step + 10)]
        found, _ = a_shelf(folder, str(run)).vectors(texts, 2, computed([]))
        assert found.tolist() == [[len(text), ord("t")] for text in texts]
        sweep(folder, 2000)


def test_processes_may_write_read_and_sweep_at_once(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("fork")
    children = [spawn.Process(target=_many, args=(tmp_path, run)) for run in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0]


def test_the_second_run_tells_what_it_would_have_used_alone(home: Home, dataset: Dataset, tmp_path: Path) -> None:
    candidate = f"{tiny_encoder(tmp_path / 'tiny-encoder')}-linear"
    first, second = queued(home, dataset, 0, candidate), queued(home, dataset, 1, candidate)
    for folder in (first, second):
        execute(folder, home)
        assert status(folder) == "finished", folder.log_tail()
    fits = [folder.usage["fit"] for folder in (first, second)]
    assert fits[0].reused_seconds == 0
    assert fits[0].reused_kwh is None
    assert 0 < fits[1].reused_seconds <= min(fits[0].wall_seconds, fits[1].wall_seconds)
    assert fits[1].reused_kwh
    assert fits[1].kwh
    assert fits[1].kwh > fits[1].reused_kwh
    assert REUSED in fits[1].flags
    assert second.notes["vectors_of_other_runs"] == len({e.text for e in dataset.examples("train")}) + len(
        {e.text for e in dataset.examples("validation")}
    )
    for phase in ("predict", "latency"):
        assert second.usage[phase].reused_seconds == 0, "figures of answers come from computing them"
    tables = [pq.read_table(folder.path / "predictions.parquet") for folder in (first, second)]
    assert tables[0]["prediction"].equals(tables[1]["prediction"])
