"""Adapters on models of several families: all linear layers, saved and loaded, DoRA, rsLoRA and LoRA+."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoModel,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    GPT2Config,
    ModernBertConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

from core.errors import TradeoffError
from core.methods.adapters import adapter_factor, linear_layers, lora_config
from core.methods.encoder import Encoder, EncoderLora
from core.methods.settings import EncoderLoraSettings, EncoderSettings
from core.methods.settings.adapters import AdapterSettings
from core.methods.stepping import parameter_groups
from tests.core.methods.labelled import context_of, labelled
from tests.models import tiny_encoder

SIZES = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "pad_token_id": 0,
    "bos_token_id": 2, "eos_token_id": 3, "max_position_embeddings": 66,
}  # fmt: skip
FAMILIES: dict[str, Any] = {
    "modernbert": lambda size: ModernBertConfig(
        vocab_size=size, **SIZES, cls_token_id=2, sep_token_id=3, global_attn_every_n_layers=2, local_attention=8
    ),
    "deberta-v2": lambda size: DebertaV2Config(
        vocab_size=size, **SIZES, relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8,
        share_att_key=True, norm_rel_ebd="layer_norm", type_vocab_size=0, pooler_hidden_size=32,
    ),
    "roberta": lambda size: RobertaConfig(vocab_size=size, **SIZES),
    "xlm-roberta": lambda size: XLMRobertaConfig(vocab_size=size, **SIZES),
    "electra": lambda size: ElectraConfig(vocab_size=size, embedding_size=16, **SIZES),
    "distilbert": lambda size: DistilBertConfig(
        vocab_size=size, dim=32, n_layers=2, n_heads=2, hidden_dim=64, max_position_embeddings=66, pad_token_id=0
    ),
    "gpt2": lambda size: GPT2Config(
        vocab_size=size, n_embd=32, n_layer=2, n_head=2, n_positions=66, bos_token_id=2, eos_token_id=3
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("families")
    for family, config in FAMILIES.items():
        tiny_encoder(folder / family)
        size = load_file(folder / family / "model.safetensors")["embeddings.word_embeddings.weight"].shape[0]
        (folder / family / "model.safetensors").unlink()
        torch.manual_seed(0)
        AutoModel.from_config(config(size)).save_pretrained(folder / family)
    return {family: str(folder / family) for family in FAMILIES}


@pytest.mark.parametrize("task", ["single_label", "token_labels", "intent_slots"])
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_trains_saves_and_loads(family: str, task: str, models: dict[str, str], tmp_path: Path) -> None:
    train, test = labelled(task, 24), labelled(task, 8, 2)
    where = context_of(task, train, test)
    method = EncoderLora(EncoderLoraSettings(epochs=1, rank=2, learning_rate=5e-3, precision="fp32"), models[family])
    method.fit(train, test, where)
    assert 0 < where.notes["parameters_trained"] < where.notes["parameters_total"]
    method.save(tmp_path)
    tensors = load_file(tmp_path / "adapter_model.safetensors")
    trained = [name for name, value in tensors.items() if "lora_B" in name and value.abs().max() > 0]
    assert len(trained) >= 4
    torch.manual_seed(5)
    loaded = EncoderLora.load(tmp_path, where)
    before = {prediction.id: prediction for prediction in method.predict(test, where)}
    for prediction in loaded.predict(test, where):
        assert prediction.target == before[prediction.id].target
        assert prediction.confidence == pytest.approx(before[prediction.id].confidence, abs=1e-5)


@pytest.mark.parametrize("family", ["modernbert", "deberta-v2", "roberta"])
def test_all_weights_of_every_family_train_too(family: str, models: dict[str, str], tmp_path: Path) -> None:
    train, test = labelled("intent_slots", 24), labelled("intent_slots", 8, 2)
    where = context_of("intent_slots", train, test)
    method = Encoder(EncoderSettings(epochs=1, precision="fp32"), models[family])
    method.fit(train, test, where)
    method.save(tmp_path)
    before = [prediction.target for prediction in method.predict(test, where)]
    assert [prediction.target for prediction in Encoder.load(tmp_path, where).predict(test, where)] == before


@pytest.mark.parametrize("kind", [{"dora": True}, {"rslora": True}, {"lora_plus_ratio": 16}])
def test_the_kin_of_lora(kind: dict[str, Any], models: dict[str, str], tmp_path: Path) -> None:
    train, test = labelled("single_label", 24), labelled("single_label", 8, 2)
    where = context_of("single_label", train, test)
    plain = EncoderLora(EncoderLoraSettings(epochs=1, rank=4, precision="fp32"), models["roberta"])
    method = EncoderLora(EncoderLoraSettings(epochs=1, rank=4, precision="fp32", **kind), models["roberta"])
    plain.fit(train, test, where)
    method.fit(train, test, where)
    method.save(tmp_path)
    assert method.adapter_config.use_dora == kind.get("dora", False)
    assert method.adapter_config.use_rslora == kind.get("rslora", False)
    differing = [name for name, value in plain.adapter.items() if not torch.equal(value, method.adapter[name])]
    assert differing
    loaded = EncoderLora.load(tmp_path, where)
    for one, other in zip(method.predict(test, where), loaded.predict(test, where), strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


def test_lora_plus_speeds_up_b_alone() -> None:
    names = ["layer.lora_A.default.weight", "layer.lora_B.default.weight", "head.weight"]
    parameters = {name: torch.nn.Parameter(torch.zeros(2, 2)) for name in names}
    settings = EncoderLoraSettings(lora_plus_ratio=16, head_learning_rate_factor=3)
    groups = parameter_groups(parameters, frozenset({"head.weight"}), settings)
    factors = {id(p): group["factor"] for group in groups for p in group["params"]}
    assert [factors[id(parameters[name])] for name in names] == [1, 16, 3]
    assert adapter_factor(names[1], object()) == 1


def test_heads_and_fused_attention_are_left_alone() -> None:
    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
            self.fused = torch.nn.MultiheadAttention(2, 1)
            self.classifier = torch.nn.Sequential(torch.nn.Linear(2, 2))
            self.lm_head = torch.nn.Linear(2, 2)

    model = Model()
    assert linear_layers(model, ["classifier", "lm_head"]) == ["inner.0", "inner.1"]
    config = lora_config(model, AdapterSettings(rank=3), "SEQ_CLS", ["classifier"], ["lm_head"], base="tiny")
    assert set(config.target_modules) == {"inner.0", "inner.1"}
    assert config.modules_to_save == ["classifier"]
    with pytest.raises(TradeoffError, match="no linear layers"):
        lora_config(torch.nn.Embedding(2, 2), AdapterSettings(), "SEQ_CLS")
