"""GLiNER: told when it is not installed; where it is, it finds what its library finds, in long texts too."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from core.candidates import resolve
from core.errors import TradeoffError
from core.methods import checked_settings, method_class
from core.methods.base import Cancelled
from core.methods.gliner_windows import without_overlap
from core.tasks import Example
from tests.core.methods.labelled import context_of, labelled
from tests.core.methods.test_contract_tasks import ODD, check
from tests.core.methods.zero_shot_models import tiny_gliner

TASK = "token_labels"
HERE = find_spec("gliner") is not None
installed = pytest.mark.skipif(not HERE, reason="gliner is an optional install")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gliner(tmp_path_factory.mktemp("gliner"))


def fitted(folder: Path, where, **settings):  # type: ignore[no-untyped-def]
    method = method_class("gliner")(checked_settings("gliner", settings, "gliner"), str(folder))
    method.fit(labelled(TASK, 10), labelled(TASK, 12, 1), where)
    return method


def test_its_name_is_a_candidate() -> None:
    assert resolve("someone/gliner_base-gliner").method == "gliner"
    assert resolve("./folder-gliner", {"threshold": 0.3}).changed == ("threshold",)


@pytest.mark.skipif(HERE, reason="gliner is installed")
def test_an_absent_library_is_told_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(TradeoffError, match=r"pip install --no-deps -r requirements-gliner\.txt"):
        fitted(tmp_path, context_of(TASK, labelled(TASK, 9)))


@installed
@pytest.mark.parametrize("span_mode", ["markerV0", "token_level"])
def test_it_finds_what_its_library_finds_saves_and_loads(span_mode: str, tmp_path: Path) -> None:
    test = [*labelled(TASK, 10, 2), *ODD]
    where = context_of(TASK, labelled(TASK, 20))
    method = fitted(tiny_gliner(tmp_path / "model", span_mode), where, tune_threshold=False, threshold=0.6)
    before = {one.id: one for one in method.predict(test, where)}
    assert set(before) == {example.id for example in test}
    short = test[:10]
    known = method.model.inference([one.text for one in short], where.labels, threshold=0.6)
    assert any(known)
    for example, spans in zip(short, known, strict=True):
        found = where.task.decode(before[example.id].target).spans
        assert {(s.start, s.end, s.label) for s in found} == {(s["start"], s["end"], s["label"]) for s in spans}
    for example in test:
        check(before[example.id], example.text, TASK, where.labels)
        assert before[example.id].target is not None
        assert before[example.id].confidence is not None
    assert where.notes["windowed_predicted"] == 1
    (tmp_path / "saved").mkdir()
    method.save(tmp_path / "saved")
    assert [path.name for path in (tmp_path / "saved").iterdir()] == ["method.json"]
    again = method_class("gliner").load(tmp_path / "saved", where)
    for prediction in again.predict([Example(example.id, example.text, "") for example in test], where):
        assert prediction.target == before[prediction.id].target
        assert prediction.confidence == pytest.approx(before[prediction.id].confidence, abs=1e-4)
    (alone,) = again.predict(test[:1], where)
    assert alone.target == before[alone.id].target


@installed
def test_a_long_text_is_read_to_its_end(folder: Path) -> None:
    where = context_of(TASK, labelled(TASK, 20))
    method = fitted(folder, where, tune_threshold=False, threshold=0.1)
    long = Example("long", " ".join(example.text for example in labelled(TASK, 30, 3)), "")
    (found,) = method.predict([long], where)
    spans = where.task.decode(found.target).spans
    assert max(span.end for span in spans) > 0.9 * len(long.text)
    assert all(long.text[span.start : span.end].strip() == long.text[span.start : span.end] for span in spans)


@installed
def test_the_threshold_is_the_best_on_validation(folder: Path) -> None:
    validation = labelled(TASK, 12, 1)
    where = context_of(TASK, validation)
    method = fitted(folder, where)
    gold = [example.target for example in validation]
    found = {reading.place: without_overlap(reading.found) for reading in method._readings(validation, where, "seen")}
    f1 = {}
    for threshold in (0.1, 0.3, 0.5, 0.7, 0.9, method.threshold):
        answers = [method._target(found[i], threshold, where) for i in range(len(validation))]
        f1[threshold] = where.task.statistics(gold, answers, where.labels)["f1"].overall
    assert f1[method.threshold] == max(f1.values())
    assert where.notes["threshold"] == method.threshold


@installed
def test_texts_that_came_as_tokens_keep_their_words(folder: Path) -> None:
    task = context_of(TASK, labelled(TASK, 3)).task
    tokens = ["@ann", "saw", "U.S.", "cats", ",", "<<ENT>>", "[SEP]", "dog-cat"]
    text = " ".join(tokens)
    train = [Example(str(i), text, task.encode(task.decode(f'[[{text.index("U.S.")},{text.index("U.S.") + 4},"x"]]')))
             for i in range(3)]  # fmt: skip
    where = context_of(TASK, train, labelled(TASK, 20))
    method = method_class("gliner")(
        checked_settings("gliner", {"tune_threshold": False, "threshold": 0.1}, ""), str(folder)
    )
    method.fit(train, [], where)
    assert method.rule == "spaces"
    (found,) = method.predict([Example("a", text, "")], where)
    starts = {text.index(token) for token in tokens}
    ends = {text.index(token) + len(token) for token in tokens}
    spans = task.decode(found.target).spans
    assert spans
    assert all(span.start in starts and span.end in ends for span in spans)


@installed
def test_a_stop_is_heard(folder: Path) -> None:
    with pytest.raises(Cancelled):
        fitted(folder, context_of(TASK, labelled(TASK, 20), should_stop=lambda: True))


@installed
@pytest.mark.parametrize(
    "change", [{"labels_encoder": "bert"}, {"encoder_config": None}, {"encoder_config": {"model_type": "none"}},
               {"encoder_config": {"model_type": "bert", "auto_map": {"AutoModel": "code.Model"}}}],
)  # fmt: skip
def test_models_of_another_kind_are_refused(change: dict[str, object], tmp_path: Path) -> None:
    file = tiny_gliner(tmp_path) / "gliner_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(TradeoffError):
        fitted(tmp_path, context_of(TASK, labelled(TASK, 9)))


@installed
def test_weights_that_are_missing_are_told(tmp_path: Path) -> None:
    file = tiny_gliner(tmp_path) / "model.safetensors"
    tensors = load_file(file)
    dropped = next(name for name in tensors if name.startswith("rnn") or "prompt_rep" in name)
    save_file({name: value for name, value in tensors.items() if name != dropped}, file, {"format": "pt"})
    with pytest.raises(TradeoffError, match="are missing"):
        fitted(tmp_path, context_of(TASK, labelled(TASK, 9)))
