"""Targets as strings: one form for each target, whatever text and labels hold."""

import json
import random

import pytest

from core.tasks import TASKS, Span, Target, get_task
from tests.core.tasks.cases import case, label_set, target

HOSTILE = ['"', "\\", "\n", "é\u2028", "🙂", "[]", "{}", " ", "intent:", "slot:x", "a" * 500]


@pytest.mark.parametrize("task", TASKS)
def test_decoding_undoes_encoding_and_order_does_not_matter(task: str) -> None:
    made, draw = get_task(task), random.Random(0)
    for _ in range(200):
        one = target(task, draw, strange=True)
        encoded = made.encode(one)
        assert made.decode(encoded) == one
        shuffled = Target(tuple(reversed(one.labels)) * 2, tuple(reversed(one.spans)) * 2)
        if made.text_labels != "one":
            assert made.encode(shuffled) == encoded
    for label in HOSTILE:
        labels = {"token_labels": ()}.get(task, (label,))
        one = Target(labels, (Span(0, 1, label),) if made.has_spans else ())
        assert made.decode(made.encode(one)) == one
        assert made.shown(made.encode(one), "xy")


@pytest.mark.parametrize(("task", "wrong"), [
    ("multi_label", '{"a":1}'), ("multi_label", "[1]"), ("multi_label", "a"), ("token_labels", "[[0,1]]"),
    ("token_labels", "[[1,1,\"a\"]]"), ("token_labels", "[[-1,1,\"a\"]]"), ("token_labels", "[[0,1.5,\"a\"]]"),
    ("token_labels", "[[true,2,\"a\"]]"), ("token_labels", "[[0,1,null]]"), ("token_labels", "null"),
    ("intent_slots", "[]"), ("intent_slots", '{"intent":"a"}'), ("intent_slots", '{"intent":1,"slots":[]}'),
    ("intent_slots", '{"intent":"a","slots":{}}'), ("intent_slots", ""),
])  # fmt: skip
def test_what_is_no_target_is_refused(task: str, wrong: str) -> None:
    with pytest.raises(ValueError):
        get_task(task).decode(wrong)


@pytest.mark.parametrize("task", TASKS)
def test_the_label_set_holds_what_occurs_and_splits_by_place(task: str) -> None:
    gold, _ = case(task, 0, n=200)
    made = get_task(task)
    labels = made.label_set(gold)
    assert labels == sorted(label_set(task))
    texts, spans = made.text_label_set(labels), made.span_label_set(labels)
    assert bool(texts) == (made.text_labels != "none")
    assert bool(spans) == made.has_spans
    assert len(texts) + len(spans) == len(labels)
    assert made.label_set([]) == []


def test_spans_of_one_place_may_not_count_twice() -> None:
    made = get_task("token_labels")
    doubled = json.dumps([[0, 2, "a"], [0, 2, "a"]])
    score = made.score([made.encode(Target.of(spans=[Span(0, 2, "a")]))], [doubled], ["a"], "test")[0]
    assert score.value == 1.0
