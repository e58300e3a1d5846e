"""The Race page: from nothing to a race, its report in every state, and what can be done with a real one."""

import shlex

import pytest

import cli
from core import racing
from core.data.dataset import save_dataset
from core.execute import execute
from core.home import Home
from core.racing.records import Budget, Race, RaceReport, Rules
from core.reconcile import open_runs
from core.runs import list_runs
from core.spec import Experiment, Variant
from tests.conftest import small_frame
from tests.ui.fixtures import questions
from tests.ui.races import NAMES, race_report
from tests.ui.test_launch import press
from tests.ui.test_pages import open_page, sound, words
from ui import data
from verbs.runs import asked_experiment

MOST_STEPS = 60


def show(monkeypatch: pytest.MonkeyPatch, *reports: RaceReport) -> None:
    """Have the page find these races."""
    by_id = {report.race.id: report for report in reports}
    monkeypatch.setattr(racing, "races", lambda _: [report.race for report in reports])
    monkeypatch.setattr(racing, "report", lambda _, race_id: by_id[race_id])


def test_it_leads_from_nothing_to_a_race(here: Home) -> None:
    app = open_page("race")
    sound(app)
    assert "No race yet" in words(app)
    questions(here, test=40)
    press(app, "Start a race")
    assert [button.label for button in app.button if button.label.startswith("Start a race of 7")]


STATES = (("running", 0), ("running", 1), ("running", 2), ("finished", 3), ("out of budget", 2), ("stopped", 1))


@pytest.mark.parametrize(("status", "rounds"), STATES)
def test_it_answers_in_every_state(here: Home, monkeypatch: pytest.MonkeyPatch, status: str, rounds: int) -> None:
    show(monkeypatch, race_report(status, rounds))
    app = open_page("race")
    sound(app)
    buttons = {button.label for button in app.button}
    assert ("Stop" in buttons) == (status == "running")
    assert ("Delete" in buttons) == (status != "running")
    assert bool(app.get("plotly_chart")) == bool(rounds)
    table = app.dataframe[0].value
    assert set(table["Candidate"]) == set(NAMES)
    gone = [one for one in race_report(status, rounds).standings if one.position == "dropped"]
    assert (table["Position"] == "✗ dropped").sum() == len(gone)
    read = words(app)
    assert all(f"{one.candidate}: dropped in round" in read for one in gone)
    assert "is allowed" in read


def test_a_link_shows_the_race_and_the_candidate_that_i_see(here: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, race_report("running", 2), race_report("finished", 3, race_id="older"))
    app = open_page("race", race="older", candidate="tfidf-linear")
    sound(app)
    assert "is ahead" in app.subheader[0].value
    assert "**tfidf-linear** · ✗ dropped" in words(app)
    assert "Resume" in {button.label for button in app.button}
    app = open_page("race", race="nonsense", candidate="nobody")
    sound(app)
    assert app.selectbox(key="race").value == "questions.race.1"
    assert "**minilm-full** · ▶ running" in words(app)


def test_a_budget_that_is_spent_can_be_raised(here: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, race_report("out of budget", 2, budget=Budget(minutes=7)))
    asked: list[Budget | None] = []
    monkeypatch.setattr(racing, "go_on", lambda _, __, budget: asked.append(budget))
    app = open_page("race")
    app.number_input(key="raise.questions.race.1.minutes").set_value(30.0).run()
    app.button(key="raise.go.questions.race.1").click().run()
    sound(app)
    assert asked == [Budget(minutes=30)]


def driven(home: Home) -> None:
    """Take all races to their end, here and now."""
    for _ in range(MOST_STEPS):
        if not racing.advance(home):
            return
        for folder, _ in open_runs(home):
            execute(folder, home)
    raise AssertionError("the race did not end")


@pytest.fixture
def raced(here: Home) -> Race:
    """A real race on a small set that has ended; the weaker ones were dropped on the way."""
    save_dataset(here, small_frame(per_label=100), "a *small* set", "single_label")
    variants = [Variant(candidate="tfidf-linear", settings={"max_features": most}) for most in (100, 1000)]
    experiment = Experiment(dataset="a *small* set", candidates=["majority"], variants=variants)
    race = racing.start(here, experiment, Budget(minutes=30), Rules(margin=0.01, shares=(1 / 9, 1 / 3, 1.0)))
    driven(here)
    return race


def test_a_real_race_from_its_end_to_another_one(here: Home, raced: Race) -> None:
    app = open_page("race")
    sound(app)
    read = words(app)
    assert "majority: dropped in round 1" in read
    assert app.subheader[0].value.replace("\\", "").startswith("tfidf-linear [max_features=")

    app = open_page("runs", status="paused")
    sound(app)
    assert "Dropped by its race in round 1" in set(app.dataframe[0].value["Result"])
    dropped = next(folder for folder in list_runs(here) if folder.spec.candidate.id == "majority")
    app = open_page("runs", run=dropped.run_id)
    sound(app)
    assert "Dropped by its race in round 1: " in words(app)
    assert "Resume" in {button.label for button in app.button}
    for page in ("overview", "tradeoff", "compare"):
        assert not open_page(page).exception, page

    app = open_page("labels")
    sound(app)
    press(app, "Resume 5 runs")
    assert len([1 for _, state in open_runs(here) if state.status == "queued"]) == 5
    driven(here)
    assert not [run for run in data.all_runs(here) if run.status == "paused"]
    sound(open_page("labels"))

    app = open_page("race", candidate="majority")
    app.button(key=f"resume.{raced.id}.majority").click().run()
    sound(app)
    assert "▶" in app.dataframe[0].value["Position"].iloc[0] or "running" in str(racing.report(here, raced.id).status)
    driven(here)
    report = racing.report(here, raced.id)
    assert {one.candidate: one.position for one in report.standings}["majority"] == "finished"

    app = open_page("race")
    app.button(key=f"Delete.{raced.id}").click().run()
    sound(app)
    assert not racing.races(here)
    assert "was deleted" in words(app)
    app.button(key="undo.race").click().run()
    sound(app)
    assert [race.id for race in racing.races(here)] == [raced.id]


def test_the_launch_page_starts_a_race_under_a_budget(here: Home) -> None:
    questions(here, test=40)
    app = open_page("launch", race="on")
    sound(app)
    assert "there is no limit" in words(app)
    app.number_input(key="race.budget.minutes").set_value(0.5).run()
    app.select_slider(key="race.risk").set_value(0.1).run()
    sound(app)
    read = words(app)
    assert "All candidates on all texts would take about" in read
    assert "the budget of 30 s pays for" in read
    command = app.code[-1].value
    options = cli.parser().parse_args(shlex.split(command)[2:])
    assert (options.verb, options.minutes, options.risk, options.usd) == ("race", 0.5, 0.1, None)
    press(app, "Start a race of 7 candidates · at most 30 s")
    (race,) = racing.races(here)
    assert race.budget == Budget(minutes=0.5)
    assert race.rules.risk == 0.1
    options.experiment = None
    assert race.experiment == asked_experiment(options)


def test_a_race_that_asks_a_provider_never_runs_without_a_limit(here: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    questions(here, test=40)
    app = open_page("launch", race="on")
    app.session_state["launch.extra"] = ["api:gpt-4o-mini-zero-shot"]
    app.run()
    sound(app)
    assert "--usd 5" in app.code[-1].value
    app.number_input(key="race.budget.usd").set_value(2.0).run()
    sound(app)
    assert not [box for box in app.number_input if box.key == "cap"]
    assert "--usd 2" in app.code[-1].value


def test_a_race_needs_two_candidates(here: Home) -> None:
    questions(here, test=40)
    app = open_page("launch", race="on")
    for name in ("majority", "tfidf-linear", "minilm-linear", "minilm-full", "minilm-lora", "smollm2-zero-shot"):
        app.checkbox(key=f"take.{name}").set_value(False)
    app.run()
    sound(app)
    assert next(button for button in app.button if button.label.startswith("Start a race of 1")).disabled
    app.toggle(key="race.on").set_value(False).run()
    sound(app)
    assert [button.label for button in app.button if button.label.startswith("Launch 1 run")]
    assert "race" not in app.query_params
