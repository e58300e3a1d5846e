"""Learning curves and prompt sensitivity of made-up runs: from run folders to answers, ways and rows."""

import pytest

from core.analysis.label_paths import Plan
from core.candidates import resolve
from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.findings.curves import as_command, fitted_curves, learners, suggested
from core.findings.evidence import evidence
from core.findings.label_study import Goal, LabelStudy, label_study
from core.findings.results import dataset_runs, results
from core.findings.sensitivity import asked_in_ways, experiments, ways_to_ask
from core.home import Home
from core.planning import specs
from core.preferences import Preferences
from core.spec import Candidate
from tests.ui import fixtures
from tests.ui.fixtures import finished_run, of_task, questions


@pytest.fixture
def asked(home: Home) -> Dataset:
    return questions(home, test=150)


def learn(home: Home, dataset: Dataset, qualities: dict[int | None, float], name: str = "tfidf-linear") -> None:
    """Runs of two seeds for each train size, of about these qualities."""
    usual = fixtures.LIKELY[name]
    try:
        for size, right in qualities.items():
            fixtures.LIKELY[name] = (right, *usual[1:])
            for seed in (0, 1):
                finished_run(home, dataset, name, seed, size)
    finally:
        fixtures.LIKELY[name] = usual


CURVE: dict[int | None, float] = {40: 0.5, 80: 0.62, 160: 0.7, None: 0.76}


def study(home: Home, dataset: Dataset, **goal: object) -> LabelStudy:
    name = dataset.info.name
    rows = results(home, name, Preferences())
    return label_study(home, dataset.info, dataset_runs(home, name), rows, Goal(**goal))  # type: ignore[arg-type]


def test_a_curve_comes_from_all_train_sizes_and_counts_all_for_the_whole_set(home: Home, asked: Dataset) -> None:
    learn(home, asked, CURVE)
    finished_run(home, asked, "minilm-full")
    finished_run(home, asked, "smollm2-few-shot")
    finished_run(home, asked, "majority")
    found = study(home, asked, target="minilm-full")
    by_name = {one.learner.name: one for one in found.answers}
    assert set(by_name) == {"tfidf-linear", "minilm-full"}, "prompts and the majority learn nothing from more labels"
    curve = by_name["tfidf-linear"].curve
    assert curve is not None
    assert [(point.texts, point.runs) for point in curve.points] == [(40, 2), (80, 2), (160, 2), (300, 2)]
    row = next(row for row in found.rows if row.candidate == "tfidf-linear")
    assert curve.points[-1].value == pytest.approx(row.quality)
    assert found.curves.texts == 150
    assert by_name["minilm-full"].curve is None
    assert "1 train size tried" in by_name["minilm-full"].sentence


def test_the_goal_is_another_candidate_less_the_margin_and_figures_of_ones_own(home: Home, asked: Dataset) -> None:
    learn(home, asked, CURVE)
    finished_run(home, asked, "minilm-full")
    best = next(row for row in results(home, "questions", Preferences()) if row.candidate == "minilm-full")
    assert study(home, asked, margin=0.05).value == pytest.approx(best.quality - 0.05)
    easy = study(home, asked, reach=0.6).answer("tfidf-linear")
    assert easy.needed is not None
    assert easy.needed.state == "reached"
    assert (easy.needed.texts or 0) <= 300
    hard = study(home, asked, reach=0.999).answer("tfidf-linear")
    assert hard.needed is not None
    assert hard.needed.state == "not in reach"
    assert hard.sentence.startswith("Not in reach")
    with pytest.raises(TradeoffError, match="minilm-fall"):
        study(home, asked, target="minilm-fall")
    with pytest.raises(TradeoffError):
        study(home, asked).answer("majority")


def test_runs_whose_predictions_are_gone_are_left_out(home: Home, asked: Dataset) -> None:
    learn(home, asked, CURVE)
    folder = finished_run(home, asked, "tfidf-linear", 2, 40)
    evidence(folder)
    (folder.path / "predictions.parquet").unlink()
    finished_run(home, asked, "minilm-full")
    curve = study(home, asked).answer("tfidf-linear").curve
    assert curve is not None
    assert curve.points[0].runs == 2
    lost = next(run for run in dataset_runs(home, "questions") if run.spec.candidate.id == "minilm-full").run_id
    (home.runs / lost / "predictions.parquet").unlink()
    with pytest.raises(TradeoffError, match="cannot be read"):
        study(home, asked, target="minilm-full")


@pytest.mark.parametrize("task", ["token_labels", "multi_label", "intent_slots"])
def test_metrics_that_are_no_mean_over_texts_have_curves_too(home: Home, task: str) -> None:
    dataset = of_task(home, task, "things", test=50)
    learn(home, dataset, {25: 0.4, 50: 0.6, None: 0.7}, "tfidf-linear")
    found = study(home, dataset, reach=0.5).answer("tfidf-linear")
    assert found.curve is not None
    point = found.curve.points[-1]
    assert point.low < point.value < point.high


def test_without_runs_there_is_nothing_and_no_goal(home: Home, asked: Dataset) -> None:
    found = study(home, asked)
    assert (found.answers, found.value) == ((), None)
    assert found.ways(Plan(usd_per_label=0.1, texts_a_month=1000)) == []
    assert fitted_curves(home, [], [], "accuracy").curves == {}
    assert learners([], [], 100) == []


def test_the_suggested_runs_are_parts_of_the_texts_and_can_be_launched(home: Home, asked: Dataset) -> None:
    candidate = resolve("tfidf-linear", {"word_ngrams": 1})
    found = suggested(asked.info, candidate)
    assert found.train_sizes == [38, 75, 150, None]
    planned = specs(home, found)
    assert len(planned) == 12
    assert {spec.candidate.label for spec in planned} == {"tfidf-linear [word_ngrams=1]"}
    assert "--set tfidf-linear.word_ngrams=1" in as_command(found)
    tiny = questions(home, "tiny", test=20)
    with pytest.raises(TradeoffError, match="too few"):
        suggested(tiny.info, candidate)


def test_ways_to_ask_are_a_balanced_part_of_all() -> None:
    ways = ways_to_ask(resolve("smollm2-few-shot"))
    assert len(ways) == 9
    for factor in ("paraphrase", "label_order", "seed"):
        assert sorted(getattr(way, factor) for way in ways) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert ways[0].usual
    assert ways[0].seed == 0
    zero = ways_to_ask(resolve("smollm2-zero-shot"))
    assert {way.seed for way in zero} == {0}
    own = ways_to_ask(resolve("smollm2-zero-shot", {"instruction": "Say {labels}."}))
    assert [(way.paraphrase, way.label_order) for way in own] == [(0, 0), (0, 1), (0, 2)]
    assert len(ways_to_ask(resolve("smollm2-few-shot"), 1, 1, 4)) == 4


@pytest.mark.parametrize(("candidate", "how"), [("tfidf-linear", {}), ("smollm2-zero-shot", {"wordings": 5}),
                                                ("smollm2-zero-shot", {"orders": 0})])  # fmt: skip
def test_what_cannot_be_asked_in_ways(candidate: str, how: dict[str, int]) -> None:
    with pytest.raises(TradeoffError):
        ways_to_ask(resolve(candidate), **how)


def test_other_ways_are_a_band_beside_the_candidate_and_no_candidates(home: Home, asked: Dataset) -> None:
    candidate = resolve("smollm2-few-shot", {"shots": 3})
    planned = [spec for one in experiments("questions", candidate, ways_to_ask(candidate)) for spec in specs(home, one)]
    assert len(planned) == 9
    assert {spec.usual_label for spec in planned} == {"smollm2-few-shot [shots=3]"}
    for spec in planned[1:]:
        finished_run(home, asked, "smollm2-few-shot", spec.seed, **_changed(spec.candidate))
    alone = results(home, "questions", Preferences())
    assert len(alone) == len({spec.label for spec in planned[1:]}), "without the usual way each stands for itself"
    finished_run(home, asked, "smollm2-few-shot", planned[0].seed, **_changed(planned[0].candidate))
    (row,) = results(home, "questions", Preferences())
    assert row.candidate == "smollm2-few-shot [shots=3]"
    assert row.runs == 1
    assert row.prompt_ways == 9
    assert row.prompt_low is not None
    assert row.prompt_high is not None
    assert row.prompt_low <= row.quality <= row.prompt_high
    (found,) = asked_in_ways(home, [row], dataset_runs(home, "questions"), "accuracy")
    assert found.spread is not None
    assert (found.spread.low, found.spread.high) == (row.prompt_low, row.prompt_high)
    assert set(found.spread.shares) == {"paraphrase", "label_order", "seed"}


def _changed(candidate: Candidate) -> dict[str, object]:
    return {name: candidate.settings[name] for name in candidate.changed}
