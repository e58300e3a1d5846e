"""Label probabilities from the alternatives of each token."""

import math

import pytest

from core.clients.likelihood import confidence, label_probabilities


def token(text: str, p: float, **others: float) -> tuple[str, float, list[tuple[str, float]]]:
    alternatives = {text: p, **{name.replace("_", " "): value for name, value in others.items()}}
    return text, math.log(p), [(name, math.log(value)) for name, value in alternatives.items()]


ANSWERS = {label: (f"Label: {label}", label) for label in ("HUM", "LOC", "NUM", "NAT")}


def test_the_probability_of_an_answer_is_that_of_all_its_tokens() -> None:
    assert confidence([token("a", 0.5), token("b", 0.4)]) == pytest.approx(0.2)


@pytest.mark.parametrize("opening", [[token("Label", 1.0), token(":", 1.0)], []])
def test_alternatives_at_the_first_token_are_the_labels(opening: list) -> None:
    found = label_probabilities([*opening, token(" HUM", 0.7, _LOC=0.2, _NUM=0.05, _x=0.05)], ANSWERS, "HUM")
    assert found == pytest.approx({"HUM": 0.7 / 0.95, "LOC": 0.2 / 0.95, "NUM": 0.05 / 0.95, "NAT": 0.0})


def test_labels_that_begin_alike_part_later() -> None:
    found = label_probabilities([token("N", 0.8, HUM=0.2), token("UM", 0.75, AT=0.25)], ANSWERS, "NUM")
    assert found == pytest.approx({"HUM": 0.2, "LOC": 0.0, "NUM": 0.6, "NAT": 0.2})


def test_an_alternative_that_leads_to_several_labels_is_shared_by_them() -> None:
    found = label_probabilities([token("HUM", 0.6, N=0.4)], ANSWERS, "HUM")
    assert found == pytest.approx({"HUM": 0.6, "LOC": 0.0, "NUM": 0.2, "NAT": 0.2})


def test_what_follows_the_answer_does_not_count() -> None:
    tokens = [token("LOC", 0.9, HUM=0.1), token("\n", 0.01, LOC=0.9)]
    assert label_probabilities(tokens, ANSWERS, "LOC") == pytest.approx({"HUM": 0.1, "LOC": 0.9, "NUM": 0, "NAT": 0})


def test_a_label_that_begins_with_another_one_has_its_own_probability() -> None:
    answers = {label: (label,) for label in ("New", "New York")}
    found = label_probabilities([token("New", 1.0), token(" York", 0.6, _Delhi=0.4)], answers, "New York")
    assert found["New York"] == pytest.approx(1.0)
    assert sum(found.values()) == pytest.approx(1.0)
