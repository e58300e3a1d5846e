"""What pages read of runs: kept between redraws, and new as soon as the folders are."""

import json
from pathlib import Path

import pytest

from core import files
from core.data.dataset import Dataset
from core.home import Home
from core.metering.prices import DevicePrice
from core.preferences import Preferences
from core.preferences import save as save_preferences
from core.runs import delete_run
from tests.ui.fixtures import finished_run, waiting_run
from ui import data, run_folders


def test_runs_are_looked_at_once_until_a_page_is_drawn_again(here: Home, dataset: Dataset) -> None:
    folder = waiting_run(here, dataset, "majority")
    assert [run.status for run in data.all_runs()] == ["queued"]
    folder.set_state("cancelled")
    other = waiting_run(here, dataset, "tfidf-linear")
    data.look_again()
    assert [run.status for run in data.all_runs()] == ["cancelled", "queued"]
    before = data.all_runs()
    data.look_again()
    assert all(one is same for one, same in zip(data.all_runs(), before, strict=True))
    delete_run(other)
    (here.runs / "half made").mkdir()
    (here.runs / "a file").write_text("")
    data.look_again()
    assert [run.run_id for run in data.all_runs()] == [folder.run_id]
    data.all_runs().clear()
    assert len(data.all_runs()) == 1


def test_rows_are_the_same_until_runs_or_prices_are_others(here: Home, dataset: Dataset) -> None:
    first = finished_run(here, dataset, "majority")
    info = dataset.info
    (row,) = data.rows_of(info)
    data.look_again()
    assert data.rows_of(info)[0] is row
    save_preferences(here, Preferences(device_prices=(DevicePrice(device="cpu", usd_per_hour=7.0, name="mine"),)))
    dearer = data.rows_of(info)[0]
    assert row.usd_per_1k is not None
    assert dearer.usd_per_1k is not None
    assert dearer.usd_per_1k > row.usd_per_1k
    assert [one.metric for one in data.rows_of(info, "macro_f1")] == ["macro_f1"]
    finished_run(here, dataset, "minilm-full")
    data.look_again()
    assert len(data.rows_of(info)) == 2
    delete_run(first)
    data.look_again()
    assert [one.candidate for one in data.rows_of(info)] == ["minilm-full"]


def test_a_run_that_is_done_again_is_compared_by_its_new_answers(here: Home, dataset: Dataset) -> None:
    for candidate in ("minilm-full", "smollm2-few-shot"):
        finished_run(here, dataset, candidate)
    rows = data.rows_of(dataset.info)
    before = data.decision_of(rows)
    worst = next(run for run in data.all_runs() if run.run_id in rows[-1].run_ids)
    best = next(run for run in data.all_runs() if run.run_id in rows[0].run_ids)
    _copy(best.folder.path, worst.folder.path)
    data.look_again()
    after = data.decision_of(data.rows_of(dataset.info))
    assert before is not None
    assert after is not None
    assert before.differences != after.differences
    assert all(gap.value == 0 for gap in after.differences.values())


def _copy(source: Path, target: Path) -> None:
    """Answers and scores of one run into another, which has ended anew."""
    for name in ("predictions.parquet", "scores.json"):
        (target / name).write_bytes((source / name).read_bytes())
    state = files.read_json(target / "state.json")
    files.write_json(target / "state.json", {**state, "at": files.now()})


def test_a_finished_run_is_read_again_however_it_was_changed(
    here: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished_run(here, dataset, "majority")
    monkeypatch.setattr(run_folders, "STEADY_SECONDS", -1.0)
    for close_look, change in ((1e9, files.write_json), (0.0, _in_place)):
        monkeypatch.setattr(run_folders, "CLOSE_LOOK_SECONDS", close_look)
        run_folders._looked[here] = run_folders.time.monotonic()
        data.look_again()
        (before,) = data.all_runs()
        path = folder.path / "scores.json"
        content = files.read_json(path)
        content["scores"] = content["scores"][:-1]
        change(path, content)
        data.look_again()
        (after,) = data.all_runs()
        assert len(after.summary.scores) == len(before.summary.scores) - 1


def _in_place(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))
