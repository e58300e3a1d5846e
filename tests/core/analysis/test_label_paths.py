"""The cheapest way to a goal, by arithmetic that can be done by hand."""

import pytest
from pydantic import ValidationError

from core.analysis.curve import Needed
from core.analysis.curve_words import path_sentence
from core.analysis.label_paths import Plan, cheapest_first, path
from core.analysis.results import CandidateRow

PLAN = Plan(usd_per_label=0.1, texts_a_month=100_000, months=12)


def row(name: str, usd_per_1k: float | None, fit_usd: float | None = 1.0) -> CandidateRow:
    return CandidateRow(
        candidate=name, candidate_id=name, method="tfidf-linear", family="baseline", model=None, device="cpu",
        train_size=1000, runs=1, run_ids=("r",), seeds=(0,), task="single_label", metric="accuracy", quality=0.9,
        quality_low=0.88, quality_high=0.92, validation_quality=0.9, test_texts=500, usd_per_1k=usd_per_1k,
        fit_usd=fit_usd,
    )  # fmt: skip


def test_labels_fitting_and_serving_add_up() -> None:
    found = path(row("small", 0.01), PLAN, Needed("in reach", 3000, 2000, 5000, 1.0), labels_here=1000)
    assert (found.labels, found.labels_low, found.labels_high) == (2000, 1000, 4000)
    assert found.label_usd == pytest.approx(200)
    assert found.fit_usd == pytest.approx(3.0)  # three times the texts that fitting cost 1 USD for
    assert found.serving_usd == pytest.approx(12)
    assert found.usd == pytest.approx(215)
    assert found.usd_low == pytest.approx(115)
    assert found.usd_high == pytest.approx(415)


def test_labels_that_are_here_cost_nothing_and_an_open_end_stays_open() -> None:
    found = path(row("small", 0.01), PLAN, Needed("reached", 800, 500, None, 0.97), labels_here=1000)
    assert (found.labels, found.label_usd, found.usd_high) == (0, 0, None)


def test_buying_labels_pays_from_the_volume_where_both_cost_the_same() -> None:
    small = path(row("small", 0.01), PLAN, Needed("in reach", 3000, 2000, 5000, 1.0), 1000)
    large = path(row("large", 1.0, fit_usd=0.0), PLAN, None, 1000)
    ways = cheapest_first([large, small], PLAN, "large")
    assert [way.candidate for way in ways] == ["small", "large"]
    crossing = ways[0].pays_from
    assert crossing == pytest.approx((200 + 3) / (1.0 - 0.01) * 1000 / 12)
    at = Plan(usd_per_label=0.1, texts_a_month=crossing, months=12)
    costs = [path(row("small", 0.01), at, Needed("in reach", 3000, 2000, 5000, 1.0), 1000).usd,
             path(row("large", 1.0, fit_usd=0.0), at, None, 1000).usd]  # fmt: skip
    assert costs[0] == pytest.approx(costs[1])


def test_one_that_saves_nothing_a_text_never_pays() -> None:
    small = path(row("small", 2.0), PLAN, Needed("in reach", 3000, 2000, 5000, 1.0), 1000)
    large = path(row("large", 1.0), PLAN, None, 1000)
    assert cheapest_first([small, large], PLAN, "large")[1].pays_from is None


def test_an_unknown_price_is_never_the_cheapest_and_is_named() -> None:
    ways = cheapest_first(
        [path(row("dark", None), PLAN, None, 0), path(row("known", 9.0), PLAN, None, 0)], PLAN, "known"
    )
    assert [way.candidate for way in ways] == ["known", "dark"]
    assert ways[1].usd is None
    assert ways[1].pays_from is None
    said = path_sentence(ways, PLAN)
    assert "take known as it is" in said
    assert "Cost unknown: dark" in said
    assert "cannot be told" in path_sentence(ways[1:], PLAN)


def test_what_is_not_in_reach_is_no_way() -> None:
    with pytest.raises(ValueError, match="does not reach"):
        path(row("small", 0.01), PLAN, Needed("not in reach", None, None, None, 0.1), 1000)


@pytest.mark.parametrize(
    "wrong", [{"usd_per_label": -1}, {"texts_a_month": 0}, {"months": 0}, {"months": float("nan")}]
)
def test_impossible_plans_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Plan(**{"usd_per_label": 0.1, "texts_a_month": 1000, **wrong})
