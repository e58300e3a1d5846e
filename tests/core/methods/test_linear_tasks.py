"""Baselines beyond one label: several labels one against the rest, a linear tagger, frequent tags."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from core.errors import TradeoffError
from core.methods.base import Cancelled, Context
from core.methods.embedding import EmbeddingLinear
from core.methods.logistic import fit_label_heads
from core.methods.majority import Majority
from core.methods.outputs import sigmoid
from core.methods.settings import EmbeddingLinearSettings, LinearSettings, MajoritySettings, TfidfLinearSettings
from core.methods.tfidf import TfidfLinear
from core.methods.word_features import shape, word_features
from core.tasks import Example, Span, Target, get_task
from tests.core.methods.labelled import context_of, labelled
from tests.models import tiny_encoder


def value(method: Any, where: Context, task_name: str) -> float:
    test = labelled(task_name, 40, 3)
    found = {prediction.id: prediction.target for prediction in method.predict(test, where)}
    statistics = where.task.statistics([e.target for e in test], [found[e.id] for e in test], where.labels)
    return statistics[where.task.primary_metric].overall


@pytest.mark.parametrize("class_weights", [False, True])
def test_label_heads_are_scikit_learns_one_against_the_rest(class_weights: bool) -> None:
    generator = np.random.default_rng(0)
    given = generator.integers(0, 2, (150, 3))
    features = generator.normal(size=(150, 6)) + np.hstack([given, given])
    settings = LinearSettings(regularisation=0.5, class_weights=class_weights)
    where = context_of("multi_label")
    head = fit_label_heads(features, given, ["a", "b", "c"], settings, where)
    weights = "balanced" if class_weights else None
    model = OneVsRestClassifier(LogisticRegression(C=0.5, class_weight=weights, tol=1e-8)).fit(features, given)
    np.testing.assert_allclose(sigmoid(head.scores(features)), model.predict_proba(features), atol=0.01)


def test_a_label_that_every_text_has_or_that_features_cannot_tell() -> None:
    given = np.array([[1, 0], [1, 1], [1, 0]])
    head = fit_label_heads(np.zeros((3, 0)), given, ["a", "b"], LinearSettings(), context_of("multi_label"))
    assert sigmoid(head.scores(np.zeros((1, 0))))[0] == pytest.approx([1, 1 / 3], abs=1e-5)


@pytest.mark.parametrize(("task", "least"), [("multi_label", 0.95), ("token_labels", 0.95), ("intent_slots", 0.5)])
def test_tfidf_learns_every_task(task: str, least: float) -> None:
    train, validation = labelled(task, 150), labelled(task, 20, 1)
    events: list[dict[str, Any]] = []
    where = context_of(task, train, validation, report=events.append)
    method = TfidfLinear(TfidfLinearSettings())
    method.fit(train, validation, where)
    assert value(method, where, task) > least
    assert any(event.get("metric") == f"validation_{where.task.primary_metric}" for event in events)


def test_embeddings_give_several_labels(tmp_path: Path) -> None:
    train, validation = labelled("multi_label", 150), labelled("multi_label", 20, 1)
    where = context_of("multi_label", train, validation)
    method = EmbeddingLinear(EmbeddingLinearSettings(regularisation=100), str(tiny_encoder(tmp_path)))
    method.fit(train, validation, where)
    majority = Majority(MajoritySettings())
    majority.fit(train, validation, where)
    assert value(method, where, "multi_label") > value(majority, where, "multi_label")


def test_the_majority_gives_labels_of_more_than_half_of_the_texts() -> None:
    task = get_task("multi_label")

    def answer(*sets: list[str]) -> tuple[str | None, Any]:
        train = [Example(str(i), "x", task.encode(Target.of(labels))) for i, labels in enumerate(sets)]
        method = Majority(MajoritySettings())
        method.fit(train, [], context_of("multi_label", train))
        (found,) = method.predict([Example("new", "y", "")], context_of("multi_label", train))
        return found.target, found.probabilities

    assert answer(["a", "b"], ["a", "b"], ["b", "c"]) == ('["a","b"]', pytest.approx([2 / 3, 1, 1 / 3]))
    assert answer(["a"], ["b"], ["b"], ["c"], []) == ('["b"]', pytest.approx([0.2, 0.4, 0.2]))
    assert answer([], []) == ("[]", [])


def test_the_majority_knows_words_by_heart(tmp_path: Path) -> None:
    task = get_task("intent_slots")
    rows = [
        ("to Bonn", "fly", [Span(3, 7, "city")]), ("to Bonn!", "fly", [Span(3, 7, "city")]),
        ("Bonn of old", "ask", [Span(0, 4, "name")]), ("New York", "fly", [Span(0, 8, "city")]),
    ]  # fmt: skip
    train = [
        Example(str(i), text, task.encode(Target.of([intent], spans))) for i, (text, intent, spans) in enumerate(rows)
    ]
    where = context_of("intent_slots", train)
    method = Majority(MajoritySettings())
    method.fit(train, [], where)
    method.save(tmp_path)
    test = [Example("1", "from Bonn to New York, Rome", ""), Example("2", "", "")]
    for one in (method, Majority.load(tmp_path, where)):
        first, second = one.predict(test, where)
        assert first.target == task.encode(Target.of(["fly"], [Span(5, 9, "city"), Span(13, 21, "city")]))
        assert first.confidence == pytest.approx(0.75 * 2 / 3)
        assert second.target == task.encode(Target.of(["fly"]))


@pytest.mark.parametrize("texts", [["", ""], ["no spans here", "nor here"]])
def test_a_tagger_without_words_or_spans_finds_nothing(texts: list[str], tmp_path: Path) -> None:
    train = [Example(str(i), text, "[]") for i, text in enumerate(texts)]
    where = context_of("token_labels", train)
    method = TfidfLinear(TfidfLinearSettings())
    method.fit(train, train, where)
    method.save(tmp_path)
    for one in (method, TfidfLinear.load(tmp_path, where)):
        assert [prediction.target for prediction in one.predict(labelled("token_labels", 3), where)] == ["[]"] * 3


def test_tagging_stops_when_asked() -> None:
    train = labelled("token_labels", 30)
    events: list[Any] = []
    where = context_of("token_labels", train, report=events.append, should_stop=lambda: len(events) > 2)
    with pytest.raises(Cancelled):
        TfidfLinear(TfidfLinearSettings()).fit(train, [], where)


def test_a_damaged_vocabulary_is_told(tmp_path: Path) -> None:
    train = labelled("token_labels", 10)
    where = context_of("token_labels", train)
    method = TfidfLinear(TfidfLinearSettings())
    method.fit(train, [], where)
    method.save(tmp_path)
    (tmp_path / "word_vocabulary.json").unlink()
    with pytest.raises(TradeoffError, match="vocabulary"):
        TfidfLinear.load(tmp_path, where)


def test_features_of_words_tell_their_surroundings() -> None:
    first, second = word_features("Ann's 2026", [(0, 5), (6, 10)])
    assert {"w=ann's", "s=Xx'x", "-1=^", "+1=2026"} <= set(first)
    assert {"w=2026", "s=0", "-1=ann's", "+1=^", "e2=26"} <= set(second)
    assert shape("McDonald-7") == "XxXx-0"
