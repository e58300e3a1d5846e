"""Crossings are held against a search over volumes, their words against the figures."""

import random

import numpy as np
import pytest

from core.analysis.breakeven import CostLine, Crossing, break_evens, cheaper_from, crossing, from_volume, sentence
from core.analysis.scenario import Scenario
from core.metering.usage import TokenCount
from tests.core.analysis.test_scenario import BOOK, provider, run


def by_search(own: CostLine, other: CostLine) -> float | None:
    """The least of many volumes from which on `own` never costs more, found by looking at all of them."""
    volumes = np.concatenate([[0.0], np.logspace(0, 12, 2_000)])
    cheaper = [own.usd(v) <= other.usd(v) * (1 + 1e-12) + 1e-12 for v in volumes]
    if not cheaper[-1]:
        return None
    dear = [place for place, good in enumerate(cheaper) if not good]
    return float(volumes[dear[-1] + 1]) if dear else 0.0


def any_line(draw: random.Random) -> CostLine:
    """A line with some of: electricity, rent by use, a device kept on, training."""
    beside = draw.choice([0.0, draw.uniform(0, 0.1)])
    return CostLine(
        name="any", serving=beside + draw.choice([0.0, 10 ** draw.uniform(-4, 0)]), beside=beside,
        kept_on=draw.choice([0.0, draw.uniform(1, 900)]), training=draw.choice([0.0, draw.uniform(0, 50)]),
    )  # fmt: skip


def test_crossings_are_those_of_a_search_over_all_volumes() -> None:
    draw, kinds = random.Random(0), set()
    for _ in range(100):
        lines = [any_line(draw), any_line(draw)]
        found, searched = cheaper_from(*lines), by_search(*lines)
        kinds.add("never" if searched is None else "always" if searched == 0 else "from")
        if searched is None or (found is not None and found > 1e12):
            assert found is None or found > 0.99e12
        else:
            assert found == pytest.approx(searched, rel=2e-2, abs=1.01)
    assert kinds == {"never", "always", "from"}


def test_a_rented_device_against_tokens_by_hand() -> None:
    # 76 USD a month whatever it does, against 0.02 USD a thousand texts: 3.8 million texts.
    own = CostLine(name="own", serving=0.001, kept_on=76.0, low=0.5, high=2.0)
    found = crossing(own, CostLine(name="api", serving=0.02))
    assert found.volume == pytest.approx(3.8e6)
    assert found.low == pytest.approx(1.9e6)
    assert found.high == pytest.approx(7.6e6)
    assert from_volume(found) == "from about 3.8 million texts a month on (1.9 million – 7.6 million)"


def test_training_and_labels_are_earned_back_by_cheaper_texts() -> None:
    own = CostLine(name="own", serving=0.01, training=5.0, labels=25.0)
    assert cheaper_from(own, CostLine(name="api", serving=0.02)) == pytest.approx(3e6)
    assert cheaper_from(own, CostLine(name="api", serving=0.01)) is None
    assert cheaper_from(own, CostLine(name="api", serving=0.01, training=30.0)) == 0.0
    doubled = own.times(2)
    assert (doubled.training, doubled.labels, doubled.serving) == (10.0, 25.0, 0.02), "labels cost what they cost"


def test_words_for_always_never_and_perhaps() -> None:
    assert from_volume(Crossing(volume=0, low=0, high=0)) == "at any volume"
    assert from_volume(Crossing(volume=None, low=None, high=None)) == "at no volume"
    assert (
        from_volume(Crossing(volume=None, low=1e6, high=None)) == "at no volume (1.0 million with the kindest figures)"
    )
    assert from_volume(Crossing(volume=1e6, low=0, high=None)).endswith("(always – never)")


def test_break_even_of_rows_that_were_run() -> None:
    scenario = Scenario(doubt=1.5)
    own = scenario.rows([run()], BOOK)[0]
    api = scenario.rows([provider(TokenCount(input=10_000_000))], BOOK)[0]
    reference = CostLine(name="api", serving=api.usd_per_1k)  # type: ignore[arg-type]
    (found,) = break_evens([own, api], reference, scenario)
    assert found.candidate == own.candidate
    # own: 0.01 USD a thousand, 0.1 USD ÷ 12 a month for training; api: 20 USD a thousand
    assert found.working.volume == pytest.approx(1000 * (0.1 / 12) / 19.99, rel=1e-3)
    assert found.always_on.volume == pytest.approx(1000 * (730 * 3.6 + 0.1 / 12) / 20, rel=1e-3)
    assert "rented only while it works" in sentence(found)
    kept = Scenario(hours_on=730)
    (same,) = break_evens(kept.rows([run()], BOOK), reference, kept)
    assert same.working == same.always_on
    assert "only while" not in sentence(same)


def test_ten_texts_are_told_as_the_first_thousand() -> None:
    assert from_volume(Crossing(volume=9, low=2, high=40)) == "from the first thousand texts a month on"
    assert from_volume(Crossing(volume=900, low=2, high=1500)).startswith("from about 900 texts")
