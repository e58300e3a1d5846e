"""What a race decides, with runs that are played: who is stopped, what is paid for, reused and resumed."""

from pathlib import Path

import pytest

from core import launch, racing
from core.data.dataset import save_dataset
from core.errors import TradeoffError
from core.home import Home
from core.portion import asked_portion
from core.racing import steps
from core.racing.folder import RaceFolder
from core.racing.records import Rules
from core.reconcile import open_runs
from core.runs import RunFolder, list_runs
from core.spec import Experiment
from tests.conftest import small_frame
from tests.core.racing.playing import FIELD, SKILLS, of, play, race_on, standing_of, started, told, whats

pytestmark = pytest.mark.usefixtures("no_worker")


def test_the_hopeless_are_stopped_and_the_best_wins(things: Home) -> None:
    race = started(things, FIELD)
    race_on(things, SKILLS)
    report = racing.report(things, race)
    assert report.status == "finished"
    assert report.leader == "tfidf-linear"
    places = told(report)
    assert places["majority"] == places["minilm-linear"] == "dropped"
    assert places["tfidf-linear"] == "finished"
    assert report.standings[0].candidate == "tfidf-linear"
    assert 0 <= report.risk_taken <= 0.05
    assert whats(report)[0] == "started"
    assert whats(report)[-1] == "finished"
    # Only runs on all texts have seen the test texts, and those that were stopped have no such run.
    for folder in list_runs(things):
        splits = {score.split for score in folder.scores}
        assert splits == ({"validation"} if folder.spec.train_size else {"validation", "test"})
    assert not {one.run_id for one in list_runs(things) if not one.spec.train_size} & set(
        standing_of(report, "majority").runs
    )
    assert report.spent.seconds is not None
    assert report.spent.seconds > 0
    assert standing_of(report, "majority").saved.seconds
    assert [seen.round for seen in report.standings[0].history] == [0, 1, 2]


def test_rounds_are_nested_and_a_prompt_is_one_run(things: Home) -> None:
    race = started(things, ["tfidf-linear", "smollm2-zero-shot"], rules=Rules(finalists=2))
    seen: list[tuple[str, int | None, object]] = []

    def note(folder: RunFolder) -> bool:
        spec = folder.spec
        seen.append((spec.candidate.id, spec.train_size, asked_portion(folder).get("validation")))
        return False

    race_on(things, of({"tfidf-linear": 0.8, "smollm2-zero-shot": 0.8}), note)
    rounds = racing.report(things, race).race.rounds
    sizes = [(one.train, one.validation) for one in rounds]
    assert sizes == [(94, 30), (280, 60), (840, 180)]
    assert [row[1:] for row in seen if row[0] == "tfidf-linear"] == [*sizes[:2], (None, None)]
    assert [row[1:] for row in seen if row[0] == "smollm2-zero-shot"] == [(None, 30), (None, 60), (None, None)]
    assert len([one for one in list_runs(things) if one.spec.candidate.id == "smollm2-zero-shot"]) == 1


def test_deciding_twice_decides_once(things: Home) -> None:
    race = started(things, FIELD)
    place = RaceFolder(things.races / race)
    kept: dict[str, str] = {}

    def killed_after_deciding(folder: RunFolder) -> bool:
        """Each step is taken twice, as after a kill between deciding and queueing."""
        before = (place.path / "events.jsonl").read_text()
        steps.take_steps(things, place)
        steps.take_steps(things, place)
        assert (place.path / "events.jsonl").read_text() == before
        assert sorted(one.run_id for one, _ in open_runs(things)).count(folder.run_id) == 1
        kept[folder.run_id] = before
        return False

    race_on(things, SKILLS, killed_after_deciding)
    rounds = [event.round for event in racing.report(things, race).events if event.what == "round"]
    assert rounds == sorted(set(rounds))


def test_a_kill_between_queueing_and_noting_counts_the_run(things: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    race = started(things, FIELD[:2])
    place, note = RaceFolder(things.races / race), RaceFolder.note

    def killed(self: RaceFolder, asked: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RaceFolder, "note", killed)
    with pytest.raises(KeyboardInterrupt):
        steps.take_steps(things, place)
    assert not place.asked
    monkeypatch.setattr(RaceFolder, "note", note)
    race_on(things, SKILLS)
    report = racing.report(things, race)
    assert not report.reused
    assert {run for one in report.standings for run in one.runs} == {one.run for one in place.asked}


def test_a_torn_line_of_what_was_asked_is_asked_again(things: Home) -> None:
    race = started(things, FIELD[:2])
    racing.advance(things)
    place = RaceFolder(things.races / race)
    content = (place.path / "asked.jsonl").read_text()
    (place.path / "asked.jsonl").write_text(content[:-20])
    race_on(things, SKILLS)
    assert racing.report(things, race).status == "finished"


def test_starting_again_goes_on_and_another_race_reuses_the_runs(things: Home) -> None:
    race = started(things, FIELD)
    race_on(things, SKILLS)
    before = racing.report(things, race)
    done = {folder.run_id for folder in list_runs(things)}
    assert started(things, FIELD) == race
    assert racing.report(things, race).status == "finished"

    other = started(things, [*FIELD, "minilm-lora"], rules=Rules(finalists=2))
    asked: list[str] = []

    def note(folder: RunFolder) -> bool:
        asked.append(folder.run_id)
        return False

    race_on(things, of({**dict.fromkeys(FIELD, 0.95), "minilm-lora": 0.2}), note)
    report = racing.report(things, other)
    assert asked
    assert not done & set(asked)
    assert set(report.reused) >= set(standing_of(before, "tfidf-linear").runs[-1:])
    assert standing_of(report, "tfidf-linear").spent.seconds == 0.0


def test_finished_runs_need_no_race(things: Home) -> None:
    for folder in launch.launch(things, Experiment(dataset="things", candidates=["tfidf-linear", "majority"])):
        play(things, folder, SKILLS)
    race = started(things, ["tfidf-linear", "majority"])
    race_on(things, SKILLS, lambda _: pytest.fail("nothing is to be run"))
    report = racing.report(things, race)
    assert report.status == "finished"
    assert len(report.reused) == 2
    assert report.spent.seconds == 0.0


@pytest.mark.parametrize("how", ["failed", "cancelled", "deleted"])
def test_a_run_that_is_lost_takes_its_candidate_out_and_the_race_goes_on(things: Home, how: str) -> None:
    race = started(things, FIELD)

    def lose(folder: RunFolder) -> bool:
        if folder.spec.candidate.id != "minilm-full":
            return False
        if how == "failed":
            folder.set_state("failed", "Out of luck")
        else:
            (launch.cancel if how == "cancelled" else launch.delete)(things, folder.run_id)
        return True

    race_on(things, SKILLS, lose)
    report = racing.report(things, race)
    lost = standing_of(report, "minilm-full")
    assert (report.status, report.leader, lost.position) == ("finished", "tfidf-linear", "failed")
    assert {"failed": "Out of luck", "cancelled": "cancelled", "deleted": "deleted"}[how] in lost.why
    assert report.risk_taken <= 0.05

    racing.resume_candidate(things, race, "minilm-full")
    race_on(things, SKILLS)
    back = racing.report(things, race)
    assert told(back)["minilm-full"] == "finished"
    assert back.status == "finished"


def test_when_all_fail_the_race_is_over(things: Home) -> None:
    race = started(things, FIELD[:2])
    race_on(things, SKILLS, lambda folder: bool(folder.set_state("failed", "No luck")))
    report = racing.report(things, race)
    assert (report.status, report.leader) == ("finished", "")
    assert set(told(report).values()) == {"failed"}


def test_a_dropped_candidate_is_resumed_on_all_texts(things: Home) -> None:
    race = started(things, FIELD)
    race_on(things, SKILLS)
    assert told(racing.report(things, race))["majority"] == "dropped"
    racing.resume_candidate(things, race, "majority")
    assert racing.report(things, race).status == "running"
    asked: list[int | None] = []
    race_on(things, SKILLS, lambda folder: bool(asked.append(folder.spec.train_size)))
    report = racing.report(things, race)
    assert asked == [None]
    assert told(report)["majority"] == "finished"
    assert whats(report, "majority") == ["dropped", "resumed"]
    with pytest.raises(TradeoffError, match="still in the race"):
        racing.resume_candidate(things, race, "majority")
    with pytest.raises(TradeoffError, match="nobody"):
        racing.resume_candidate(things, race, "nobody")


def test_finalists_that_are_alike_get_more_seeds(things: Home) -> None:
    race = started(things, ["tfidf-linear", "minilm-full", "majority"], rules=Rules(finalists=2), seeds=(0, 1, 2))
    race_on(things, of({"tfidf-linear": 0.9, "minilm-full": 0.9, "majority": 0.3}))
    report = racing.report(things, race)
    seeds = {(one.spec.candidate.id, one.spec.seed) for one in list_runs(things) if not one.spec.train_size}
    if told(report)["minilm-full"] == "finished" and told(report)["tfidf-linear"] == "finished":
        assert seeds == {(name, seed) for name in ("tfidf-linear", "minilm-full") for seed in (0, 1, 2)}
        assert whats(report, "tfidf-linear") == ["more_seeds", "more_seeds"]
    assert report.status == "finished"


def test_stopping_keeps_all_and_goes_on_later(things: Home) -> None:
    race = started(things, FIELD)
    racing.advance(things)
    play(things, min(open_runs(things), key=lambda row: row[1].queued_at)[0], SKILLS)
    racing.stop(things, race)
    assert racing.report(things, race).status == "stopped"
    assert not open_runs(things)
    assert not racing.advance(things)
    racing.go_on(things, race)
    race_on(things, SKILLS)
    assert racing.report(things, race).status == "finished"


def test_a_race_is_deleted_and_restored_and_its_runs_stay(things: Home) -> None:
    race = started(things, FIELD)
    race_on(things, SKILLS)
    runs = [folder.run_id for folder in list_runs(things)]
    racing.delete(things, race)
    assert racing.races(things) == []
    assert [folder.run_id for folder in list_runs(things)] == runs
    with pytest.raises(TradeoffError, match="race"):
        racing.report(things, race)
    racing.restore(things, race)
    assert racing.report(things, race).status == "finished"
    with pytest.raises(TradeoffError, match="exists again"):
        racing.restore(things, race)


def test_a_tiny_set_has_fewer_rounds(home: Home) -> None:
    save_dataset(home, small_frame(10), "things", "single_label")
    race = started(home, ["majority", "tfidf-linear"])
    assert [(one.train, one.validation) for one in racing.report(home, race).race.rounds] == [(20, 6), (21, 6)]
    race_on(home, SKILLS)
    assert racing.report(home, race).status == "finished"


def test_the_front_is_raced_for(things: Home) -> None:
    race = started(things, FIELD, rules=Rules(aim="front"))
    race_on(things, SKILLS)
    assert racing.report(things, race).status == "finished"


@pytest.mark.parametrize(
    ("change", "words"),
    [({"candidates": ["majority"]}, "two candidates"), ({"train_sizes": [10]}, "train sizes"),
     ({"with_datasets": ["others"]}, "one dataset"), ({"dataset": "nothing"}, "nothing"),
     ({"candidates": ["majority", "nobody"]}, "nobody")],
)  # fmt: skip
def test_what_cannot_be_raced_is_told(things: Home, change: dict[str, object], words: str) -> None:
    experiment = {"dataset": "things", "candidates": FIELD, **change}
    with pytest.raises(TradeoffError, match=words):
        racing.start(things, Experiment(**experiment))  # type: ignore[arg-type]
    assert not things.races.exists()


def test_a_damaged_race_is_passed_over_and_told(things: Home) -> None:
    race = started(things, FIELD[:2])
    whole = started(things, FIELD)
    (things.races / race / "race.json").write_text("{}")
    assert [one.id for one in racing.races(things)] == [whole]
    with pytest.raises(TradeoffError, match="cannot be read"):
        racing.report(things, race)


def test_unread_events_are_passed_over(things: Home) -> None:
    race = started(things, FIELD[:2])
    path: Path = things.races / race / "events.jsonl"
    path.write_text(path.read_text() + '{"what": "unheard of"}\n{torn')
    race_on(things, SKILLS)
    assert racing.report(things, race).status == "finished"
