"""Texts as batches: budgets, buckets, padding, and what a model's tokenizer lacks."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, BertConfig, RobertaConfig, RobertaModel

from core.methods.base import Cancelled, Context
from core.methods.batching import Encoded, budget_batches, epoch_batches
from core.methods.device import arithmetic
from core.methods.inference import run_batches
from core.methods.pretrained import load_model, load_tokenizer, positions_of
from core.tasks import get_task
from tests.models import tiny_encoder

LENGTHS = [5, 90, 3, 40, 40, 7, 300, 1, 12, 5]


def context(**more: object) -> Context:
    return Context(get_task("single_label"), ["a", "b"], **more)  # type: ignore[arg-type]


def test_batches_stay_within_the_budget_and_hold_every_text_once() -> None:
    batches = list(budget_batches(LENGTHS, 100))
    assert sorted(i for batch in batches for i in batch) == list(range(len(LENGTHS)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(LENGTHS[i] for i in batch) <= 100
    assert batches[0] == [6]
    assert list(budget_batches([], 100)) == []


def test_epochs_are_shuffled_alike_for_a_seed_and_in_buckets() -> None:
    lengths = [i % 97 for i in range(1000)]
    first, again, next_epoch = (epoch_batches(lengths, 16, seed=1, epoch=epoch) for epoch in (0, 0, 1))
    assert first == again != next_epoch
    assert sorted(i for batch in first for i in batch) == list(range(1000))
    assert len(first) == 63
    padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in first)
    assert padded < 1.06 * sum(lengths)


def test_texts_are_cut_and_padded(tmp_path: Path) -> None:
    folder, where = str(tiny_encoder(tmp_path)), context()
    model, _ = load_model(AutoModel, folder, where)
    tokenizer = load_tokenizer(folder, model, 8, where)
    short, long = tokenizer.encode(["cat", "cat dog " * 50])
    assert (len(short.ids), short.truncated) == (3, False)
    assert (len(long.ids), long.truncated) == (8, True)
    inputs = tokenizer.pad([short, long], torch.device("cpu"))
    assert inputs["attention_mask"].sum(1).tolist() == [3, 8]
    assert inputs["input_ids"][0].tolist() == [*short.ids, 0, 0, 0, 0, 0]
    exactly = tokenizer.encode(["cat " * 6])[0]
    assert (len(exactly.ids), exactly.truncated) == (8, False)
    assert tokenizer.encode([]) == []


def test_batches_give_what_single_texts_give(tmp_path: Path) -> None:
    folder, where = str(tiny_encoder(tmp_path)), context()
    model, _ = load_model(AutoModel, folder, where)
    tokenizer = load_tokenizer(folder, model.eval(), 64, where)
    texts = ["cat", "", "a red dog and a blue cow " * 3, "horse one", "?"] * 3

    def forward(chosen: Sequence[Encoded]) -> torch.Tensor:
        return model(**tokenizer.pad(chosen, torch.device("cpu"))).last_hidden_state[:, 0]

    def outputs(texts: list[str], budget: int, window: int) -> dict[int, list[float]]:
        batches = list(run_batches(forward, texts, tokenizer, budget, arithmetic("cpu", "fp32"), where, window))
        return {place: row for b in batches for place, row in zip(b.positions, b.outputs.tolist(), strict=True)}

    together, apart = outputs(texts, 100, 4), outputs(texts, 1, 100)
    assert sorted(together) == list(range(len(texts)))
    for place, row in apart.items():
        assert together[place] == pytest.approx(row, abs=1e-5)
    with pytest.raises(Cancelled):
        list(run_batches(forward, texts, tokenizer, 100, arithmetic("cpu"), context(should_stop=lambda: True)))


def test_a_model_without_a_pad_token_gets_one(tmp_path: Path) -> None:
    folder, where = str(tiny_encoder(tmp_path, pad_token=None)), context()
    model, _ = load_model(AutoModel, folder, where)
    tokenizer = load_tokenizer(folder, model, 64, where)
    assert tokenizer.tokenizer.pad_token == "[SEP]"
    assert "pad_token" in where.notes


def test_texts_are_cut_to_the_positions_a_model_has(tmp_path: Path) -> None:
    folder, where = str(tiny_encoder(tmp_path, max_positions=32)), context()
    model, _ = load_model(AutoModel, folder, where)
    assert load_tokenizer(folder, model, 512, where).max_tokens == 32
    assert "max_tokens" in where.notes
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    roberta = RobertaModel(RobertaConfig(max_position_embeddings=20, vocab_size=9, pad_token_id=1, **sizes))
    assert positions_of(roberta) == 18
    roberta(input_ids=torch.full((1, 18), 5))
    with pytest.raises((IndexError, RuntimeError)):
        roberta(input_ids=torch.full((1, 19), 5))
    assert positions_of(AutoModel.from_config(BertConfig(max_position_embeddings=20, vocab_size=9, **sizes))) == 20


def test_precision_follows_the_hardware() -> None:
    assert arithmetic("cpu", "fp32").precision == "fp32"
    assert arithmetic("cpu", "bf16").precision == "bf16"
    assert arithmetic("cpu", "fp16").precision == "fp32"
    assert arithmetic("cpu").precision in ("fp32", "bf16")
