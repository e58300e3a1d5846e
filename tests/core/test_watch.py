"""Runs in a terminal: what tells them apart, and how each ended."""

from core.data.dataset import Dataset
from core.home import Home
from core.watch import names, outcome, wait_for
from tests.ui.fixtures import finished_run, waiting_run


def test_names_tell_runs_apart_by_what_differs(home: Home, dataset: Dataset) -> None:
    one, other = finished_run(home, dataset, "majority"), finished_run(home, dataset, "majority", train_size=20)
    third = finished_run(home, dataset, "minilm-full", epochs=5)
    assert names([one]) == ["majority"]
    assert names([one, other]) == ["majority, all texts", "majority, 20 texts"]
    assert names([one, third]) == ["majority", "minilm-full [epochs=5]"]


def test_an_ended_run_tells_its_figure_or_its_reason(home: Home, dataset: Dataset, capsys) -> None:
    done, failed = finished_run(home, dataset, "majority"), waiting_run(home, dataset, "minilm-full", "failed")
    assert outcome(done).endswith("% right")
    assert outcome(failed).startswith("The run needed more memory")
    assert not wait_for(home, [done, failed])
    assert wait_for(home, [done])
    shown = capsys.readouterr().err
    assert "majority" in shown
    assert "needed more memory" in shown
