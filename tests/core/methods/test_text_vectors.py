"""Vectors of texts: those of sentence-transformers' recipe, with padding or without."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModel

from core.methods.base import Context
from core.methods.batching import Encoded
from core.methods.device import arithmetic
from core.methods.pretrained import load_model, load_tokenizer
from core.methods.text_vectors import Pooling, TextVectors
from core.tasks import get_task
from tests.models import tiny_decoder, tiny_encoder

TEXTS = ["cat", "a red dog and a blue cow", "horse one", "", "cat dog horse " * 9]


def vectors_of(folder: Path, pooling: Pooling, precision: str = "fp32") -> tuple[TextVectors, list[Encoded]]:
    where = Context(get_task("single_label"), ["a", "b"])
    model, _ = load_model(AutoModel, str(folder), where)
    tokenizer = load_tokenizer(str(folder), model.eval(), 64, where)
    return TextVectors(model, tokenizer, arithmetic("cpu", precision), pooling), tokenizer.encode(TEXTS)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_are_the_mean_of_a_texts_own_tokens_or_the_first(tmp_path: Path, pooling: Pooling) -> None:
    vectors, encoded = vectors_of(tiny_encoder(tmp_path), pooling)
    assert vectors.flat is not None
    with torch.inference_mode():
        found = vectors(encoded)
        vectors.flat = None
        padded = vectors(encoded)
        for text, row in zip(encoded, found, strict=True):
            states = vectors.model(input_ids=torch.tensor([text.ids])).last_hidden_state[0]
            wanted = states.mean(0) if pooling == "mean" else states[0]
            torch.testing.assert_close(row, wanted / wanted.norm(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found, padded, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(len(TEXTS)))


def test_other_builds_are_padded(tmp_path: Path) -> None:
    vectors, encoded = vectors_of(tiny_decoder(tmp_path), "mean")
    assert vectors.flat is None
    encoded = [text for text in encoded if text.ids]
    with torch.inference_mode():
        together, alone = vectors(encoded), torch.cat([vectors([text]) for text in encoded])
    torch.testing.assert_close(together, alone, rtol=1e-3, atol=1e-4)


def test_a_text_without_tokens_has_no_direction(tmp_path: Path) -> None:
    vectors, encoded = vectors_of(tiny_encoder(tmp_path), "mean")
    with torch.inference_mode():
        found = vectors([*encoded, Encoded([], [], False)])
        torch.testing.assert_close(found[:-1], vectors(encoded), rtol=1e-4, atol=1e-5)
    assert torch.isfinite(found).all()
