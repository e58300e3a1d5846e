"""What every method promises on the tasks beyond one label: save, load, the same predictions; stop and resume."""

from pathlib import Path
from typing import Any

import pytest

from core.methods import METHODS, method_class
from core.methods.base import Cancelled, Prediction
from core.tasks import Example, get_task
from tests.core.methods.labelled import context_of, labelled
from tests.core.methods.test_contract import LOCAL, answers, made, models

__all__ = ["models"]

ODD = [
    Example("empty", "", ""), Example("marks", "?!", ""), Example("long", "the cat and dog, " * 60, ""),
    Example("odd", "\x00\u202e🙂 مرحبا <b>=1+1</b>\n\u200bcat\u0301", ""),
]  # fmt: skip
PAIRS = [(name, task) for name in LOCAL for task in METHODS[name].tasks if task != "single_label"]
ALWAYS_VALID = ("majority", "tfidf-linear", "embedding-linear", "encoder-full", "encoder-lora")
TRAINED = [(name, task) for name, task in PAIRS if name.startswith("encoder")]


def check(prediction: Prediction, text: str, task_name: str, labels: list[str]) -> None:
    """A prediction keeps what its task promises, or is invalid with a reason."""
    task = get_task(task_name)
    if prediction.target is None:
        assert prediction.reason
        return
    target = task.decode(prediction.target)
    assert task.encode(target) == prediction.target
    assert set(task.label_set([prediction.target])) <= set(labels)
    assert len(target.labels) == 1 or task.text_labels != "one"
    assert all(0 <= span.start < span.end <= len(text) for span in target.spans)
    assert all(one.end <= other.start for one, other in zip(target.spans, target.spans[1:], strict=False))
    assert prediction.confidence is None or 0 <= prediction.confidence <= 1
    if task.has_spans:
        assert prediction.probabilities is None
    elif prediction.probabilities is not None:
        assert len(prediction.probabilities) == len(labels)
        assert all(0 <= value <= 1 for value in prediction.probabilities)


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_a_saved_method_predicts_the_same(name: str, task: str, models: dict[str, str], tmp_path: Path) -> None:
    quick = name in ALWAYS_VALID  # language models write slowly, so they get few texts
    train, validation = labelled(task, 40 if quick else 8), labelled(task, 10 if quick else 2, 1)
    test = [*labelled(task, 12, 2), *ODD] if quick else [*labelled(task, 2, 2), ODD[0], ODD[3]]
    where = context_of(task, train, validation, models=tmp_path)
    method = made(name, models)
    method.fit(train, validation, where)
    before = answers(method, test, where)
    assert set(before) == {example.id for example in test}
    for example in test:
        check(before[example.id], example.text, task, where.labels)
    if quick:
        assert all(prediction.confidence is not None and prediction.target for prediction in before.values())
        assert all((prediction.probabilities is None) == where.task.has_spans for prediction in before.values())
    (tmp_path / "saved").mkdir()
    method.save(tmp_path / "saved")
    for path in (tmp_path / "saved").rglob("*"):
        assert path.suffix not in (".bin", ".pt", ".pkl", ".pickle"), path
    loaded = method_class(name).load(tmp_path / "saved", where)
    blind = [Example(example.id, example.text, "") for example in test]
    for key, prediction in answers(loaded, blind, where).items():
        assert prediction.target == before[key].target
        assert prediction.probabilities == pytest.approx(before[key].probabilities, abs=1e-5)
        assert prediction.confidence == pytest.approx(before[key].confidence, abs=1e-5)
    (alone,) = loaded.predict(test[:1], where)
    assert alone.target == before[alone.id].target


@pytest.mark.parametrize(("name", "task"), TRAINED)
def test_a_stopped_training_goes_on_as_if_never_stopped(
    name: str, task: str, models: dict[str, str], tmp_path: Path
) -> None:
    train, validation, test = labelled(task, 64), labelled(task, 8, 1), labelled(task, 8, 2)
    whole, again = made(name, models), made(name, models)
    whole.fit(train, validation, context_of(task, train, validation))
    steps: list[int] = []
    halted = context_of(
        task, train, validation, checkpoints=tmp_path, report=lambda event: steps.append(event.get("step", 0)),
        should_stop=lambda: bool(steps) and max(steps) >= 5,
    )  # fmt: skip
    with pytest.raises(Cancelled):
        made(name, models).fit(train, validation, halted)
    events: list[dict[str, Any]] = []
    where = context_of(task, train, validation, checkpoints=tmp_path, report=events.append)
    again.fit(train, validation, where)
    assert min(event["step"] for event in events if event.get("step")) >= 5
    wanted = answers(whole, test, where)
    for key, prediction in answers(again, test, where).items():
        assert prediction.target == wanted[key].target
        assert prediction.confidence == pytest.approx(wanted[key].confidence, abs=1e-5)
