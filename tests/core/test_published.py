"""Published figures: all carried over, found by the name of a set, and never mistaken for another set's."""

import pytest

from core.published import published, published_for
from core.tasks import TASKS


def test_every_figure_says_where_it_comes_from():
    assert len(published()) > 95
    for found in published():
        assert found.source
        assert found.grade in ("reported", "second-hand")
        assert 2020 <= found.year <= 2030
        assert 0 < found.value <= 100
        assert set(found.tasks) <= set(TASKS)
        assert set(found.metrics) <= {name for task in found.tasks for name in TASKS[task].metrics} | {
            "accuracy", "macro_f1", "f1", "intent_accuracy", "slot_f1"
        }  # fmt: skip


@pytest.mark.parametrize(
    ("task", "name", "sets"),
    [
        ("token_labels", "wnut17", {"WNUT 2017"}), ("token_labels", "WNUT-2017-small", {"WNUT 2017"}),
        ("token_labels", "wnut_17", {"WNUT 2017"}), ("token_labels", "conll2003", {"CoNLL 2003"}),
        ("single_label", "wnut17", set()), ("single_label", "ag_news", {"AG News"}), ("single_label", "mr", {"MR"}),
        ("single_label", "mrpc", set()), ("single_label", "familiar", set()), ("single_label", "liar", {"LIAR"}),
        ("single_label", "massive-en", {"MASSIVE en-US intent"}),
        ("intent_slots", "massive", {"MASSIVE en-US intent", "MASSIVE en-US slots"}),
        ("token_labels", "massive", {"MASSIVE en-US slots"}), ("single_label", "trec", set()),
        ("single_label", "20newsgroups", {"20 Newsgroups (20 classes)", "20 Newsgroups (7 classes)"}),
        ("single_label", "financial_phrasebank", {"Financial PhraseBank"}), ("single_label", "", set()),
    ],
)  # fmt: skip
def test_a_set_is_known_by_its_name(task, name, sets):
    assert {found.dataset for found in published_for(task, name)} == sets


def test_a_figure_stands_beside_its_own_metric_only():
    assert {found.metric for found in published_for("token_labels", "conll2003", "f1")} >= {"span micro-F1"}
    assert published_for("token_labels", "conll2003", "precision") == []
    minutes = [found for found in published() if "minutes" in found.metric]
    assert len(minutes) == 3
    assert all(found.metrics == () for found in minutes)


def test_families_go_by_model_and_method():
    family = {(found.model, found.method): found.family for found in published()}
    assert family["RoBERTa", "full fine-tune"] == "encoder"
    assert family["FinBERT", "full fine-tune"] == "encoder"
    assert family["Llama 3 70B", "full fine-tune"] == "finetuned_llm"
    assert family["GPT-4", "prompt"] == "api"
    assert family["BloombergGPT", "prompt, 5-shot"] == "prompted_llm"
    assert family["Flan-T5 XL (3B)", "QLoRA"] == "finetuned_llm"
