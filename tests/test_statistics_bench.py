"""The simulations of docs/statistics.md run, and the worlds that they draw from have the truth that they tell."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.worlds import Documents, Entities, Labels, Pair, Seeds

ROOT = Path(__file__).parents[1]


def test_a_part_prints_its_table() -> None:
    command = [sys.executable, str(ROOT / "bench" / "statistics.py"), "--part", "margins", "--repeats", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 13
    assert all(re.fullmatch(r"\|( [^|]+ \|){5}", row) for row in rows)
    told = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    assert done.stdout.strip().splitlines()[0] in told
    assert rows[0] in told


@pytest.mark.parametrize("world", [Entities(0.55), Entities(0.85), Labels(0.8, 0.1), Labels(0.9, 0.02)])
def test_many_texts_come_near_the_truth(world: Entities | Labels) -> None:
    assert world.draw(200_000, np.random.default_rng(0))[0].overall == pytest.approx(world.truth, abs=0.005)


def test_documents_pairs_and_seeds_come_near_the_truth() -> None:
    draw = np.random.default_rng(1)
    assert Documents(0.9).documents(10_000, draw)[0].overall == pytest.approx(0.9, abs=0.005)
    assert Entities(0.7, alike=1.0).documents(10_000, draw)[0].overall == pytest.approx(Entities(0.7).truth, abs=0.005)
    a, b = Pair(0.1, 0.03).draw(100_000, draw)
    assert a.overall - b.overall == pytest.approx(0.03, abs=0.005)
    levels = Seeds(0.9, 0.02).draw(400, 4000, draw).mean(1)
    assert levels.mean() == pytest.approx(0.9, abs=0.012)
    assert levels.std() == pytest.approx(0.02, abs=0.006)
