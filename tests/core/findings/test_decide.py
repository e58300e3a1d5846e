"""The decision from run folders, what to do next, and the ranking without doubtful texts."""

import json
from pathlib import Path

import numpy as np
import pytest

import cli
from bench.decisions import half, outcomes
from core import files
from core.analysis.decision import Question
from core.analysis.limits import Limits
from core.analysis.scenario import Scenario
from core.data.audit import FILE, audit, load_audit
from core.data.dataset import Dataset, load_dataset
from core.findings.advice import next_steps
from core.findings.decide import costs, decision, decision_and_rows
from core.findings.evidence import performances_of
from core.findings.rerank import doubtful, rerank, without
from core.findings.results import results
from core.home import Home
from core.preferences import Preferences
from core.tasks import TASKS
from tests.ui.fixtures import finished_run, of_task, questions

CANDIDATES = ("majority", "tfidf-linear", "minilm-full", "minilm-lora")


@pytest.fixture
def decided(home: Home) -> Dataset:
    dataset = questions(home, test=200)
    for name in CANDIDATES:
        finished_run(home, dataset, name)
    return dataset


def with_suspects(dataset: Dataset, kind: str, ids: list[str]) -> None:
    """An audit that names these texts, and no other, as found by one check."""
    made = audit(dataset).model_dump(mode="json")
    finding = {"kind": kind, "title": "t", "explanation": "e", "severity": "warning", "count": len(ids), "ids": ids}
    kept = [one for one in made["findings"] if one["kind"] not in {kind, "wrong_labels", "two_labels"}]
    kept = [one for one in kept if "in_train" not in one["kind"] and "near_train" not in one["kind"]]
    files.write_json(dataset.folder / FILE, {**made, "findings": [*kept, finding]})


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_an_answer(home: Home, task: str) -> None:
    dataset = of_task(home, task)
    for name in CANDIDATES:
        finished_run(home, dataset, name)
    found = decision(home, dataset.info.name)
    assert found is not None
    assert found.best is not None
    assert found.winner is not None
    everybody = {found.best.candidate, *found.tied, *found.unsettled, *found.worse, *found.excluded}
    assert everybody == set(CANDIDATES)
    assert "majority" in found.worse
    assert found.next_steps


def test_without_a_finished_run_there_is_none(home: Home) -> None:
    assert decision(home, questions(home, test=40).info.name) is None


def test_what_is_open_comes_with_the_texts_that_would_settle_it(home: Home) -> None:
    dataset = questions(home, test=60)
    for name in ("tfidf-linear", "minilm-full"):
        finished_run(home, dataset, name)
    found = decision(home, dataset.info.name, Question(margin=0.05))
    assert found is not None
    (name,) = found.unsettled
    assert name == "tfidf-linear"
    assert name in found.needed
    assert "tfidf-linear" in found.doubts[0]
    told = [step for step in found.next_steps if step.page == "labels"]
    assert bool(told) == bool(found.needed[name])


def test_where_luck_keeps_it_open_seeds_are_asked_for(home: Home) -> None:
    dataset = questions(home, test=60)
    for name in ("minilm-full", "minilm-lora"):
        finished_run(home, dataset, name)
    found, rows = decision_and_rows(home, dataset.info.name)
    assert found is not None
    assert found.best is not None
    other = next(row.candidate for row in rows if row.candidate != found.best.candidate)
    lucky = found.model_copy(update={"seeds": {other: 7}})
    step = next(step for step in next_steps(dataset.info, rows, set(), lucky, True) if "7 seeds" in step.words)
    assert step.command.endswith(f"--candidates {found.best.candidate},{other} --seeds 0,1,2,3,4,5,6 --wait")
    assert step.parameters["repeats"] == "7"


def test_next_steps_name_commands_that_are_right(home: Home) -> None:
    dataset = questions(home, "my texts; rm -rf", test=200)
    for name in ("minilm-full", "minilm-lora"):
        finished_run(home, dataset, name)
    found = decision(home, dataset.info.name, Question(margin=0.1))
    assert found is not None
    by_button = {step.button: step for step in found.next_steps}
    assert "--dataset 'my texts; rm -rf'" in by_button["Launch"].command
    assert {"Launch", "Audit"} <= by_button.keys()
    seeds = next(step for step in found.next_steps if "seeds" in step.words)
    assert "--candidates minilm-full,minilm-lora --seeds 0,1,2" in seeds.command.replace(
        "lora,minilm-full", "full,minilm-lora"
    )
    for seed in (1, 2):
        for name in ("minilm-full", "minilm-lora"):
            finished_run(home, dataset, name, seed=seed)
    audit(dataset)
    again = decision(home, dataset.info.name, Question(margin=0.1))
    assert again is not None
    assert not [step for step in again.next_steps if "seeds" in step.words or step.button == "Audit"]


def test_a_lifted_limit_is_told_where_it_changes_the_answer(home: Home, decided: Dataset) -> None:
    found = decision(home, decided.info.name, Question(limits=Limits(max_p95_ms=2)))
    assert found is not None
    assert found.winner is not None
    assert found.winner.candidate == "tfidf-linear"
    (lifted,) = [one for one in found.alternatives if one.kind == "limit"]
    assert lifted.candidate in ("minilm-full", "minilm-lora")
    loose = decision(home, decided.info.name, Question(limits=Limits(max_p95_ms=1e6)))
    assert loose is not None
    assert not [one for one in loose.alternatives if one.kind == "limit"]


def test_a_total_counts_training_and_volume(home: Home, decided: Dataset) -> None:
    rows = results(home, decided.info.name, Preferences())
    few = costs(rows, Question(cheap="total", volume=1000))
    many = costs(rows, Question(cheap="total", volume=1e9))
    for row in rows:
        assert row.usd_per_1k is not None
        assert row.fit_usd is not None
        assert few[row.candidate] == pytest.approx(row.usd_per_1k + row.fit_usd / 12)
        assert many[row.candidate] == pytest.approx(1e6 * row.usd_per_1k + row.fit_usd / 12)
    dear = costs(rows, Question(cheap="total", volume=1000), Scenario(usd_per_label=1.0))
    assert all(dear[name] is None or dear[name] > few[name] for name in few)  # type: ignore[operator]


def test_doubtful_texts_are_left_out_of_validation_and_test(home: Home, decided: Dataset) -> None:
    ids = [f"test-{place}" for place in range(50)] + [f"validation-{place}" for place in range(20)] + ["train-1"]
    with_suspects(decided, "wrong_labels", ids)
    made = load_audit(decided)
    assert made is not None
    assert doubtful(made)["wrong labels"] == set(ids)
    rows = results(home, decided.info.name, Preferences())
    found = rerank(home, decided.info.name, rows)
    assert found is not None
    assert (found.texts, found.remaining) == (50, 150)
    assert found.left_out == {"wrong labels": 50, "two labels": 0, "leaks": 0}
    assert found.after is not None
    whole = performances_of(home, rows)
    kept = np.array([f"test-{place}" for place in range(50, 200)])
    for moved in found.moved:
        one = whole[moved.candidate]
        plain = one.take(np.flatnonzero(np.isin(one.ids, kept)))
        assert moved.after == pytest.approx(plain.overall)
        assert moved.before == pytest.approx(one.overall)
    assert found.after.best is not None
    chosen = performances_of(home, rows, "validation")[found.after.best.candidate]
    assert found.after.best.validation_quality == pytest.approx(without(chosen, frozenset(ids)).overall)


def test_wrong_labels_can_change_who_is_taken(home: Home, decided: Dataset) -> None:
    """The texts on which the winner is right and another is wrong are called wrongly labelled."""
    rows = results(home, decided.info.name, Preferences())
    before, _ = decision_and_rows(home, decided.info.name)
    assert before is not None
    assert before.winner is not None
    suspects: list[str] = []
    for split in ("test", "validation"):
        parts = performances_of(home, rows, split)
        mine, other = parts[before.winner.candidate], parts["tfidf-linear"]
        assert mine.parts is not None
        assert other.parts is not None
        suspects += mine.ids[(mine.parts > other.parts)].tolist()
    with_suspects(decided, "wrong_labels", suspects)
    found = rerank(home, decided.info.name, rows)
    assert found is not None
    assert found.changed
    assert "would be taken instead of" in found.sentence
    assert "likely wrong label" in found.sentence


def test_leaks_and_two_labels_are_told_apart(home: Home, decided: Dataset) -> None:
    with_suspects(decided, "test_in_train", ["test-0", "test-1", "train-0"])
    rows = results(home, decided.info.name, Preferences())
    found = rerank(home, decided.info.name, rows)
    assert found is not None
    assert found.left_out["leaks"] == 2
    assert "2 that stand in the training set too" in found.sentence


def test_nothing_is_ranked_on_a_handful_of_texts(home: Home, decided: Dataset) -> None:
    rows = results(home, decided.info.name, Preferences())
    assert rerank(home, decided.info.name, rows) is None, "no audit, no answer"
    with_suspects(decided, "two_labels", [f"test-{place}" for place in range(190)])
    found = rerank(home, decided.info.name, rows)
    assert found is not None
    assert found.after is None
    assert not found.changed
    assert "too few to rank" in found.sentence


def test_without_doubts_the_answer_stands(home: Home, decided: Dataset) -> None:
    with_suspects(decided, "wrong_labels", [])
    found = rerank(home, decided.info.name, results(home, decided.info.name, Preferences()))
    assert found is not None
    assert not found.changed
    assert "doubts none" in found.sentence


def test_recommend_answers_people_and_programs(
    home: Home, decided: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    name = decided.info.name
    assert cli.main(["recommend", name, "--margin", "0.02", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"winner", "tied", "unsettled", "reason", "margin", "alternatives", "next_steps"} <= answer.keys()
    assert answer["margin"] == 0.02
    assert answer["winner"] in CANDIDATES
    assert answer["without_doubtful_texts"] is None
    assert cli.main(["recommend", name, "--max-p95-ms", "2"]) == 0
    told = capsys.readouterr().out
    assert "What would change it" in told
    assert "Left out: minilm-full; its time for slow texts is" in told
    for wrong, words in (
        (["--cheap", "total"], "--volume"), (["--margin", "2"], "margin cannot be used"), (["--metric", "f9"], "f9"),
        (["--max-p95-ms", "nan"], "max_p95_ms cannot be used"), (["--max-usd-per-1k", "-1"], "max_usd_per_1k"),
        (["--cheap", "gold"], "gold"),
    ):  # fmt: skip
        assert cli.main(["recommend", name, *wrong]) == 2
        assert words in capsys.readouterr().err
    assert cli.main(["recommend", name, "--max-usd-per-1k", "0"]) == 0
    assert "None of the 4 candidates keeps the limits" in capsys.readouterr().out


def test_the_study_checks_on_the_half_that_was_not_seen(home: Home, decided: Dataset) -> None:
    rows = results(home, decided.info.name, Preferences())
    (whole, *_) = performances_of(home, rows).values()
    seen = whole.ids[:90]
    assert len(half(whole, seen, True).ids) == 90
    assert not set(half(whole, seen, False).ids) & set(seen)
    found = list(outcomes(home, decided.info.name, [0.01], 3))
    assert len(found) == 3 * 2 * 4
    for one in found:
        assert one.regret >= 0
        assert one.right == (one.regret <= 0.01 + 1e-12)
        if one.policy == "most accurate":
            assert one.usd_saved == 0
    assert all(one.winner == "majority" for one in found if one.policy == "cheapest")


def test_a_deleted_version_is_an_error_and_not_an_answer(home: Home, decided: Dataset, tmp_path: Path) -> None:
    from core.data.dataset import delete_dataset
    from core.errors import TradeoffError

    delete_dataset(home, decided.info.name)
    with pytest.raises(TradeoffError):
        decision(home, decided.info.name)
    with pytest.raises(TradeoffError):
        load_dataset(home, decided.info.name)
