"""Stored predictions as arrays: the same figures with and without the cache, however the folders have changed."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.analysis.compare import Performance, performance
from core.data.dataset import Dataset
from core.findings import answer_cache, evidence
from core.findings.answer_cache import answers, sweep
from core.findings.results import results
from core.home import Home
from core.preferences import Preferences
from core.runs import RunFolder, delete_run, find_run
from core.tasks import TASKS, get_task
from tests.ui.fixtures import finished_run, of_task


def by_hand(home: Home, runs: tuple[str, ...], metric: str, split: str = "test") -> Performance:
    """The performance from the predictions as they stand in the files, without any of what is to be tested."""
    found = []
    for folder in (find_run(home, run) for run in runs):
        table = pq.read_table(folder.path / "predictions.parquet", filters=[("split", "=", split)]).to_pydict()
        task = get_task(folder.spec.task)
        found.append((table["id"], task.statistics(table["target"], table["prediction"], folder.labels)[metric]))
    return performance(found)


def forget() -> None:
    """As a new process would find the folder."""
    answer_cache._known.clear()
    answer_cache._columns.clear()
    for recent in (evidence._evidences, evidence._performances):
        recent._found.clear()


@pytest.fixture
def filled(home: Home, dataset: Dataset) -> Home:
    for seed in range(2):
        finished_run(home, dataset, "smollm2-zero-shot", seed=seed)
    return home


def cached(home: Home) -> list[Path]:
    return sorted(path for path in (home.cache / "evidence").iterdir() if path.suffix != ".ids")


@pytest.mark.parametrize("task", TASKS)
def test_performances_are_those_of_the_files_for_every_task_and_metric(home: Home, task: str) -> None:
    dataset = of_task(home, task, test=30)
    for seed in range(3):
        finished_run(home, dataset, "smollm2-few-shot", seed=seed)
    (row,) = results(home, dataset.info.name, Preferences())
    for warm in (False, True):
        if warm:
            forget()
        for metric in get_task(task).metrics:
            found, told = evidence.performance_of(home, row, metric=metric), by_hand(home, row.run_ids, metric)
            assert found is not None
            assert found.ids.tolist() == told.ids.tolist()
            assert [run.overall for run in found.runs] == pytest.approx([run.overall for run in told.runs], abs=1e-12)
            some = np.arange(0, len(told.ids), 2)
            assert found.take(some).overall == pytest.approx(told.take(some).overall, abs=1e-12)
            for run, other in zip(found.runs, told.runs, strict=True):
                assert (run.parts is None) == (other.parts is None)
                if run.parts is not None and other.parts is not None:
                    assert run.parts.tolist() == other.parts.tolist()


def test_evidence_is_in_the_order_of_the_file(filled: Home) -> None:
    folder = RunFolder(sorted(filled.runs.iterdir())[-1])
    found = evidence.evidence(folder)
    table = pq.read_table(folder.path / "predictions.parquet", filters=[("split", "=", "test")]).to_pydict()
    assert found.ids.tolist() == table["id"] != sorted(table["id"])
    assert list(found.targets) == table["target"]
    assert list(found.predictions) == table["prediction"]
    assert None in found.predictions
    assert found.tokens[:, 0].tolist() == table["tokens_input"]
    assert found.statistic("accuracy").overall == pytest.approx(
        next(s.value for s in folder.scores if s.split == "test")
    )
    forget()
    assert found.predictions == evidence.evidence(folder).predictions


def test_runs_over_the_same_examples_share_their_ids(filled: Home) -> None:
    whole = [answers(RunFolder(path)) for path in sorted(filled.runs.iterdir())]
    assert len({id(one.ids) for one in whole}) == 1
    forget()
    again = [answers(RunFolder(path)) for path in sorted(filled.runs.iterdir())]
    assert len({id(one.ids) for one in again}) == 1
    assert [one.pairs for one in again] == [one.pairs for one in whole]
    assert [one.kinds.tolist() for one in again] == [one.kinds.tolist() for one in whole]
    assert answers(RunFolder(sorted(filled.runs.iterdir())[0])).pairs is again[0].pairs


@pytest.mark.parametrize(
    "names",
    [
        [["b", "a"], ["", "é"]],
        [["b", "a", "", "é"]],
        [[]],
        [[""]],
        [["", ""]],
        [["ba"], ["", "é"]],
        [["b", "aé"], ["", "x"]],
    ],
)
def test_ids_are_sorted_and_those_of_equal_columns_shared(names: list[list[str]]) -> None:
    column = pa.chunked_array(names, pa.string())
    flat = [name for chunk in names for name in chunk]
    ids, order = answer_cache.ids_of(column)
    assert ids.tolist() == sorted(flat) == [flat[place] for place in order]
    parts = pa.chunked_array([pa.array(["other", *flat])[1:]])
    assert answer_cache.ids_of(parts)[0] is ids


@pytest.mark.parametrize("harm", ["torn", "flipped", "empty", "other ids", "no ids", "wrong ids", "gone", "a folder"])
def test_a_damaged_or_deleted_cache_is_made_again(filled: Home, harm: str) -> None:
    folder = RunFolder(sorted(filled.runs.iterdir())[0])
    right = answers(folder)
    (path,) = cached(filled)
    (ids,) = path.parent.glob("*.ids")
    content = path.read_bytes()
    forget()
    if harm == "torn":
        path.write_bytes(content[:-3])
    elif harm == "flipped":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "other ids":
        path.write_bytes(content.replace(ids.stem.encode(), b"0" * 24))
    elif harm == "no ids":
        ids.unlink()
    elif harm == "wrong ids":
        ids.write_text('["a", "b"]')
    elif harm == "gone":
        shutil.rmtree(path.parent)
    else:
        path.unlink()
        path.mkdir()
    again = answers(folder)
    assert (again.ids.tolist(), again.pairs, again.kinds.tolist()) == (
        right.ids.tolist(), right.pairs, right.kinds.tolist(),
    )  # fmt: skip


def test_without_a_place_to_keep_it_everything_still_works(filled: Home) -> None:
    shutil.rmtree(filled.cache)
    filled.cache.write_text("not a folder")
    assert len(answers(RunFolder(sorted(filled.runs.iterdir())[0]))) > 0


def test_new_predictions_of_the_same_run_are_seen(filled: Home) -> None:
    (row,) = results(filled, "things", Preferences())
    before = evidence.performance_of(filled, row)
    one, other = (find_run(filled, run) for run in row.run_ids[:2])
    shutil.copyfile(other.path / "predictions.parquet", one.path / "predictions.parquet")
    after, told = evidence.performance_of(filled, row), by_hand(filled, row.run_ids, "accuracy")
    assert before is not None
    assert after is not None
    assert [run.overall for run in after.runs] == [run.overall for run in told.runs]
    assert [run.overall for run in after.runs] != [run.overall for run in before.runs]
    (one.path / "predictions.parquet").write_bytes(b"torn")
    assert evidence.performance_of(filled, row) is None
    with pytest.raises(OSError, match=one.run_id):
        evidence.evidence(one)
    delete_run(one)
    assert evidence.performance_of(filled, row) is None


def test_what_is_kept_of_deleted_runs_is_swept(filled: Home) -> None:
    folders = [RunFolder(path) for path in sorted(filled.runs.iterdir())]
    for folder in folders:
        answers(folder)
        answers(folder, "validation")
    assert sweep(filled) == 0
    delete_run(folders[0])
    assert sweep(filled) == 2
    assert len(cached(filled)) == 2 * len(folders) - 2
    assert sweep(Home(filled.root / "elsewhere")) == 0


def test_recent_things_stay_within_their_bound() -> None:
    recent: evidence.Recent[str] = evidence.Recent(10, len)
    made: list[str] = []

    def make(word: str) -> str:
        made.append(word)
        return word

    for word in ("one", "two", "one", "three", "two", "one", "much longer than all", "one"):
        assert recent.get(word, lambda word=word: make(word)) == word
    assert made == ["one", "two", "three", "two", "one", "much longer than all", "one"]
