"""Figures that are kept say what computing them anew would."""

import pytest
from pydantic import TypeAdapter

from core.analysis.results import CandidateRow
from core.data.dataset import Dataset
from core.findings import figure_cache
from core.findings.decide import StoredGrounds
from core.findings.evidence import performance_of
from core.findings.figure_cache import kept
from core.findings.fronts import quality_draws
from core.findings.results import differences, results
from core.findings.row_intervals import interval_of
from core.home import Home
from core.preferences import Preferences
from core.runs import RunFolder
from tests.ui.fixtures import finished_run, questions

NUMBER: TypeAdapter[float] = TypeAdapter(float)


@pytest.fixture(autouse=True)
def everything_is_worth_keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure_cache, "WORTH_SECONDS", 0.0)
    monkeypatch.setattr(figure_cache, "_counted", {})


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path).prepare()


@pytest.fixture
def dataset(home: Home) -> Dataset:
    made = questions(home, test=60)
    for candidate in ("majority", "minilm-full", "smollm2-few-shot"):
        for seed in (0, 1):
            finished_run(home, made, candidate, seed=seed)
    return made


def rows_of(home: Home, dataset: Dataset, metric: str = "macro_f1") -> list[CandidateRow]:
    return results(home, dataset.info.name, Preferences(), metric=metric)


def all_figures(home: Home, rows: list[CandidateRow]) -> tuple:
    grounds = StoredGrounds(home)
    needed = [grounds.needed(rows[0], row, 0.05) for row in rows[1:]]
    seeds = [grounds.seeds(rows[0], row, 0.05) for row in rows[1:]]
    drawn = {name: values.tolist() for name, values in quality_draws(home, rows, 40).items()}
    return [interval_of(home, row) for row in rows], differences(home, rows), needed, seeds, drawn


def test_what_is_kept_is_what_was_computed(home: Home, dataset: Dataset) -> None:
    for metric in ("accuracy", "macro_f1"):
        rows = rows_of(home, dataset, metric)
        first = all_figures(home, rows)
        there = sorted(path.name for path in (home.cache / "figures").iterdir())
        assert all_figures(home, rows) == first
        assert rows_of(home, dataset, metric) == rows
        assert sorted(path.name for path in (home.cache / "figures").iterdir()) == there
        for path in (home.cache / "figures").iterdir():
            path.unlink()
        assert all_figures(home, rows) == first


def test_it_is_read_and_not_computed(home: Home, dataset: Dataset) -> None:
    (run, *_) = (path.name for path in home.runs.iterdir())
    assert kept(home, NUMBER, "a figure", [run], ["this"], lambda: 0.1 + 0.2) == 0.1 + 0.2
    assert kept(home, NUMBER, "a figure", [run], ["this"], lambda: 9.0) == 0.1 + 0.2
    assert kept(home, NUMBER, "a figure", [run], ["that"], lambda: 9.0) == 9.0
    assert kept(home, NUMBER, "another", [run], ["this"], lambda: 8.0) == 8.0


@pytest.mark.parametrize("name", ["predictions.parquet", "scores.json", "spec.json"])
def test_a_run_that_was_written_anew_has_figures_of_its_own(home: Home, dataset: Dataset, name: str) -> None:
    (run, *_) = (path for path in home.runs.iterdir())
    assert kept(home, NUMBER, "a figure", [run.name], [], lambda: 1.0) == 1.0
    content = (run / name).read_bytes()
    (run / name).unlink()
    (run / name).write_bytes(content)
    assert kept(home, NUMBER, "a figure", [run.name], [], lambda: 2.0) == 2.0


def test_another_program_computes_anew(home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    (run, *_) = (path.name for path in home.runs.iterdir())
    kept(home, NUMBER, "a figure", [run], [], lambda: 1.0)
    monkeypatch.setattr(figure_cache, "program", lambda: "a younger one")
    assert kept(home, NUMBER, "a figure", [run], [], lambda: 2.0) == 2.0


@pytest.mark.parametrize("harm", [b"", b"{", b"\x00\xff" * 40])
def test_what_is_torn_is_computed_anew(home: Home, dataset: Dataset, harm: bytes) -> None:
    (run, *_) = (path.name for path in home.runs.iterdir())
    kept(home, NUMBER, "a figure", [run], [], lambda: 1.0)
    (file,) = (home.cache / "figures").iterdir()
    whole = file.read_bytes()
    for torn in (harm, whole[:-1], whole.replace(b"1.0", b"7.0")):
        file.write_bytes(torn)
        assert kept(home, NUMBER, "a figure", [run], [], lambda: 2.0) == 2.0


def test_what_cannot_be_told_exactly_is_not_kept(home: Home, dataset: Dataset) -> None:
    (run, *_) = (path.name for path in home.runs.iterdir())
    kept(home, NUMBER, "a figure", [run], [], lambda: float("nan"))
    assert not list((home.cache / "figures").glob("*"))


def test_runs_that_are_gone_are_no_figure(home: Home, dataset: Dataset) -> None:
    rows = rows_of(home, dataset)
    assert interval_of(home, rows[0]) is not None
    for run in rows[0].run_ids:
        (RunFolder(home.runs / run).path / "predictions.parquet").unlink()
    assert performance_of(home, rows[0]) is None
    assert interval_of(home, rows[0]) is None
    assert differences(home, rows) == {}


def test_there_are_never_many_files(home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    (run, *_) = (path.name for path in home.runs.iterdir())
    monkeypatch.setattr(figure_cache, "MOST", 12)
    for place in range(60):
        kept(home, NUMBER, "a figure", [run], [place], lambda place=place: float(place))
        assert len(list((home.cache / "figures").iterdir())) <= 13
    assert kept(home, NUMBER, "a figure", [run], [59], lambda: -1.0) == 59.0


def test_a_folder_that_cannot_be_written_only_means_computing_again(home: Home, dataset: Dataset) -> None:
    (run, *_) = (path.name for path in home.runs.iterdir())
    (home.cache / "figures").write_text("in the way")
    assert kept(home, NUMBER, "a figure", [run], [], lambda: 1.0) == 1.0
    assert kept(home, NUMBER, "a figure", [run], [], lambda: 2.0) == 2.0
