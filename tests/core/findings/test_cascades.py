"""Cascades from run folders, and saved ones, which behave as candidates: rows, answers, limits, nothing spent."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.analysis.limits import Limits, within
from core.analysis.results import CandidateRow
from core.analysis.scenario import Scenario
from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.estimating.history import past_runs
from core.findings.cascade_answers import Mistakes, Terms, paired_runs, text_weights, token_prices
from core.findings.cascade_saving import save
from core.findings.cascade_suggestions import suggestions
from core.findings.cascades import CascadeQuestion, cascade_of
from core.findings.evidence import evidence
from core.findings.results import Pricing, results
from core.findings.spending import entries
from core.home import Home
from core.metering.prices import PriceBook, TokenPrice, token_usd
from core.metering.usage import TokenCount, Usage
from core.methods import checked_settings, method_class
from core.methods.base import Context
from core.methods.cascade import Cascade
from core.planning import specs
from core.predictor import find_fitted
from core.predictor_child import WarmModels, answer
from core.preferences import Preferences
from core.runs import RunFolder, find_run
from core.spec import Experiment
from core.tasks import get_task
from tests.ui.fixtures import finished_run, of_task, questions

PAIR = ("tfidf-linear", "minilm-full")
TERMS = Terms.of(Preferences())


def rows_of(home: Home, dataset: Dataset) -> list[CandidateRow]:
    return results(home, dataset.info.name, Preferences())


@pytest.fixture
def asked(home: Home) -> Dataset:
    made = questions(home, test=200)
    for candidate in ("majority", *PAIR):
        finished_run(home, made, candidate)
    return made


@pytest.mark.parametrize("task", ["single_label", "multi_label", "token_labels", "intent_slots"])
def test_a_saved_cascade_is_a_row_with_the_figures_it_was_shown_with(home: Home, task: str) -> None:
    dataset = of_task(home, task)
    for candidate in PAIR:
        finished_run(home, dataset, candidate)
    rows = rows_of(home, dataset)
    found = cascade_of(home, dataset.info.name, rows, TERMS, CascadeQuestion(PAIR))
    (folder,) = save(home, rows, TERMS.price, found, "both")
    row = next(row for row in rows_of(home, dataset) if row.candidate == "both")
    assert (row.quality, row.validation_quality) == pytest.approx(
        (found.chosen.quality, found.chosen.validation_quality)
    )
    for field in ("usd_per_1k", "kwh_per_1k", "co2e_g_per_1k"):
        assert getattr(row, field) == pytest.approx(getattr(found.chosen, field))
    assert row.latency_p95_ms == pytest.approx(found.chosen.latency_p95_ms, rel=0.15)
    assert row.energy_provenance == "modelled"
    assert row.family == "cascade"
    table = pq.read_table(folder.path / "predictions.parquet").to_pandas()
    test = table[table["split"] == "test"]
    assert (test["stage"] == 0).mean() == pytest.approx(found.chosen.answered[0])


def test_each_stage_alone_has_the_figures_of_its_row(home: Home, asked: Dataset) -> None:
    rows = rows_of(home, asked)
    found = cascade_of(home, "questions", rows, TERMS, CascadeQuestion(PAIR))
    for name, point in zip(PAIR, found.alone, strict=True):
        row = next(row for row in rows if row.candidate == name)
        for field in ("quality", "usd_per_1k", "kwh_per_1k", "latency_p50_ms"):
            assert getattr(point, field) == pytest.approx(getattr(row, field), rel=0.05), field
    gap = found.differences[1]
    assert gap.value == pytest.approx(found.chosen.quality - found.alone[1].quality)
    assert sum(found.chosen.answered) == pytest.approx(1)
    assert (found.chosen.usd_per_1k or 0) < (found.alone[1].usd_per_1k or 0)


def test_seeds_answer_together_and_are_saved_apart(home: Home, asked: Dataset) -> None:
    for seed in (1, 2):
        finished_run(home, asked, "minilm-full", seed)
    rows = rows_of(home, asked)
    pair = [next(row for row in rows if row.candidate == name) for name in PAIR]
    assert [find_run(home, runs[1]).spec.seed for runs in paired_runs(home, pair)] == [0, 1, 2]
    found = cascade_of(home, "questions", rows, TERMS, CascadeQuestion(PAIR))
    assert found.runs == 3
    folders = save(home, rows, TERMS.price, found, "both")
    assert sorted(folder.spec.seed for folder in folders) == [0, 1, 2]
    row = next(row for row in rows_of(home, asked) if row.candidate == "both")
    assert (row.runs, row.quality) == (3, pytest.approx(found.chosen.quality))


def test_a_person_costs_reviews_and_mistakes_have_a_price(home: Home, asked: Dataset) -> None:
    rows = rows_of(home, asked)
    found = cascade_of(home, "questions", rows, TERMS, CascadeQuestion(("tfidf-linear",), person_usd=0.5))
    assert found.chosen.usd_per_1k == pytest.approx(500 * found.chosen.answered[-1], rel=1e-3)
    assert found.chosen.validation_quality >= 1 - 0.5 * (1 - found.alone[0].validation_quality)
    assert (found.alone[-1].quality, found.alone[-1].kwh_per_1k) == (1.0, None)
    cheap = CascadeQuestion(("tfidf-linear",), person_usd=0.5, mistakes=Mistakes(0.6))
    dear = CascadeQuestion(("tfidf-linear",), person_usd=0.5, mistakes=Mistakes(50.0))
    shares = [cascade_of(home, "questions", rows, TERMS, one).chosen.answered[-1] for one in (cheap, dear)]
    assert shares[0] < shares[1]
    with pytest.raises(TradeoffError, match="person cannot answer"):
        save(home, rows, TERMS.price, found, "with-person")


def test_each_mistake_may_have_its_own_price() -> None:
    costs = Mistakes(2.0, ((("a", "b"), 7.0),)).costs(["a", "a", "a", "b"], ["a", "b", None, "a"])
    assert costs.tolist() == [0, 7, 2, 2]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (CascadeQuestion(("tfidf",)), 'Did you mean "tfidf-linear"'),
        (CascadeQuestion(("tfidf-linear",)), "2 to 4 candidates, not 1"),
        (CascadeQuestion(("minilm-full", "minilm-full")), "stands twice"),
        (CascadeQuestion(PAIR, thresholds=(0.5, 0.6)), "1 threshold between 0 and 1"),
        (CascadeQuestion(PAIR, thresholds=(float("nan"),)), "1 threshold between 0 and 1"),
    ],
)
def test_what_cannot_be_is_told(home: Home, asked: Dataset, question: CascadeQuestion, said: str) -> None:
    with pytest.raises(TradeoffError, match=said):
        cascade_of(home, "questions", rows_of(home, asked), TERMS, question)


def test_who_does_not_say_how_sure_it_is_comes_last(home: Home, asked: Dataset) -> None:
    path = find_fitted(home, "tfidf-linear", "questions").path / "predictions.parquet"
    table = pq.read_table(path)
    place = table.schema.get_field_index("confidence")
    unknown = np.full(len(table), np.nan, np.float32)
    pq.write_table(table.set_column(place, table.schema.field(place), [unknown]), path)
    rows = rows_of(home, asked)
    with pytest.raises(TradeoffError, match="does not tell how sure it is"):
        cascade_of(home, "questions", rows, TERMS, CascadeQuestion(PAIR))
    assert cascade_of(home, "questions", rows, TERMS, CascadeQuestion(PAIR[::-1])).stages[1].candidate == PAIR[0]
    assert all(one.stages[0] != "tfidf-linear" for one in suggestions(home, rows, TERMS))


def test_suggestions_go_from_a_cheaper_to_a_better_one(home: Home, asked: Dataset) -> None:
    (first, *_) = suggestions(home, rows_of(home, asked), TERMS)
    assert first.stages == PAIR
    assert 0 < first.saved < 1


def test_answers_that_are_gone_are_told_and_not_suggested(home: Home, asked: Dataset) -> None:
    finished_run(home, asked, "minilm-lora")
    (find_fitted(home, "minilm-full", "questions").path / "predictions.parquet").write_bytes(b"PAR1")
    rows = rows_of(home, asked)
    with pytest.raises(TradeoffError, match="cannot be read"):
        cascade_of(home, "questions", rows, TERMS, CascadeQuestion(PAIR))
    assert [one.stages for one in suggestions(home, rows, TERMS)] == [("tfidf-linear", "minilm-lora")]


def test_energy_of_different_kinds_is_not_compared(home: Home, asked: Dataset) -> None:
    path = find_fitted(home, "tfidf-linear", "questions").path / "usage.json"
    path.write_text(path.read_text().replace("modelled", "estimated"))
    found = cascade_of(home, "questions", rows_of(home, asked), TERMS, CascadeQuestion(PAIR, cheap="kwh"))
    assert (found.energy_provenance, found.stages[1].energy_provenance) == ("estimated", "modelled")
    assert "so they are not compared" in found.sentence
    assert "estimated and modelled" in " ".join(found.notes)


def test_a_scenario_changes_what_a_cascade_takes(home: Home, asked: Dataset) -> None:
    rows, plain = rows_of(home, asked), CascadeQuestion(PAIR, thresholds=(0.9,))
    dearer = Terms.of(Preferences(), Scenario(rent_share=3, pue=2))
    one, other = (cascade_of(home, "questions", rows, terms, plain).chosen for terms in (TERMS, dearer))
    assert other.usd_per_1k == pytest.approx(3 * (one.usd_per_1k or 0))
    assert other.kwh_per_1k == pytest.approx(2 * (one.kwh_per_1k or 0))


def saved(home: Home, dataset: Dataset, name: str = "both") -> RunFolder:
    rows = rows_of(home, dataset)
    question = CascadeQuestion(PAIR, thresholds=(0.6,))
    return save(home, rows, TERMS.price, cascade_of(home, dataset.info.name, rows, TERMS, question), name)[0]


@pytest.mark.parametrize(("name", "said"), [("", "cannot be"), ("a/b", "cannot be"), ("majority", "already"),
                                            ("both", "already"), ("api:x", "cannot be")])  # fmt: skip
def test_names_that_are_taken_or_impossible(home: Home, asked: Dataset, name: str, said: str) -> None:
    saved(home, asked)
    with pytest.raises(TradeoffError, match=said):
        saved(home, asked, name)


def test_nothing_is_spent_and_nothing_is_learned_from_a_cascade(home: Home, asked: Dataset) -> None:
    before = (len(entries(home, Pricing(PriceBook()))), len(past_runs(home)))
    saved(home, asked)
    assert (len(entries(home, Pricing(PriceBook()))), len(past_runs(home))) == before


def test_a_saved_cascade_cannot_be_launched(home: Home, asked: Dataset) -> None:
    saved(home, asked)
    with pytest.raises(TradeoffError, match="put together from finished runs"):
        specs(home, Experiment(dataset="questions", candidates=["both"]))


def test_a_cascade_is_no_stage_of_another(home: Home, asked: Dataset) -> None:
    saved(home, asked)
    rows = rows_of(home, asked)
    with pytest.raises(TradeoffError, match="is a cascade itself"):
        cascade_of(home, "questions", rows, TERMS, CascadeQuestion(("both", "minilm-full")))
    assert all("both" not in one.stages for one in suggestions(home, rows, TERMS))


def fit(home: Home, dataset: Dataset, folder: RunFolder) -> None:
    """A real model in the place of a made-up run's."""
    spec = folder.spec
    method = method_class(spec.candidate.method)(checked_settings(spec.candidate.method, spec.candidate.settings, ""))
    method.fit(dataset.examples("train"), [], Context(get_task(spec.task), dataset.info.labels, models=home.cache))
    method.save(folder.path / "model")


def told(warm: WarmModels, run: str, texts: list[str]) -> list[dict]:
    out = io.StringIO()
    answer(warm, {"run": run, "texts": texts}, out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_a_saved_cascade_answers_with_the_models_of_its_stages(home: Home) -> None:
    dataset = questions(home, test=60)
    folders = [finished_run(home, dataset, candidate) for candidate in ("majority", "tfidf-linear")]
    for folder in folders:
        fit(home, dataset, folder)
    rows = rows_of(home, dataset)
    question = CascadeQuestion(("tfidf-linear", "majority"), thresholds=(0.8,))
    found = cascade_of(home, "questions", rows, TERMS, question)
    (folder,) = save(home, rows, TERMS.price, found, "words-first")
    warm, texts = WarmModels(home), ["What about desc number 3, seen?", "zzz qqq", "What about num number 7, seen?"]
    alone = {run.spec.candidate.id: told(warm, run.run_id, texts)["predictions"] for run in folders}  # type: ignore[call-overload]
    mixed = told(warm, folder.run_id, texts)["predictions"]  # type: ignore[call-overload]
    assert {len(one["asked"]) for one in mixed} == {1, 2}
    for place, one in enumerate(mixed):
        sure = alone["tfidf-linear"][place]["confidence"] >= 0.8
        assert one["prediction"] == alone["tfidf-linear" if sure else "majority"][place]["prediction"]
        assert len(one["asked"]) == (1 if sure else 2)
        assert one["seconds"] == pytest.approx(sum(stage["seconds"] for stage in one["asked"]))
    assert find_fitted(home, "words-first", "questions").run_id == folder.run_id
    (folders[0].path / "spec.json").unlink()
    assert "stage of the cascade cannot be loaded" in told(WarmModels(home), folder.run_id, texts)["error"]["what"]  # type: ignore[call-overload]


def test_a_cascade_cannot_be_fitted_nor_loaded_by_itself(tmp_path: Path) -> None:
    context = Context(get_task("single_label"), ["a"])
    method = Cascade(method_settings := checked_settings("cascade", {"stages": ["x"], "thresholds": []}, "x"))  # type: ignore[arg-type]
    method.runs = ("some.run",)
    with pytest.raises(TradeoffError, match="put together from finished runs"):
        method.fit([], [], context)
    method.save(tmp_path)
    assert method_settings.stages == ("x",)  # type: ignore[attr-defined]
    with pytest.raises(TradeoffError, match="cannot be reached"):
        Cascade.load(tmp_path, context)


def test_a_provider_is_billed_by_the_tokens_of_the_texts_that_reach_it(home: Home, asked: Dataset) -> None:
    row = TokenPrice(model="gpt", input=2.0, cached_input=0.5, output=8.0)
    price = Pricing(PriceBook(tokens=(row,)))
    usage = Usage(phase="predict", texts=3, device="api", device_name="h", tokens=TokenCount(input=30, output=9))
    each = token_prices(usage, price, "gpt")
    assert each is not None
    assert each * 1e6 == pytest.approx([2.0, -1.5, 8.0, 8.0])
    found = evidence(find_fitted(home, "minilm-full", "questions"))
    weights = text_weights(found, usage, price, "gpt")
    bills = [token_usd(TokenCount(input=read, cached=kept, output=wrote, reasoning=thought), row)
             for read, kept, wrote, thought in found.tokens.tolist()]  # fmt: skip
    assert weights == pytest.approx(np.array(bills) / np.mean(bills))
    assert token_prices(usage, Pricing(PriceBook()), "nobody-knows-it") is None


def test_a_cascade_that_asks_a_provider_is_not_in_house(home: Home, asked: Dataset) -> None:
    folder = find_fitted(home, "minilm-full", "questions")
    spec = json.loads((folder.path / "spec.json").read_text())
    usage = json.loads((folder.path / "usage.json").read_text())
    usage["phases"]["predict"] |= {"device": "api", "device_name": "api.example.com"}
    (folder.path / "spec.json").write_text(json.dumps({**spec, "device": "api"}))
    (folder.path / "usage.json").write_text(json.dumps(usage))
    rows = rows_of(home, asked)
    question = CascadeQuestion(PAIR, cheap="kwh", thresholds=(0.6,))
    found = cascade_of(home, "questions", rows, TERMS, question)
    assert found.chosen.usd_per_1k is None
    save(home, rows, TERMS.price, found, "both")
    row = next(row for row in rows_of(home, asked) if row.candidate == "both")
    assert row.hosts == ("api.example.com",)
    assert within([row], Limits(in_house=True))[0] == []
    assert row.usd_per_1k is None
