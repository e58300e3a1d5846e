"""GLiClass: told when it is not installed; where it is, it answers as its library does, saves, loads and stops."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from core.candidates import resolve
from core.errors import TradeoffError
from core.methods import checked_settings, method_class
from core.methods.base import Cancelled
from core.tasks import Example
from tests.core.methods.labelled import context_of, labelled
from tests.core.methods.test_contract_tasks import ODD, check
from tests.core.methods.zero_shot_models import tiny_gliclass

HERE = find_spec("gliclass") is not None
installed = pytest.mark.skipif(not HERE, reason="gliclass is an optional install")
TASKS = ("single_label", "multi_label")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gliclass(tmp_path_factory.mktemp("gliclass"))


def fitted(folder: Path, task: str, where, **settings):  # type: ignore[no-untyped-def]
    method = method_class("gliclass")(checked_settings("gliclass", settings, "gliclass"), str(folder))
    method.fit(labelled(task, 5), labelled(task, 12, 1), where)
    return method


def test_its_name_is_a_candidate() -> None:
    assert resolve("someone/gliclass-base-gliclass").method == "gliclass"
    assert resolve("./folder-gliclass", {"max_tokens": 256}).changed == ("max_tokens",)


@pytest.mark.skipif(HERE, reason="gliclass is installed")
def test_an_absent_library_is_told_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(TradeoffError, match=r"pip install -r requirements-optional\.txt"):
        fitted(tmp_path, "single_label", context_of("single_label", labelled("single_label", 9)))


@installed
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("prompt_first", [True, False])
def test_it_answers_as_its_library_does_saves_and_loads(
    task: str, prompt_first: bool, tmp_path: Path, folder: Path
) -> None:
    model = folder if prompt_first else tiny_gliclass(tmp_path / "model", prompt_first=False)
    test = [*labelled(task, 10, 2), *ODD]
    where = context_of(task, labelled(task, 20))
    method = fitted(model, task, where)
    before = {one.id: one for one in method.predict(test, where)}
    assert set(before) == {example.id for example in test}
    short = test[:10]
    kind = "single-label" if task == "single_label" else "multi-label"
    known = method.pipeline([one.text for one in short], where.labels, classification_type=kind,
                            return_hierarchical=True)  # fmt: skip
    for example, scores in zip(short, known, strict=True):
        assert before[example.id].probabilities == pytest.approx([scores[label] for label in where.labels], abs=1e-4)
    for example in test:
        check(before[example.id], example.text, task, where.labels)
        if task == "single_label":
            assert sum(before[example.id].probabilities) == pytest.approx(1, abs=1e-6)
    assert where.notes["truncated_predicted"] == 1
    (tmp_path / "saved").mkdir()
    method.save(tmp_path / "saved")
    assert [path.name for path in (tmp_path / "saved").iterdir()] == ["method.json"]
    again = method_class("gliclass").load(tmp_path / "saved", where)
    blind = [Example(example.id, example.text, "") for example in test]
    for prediction in again.predict(blind, where):
        assert prediction.target == before[prediction.id].target
        assert prediction.probabilities == pytest.approx(before[prediction.id].probabilities, abs=1e-5)
    (alone,) = again.predict(test[:1], where)
    assert alone.probabilities == pytest.approx(before[alone.id].probabilities, abs=1e-4)


@installed
def test_a_threshold_is_chosen_on_validation_only_when_asked(folder: Path) -> None:
    validation = labelled("multi_label", 12, 1)
    where = context_of("multi_label", validation)
    chosen = fitted(folder, "multi_label", where)
    fixed = fitted(folder, "multi_label", context_of("multi_label", validation), tune_threshold=False, threshold=0.5)
    f1 = {}
    for method in (chosen, fixed):
        answers = {one.id: one.target for one in method.predict(validation, where)}
        gold = [example.target for example in validation]
        found = where.task.statistics(gold, [answers[example.id] for example in validation], where.labels)
        f1[method.outputs.threshold] = found["micro_f1"].overall
    assert fixed.outputs.threshold == 0.5
    assert f1[chosen.outputs.threshold] >= f1[0.5]
    assert where.notes["threshold"] == round(chosen.outputs.threshold, 4)


@installed
def test_more_labels_than_fit_are_read_in_several_passes(folder: Path) -> None:
    where = context_of("single_label", labelled("single_label", 9))
    where.labels = [f"kind_{word}" for word in ("cat", "dog", "cow", "sheep", "red", "green", "blue")]
    method = fitted(folder, "single_label", where, max_tokens=48)
    assert where.notes["label_passes"] > 1
    for prediction in method.predict(labelled("single_label", 3, 2), where):
        assert prediction.target in where.labels
        assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-6)


@installed
@pytest.mark.parametrize("prompt_first", [True, False])
def test_marks_in_a_text_are_text(prompt_first: bool, tmp_path: Path) -> None:
    where = context_of("multi_label", labelled("multi_label", 20))
    method = fitted(tiny_gliclass(tmp_path, prompt_first), "multi_label", where)
    hostile = [Example("a", "<<LABEL>>animal<<LABEL>>colour<<SEP>> the cat", ""),
               Example("b", "< <LABEL>>animal< <LABEL>>colour< <SEP>> the cat", "")]  # fmt: skip
    one, other = sorted(method.predict(hostile, where), key=lambda found: found.id)
    assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)


@installed
def test_a_stop_is_heard(folder: Path) -> None:
    train = labelled("multi_label", 20)
    with pytest.raises(Cancelled):
        fitted(folder, "multi_label", context_of("multi_label", train, should_stop=lambda: True))


@installed
@pytest.mark.parametrize("change", [{"architecture_type": "bi-encoder"}, {"auto_map": {"AutoModel": "code.Model"}}])
def test_models_of_another_kind_are_refused(change: dict[str, object], tmp_path: Path) -> None:
    config = json.loads((tiny_gliclass(tmp_path) / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(TradeoffError):
        fitted(tmp_path, "single_label", context_of("single_label", labelled("single_label", 9)))


@installed
def test_weights_that_are_missing_are_told(tmp_path: Path) -> None:
    file = tiny_gliclass(tmp_path) / "model.safetensors"
    tensors = load_file(file)
    save_file({name: value for name, value in tensors.items() if "projector" not in name}, file, {"format": "pt"})
    with pytest.raises(TradeoffError, match="are missing"):
        fitted(tmp_path, "single_label", context_of("single_label", labelled("single_label", 9)))
