"""Valid tags: against trying all sequences; thresholds: against trying all of them."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import f1_score

from core.methods.tagging import best_tags, found_spans, tag_codes, tags_of
from core.methods.thresholds import DEFAULT, best_threshold
from core.tasks import Span
from core.tasks.words import words


def valid(codes: tuple[int, ...]) -> bool:
    return all(
        code == 0 or code % 2 == 1 or before in (code, code - 1)
        for before, code in zip((0, *codes), codes, strict=False)
    )


@pytest.mark.parametrize("seed", range(30))
def test_the_best_valid_tags(seed: int) -> None:
    generator = np.random.default_rng(seed)
    length, labels = generator.integers(1, 6), generator.integers(0, 3)
    scores = generator.normal(size=(length, 1 + 2 * labels)) * 3
    scores -= np.log(np.exp(scores).sum(1, keepdims=True))
    every = [codes for codes in itertools.product(range(scores.shape[1]), repeat=int(length)) if valid(codes)]
    wanted = max(every, key=lambda codes: sum(scores[i, code] for i, code in enumerate(codes)))
    assert best_tags(scores).tolist() == list(wanted)


def test_no_words_have_no_tags() -> None:
    assert best_tags(np.zeros((0, 3))).tolist() == []


def test_spans_go_to_tags_and_back() -> None:
    text = "Ann Lee, of St. Louis, met Bob Bob"
    spans = [Span(0, 7, "person"), Span(12, 21, "city"), Span(27, 30, "person"), Span(31, 34, "person")]
    tags, places = tags_of(["city", "person"]), words(text)
    assert found_spans(tag_codes(spans, places, tags), places, tags) == spans
    unknown = tag_codes([Span(0, 7, "never seen")], places, tags)
    assert unknown.tolist()[:3] == [-100, -100, 0]


@pytest.mark.parametrize("seed", range(10))
def test_the_best_threshold(seed: int) -> None:
    generator = np.random.default_rng(seed)
    gold = generator.integers(0, 2, (12, 3))
    probabilities = np.round(np.clip(gold * 0.3 + generator.random((12, 3)) * 0.7, 0, 1), 1 if seed % 2 else 6)
    scores = {
        at: f1_score(gold, probabilities >= at, average="micro", zero_division=0)
        for at in (0.0, *np.unique(probabilities), 1.1)
    }
    found = best_threshold(probabilities, gold)
    assert f1_score(gold, probabilities >= found, average="micro") == pytest.approx(max(scores.values()))


def test_a_threshold_that_does_not_matter_is_one_half() -> None:
    assert best_threshold(np.array([[0.9, 0.1]]), np.array([[1, 0]])) == DEFAULT
    assert best_threshold(np.array([[0.9, 0.1]]), np.array([[0, 0]])) == DEFAULT
