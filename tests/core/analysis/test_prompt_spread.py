"""The band of a prompt: its parts against statsmodels, and chance that is not taken for an effect."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.formula.api import ols

from core.analysis.prompt_spread import PromptSpread, Way, prompt_spread, sentence

GRID = [(wording, order, (wording + order) % 3) for wording in range(3) for order in range(3)]


def ways(values: np.ndarray) -> list[Way]:
    return [Way(f"r{i}", *GRID[i], value=float(value)) for i, value in enumerate(values)]


def answered(quality: np.ndarray, n: int, generator: np.random.Generator) -> PromptSpread:
    """The spread of ways with these true qualities on `n` texts that are hard for all of them alike."""
    hard = generator.random(n)
    own = np.where(generator.random((n, len(quality))) < 0.6, hard[:, None], generator.random((n, len(quality))))
    right = (own < quality).astype(float)
    drawn = (generator.multinomial(n, np.full(n, 1 / n), 300) @ right / n).T
    found = prompt_spread(ways(right.mean(0)), drawn)
    assert found is not None
    return found


def test_shares_are_those_of_an_analysis_of_variance() -> None:
    values = np.random.default_rng(3).normal(0.6, 0.05, 9)
    found = prompt_spread(ways(values), np.repeat(values[:, None], 5, 1))
    assert found is not None
    frame = pd.DataFrame(GRID, columns=["paraphrase", "label_order", "seed"]).assign(value=values)
    table = sm.stats.anova_lm(ols("value ~ C(paraphrase) + C(label_order) + C(seed)", frame).fit())
    whole = table["sum_sq"].sum()
    for name, share in found.shares.items():
        assert share == pytest.approx(table.loc[f"C({name})", "sum_sq"] / whole)
    assert found.chance == pytest.approx(0)
    assert found.by_prompt == pytest.approx(values.std(ddof=1))
    assert (found.low, found.high, found.mean) == (values.min(), values.max(), pytest.approx(values.mean()))


def test_chance_is_rarely_taken_for_an_effect_and_an_effect_is_found() -> None:
    generator = np.random.default_rng(0)
    alike = [answered(np.full(9, 0.6), 300, generator).beyond_chance for _ in range(120)]
    assert np.mean(alike) <= 0.1  # 5 % are expected
    apart = answered(np.linspace(0.5, 0.7, 9), 1000, generator)
    assert apart.beyond_chance
    assert apart.by_prompt == pytest.approx(np.linspace(0.5, 0.7, 9).std(ddof=1), abs=0.02)


def test_what_was_not_varied_has_no_share() -> None:
    some = [Way(str(i), 0, order, 0, value) for i, (order, value) in enumerate(((0, 0.5), (1, 0.6), (2, 0.7)))]
    found = prompt_spread(some, np.array([[0.5], [0.6], [0.7]]).repeat(4, 1))
    assert found is not None
    assert dict(found.shares) == {"label_order": pytest.approx(1.0)}
    assert found.most == ""
    assert prompt_spread(some[:2], np.zeros((2, 4))) is None


def test_the_sentence_says_what_hangs_on_it_or_that_nothing_is_known() -> None:
    values = np.array([0.3] * 3 + [0.5] * 3 + [0.7] * 3)
    sure = prompt_spread(ways(values), values[:, None].repeat(5, 1))
    assert sure is not None
    said = sentence("smollm2-few-shot", "accuracy", sure)
    assert "from 30.0 % to 70.0 % over 9 ways" in said
    assert "most of it on the wording" in said
    noisy = np.random.default_rng(0).normal(0.5, 0.3, (9, 200))
    unsure = prompt_spread(ways(np.linspace(0.49, 0.51, 9)), noisy)
    assert unsure is not None
    assert "by chance" in sentence("smollm2-few-shot", "accuracy", unsure)
