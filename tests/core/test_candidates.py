"""Candidates by name: what kind of model it is decides the method."""

import json

import pytest

from core.architectures import architecture_of
from core.candidates import CANDIDATES, candidates_for, resolve
from core.catalogue import architecture
from core.errors import TradeoffError
from core.methods import METHODS


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("minilm", "encoder"), ("FacebookAI/roberta-large", "encoder"), ("answerdotai/ModernBERT-base", "encoder"),
        ("microsoft/deberta-v3-base", "encoder"), ("ProsusAI/finbert", "encoder"), ("xlm-roberta-base", "encoder"),
        ("someone/never-heard-of", "encoder"), ("someone/delphi-net", "encoder"), ("facebook/optimum", "encoder"),
        ("google/flan-t5-xl", "seq2seq"), ("t5-small", "seq2seq"), ("google/mt5-base", "seq2seq"),
        ("facebook/bart-large", "seq2seq"), ("smollm2", "decoder"), ("meta-llama/Llama-2-7b-hf", "decoder"),
        ("mistralai/Mistral-7B-v0.1", "decoder"), ("Qwen/Qwen2.5-0.5B", "decoder"), ("google/gemma-2-2b", "decoder"),
        ("microsoft/phi-2", "decoder"), ("openai-community/gpt2", "decoder"), ("facebook/opt-125m", "decoder"),
    ],
)  # fmt: skip
def test_names_tell_the_architecture(model, kind):
    assert architecture(model) == kind


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"model_type": "llama"}, "decoder"), ({"model_type": "t5", "is_encoder_decoder": True}, "seq2seq"),
        ({"model_type": "brand-new", "architectures": ["BrandNewForCausalLM"]}, "decoder"),
        ({"model_type": "bert", "architectures": ["BertLMHeadModel"]}, "encoder"),
        ({"model_type": "brand-new", "architectures": ["BrandNewForMaskedLM"]}, "encoder"), ({}, None),
        ({"architectures": []}, None), ({"architectures": "x"}, None),
    ],
)  # fmt: skip
def test_configurations_tell_the_architecture(config, kind):
    assert architecture_of(config) == kind


def test_a_folder_speaks_for_itself_whatever_it_is_called(tmp_path):
    folder = tmp_path / "my-bert"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    assert architecture(str(folder)) == "decoder"
    (folder / "config.json").write_text("not JSON")
    assert architecture(str(folder)) == "encoder"


def test_what_a_model_cannot_do_is_told_with_what_it_can():
    with pytest.raises(TradeoffError, match="writes no text"):
        resolve("FacebookAI/roberta-base-few-shot")
    with pytest.raises(TradeoffError, match="Take FacebookAI/roberta-base-lora"):
        resolve("FacebookAI/roberta-base-qlora")
    with pytest.raises(TradeoffError, match="-zero-shot or -few-shot"):
        resolve("api:gpt-4o-mini")
    with pytest.raises(TradeoffError, match="minilm-full"):
        resolve("minilm-ful")


@pytest.mark.parametrize(
    ("name", "method", "model"),
    [
        ("org/roberta-x-lora", "encoder-lora", "org/roberta-x"), ("t5-small-full", "seq2seq-full", "t5-small"),
        ("Qwen/Qwen3-8B-qlora", "decoder-qlora", "Qwen/Qwen3-8B"), ("smollm2-lora", "decoder-lora", "smollm2"),
        ("google/flan-t5-base-few-shot", "prompt", "google/flan-t5-base"),
        ("api:gpt-4o-mini-few-shot", "api-prompt", "gpt-4o-mini"),
        ("api:org/few-shot-llama-zero-shot", "api-prompt", "org/few-shot-llama"),
    ],
)  # fmt: skip
def test_the_end_of_a_name_and_the_model_decide_the_method(name, method, model):
    if method not in METHODS:
        with pytest.raises(TradeoffError, match=f"needs the method {method}"):
            resolve(name)
        return
    found = resolve(name)
    assert (found.method, found.model, found.id) == (method, model, name)


@pytest.mark.parametrize("task", ["single_label", "token_labels"])
def test_candidates_of_a_task_can_do_it(task):
    assert all(task in METHODS[entry.method].tasks for entry in candidates_for(task))
    assert {entry.id for entry in candidates_for("single_label")} == {
        name for name, entry in CANDIDATES.items() if "single_label" in METHODS[entry.method].tasks
    }
