"""What every method promises: fit, save, load and the same predictions; probabilities that add up; stop and resume."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.methods import METHODS, checked_settings, method_class
from core.methods.base import Cancelled, Context
from core.tasks import Example, get_task
from tests.conftest import small_frame
from tests.core.methods.learners import learning_seq2seq
from tests.models import tiny_decoder, tiny_encoder

CHEAP: dict[str, dict[str, Any]] = {
    "majority": {}, "tfidf-linear": {}, "embedding-linear": {}, "encoder-full": {"epochs": 2, "precision": "fp32"},
    "encoder-lora": {"epochs": 2, "rank": 4, "precision": "fp32"}, "prompt": {"shots": 3, "precision": "fp32"},
    **{
        f"{kind}-{training}": {"epochs": 1, "precision": "fp32", **({} if training == "full" else {"rank": 4})}
        for kind in ("seq2seq", "decoder")
        for training in ("full", "lora", "qlora")
    },
}  # fmt: skip
ELSEWHERE = {
    "api-prompt": "needs a server: tests/core/methods/test_api.py",
    "setfit": "an optional install: tests/core/methods/test_setfit.py",
    "gliclass": "an optional install: tests/core/methods/test_gliclass.py",
    "gliner": "an optional install: tests/core/methods/test_gliner.py",
    "cascade": "put together from finished runs: tests/core/findings/test_cascades.py",
}
LOCAL = sorted(set(METHODS) - set(ELSEWHERE))
GENERATORS = [name for name in CHEAP if name.startswith(("seq2seq", "decoder"))]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    words = [" ".join(small_frame(2)["text"])]
    return {
        "encoder": str(tiny_encoder(folder / "encoder")),
        "decoder": str(tiny_decoder(folder / "decoder")),
        "seq2seq": str(learning_seq2seq(folder / "seq2seq", words, hidden=32)),
    }


def made(name: str, models: dict[str, str], **changes: Any) -> Any:
    kind = "decoder" if name == "prompt" else name.split("-")[0].replace("embedding", "encoder")
    model = models[kind] if METHODS[name].needs_model else None
    return method_class(name)(checked_settings(name, {**CHEAP[name], **changes}, name), model)


def context(dataset: Dataset, folder: Path, **changes: Any) -> Context:
    return Context(
        get_task("single_label"),
        dataset.info.labels,
        models=folder / "cache",
        checkpoints=folder / "checkpoints",
        **changes,
    )


def answers(method: Any, examples: list[Example], where: Context) -> dict[str, Any]:
    return {prediction.id: prediction for prediction in method.predict(examples, where)}


def test_every_method_is_tested() -> None:
    assert set(CHEAP) | set(ELSEWHERE) == set(METHODS)


@pytest.mark.parametrize("name", LOCAL)
def test_a_saved_method_predicts_the_same(name: str, dataset: Dataset, models: dict[str, str], tmp_path: Path) -> None:
    where = context(dataset, tmp_path)
    method = made(name, models)
    method.fit(dataset.examples("train")[:40], dataset.examples("validation"), where)
    odd = [Example("empty", "", ""), Example("marks", "?!", ""), Example("long", "cat and dog " * 400, ""),
           Example("odd", "\x00\u202e🙂 مرحبا <b>=1+1</b>", "")]  # fmt: skip
    examples = [*dataset.examples("test"), *odd]
    before = answers(method, examples, where)
    assert set(before) == {example.id for example in examples}
    for prediction in before.values():
        assert prediction.target in dataset.info.labels
        assert prediction.probabilities is not None
        assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-4)
        assert prediction.target == dataset.info.labels[int(np.argmax(prediction.probabilities))]
        assert prediction.seconds >= 0
    (tmp_path / "saved").mkdir()
    method.save(tmp_path / "saved")
    for path in (tmp_path / "saved").rglob("*"):
        assert path.suffix not in (".bin", ".pt", ".pkl", ".pickle"), path
    loaded = method_class(name).load(tmp_path / "saved", where)
    after = answers(loaded, examples, where)
    one_by_one = answers(loaded, examples[:1], where)[examples[0].id]
    assert one_by_one.probabilities == pytest.approx(before[examples[0].id].probabilities, abs=1e-3)
    for key, prediction in before.items():
        assert after[key].target == prediction.target
        assert after[key].probabilities == pytest.approx(prediction.probabilities, abs=1e-5)


@pytest.mark.parametrize("name", LOCAL)
def test_targets_of_examples_are_never_looked_at(
    name: str, dataset: Dataset, models: dict[str, str], tmp_path: Path
) -> None:
    where = context(dataset, tmp_path)
    method = made(name, models)
    method.fit(dataset.examples("train")[:30], dataset.examples("validation")[:6], where)
    examples = dataset.examples("test")[:6]
    blind = [Example(example.id, example.text, "") for example in examples]
    seen, unseen = answers(method, examples, where), answers(method, blind, where)
    assert {key: p.target for key, p in seen.items()} == {key: p.target for key, p in unseen.items()}


@pytest.mark.parametrize(
    "name", ["embedding-linear", "encoder-full", "encoder-lora", "prompt", "tfidf-linear", *GENERATORS]
)
def test_a_stop_is_heard(name: str, dataset: Dataset, models: dict[str, str], tmp_path: Path) -> None:
    where = context(dataset, tmp_path, should_stop=lambda: True)
    method = made(name, models)
    with pytest.raises(Cancelled):
        _work(method, dataset, where)


def _work(method: Any, dataset: Dataset, where: Context) -> None:
    method.fit(dataset.examples("train"), dataset.examples("validation"), where)
    list(method.predict(dataset.examples("test"), where))


@pytest.mark.parametrize("name", ["encoder-full", "encoder-lora", *GENERATORS])
def test_a_stopped_training_goes_on_as_if_never_stopped(
    name: str, dataset: Dataset, models: dict[str, str], tmp_path: Path
) -> None:
    train, validation, test = (dataset.examples(split) for split in ("train", "validation", "test"))
    whole = made(name, models)
    whole.fit(train, validation, context(dataset, tmp_path / "whole"))

    steps: list[int] = []
    halted = context(dataset, tmp_path / "halves", report=lambda event: steps.append(event.get("step", 0)),
                     should_stop=lambda: bool(steps) and max(steps) >= 4)  # fmt: skip
    with pytest.raises(Cancelled):
        made(name, models).fit(train, validation, halted)
    events: list[dict[str, Any]] = []
    where = context(dataset, tmp_path / "halves", report=events.append)
    resumed = made(name, models)
    resumed.fit(train, validation, where)
    assert min(event["step"] for event in events if event.get("step")) >= 4
    wanted, found = answers(whole, test, where), answers(resumed, test, where)
    for key, prediction in wanted.items():
        assert found[key].probabilities == pytest.approx(prediction.probabilities, abs=1e-5)


def test_class_weights_lift_rare_labels(dataset: Dataset, models: dict[str, str], tmp_path: Path) -> None:
    rare = [e for e in dataset.examples("train") if e.target != "animal"] + [
        e for e in dataset.examples("train") if e.target == "animal"
    ][:2]
    shares: Callable[[bool], float] = lambda weights: _share_of_animals(rare, dataset, weights, tmp_path)  # noqa: E731
    assert shares(True) > shares(False)


def _share_of_animals(train: list[Example], dataset: Dataset, weights: bool, folder: Path) -> float:
    where = context(dataset, folder)
    method = made("tfidf-linear", {}, class_weights=weights)
    method.fit(train, dataset.examples("validation"), where)
    found = answers(method, dataset.examples("test"), where).values()
    return float(np.mean([prediction.probabilities[0] for prediction in found]))


def test_lora_leaves_the_encoder_as_it_was(dataset: Dataset, models: dict[str, str], tmp_path: Path) -> None:
    where = context(dataset, tmp_path)
    method = made("encoder-lora", models)
    method.fit(dataset.examples("train"), dataset.examples("validation"), where)
    assert 0 < where.notes["parameters_trained"] < where.notes["parameters_total"]
    (tmp_path / "saved").mkdir()
    method.save(tmp_path / "saved")
    whole = sum(path.stat().st_size for path in Path(models["encoder"]).rglob("*.safetensors"))
    kept = sum(path.stat().st_size for path in (tmp_path / "saved").rglob("*.safetensors"))
    assert kept < whole


@pytest.mark.parametrize("name", ["embedding-linear", "encoder-full", "prompt"])
def test_a_model_that_is_not_here_is_told_with_a_remedy(name: str, dataset: Dataset, tmp_path: Path) -> None:
    method = made(name, {"encoder": "nobody/nothing", "decoder": "nobody/nothing"})
    where = context(dataset, tmp_path)
    with pytest.raises(TradeoffError) as error:
        method.fit(dataset.examples("train")[:10], dataset.examples("validation"), where)
    assert "nobody/nothing" in str(error.value)
    assert error.value.remedy


def test_weights_that_are_pickled_are_refused(dataset: Dataset, models: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    folder.mkdir()
    for path in Path(models["encoder"]).iterdir():
        if path.suffix != ".safetensors":
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n.")
    method = made("encoder-full", {"encoder": str(folder)})
    with pytest.raises(TradeoffError):
        method.fit(dataset.examples("train")[:10], dataset.examples("validation"), context(dataset, tmp_path))
