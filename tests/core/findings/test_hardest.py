"""The texts that most runs get wrong are those that counting row by row finds."""

from collections import Counter

import pandas as pd
import pytest

from core.data.dataset import Dataset
from core.findings.hardest import hardest
from core.home import Home
from tests.ui.fixtures import finished_run, of_task


def by_hand(home: Home, runs: list[str]) -> list[tuple[str, str, int, int, str | None]]:
    told = pd.concat(
        [pd.read_parquet(home.runs / run / "predictions.parquet").query("split == 'test'") for run in runs]
    )
    found = []
    for name, mine in told.groupby("id"):
        answers = [None if pd.isna(one) else one for one in mine["prediction"]]
        taken = Counter(one for one, due in zip(answers, mine["target"], strict=True) if one != due)
        if taken:
            most = min(taken, key=lambda one: (-taken[one], one or ""))
            found.append((str(name), mine["target"].iloc[0], sum(taken.values()), len(mine), most))
    return sorted(found, key=lambda row: (-row[2], row[0]))


@pytest.fixture(params=["single_label", "multi_label", "token_labels"])
def dataset(home: Home, request: pytest.FixtureRequest) -> Dataset:
    made = of_task(home, request.param)
    for candidate in ("majority", "minilm-full", "smollm2-few-shot"):
        finished_run(home, made, candidate)
        finished_run(home, made, candidate, seed=1)
    return made


def test_they_are_those_counted_by_hand(home: Home, dataset: Dataset) -> None:
    runs = sorted(path.name for path in home.runs.iterdir())
    for most in (3, 50):
        found = [(one.id, one.target, one.wrong, one.runs, one.mostly_taken_for) for one in hardest(home, runs, most)]
        assert found == by_hand(home, runs)[:most]
    (home.runs / runs[0] / "predictions.parquet").write_bytes(b"damaged")
    found = [(one.id, one.target, one.wrong, one.runs, one.mostly_taken_for) for one in hardest(home, runs)]
    assert found == by_hand(home, runs[1:])[:50]


def test_runs_over_other_texts_count_where_they_answered(home: Home) -> None:
    for name, test in (("small", 20), ("large", 30)):
        made = of_task(home, "single_label", name, test=test)
        for seed in (0, 1):
            finished_run(home, made, "majority", seed=seed)
    runs = sorted(path.name for path in home.runs.iterdir())
    found = hardest(home, runs, 100)
    assert {one.runs for one in found} <= {2, 4}
    assert [(one.id, one.wrong, one.runs) for one in found] == [(row[0], row[2], row[3]) for row in by_hand(home, runs)]
    assert len(found) > 0


def test_no_runs_no_texts(home: Home) -> None:
    assert hardest(home, []) == []
    assert hardest(home, ["no such run"]) == []
