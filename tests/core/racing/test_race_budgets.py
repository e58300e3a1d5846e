"""What a race does with its budget: it never goes beyond it, and what is left goes where it helps most."""

import pytest

from core import launch, racing
from core.home import Home
from core.racing import steps
from core.racing.field import Task
from core.racing.records import Budget, Saved
from core.runs import list_runs
from tests.core.racing.playing import FIELD, SKILLS, race_on, standing_of, started, told

pytestmark = pytest.mark.usefixtures("no_worker")


def cost(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Every run that is still to be done is expected to take so long."""
    monkeypatch.setattr(steps, "expected", lambda field, tasks, whole=False: [Saved(seconds=seconds) for _ in tasks])


def test_a_budget_ends_a_race_and_a_larger_one_goes_on(things: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    cost(monkeypatch, 20.0)
    race = started(things, FIELD, Budget(minutes=0.7))
    race_on(things, SKILLS)
    report = racing.report(things, race)
    assert report.status == "out of budget"
    assert "unaffordable" in {event.what for event in report.events}
    assert report.spent.seconds is not None
    assert report.spent.seconds <= 42
    assert "budget" in standing_of(report, next(n for n, at in told(report).items() if at == "unaffordable")).why
    runs = {folder.run_id for folder in list_runs(things)}

    assert started(things, FIELD, Budget(minutes=30)) == race
    assert racing.report(things, race).race.budget.minutes == 30
    race_on(things, SKILLS)
    after = racing.report(things, race)
    assert (after.status, after.leader) == ("finished", "tfidf-linear")
    assert runs <= {folder.run_id for folder in list_runs(things)}


def test_the_last_money_goes_into_a_run_on_all_texts(things: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def expected(field: object, tasks: list[Task], whole: bool = False) -> list[Saved]:
        return [Saved(seconds=200.0 if task.round == 1 else 20.0) for task in tasks]

    monkeypatch.setattr(steps, "expected", expected)
    race = started(things, FIELD, Budget(minutes=2))
    race_on(things, SKILLS)
    report = racing.report(things, race)
    assert (report.status, report.leader) == ("out of budget", "tfidf-linear")
    assert told(report)["tfidf-linear"] == "finished"
    assert not any("-n280" in folder.run_id for folder in list_runs(things))


def test_a_race_that_spent_its_budget_sets_its_runs_aside(things: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    cost(monkeypatch, 0.1)  # far too little: the truth comes out only when it has run
    race = started(things, FIELD, Budget(minutes=0.02))
    race_on(things, SKILLS)
    report = racing.report(things, race)
    assert report.status == "out of budget"
    aside = [folder for folder in list_runs(things) if not folder.usage]
    assert aside
    assert {folder.state.status for folder in aside if folder.state} == {"paused"}


def test_what_somebody_else_wants_is_not_set_aside(things: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    cost(monkeypatch, 0.1)
    started(things, FIELD, Budget(minutes=0.02))
    racing.advance(things)
    wanted = [launch.retry(things, folder.run_id).run_id for folder in list_runs(things)]
    played: list[str] = []
    race_on(things, SKILLS, lambda folder: bool(played.append(folder.run_id)))
    assert set(wanted) <= set(played)
