"""Linear methods and the majority: known answers, odd texts, many labels, stops and resumes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.methods import embedding as embedding_module
from core.methods import inference, logistic
from core.methods.base import Cancelled, Context
from core.methods.embedding import EmbeddingLinear
from core.methods.logistic import LogisticHead, fit_head
from core.methods.majority import Majority
from core.methods.saved import aligned, softmax
from core.methods.settings import (
    EmbeddingLinearSettings,
    LinearSettings,
    MajoritySettings,
    TfidfLinearSettings,
)
from core.methods.tfidf import TfidfLinear
from core.tasks import Example, get_task
from tests.models import tiny_encoder


def context(labels: list[str], **more: Any) -> Context:
    return Context(get_task("single_label"), labels, **more)


def examples(rows: list[tuple[str, str]]) -> list[Example]:
    return [Example(str(i), text, target) for i, (text, target) in enumerate(rows)]


def accuracy(method: Any, some: list[Example], where: Context) -> float:
    answers = {p.id: p.target for p in method.predict(some, where)}
    return float(np.mean([answers[e.id] == e.target for e in some]))


@pytest.mark.parametrize("labels", [2, 4])
@pytest.mark.parametrize("class_weights", [False, True])
def test_the_head_is_scikit_learns(labels: int, class_weights: bool) -> None:
    generator = np.random.default_rng(0)
    codes = generator.integers(0, labels, 200) * generator.integers(0, 2, 200)
    features = generator.normal(size=(200, 5)) + codes[:, None]
    settings = LinearSettings(regularisation=0.5, class_weights=class_weights)
    head = fit_head(features, [f"l{code}" for code in codes], settings, context([]))
    expected = LogisticRegression(C=0.5, class_weight="balanced" if class_weights else None, tol=1e-8, max_iter=2000)
    expected.fit(features, codes)
    np.testing.assert_allclose(head.probabilities(features), expected.predict_proba(features), atol=0.01)
    again = LogisticHead.from_tensors(head.labels, head.tensors())
    assert np.array_equal(again.probabilities(features), head.probabilities(features))


def test_probabilities_are_aligned_to_labels_never_trained_on() -> None:
    found = aligned(np.array([[0.2, 0.8]]), ["b", "d"], ["a", "b", "c", "d"])
    assert found.tolist() == [[0, 0.2, 0, 0.8]]
    assert aligned(np.array([[0.2, 0.6, 0.2]]), ["a", "b", "z"], ["a", "b"]) == pytest.approx(np.array([[0.25, 0.75]]))
    assert softmax(np.array([[1e4, 0.0, -1e4]])).tolist() == [[1, 0, 0]]


def test_the_majority_answers_the_shares() -> None:
    where = context(["a", "b", "c"])
    method = Majority(MajoritySettings())
    method.fit(examples([("x", "b"), ("y", "b"), ("z", "a"), ("w", "b")]), [], where)
    (prediction,) = method.predict(examples([("anything", "c")]), where)
    assert (prediction.target, prediction.probabilities) == ("b", [0.25, 0.75, 0])


def test_tfidf_learns(dataset: Dataset) -> None:
    where = context(dataset.info.labels)
    method = TfidfLinear(TfidfLinearSettings())
    method.fit(dataset.examples("train"), dataset.examples("validation"), where)
    assert accuracy(method, dataset.examples("test"), where) == 1
    assert where.notes["features"] > 100


@pytest.mark.parametrize("texts", [["", "", " "], ["?!", "...", "🙂"], ["a", "b", "c"], ["x" * 200_000, "y", "z"]])
def test_tfidf_of_odd_texts(texts: list[str], tmp_path: Path) -> None:
    where = context(["p", "q"])
    method = TfidfLinear(TfidfLinearSettings())
    train = examples(list(zip(texts, ["p", "q", "q"], strict=True)))
    method.fit(train, train, where)
    method.save(tmp_path)
    loaded = TfidfLinear.load(tmp_path, where)
    for kept, other in zip(method.predict(train, where), loaded.predict(train, where), strict=True):
        assert kept.probabilities == other.probabilities
        assert sum(kept.probabilities or []) == pytest.approx(1)


def test_tfidf_without_any_feature_answers_the_shares() -> None:
    where = context(["p", "q"])
    method = TfidfLinear(TfidfLinearSettings())
    method.fit(examples([("", "p"), ("", "q"), (" ", "q")]), [], where)
    (prediction,) = method.predict(examples([("new words", "p")]), where)
    assert prediction.probabilities == pytest.approx([1 / 3, 2 / 3])


def test_tfidf_with_one_label_and_with_single_examples() -> None:
    method = TfidfLinear(TfidfLinearSettings())
    method.fit(examples([("a cat", "p"), ("a dog", "p")]), [], context(["p", "q"]))
    assert [p.probabilities for p in method.predict(examples([("a", "q")]), context(["p", "q"]))] == [[1, 0]]
    rows = [(f"thing{i} {i}", f"label{i}") for i in range(60)]
    where = context(sorted(label for _, label in rows))
    method.fit(examples(rows), [], where)
    assert accuracy(method, examples(rows), where) == 1


def test_many_labels_bound_the_features_or_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.methods.text_features.MOST_WEIGHTS", 60 * 200)
    rows = [(f"thing{i} is {i * 7}", f"label{i}") for i in range(60)]
    where = context(sorted(label for _, label in rows))
    TfidfLinear(TfidfLinearSettings()).fit(examples(rows), [], where)
    assert where.notes["features"] <= 200
    assert "60 labels" in where.notes["features_limit"]
    monkeypatch.setattr(logistic, "MOST_CELLS", 1000)
    with pytest.raises(TradeoffError, match="60 labels"):
        TfidfLinear(TfidfLinearSettings()).fit(examples(rows), [], where)


def test_a_fit_stops_between_iterations(dataset: Dataset) -> None:
    iterations: list[dict[str, Any]] = []
    where = context(
        dataset.info.labels,
        report=lambda event: iterations.append(event) if event["steps"] == logistic.MOST_ITERATIONS else None,
        should_stop=lambda: len(iterations) >= 2,
    )
    with pytest.raises(Cancelled):
        TfidfLinear(TfidfLinearSettings()).fit(dataset.examples("train"), [], where)
    assert len(iterations) == 2


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_pooling(pooling: Any, dataset: Dataset, tmp_path: Path) -> None:
    import torch

    where = context(dataset.info.labels)
    method = EmbeddingLinear(EmbeddingLinearSettings(pooling=pooling), str(tiny_encoder(tmp_path)))
    method._start(where)
    some = examples([("cat", ""), ("a dog and a red cow tell me", "")])
    vectors, truncated = method._embed(some, where)
    assert truncated == 0
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert method.tokenizer is not None
    inputs = method.tokenizer.tokenizer("cat", return_tensors="pt")
    with torch.inference_mode():
        states = method.model(**inputs).last_hidden_state[0]
    wanted = states.mean(0) if pooling == "mean" else states[0]
    assert vectors[0] == pytest.approx((wanted / wanted.norm()).numpy(), abs=0.02)


def test_embeddings_are_kept_and_used_again(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_module, "KEEP_SECONDS", 0.0)
    monkeypatch.setattr(embedding_module, "WINDOW", 16)
    folder = str(tiny_encoder(tmp_path / "model"))
    train = dataset.examples("train")

    def method() -> EmbeddingLinear:
        return EmbeddingLinear(EmbeddingLinearSettings(), folder)

    whole = method()
    whole.fit(train, dataset.examples("validation"), context(dataset.info.labels))
    seen: list[int] = []
    halted = context(
        dataset.info.labels, checkpoints=tmp_path / "kept", report=lambda event: seen.append(event["step"]),
        should_stop=lambda: bool(seen) and seen[-1] >= 40,
    )  # fmt: skip
    with pytest.raises(Cancelled):
        method().fit(train, dataset.examples("validation"), halted)
    events: list[dict[str, Any]] = []
    resumed = method()
    where = context(dataset.info.labels, checkpoints=tmp_path / "kept", report=events.append)
    resumed.fit(train, dataset.examples("validation"), where)
    assert events[0]["step"] >= 32
    np.testing.assert_array_equal(resumed.head.weights, whole.head.weights)
    assert inference.WINDOW > 16
