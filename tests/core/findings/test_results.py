"""Results straight from folders, for every task: rows with all metrics, differences on the metric, the sentence."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.errors import TradeoffError
from core.findings.decide import decision_of
from core.findings.results import differences, results
from core.home import Home
from core.metric_words import metric_told
from core.preferences import Preferences
from core.runs import find_run
from core.spec import DatasetRef
from core.tasks import TASKS, get_task, ranking_metrics
from tests.ui.fixtures import finished_run, of_task
from verbs.show import show

CANDIDATES = ("majority", "minilm-full", "minilm-lora", "smollm2-zero-shot")


@pytest.mark.parametrize("task", TASKS)
def test_rows_and_differences_are_those_of_the_tasks_metrics(home: Home, task: str) -> None:
    dataset = of_task(home, task)
    for name in CANDIDATES:
        finished_run(home, dataset, name)
    finished_run(home, dataset, "minilm-full", seed=1)
    rows = results(home, dataset.info.name, Preferences())
    primary = get_task(task).primary_metric
    assert {row.candidate for row in rows} == set(CANDIDATES)
    for row in rows:
        assert list(row.metrics) == list(get_task(task).metrics)
        assert row.metrics[primary] == row.quality
        assert row.metric == primary
    gaps = differences(home, rows)
    best = next(row for row in rows if row.candidate not in gaps)
    for row in rows:
        if row is not best:
            assert gaps[row.candidate].value == pytest.approx(best.quality - row.quality)
            assert gaps[row.candidate].n == dataset.info.counts["test"]
    found = decision_of(home, rows)
    assert found is not None
    assert found.best is best
    assert "majority" in found.worse


def test_the_sentence_speaks_of_the_metric(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = of_task(home, "token_labels")
    finished_run(home, dataset, "minilm-full")
    alone = decision_of(home, results(home, dataset.info.name, Preferences()))
    assert alone is not None
    assert "over all entities): run a second candidate" in alone.reason
    finished_run(home, dataset, "majority")
    rows = results(home, dataset.info.name, Preferences(), metric="macro_f1")
    found = decision_of(home, rows)
    assert found is not None
    assert metric_told("macro_f1", found.best.quality) in found.reason
    show("results", [row.model_dump(mode="json") for row in rows], found.reason)
    told = capsys.readouterr().out
    assert "macro F1" in told.splitlines()[0]
    assert found.reason in told


def test_a_metric_of_which_less_is_better_ranks_nobody(home: Home) -> None:
    dataset = of_task(home, "multi_label")
    finished_run(home, dataset, "minilm-full")
    assert "hamming_loss" not in ranking_metrics("multi_label")
    with pytest.raises(TradeoffError, match="micro_f1"):
        results(home, dataset.info.name, Preferences(), metric="hamming_loss")


def test_a_run_without_readable_predictions_is_left_out_of_the_comparison(home: Home) -> None:
    dataset = of_task(home, "intent_slots")
    for name in CANDIDATES[:3]:
        finished_run(home, dataset, name)
    rows = results(home, dataset.info.name, Preferences())
    whole = differences(home, rows)
    (gone,) = next(row for row in rows if row.candidate == "majority").run_ids
    (find_run(home, gone).path / "predictions.parquet").write_bytes(b"torn")
    assert differences(home, rows) == {name: gap for name, gap in whole.items() if name != "majority"}


def test_a_model_fitted_on_several_sets_is_a_candidate_of_its_own(home: Home) -> None:
    sets = [of_task(home, "intent_slots"), of_task(home, "multi_label")]
    both = tuple(DatasetRef(dataset=s.info.name, fingerprint=s.info.fingerprint, task=s.info.task) for s in sets)
    finished_run(home, sets[0], "minilm-full")
    finished_run(home, sets[0], "minilm-full", joint=both)
    rows = {row.candidate: row for row in results(home, "intent slots", Preferences())}
    assert rows.keys() == {"minilm-full", "minilm-full (with multi label)"}
    assert rows["minilm-full (with multi label)"].joint == ("intent slots", "multi label")
    assert rows["minilm-full"].joint == ()


def test_correct_in_predictions_is_the_share_of_exact_answers(home: Home) -> None:
    """Strings of equal targets are equal, so that SQL may compare them."""
    dataset = of_task(home, "intent_slots")
    folder = finished_run(home, dataset, "minilm-full")
    table = pq.read_table(folder.path / "predictions.parquet", filters=[("split", "=", "test")]).to_pandas()
    score = next(s for s in folder.scores if (s.metric, s.split) == ("exact_match", "test"))
    assert np.mean(table["target"] == table["prediction"]) == pytest.approx(score.value)
