"""The catalogue holds facts: sizes agree with shapes, every open model has a licence or says that it is unknown."""

import json

import pytest

from core.candidates import resolve
from core.catalogue import architecture, card, catalogue, recipe_source, recommended, search
from core.estimating.model_shapes import from_sizes, shape_of, shape_of_card
from core.methods import METHODS, checked_settings

OPEN = [found for found in catalogue() if not found.api]
NO_LICENCE_STATED = {"ProsusAI/finbert"}


@pytest.mark.parametrize("found", OPEN, ids=lambda found: found.name)
def test_the_shape_of_a_model_has_as_many_weights_as_are_published(found):
    shape = shape_of_card(found)
    assert shape
    positions = found.context * found.hidden if found.architecture == "encoder" and found.context <= 1024 else 0
    with_pictures = 0.1 if "pictures" in found.note else 0.01
    assert from_sizes(shape) + positions == pytest.approx(found.parameters, rel=with_pictures)


def test_what_a_card_leaves_open_is_unknown_and_never_a_guess():
    assert {found.name for found in OPEN if not found.licence} == NO_LICENCE_STATED
    assert all(found.context for found in OPEN)
    for found in catalogue():
        if found.api:
            assert (found.parameters, found.licence, found.gated, shape_of(found.name)) == (None, None, None, None)
        else:
            assert found.sources or found.bundled


@pytest.mark.parametrize(
    ("name", "known_as"),
    [
        ("roberta-base", "FacebookAI/roberta-base"), ("bert-base-cased", "google-bert/bert-base-cased"),
        ("meta-llama/Llama-2-7b-chat-hf", "meta-llama/Llama-2-7b-hf"), ("minilm", "minilm"),
        ("someone/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-7B"), ("google/gemma-3-1b-it", "google/gemma-3-1b-pt"),
    ],
)  # fmt: skip
def test_a_model_is_known_by_its_siblings_and_mirrors(name, known_as):
    found = card(name)
    assert found
    assert found.name == known_as


def test_a_folder_is_never_taken_for_the_model_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roberta-base").mkdir()
    config = {
        "model_type": "llama",
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "vocab_size": 9,
    }
    (tmp_path / "roberta-base" / "config.json").write_text(json.dumps(config))
    assert card("roberta-base") is None
    assert architecture("roberta-base") == "decoder"
    assert (found := shape_of("roberta-base"))
    assert found.hidden == 8


def test_search_finds_by_every_word():
    assert {found.name for found in search("flan XL")} == {"google/flan-t5-xl", "google/flan-t5-xxl"}
    assert all(found.gated for found in search("gated llama"))
    assert len(search("gated llama")) > 8
    assert all(found.architecture == "seq2seq" for found in search("SEQ2SEQ"))
    assert search("no such thing") == []
    assert len(search("  ")) == len(catalogue())


@pytest.mark.parametrize(
    ("config", "parameters", "cache"),
    [
        (
            {"model_type": "t5", "is_encoder_decoder": True, "d_model": 8, "num_layers": 2, "num_heads": 2, "d_kv": 3,
             "d_ff": 16, "vocab_size": 10, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
            2 * (3 * 2 * 8 * 12 + 2 * 3 * 8 * 16) + 160, 2 * 2 * 6,
        ),
        (
            {"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 9,
             "num_key_value_heads": 1, "intermediate_size": 12, "hidden_act": "silu", "tie_word_embeddings": False},
            2 * (2 * 8 * (8 + 2) + 3 * 8 * 12) + 2 * 72, 2 * 2 * 2,
        ),
        (
            {"model_type": "gemma3", "text_config": {"hidden_size": 8, "num_hidden_layers": 1, "head_dim": 16,
             "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 5, "intermediate_size": 4}},
            2 * 8 * (32 + 16) + 3 * 8 * 4 + 40, 2 * 16,
        ),
    ],
)  # fmt: skip
def test_configurations_of_generators_are_read(tmp_path, config, parameters, cache):
    (tmp_path / "config.json").write_text(json.dumps(config))
    found = shape_of(str(tmp_path))
    assert found
    assert (found.parameters, found.cache_numbers) == (parameters, cache)


@pytest.mark.parametrize("content", ["[]", "{", '{"hidden_size": true}', '{"hidden_size": -4}', ""])
def test_a_configuration_that_says_nothing_has_no_shape(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    assert shape_of(str(tmp_path)) is None


def test_recommended_settings_are_settings_and_say_where_they_come_from():
    taken = set()
    for found in catalogue():
        if not found.recipe:
            continue
        assert "arXiv" in recipe_source(found.recipe)
        for method in METHODS:
            settings = recommended(found.name, method)
            checked_settings(method, settings, found.name)
            taken |= set(settings)
    assert "learning_rate" in taken


def test_a_candidate_starts_from_what_the_literature_recommends():
    assert resolve("FacebookAI/roberta-large-full").settings["learning_rate"] == 1e-5
    assert resolve("FacebookAI/roberta-large-full").changed == ()
    assert resolve("FacebookAI/roberta-large-full", {"learning_rate": 2e-5}).changed == ("learning_rate",)
    assert resolve("someone/unknown-full").settings["learning_rate"] == 5e-5
