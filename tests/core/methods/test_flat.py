"""Encoders laid out for answers: the same numbers as transformers' for every head and family, int8 close to them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from core.data.dataset import Dataset
from core.errors import TradeoffError
from core.methods import byte_products
from core.methods.base import Context
from core.methods.device import arithmetic
from core.methods.encoder import Encoder, EncoderLora
from core.methods.flat import FlatEncoder, fits
from core.methods.flat_network import flat_network
from core.methods.heads import HeadedEncoder, WordHead
from core.methods.models import local_path
from core.methods.outputs import PartOutputs
from core.methods.settings import EncoderLoraSettings, EncoderSettings
from core.methods.windows import Window
from core.tasks import get_task
from tests.models import tiny_encoder

TEXTS = ["Who was the first man on the moon ?", "Why is the sky blue ?", "How far is it from Denver to Aspen ?", "Hm",
         "What county is Modesto , California in , and what is the name of its oldest newspaper ?"]  # fmt: skip
INT8 = any(torch.cpu.get_capabilities().get(sign) for sign in byte_products.SIGNS)
needs_int8 = pytest.mark.skipif(not INT8, reason="this processor has no instructions for int8")


@pytest.fixture(scope="module")
def minilm() -> str:
    return local_path("minilm", Path("unused"))


def encoded(model: str) -> list[Window]:
    rows = AutoTokenizer.from_pretrained(model)(TEXTS)["input_ids"]
    return [
        Window(ids, [0] * len(ids), False, text=i, words=[0, 1], tokens=[1, len(ids) - 2]) for i, ids in enumerate(rows)
    ]


def padded(windows: list[Window]) -> dict[str, torch.Tensor]:
    ids, mask = torch.zeros(len(windows), 40, dtype=torch.int64), torch.zeros(len(windows), 40, dtype=torch.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)], mask[row, : len(window.ids)] = torch.tensor(window.ids), 1
    return {"input_ids": ids, "attention_mask": mask}


@pytest.mark.parametrize("kind", ["texts", "words", "both"])
def test_the_bundled_encoder_gives_what_it_gives_in_transformers(kind: str, minilm: str) -> None:
    from transformers import AutoModelForTokenClassification

    torch.manual_seed(0)
    words_only = kind == "words"
    loaded = AutoModelForTokenClassification if words_only else AutoModelForSequenceClassification
    encoder = loaded.from_pretrained(minilm, num_labels=3).eval()
    network = HeadedEncoder(
        encoder, "words" if words_only else "texts", WordHead(384, 3, 0.1) if kind == "both" else None
    )
    task, labels = {
        "texts": ("single_label", ["a", "b", "c"]), "words": ("token_labels", ["x"]),
        "both": ("intent_slots", ["intent:a", "intent:b", "intent:c", "slot:x"]),
    }[kind]  # fmt: skip
    part = PartOutputs("", task, labels)
    if kind == "both":  # however the task names its labels, three columns of each kind are read
        part = PartOutputs("", task, labels)
        part.__dict__["text_labels"], part.__dict__["tags"] = ["a", "b", "c"], ["O", "B-x", "I-x"]
    windows = encoded(minilm)
    flat = flat_network(network.eval(), arithmetic("cpu", "fp32"))
    assert flat is not None
    with torch.inference_mode():
        wanted = network(**padded(windows))
        of_texts, of_words = flat.outputs(part, windows)
    if not words_only:
        np.testing.assert_allclose(of_texts, wanted.texts.numpy(), atol=2e-5)
    if kind != "texts":
        tokens = [wanted.tokens[row, token].numpy() for row, window in enumerate(windows) for token in window.tokens]
        np.testing.assert_allclose(of_words, tokens, atol=2e-5)


@pytest.mark.parametrize("family", ["roberta", "xlm-roberta", "camembert", "electra", "bert"])
@pytest.mark.parametrize("activation", ["gelu", "relu"])
def test_the_kin_of_bert_give_what_they_give_in_transformers(family: str, activation: str) -> None:
    config = AutoConfig.for_model(
        family, vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=40, type_vocab_size=2, hidden_act=activation, num_labels=3, pad_token_id=1,
    )  # fmt: skip
    torch.manual_seed(0)
    network = HeadedEncoder(AutoModelForSequenceClassification.from_config(config), "texts").eval()
    rows = [[0, 5, 7, 9, 2], [0, 8, 2], [0, 4, 1, 11, 2], [0] + [20, 21, 22] * 9 + [2]]
    windows = [Window(row, [0] * len(row), False, text=i) for i, row in enumerate(rows)]
    flat = flat_network(network, arithmetic("cpu", "fp32"))
    assert flat is not None
    with torch.inference_mode():
        found, _ = flat.outputs(PartOutputs("", "single_label", ["a", "b", "c"]), windows)
        for row, given in zip(rows, found, strict=True):
            np.testing.assert_allclose(given, network(input_ids=torch.tensor([row])).texts[0].numpy(), atol=1e-5)


@pytest.mark.parametrize("family", ["distilbert", "modernbert", "deberta-v2"])
def test_other_builds_are_left_to_transformers(family: str) -> None:
    config = AutoConfig.for_model(family)
    with torch.device("meta"):
        assert not fits(AutoModel.from_config(config), "fp32")


@needs_int8
def test_int8_is_close_on_the_bundled_encoder(minilm: str) -> None:
    model, windows = AutoModel.from_pretrained(minilm).eval(), encoded(minilm)
    with torch.inference_mode():
        ranges = byte_products.measured(model.encoder.layer, lambda: model(**padded(windows)))
        exact, close = (FlatEncoder(model, kind, ranges).states(windows, first_only=True) for kind in ("fp32", "int8"))
        alone = FlatEncoder(model, "int8", ranges).states(windows[:1], first_only=True)
    similar = torch.nn.functional.cosine_similarity(exact, close)
    assert similar.min() > 0.99
    assert not torch.equal(exact, close)
    torch.testing.assert_close(alone[0], close[0], atol=1e-4, rtol=1e-4)


@needs_int8
@pytest.mark.parametrize("kind", [Encoder, EncoderLora])
def test_int8_answers_are_the_same_after_loading(kind: Any, dataset: Dataset, tmp_path: Path) -> None:
    lora = {"rank": 2} if kind is EncoderLora else {}
    settings = (EncoderLoraSettings if lora else EncoderSettings)(epochs=1, precision="fp32", weights="int8", **lora)
    where = Context(get_task("single_label"), dataset.info.labels)
    method = kind(settings, str(tiny_encoder(tmp_path / "model")))
    method.fit(dataset.examples("train"), dataset.examples("validation"), where)
    before = {one.id: one.probabilities for one in method.predict(dataset.examples("test"), where)}
    (tmp_path / "saved").mkdir()
    method.save(tmp_path / "saved")
    loaded = kind.load(tmp_path / "saved", where)
    assert loaded._answering().body.kind == "int8"
    for one in loaded.predict(dataset.examples("test"), where):
        assert one.probabilities == pytest.approx(before[one.id], abs=1e-6)
    (tmp_path / "saved" / byte_products.RANGES).unlink()
    with pytest.raises(TradeoffError):
        kind.load(tmp_path / "saved", where)


def test_int8_is_refused_where_it_cannot_be(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TradeoffError, match="for CPUs"):
        byte_products.check_int8("cuda")
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    with pytest.raises(TradeoffError, match=r"no instructions for int8|no oneDNN"):
        byte_products.check_int8("cpu")


@needs_int8
def test_int8_of_another_build_is_told_before_training(dataset: Dataset, tmp_path: Path) -> None:
    from transformers import DistilBertConfig, DistilBertModel

    folder = tiny_encoder(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    config = DistilBertConfig(vocab_size=len(tokenizer), dim=16, n_layers=1, n_heads=2, hidden_dim=16)
    DistilBertModel(config).save_pretrained(folder)
    where = Context(get_task("single_label"), dataset.info.labels)
    with pytest.raises(TradeoffError, match="cannot answer in int8"):
        Encoder(EncoderSettings(weights="int8"), str(folder)).fit(dataset.examples("train"), [], where)
