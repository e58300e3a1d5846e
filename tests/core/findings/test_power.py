"""Power and intervals over seeds straight from run folders."""

import numpy as np
import pytest

from core.analysis.intervals import interval
from core.analysis.results import combine_seeds
from core.data.dataset import load_dataset
from core.data.importing import import_dataset
from core.findings.evidence import performance_of
from core.findings.power import power
from core.findings.results import dataset_runs, results
from core.home import Home
from core.preferences import Preferences
from tests.ui.fixtures import finished_run, of_task


@pytest.mark.parametrize("task", ["single_label", "token_labels"])
def test_rows_over_seeds_have_the_interval_of_their_answers(home: Home, task: str) -> None:
    dataset = of_task(home, task)
    for seed in range(3):
        finished_run(home, dataset, "minilm-full", seed=seed)
    finished_run(home, dataset, "majority")
    rows = {row.candidate: row for row in results(home, dataset.info.name, Preferences())}
    row = rows["minilm-full"]
    found = performance_of(home, row)
    assert found is not None
    assert (row.quality, row.quality_low, row.quality_high) == pytest.approx(interval(found.runs))
    runs = dataset_runs(home, dataset.info.name)
    scores = [score for run in runs if run.run_id in row.run_ids and (score := run.score(row.metric))]
    _, low, high = combine_seeds(scores)
    assert low is not None
    assert high is not None
    assert row.quality_low is not None
    assert row.quality_high is not None
    if task == "single_label":
        assert high - low > row.quality_high - row.quality_low
    single = rows["majority"]
    (score,) = (score for run in runs if run.run_id in single.run_ids and (score := run.score(single.metric)))
    assert (single.quality_low, single.quality_high) == (score.low, score.high)


def test_rows_without_answers_keep_the_interval_of_their_scores(home: Home) -> None:
    dataset = of_task(home, "single_label")
    folders = [finished_run(home, dataset, "minilm-full", seed=seed) for seed in range(2)]
    (folders[0].path / "predictions.parquet").unlink()
    (row,) = results(home, dataset.info.name, Preferences())
    scores = [score for run in dataset_runs(home, dataset.info.name) if (score := run.score(row.metric))]
    assert (row.quality, row.quality_low, row.quality_high) == combine_seeds(scores)


def test_power_tells_what_can_be_seen_and_what_is_open(home: Home) -> None:
    dataset = of_task(home, "single_label", test=120)
    for name in ("minilm-full", "minilm-lora", "majority"):
        finished_run(home, dataset, name)
    found = power(home, results(home, dataset.info.name, Preferences()))
    assert found is not None
    assert found.texts == 120
    standings = {sight.candidate: sight.standing for sight in found.candidates}
    assert standings["majority"] == "worse"
    (open_one,) = (sight for sight in found.candidates if sight.standing == "unsettled")
    assert f"Whether {open_one.candidate} is within 1 point of {found.best} is open" in found.reason
    assert np.isclose(found.candidates[0].difference, min(sight.difference for sight in found.candidates))
    assert power(home, results(home, dataset.info.name, Preferences())[:1]) is None


def test_conll_documents_are_kept_as_ids(home: Home, tmp_path) -> None:
    for split in ("train", "test"):
        documents = (
            f"-DOCSTART- O\n\nin O\nBerlin B-city\n{split}{place} O\n\nno O\n{place} O\n\n" for place in range(30)
        )
        (tmp_path / f"{split}.conll").write_text("".join(documents))
    import_dataset(home, "places", tmp_path / "train.conll", test=tmp_path / "test.conll")
    ids = [example.id for example in load_dataset(home, "places").examples("test")]
    assert ids[:4] == ["test-1#1", "test-1#2", "test-2#1", "test-2#2"]
