"""What test sets can show: statsmodels' sample sizes, seeds against texts, and what cannot be settled."""

from math import inf

import numpy as np
import pytest
from statsmodels.stats.power import normal_sample_size_one_tail

from core.analysis.compare import Performance, of_right, paired_difference, performance, spread_between
from core.analysis.power import detectable, missing, seeds_needed, texts_needed
from core.analysis.spread import Spread


def pair(only_a: int, only_b: int, n: int = 1000) -> tuple[Performance, Performance]:
    places = range(n)
    a = {f"e{i:04}": not i < only_b for i in places}
    b = {f"e{i:04}": not only_b <= i < only_a + only_b for i in places}
    return of_right({"r": a}), of_right({"r": b})


def runs(levels: list[float], seed: int, n: int = 1000) -> Performance:
    draw = np.random.default_rng(seed)
    return of_right(
        {f"r{k}": {f"e{i:04}": bool(draw.random() < level) for i in range(n)} for k, level in enumerate(levels)}
    )


def test_texts_are_as_many_as_statsmodels_plans() -> None:
    a, b = pair(30, 30)
    found = spread_between(a, b)
    assert found is not None
    planned = normal_sample_size_one_tail(0.01, 0.8, 0.025, found.error * np.sqrt(1000))
    assert texts_needed(a, b, 0.01) == pytest.approx(planned - 1000, abs=1)
    assert found.error * np.sqrt(1000) == pytest.approx(np.sqrt(0.06), rel=0.02)


def test_what_can_be_seen_has_four_chances_in_five() -> None:
    a, b = pair(50, 50)
    least = detectable(a, b)
    assert least is not None
    draw, seen = np.random.default_rng(0), 0
    for _ in range(300):
        luck = draw.random(1000)
        one, other = luck < 0.05 + least / 2, luck > 0.95 + least / 2
        ids = [f"e{i:04}" for i in range(1000)]
        sides = (of_right({"r": dict(zip(ids, map(bool, ~side), strict=True))}) for side in (other, one))
        seen += paired_difference(*sides).low > 0
    assert 0.72 <= seen / 300 <= 0.88


@pytest.mark.parametrize(("only_a", "only_b", "margin", "needed"), [
    (100, 20, 0.01, 0),  # shown to be worse by more
    (20, 100, 0.01, 0),  # shown to be not worse
    (40, 30, 0.01, None),  # as far apart as the margin
    (30, 29, 0.00101, None),  # hardly further: more than a million
])  # fmt: skip
def test_settled_and_out_of_reach(only_a: int, only_b: int, margin: float, needed: int | None) -> None:
    assert texts_needed(*pair(only_a, only_b), margin) == needed


def test_the_same_answers_everywhere_still_need_texts() -> None:
    a, _ = pair(0, 0, 100)
    assert (detectable(a, a) or 0) > 0.01
    assert (texts_needed(a, a, 0.01) or 0) > 100


def test_no_shared_text_plans_nothing() -> None:
    a, _ = pair(1, 1, 10)
    nobody = performance([])
    assert detectable(a, nobody) is texts_needed(a, nobody, 0.01) is seeds_needed(a, nobody, 0.01) is None
    assert missing(a, nobody) is missing(nobody) is None


def test_luck_larger_than_the_texts_asks_for_seeds() -> None:
    a, b = runs([0.95, 0.8, 0.9, 0.85], 0), runs([0.93, 0.84, 0.8, 0.95], 1)
    lack = missing(a, b)
    assert lack is not None
    assert lack.what == "seeds"
    assert lack.seeds == pytest.approx(1 - lack.texts)
    assert texts_needed(a, b, 0.01) is None
    assert (seeds_needed(a, b, 0.05) or 0) > 4
    alone = missing(a)
    assert alone is not None
    assert alone.what == "seeds"


def test_calm_seeds_ask_for_texts() -> None:
    a, b = runs([0.9] * 4, 0), runs([0.9] * 4, 1)
    lack = missing(a, b)
    assert lack is not None
    assert lack.what == "texts"
    assert texts_needed(a, b, 0.01)


def test_one_run_says_nothing_of_seeds() -> None:
    a, b = runs([0.9], 0), runs([0.9, 0.8], 1)
    assert seeds_needed(a, b, 0.01) is None
    lack = missing(a, a)
    assert lack is not None
    assert (lack.what, lack.seeds) == ("texts", None)


def test_more_seeds_are_what_the_formula_asks_for() -> None:
    a, b = runs([0.9, 0.92, 0.91], 0, 4000), runs([0.9, 0.91, 0.92], 1, 4000)
    k, found = seeds_needed(a, b, 0.015), spread_between(a, b)
    assert found is not None
    assert k is not None
    luck = sum(side.luck / k for side in found.sides)
    texts = found.texts - sum(side.noise * (1 / 3 - 1 / k) for side in found.sides)
    error = Spread(texts, luck, inf, found.sides).error
    assert (1.96 + 0.84) * error < 0.015 - paired_difference(a, b).value
