"""Candidates side by side from run folders, and fronts with their chances: known answers, errors in plain words."""

import numpy as np
import pytest

from core.analysis.compare import Comparison, Difference
from core.analysis.results import CandidateRow
from core.errors import TradeoffError
from core.findings.comparing import MOST, SHOWN, chosen, compare
from core.findings.comparing_words import plain, sentence, verdict
from core.findings.fronts import (
    QUALITY,
    _quantile_again,
    figure_draws,
    found_front,
    front_of,
    front_records,
    quality_draws,
)
from core.findings.results import dataset_runs, pricing, results
from core.home import Home
from core.preferences import Preferences
from tests.ui.fixtures import LIKELY, finished_run, of_task, questions

NAMES = ("majority", "tfidf-linear", "minilm-full", "minilm-lora", "smollm2-few-shot")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("data")).prepare()
    dataset = questions(home, test=200)
    for name in NAMES:
        finished_run(home, dataset, name)
    finished_run(home, dataset, "minilm-full", seed=1)
    return home


@pytest.fixture(scope="module")
def rows(here: Home) -> list[CandidateRow]:
    return results(here, "questions", Preferences())


def test_every_pair_is_there_once_and_can_be_turned(here: Home, rows: list[CandidateRow]) -> None:
    found = compare(here, chosen(rows, ["minilm-full", "tfidf-linear", "smollm2-few-shot"]))
    assert len(found.pairs) == 3
    assert len(found.sides) == 200
    one = found.pair("minilm-full", "tfidf-linear").difference
    other = found.pair("tfidf-linear", "minilm-full").difference
    assert (one.value, one.low, one.high) == (-other.value, -other.high, -other.low)
    quality = {row.candidate: row.quality for row in rows}
    assert one.value == pytest.approx(quality["minilm-full"] - quality["tfidf-linear"])
    assert found.best.validation_quality == max(row.validation_quality or 0.0 for row in found.rows)


def test_the_whole_answer_is_plain_and_fits_together(here: Home, rows: list[CandidateRow]) -> None:
    found = compare(here, chosen(rows, ["minilm-full", "smollm2-few-shot"]))
    answer = plain(found, "questions", {"test-3": "the third"}, most=None)
    assert answer["sentence"].startswith("minilm-full is better than smollm2-few-shot by ")
    agreed = answer["agreement"][0]
    assert agreed["both_right"] + agreed["only_a"] + agreed["only_b"] + agreed["both_wrong"] == answer["texts"] == 200
    assert len(answer["disagreements"]) == 200 - agreed["same"]
    unread = next(text for text in answer["disagreements"] if text["answers"]["smollm2-few-shot"] is None)
    assert unread["right"]["smollm2-few-shot"] is False
    assert {row["setting"] for row in answer["settings"] if row["shared"]} >= {"method", "model", "seeds"}
    assert sum(label["support"] for label in answer["labels"]) == 200
    assert plain(found, "questions", {}, most=0)["disagreements"] == []


@pytest.mark.parametrize("task", ["multi_label", "token_labels", "intent_slots"])
def test_every_task_can_be_laid_side_by_side(home: Home, task: str) -> None:
    dataset = of_task(home, task, "other")
    for name in ("minilm-full", "smollm2-few-shot", "tfidf-linear"):
        finished_run(home, dataset, name)
    found = compare(home, results(home, "other", Preferences()))
    answer = plain(found, "other", dict(zip(dataset.frame["id"], dataset.frame["text"], strict=True)))
    assert answer["disagreements"]
    assert {label["label"] for label in answer["labels"]} >= set(dataset.info.labels)
    report = {row["label"]: row["f1"] for row in _report(home, found.rows[0])}
    for label in found.labels:
        assert label.f1[found.rows[0].candidate][0] == pytest.approx(report[label.label])


def _report(home: Home, row: CandidateRow) -> list[dict]:
    from core.findings.report import report
    from core.runs import find_run

    return report(find_run(home, row.run_ids[0]))["labels"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["minilm-full", "minilm-full"], "named twice"),
        (["minilm-full"], "Two candidates or more"),
        (["minilm-full", "minilm-ful"], 'Did you mean "minilm-full"'),
    ],
)
def test_what_cannot_be_compared_is_said(rows: list[CandidateRow], names: list[str], said: str) -> None:
    with pytest.raises(TradeoffError) as told:
        chosen(rows, names)
    assert said in str(told.value)


def test_too_many_and_none_and_names_that_mean_several(rows: list[CandidateRow]) -> None:
    assert len(chosen(rows, [])) == SHOWN
    many = [row.model_copy(update={"candidate": f"{row.candidate} {i}"}) for i in range(2) for row in rows]
    with pytest.raises(TradeoffError, match="too many side by side"):
        chosen(many, [row.candidate for row in many[: MOST + 1]])
    with pytest.raises(TradeoffError, match='"majority" means 2 candidates'):
        chosen(many, ["majority", many[0].candidate])
    with pytest.raises(TradeoffError, match="only minilm-full has finished"):
        chosen([row for row in rows if row.candidate == "minilm-full"], [])


def test_predictions_that_are_gone_are_told(home: Home) -> None:
    dataset = questions(home, test=20)
    folders = [finished_run(home, dataset, name) for name in ("minilm-full", "majority")]
    rows = results(home, "questions", Preferences())
    (folders[0].path / "predictions.parquet").unlink()
    with pytest.raises(TradeoffError, match="predictions of minilm-full cannot be read"):
        compare(home, rows)
    front = front_of(home, rows, QUALITY, "usd_per_1k", {}, pricing(Preferences()))
    assert front.chances["minilm-full"] is None
    assert front.chances["majority"] == 1.0


@pytest.mark.parametrize(
    ("value", "low", "high", "p", "margin", "said"),
    [
        (0.05, 0.02, 0.08, 0.001, 0.01, "better"),
        (-0.05, -0.08, -0.02, 0.001, 0.01, "worse"),
        (0.02, -0.01, 0.05, 0.2, 0.01, "unsettled"),
        (0.02, 0.001, 0.04, 0.06, 0.01, "unsettled"),  # alone it would be told apart, counting all pairs it is not
        (0.004, 0.001, 0.007, 0.001, 0.01, "equal"),
        (0.0, 0.0, 0.0, 1.0, 0.0, "equal"),
    ],
)
def test_verdicts(value: float, low: float, high: float, p: float, margin: float, said: str) -> None:
    one = Comparison("a", "b", Difference(value, low, high, 100), p / 2, "test", p)
    assert verdict(one, margin) == said


def test_a_sentence_says_all_that_is_known(here: Home, rows: list[CandidateRow]) -> None:
    said = sentence(compare(here, rows))
    assert "is the best of these 5" in said
    assert "better than" in said
    assert all(name in said for name in NAMES)


def test_the_front_by_figures_and_by_chance_agree_where_it_is_sure(here: Home, rows: list[CandidateRow]) -> None:
    runs = {run.run_id: run for run in dataset_runs(here, "questions")}
    front = front_of(here, rows, QUALITY, "kwh_per_1k", runs, pricing(Preferences()))
    assert front.members[0] == "majority"
    assert front.chances["majority"] == front.chances["tfidf-linear"] == 1.0
    assert front.chances["smollm2-few-shot"] == 0.0
    lora, full = front.chances["minilm-lora"], front.chances["minilm-full"]
    assert lora is not None
    assert full is not None
    assert 0 < max(lora, full) <= 1.0
    assert (front.low <= front.high).all()
    assert (np.diff(front.costs) >= 0).all()


def test_two_costs_have_a_front_of_the_least_of_both(here: Home, rows: list[CandidateRow]) -> None:
    runs = {run.run_id: run for run in dataset_runs(here, "questions")}
    front = front_of(here, rows, "latency_p95_ms", "kwh_per_1k", runs, pricing(Preferences()))
    assert front.members == ("majority",)
    assert [name for name, chance in front.chances.items() if chance == 1.0] == ["majority"]
    assert (front.low > 0).all()


def test_figures_vary_as_far_as_is_known(here: Home, rows: list[CandidateRow]) -> None:
    runs = {run.run_id: run for run in dataset_runs(here, "questions")}
    ranged = [row.model_copy(update={"kwh_low_per_1k": row.kwh_per_1k / 10, "kwh_high_per_1k": 10 * row.kwh_per_1k})
              for row in rows[:1]]  # fmt: skip
    drawn = figure_draws(ranged, "kwh_per_1k", runs, pricing(Preferences()))[ranged[0].candidate]
    assert 0.1 <= (drawn / ranged[0].kwh_per_1k).min() < 0.15
    assert 8 < (drawn / ranged[0].kwh_per_1k).max() <= 10
    slow = figure_draws(rows, "latency_p95_ms", runs, pricing(Preferences()))
    for row in rows:
        assert np.median(slow[row.candidate]) == pytest.approx(row.latency_p95_ms, rel=0.06)
        assert slow[row.candidate].std() > 0
    unknown = rows[0].model_copy(update={"usd_per_1k": None})
    assert np.isnan(figure_draws([unknown], "usd_per_1k", runs, pricing(Preferences()))[unknown.candidate]).all()
    alone = found_front([unknown], QUALITY, "usd_per_1k", quality_draws(here, [unknown]),
                        figure_draws([unknown], "usd_per_1k", runs, pricing(Preferences())))  # fmt: skip
    assert (alone.members, alone.chances[unknown.candidate], len(alone.costs)) == ((), None, 0)


def test_records_of_a_front_and_names_that_are_none(here: Home, rows: list[CandidateRow]) -> None:
    records = front_records(here, "questions", rows, "quality", "memory")
    assert {one["candidate"] for one in records} == {row.candidate for row in rows}
    for wrong in (("quality", "quality"), ("usd", "usd"), ("quality", "total"), ("beauty", "usd")):
        with pytest.raises(TradeoffError):
            front_records(here, "questions", rows, *wrong)


def test_memory_is_that_of_the_device_that_answers(rows: list[CandidateRow]) -> None:
    assert {row.memory_bytes for row in rows} == {900 * 2**20}
    assert len(LIKELY) >= len(NAMES)


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_quantiles_of_resamples_need_no_resamples(share: float) -> None:
    generator = np.random.default_rng(0)
    timed = np.exp(generator.normal(0, 0.3, 200))
    again = _quantile_again(timed, share, 20_000, generator)
    drawn = np.quantile(generator.choice(timed, (4000, 200)), share, axis=1)
    assert again.mean() == pytest.approx(drawn.mean(), rel=0.01)
    assert again.std() == pytest.approx(drawn.std(), rel=0.1)
