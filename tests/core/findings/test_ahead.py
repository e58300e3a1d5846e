"""What pages will ask is computed before they do: the same figures, and never beside a run."""

import pytest

from core.data.dataset import Dataset
from core.findings import ahead, figure_cache
from core.findings.figure_cache import kept
from core.home import Home
from core.tasks import ranking_metrics
from tests.ui.fixtures import finished_run, questions, waiting_run
from ui import data


@pytest.fixture
def home(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(figure_cache, "WORTH_SECONDS", 0.0)
    return Home(tmp_path).prepare()


@pytest.fixture
def dataset(home: Home) -> Dataset:
    made = questions(home, test=60)
    for candidate in ("majority", "minilm-full", "smollm2-few-shot"):
        finished_run(home, made, candidate)
        finished_run(home, made, candidate, seed=1)
    return made


def test_pages_then_find_all_that_they_ask(home: Home, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    assert ahead.compute(home) == 7 * len(ranking_metrics(dataset.info.task))
    made: list[str] = []

    def asked(home: Home, kind, name: str, runs, of, make):  # type: ignore[no-untyped-def]
        def told():  # type: ignore[no-untyped-def]
            made.append(name)
            return make()

        return kept(home, kind, name, runs, of, told)

    for module in ("row_intervals", "results", "decide", "fronts", "power", "comparing", "sensitivity",
                   "cascade_answers"):  # fmt: skip
        monkeypatch.setattr(f"core.findings.{module}.kept", asked)
    ahead.compute(home)
    assert made == []
    finished_run(home, dataset, "tfidf-linear")
    ahead.compute(home)
    assert {"differences", "draws", "power"} <= set(made)


def test_it_does_nothing_beside_a_run(home: Home, dataset: Dataset) -> None:
    waiting_run(home, dataset, "tfidf-linear")
    assert ahead.compute(home) == 0
    assert not ahead.start(home)
    assert not (home.cache / "figures").exists()


def test_it_is_a_process_of_its_own(home: Home, dataset: Dataset) -> None:
    assert ahead.start(home)
    assert not ahead.start(home)
    assert ahead._at_work[home].wait(60) == 0
    assert list((home.cache / "evidence").glob("*.test"))
    assert ahead.start(home)
    ahead.stop()
    assert home not in ahead._at_work


def test_it_is_called_once_for_each_change(home: Home, dataset: Dataset) -> None:
    called: list[Home] = []

    def begins(root: Home) -> bool:
        called.append(root)
        return len(called) > 1

    data.when_ended(begins)
    try:
        for _ in range(4):
            data.look_again()
            data.tell_ended(home)
        assert called == [home, home]
        waiting_run(home, dataset, "tfidf-linear")
        data.look_again()
        data.tell_ended(home)
        assert len(called) == 2
        data.when_ended(None)
        data.tell_ended(home)
    finally:
        data.when_ended(None)
    assert len(called) == 2
