"""Fine-tuned encoders: what is saved, what LoRA leaves alone, bf16, long texts, other models."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.methods import encoder as encoder_module
from core.methods.base import Context
from core.methods.encoder import Encoder, EncoderLora
from core.methods.settings import EncoderLoraSettings, EncoderSettings
from core.tasks import Example, get_task
from tests.models import tiny_decoder, tiny_encoder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_encoder(tmp_path_factory.mktemp("model")))


def context(dataset: Dataset, **more: Any) -> Context:
    return Context(get_task("single_label"), dataset.info.labels, **more)


def fit(method: Encoder, dataset: Dataset, where: Context) -> Encoder:
    method.fit(dataset.examples("train"), dataset.examples("validation"), where)
    return method


def test_fine_tuning_learns(model: str, dataset: Dataset) -> None:
    where = context(dataset, seed=1)
    settings = EncoderSettings(
        epochs=24, learning_rate=1.5e-3, head_learning_rate_factor=1, patience=0, precision="fp32"
    )
    method = fit(Encoder(settings, model), dataset, where)
    test = {example.id: example.target for example in dataset.examples("test")}
    hits = [p.target == test[p.id] for p in method.predict(dataset.examples("test"), where)]
    assert sum(hits) / len(hits) > 0.8
    assert where.notes["truncated_examples"] == 0
    assert where.notes["tokens_seen"] > 0


def test_the_saved_model_is_one_that_transformers_reads(model: str, dataset: Dataset, tmp_path: Path) -> None:
    where = context(dataset)
    method = fit(Encoder(EncoderSettings(epochs=1, precision="fp32"), model), dataset, where)
    method.save(tmp_path)
    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    example = dataset.examples("test")[0]
    with torch.inference_mode():
        expected = torch.softmax(plain(**tokenizer(example.text, return_tensors="pt")).logits[0], 0)
    (prediction,) = method.predict([example], where)
    assert prediction.probabilities == pytest.approx(expected.tolist(), abs=1e-5)
    assert plain.config.id2label[int(expected.argmax())] == prediction.target


def test_lora_changes_weights_by_its_adapters_only(model: str, dataset: Dataset, tmp_path: Path) -> None:
    settings = EncoderLoraSettings(epochs=1, rank=2, alpha=8, learning_rate=1e-2, precision="fp32")
    method = fit(EncoderLora(settings, model), dataset, context(dataset))
    method.save(tmp_path)
    before, saved = load_file(Path(model) / "model.safetensors"), load_file(tmp_path / "adapter_model.safetensors")
    assert all("lora_" in name or "classifier" in name or "pooler" in name for name in saved)
    merged = dict(method.network.encoder.named_parameters())
    name = "encoder.layer.0.attention.self.query"
    down, up = (saved[f"base_model.model.bert.{name}.lora_{side}.weight"] for side in "AB")
    assert up.abs().max() > 0
    torch.testing.assert_close(
        merged[f"bert.{name}.weight"].data, before[f"{name}.weight"] + 8 / 2 * up @ down, atol=1e-6, rtol=1e-5
    )
    assert torch.equal(merged["bert.embeddings.word_embeddings.weight"], before["embeddings.word_embeddings.weight"])
    assert json.loads((tmp_path / "adapter_config.json").read_text())["base_model_name_or_path"] == model


def test_lora_learns_what_the_model_did_not_bring(dataset: Dataset, tmp_path: Path) -> None:
    folder = tiny_encoder(tmp_path / "model")
    weights = {k: v for k, v in load_file(folder / "model.safetensors").items() if not k.startswith("pooler")}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    where = context(dataset)
    settings = EncoderLoraSettings(epochs=1, rank=2, precision="fp32")
    method = fit(EncoderLora(settings, str(folder)), dataset, where)
    (tmp_path / "saved").mkdir()
    method.save(tmp_path / "saved")
    torch.manual_seed(99)
    loaded = EncoderLora.load(tmp_path / "saved", where)
    for kept, other in zip(
        method.predict(dataset.examples("test"), where), loaded.predict(dataset.examples("test"), where), strict=True
    ):
        assert kept.probabilities == pytest.approx(other.probabilities, abs=1e-6)


def test_a_decoder_and_a_model_with_another_head_can_be_fine_tuned(dataset: Dataset, tmp_path: Path) -> None:
    decoder = str(tiny_decoder(tmp_path / "decoder"))
    for kind, settings in ((Encoder, EncoderSettings), (EncoderLora, EncoderLoraSettings)):
        method = kind(settings(epochs=0.5, precision="fp32"), decoder)
        train = dataset.examples("train")[:12]
        method.fit(train, dataset.examples("validation")[:4], context(dataset))
        one, many = ({p.id: p for p in method.predict(examples, context(dataset))} for examples in (train[:1], train))
        assert one[train[0].id].probabilities == pytest.approx(many[train[0].id].probabilities, abs=1e-4)
    two_labels = AutoModelForSequenceClassification.from_pretrained(tiny_encoder(tmp_path / "two"), num_labels=2)
    two_labels.save_pretrained(tmp_path / "two")
    fit(Encoder(EncoderSettings(epochs=0.2, precision="fp32"), str(tmp_path / "two")), dataset, context(dataset))


@pytest.mark.parametrize("kind", [Encoder, EncoderLora])
def test_half_precision_trains_in_finite_numbers(kind: Any, model: str, dataset: Dataset) -> None:
    settings = EncoderSettings if kind is Encoder else EncoderLoraSettings
    where = context(dataset)
    method = fit(kind(settings(epochs=1, precision="bf16"), model), dataset, where)
    assert where.notes["precision"] == "bf16"
    assert all(parameter.dtype == torch.float32 for parameter in method.network.encoder.parameters())
    for prediction in method.predict(dataset.examples("test"), where):
        assert sum(prediction.probabilities or []) == pytest.approx(1)


def test_cut_texts_are_counted(model: str, dataset: Dataset) -> None:
    long = Example("long", "cat and dog " * 400, "animal")
    where = context(dataset)
    method = Encoder(EncoderSettings(epochs=0.2, max_tokens=32, precision="fp32"), model)
    method.fit([*dataset.examples("train"), long], dataset.examples("validation"), where)
    list(method.predict([long, *dataset.examples("test")], where))
    assert where.notes["truncated_examples"] == 1
    assert where.notes["truncated_predicted"] == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 MiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_running_out_of_memory_names_the_setting(
    error: Exception, model: str, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Any) -> None:
        raise error

    monkeypatch.setattr(encoder_module.Trainer, "train", fail)
    with pytest.raises(TradeoffError) as told:
        fit(Encoder(EncoderSettings(), model), dataset, context(dataset))
    assert "batch_size" in told.value.remedy


def test_a_folder_without_a_saved_model_is_told(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(TradeoffError, match="no saved model"):
        Encoder.load(tmp_path, context(dataset))


@pytest.mark.parametrize("kind", [Encoder, EncoderLora])
def test_a_model_saved_before_there_were_other_tasks_still_loads(
    kind: Any, model: str, dataset: Dataset, tmp_path: Path
) -> None:
    settings = EncoderSettings if kind is Encoder else EncoderLoraSettings
    method = fit(kind(settings(epochs=1, precision="fp32"), model), dataset, context(dataset))
    method.save(tmp_path)
    about = json.loads((tmp_path / "method.json").read_text())
    del about["parts"]
    for later in ("dora", "rslora", "lora_plus_ratio", "window_overlap", "span_weight"):
        about["settings"].pop(later, None)
    (tmp_path / "method.json").write_text(json.dumps(about))
    loaded = kind.load(tmp_path, context(dataset))
    for one, other in zip(
        method.predict(dataset.examples("test"), context(dataset)),
        loaded.predict(dataset.examples("test"), context(dataset)),
        strict=True,
    ):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)
