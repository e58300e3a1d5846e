"""Layers in eight bits say nearly what they said before, and keep a quarter of the memory."""

import pytest
import torch

from core.errors import TradeoffError
from core.methods.eight_bit import EightBitLinear, to_eight_bits
from core.prompts.engine import Engine, get_engine
from tests.models import tiny_decoder


@pytest.mark.parametrize("inputs", [64, 50])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_a_layer_says_nearly_the_same(inputs, kind):
    torch.manual_seed(0)
    linear = torch.nn.Linear(inputs, 20)
    linear.weight.data[3] *= 100
    small = EightBitLinear(linear, kind)
    given = torch.randn(2, 7, inputs)
    with torch.inference_mode():
        found, wanted = small(given), linear(given)
    assert found.dtype == torch.float32
    close = 0.01 if kind == torch.float32 else 0.02
    assert ((found - wanted).norm(dim=(0, 1)) / wanted.norm(dim=(0, 1))).max() < close
    assert small.codes.element_size() == 1


def test_weights_of_few_levels_are_kept_exactly():
    # As blocks of four bits are: sixteen levels between a least and a most.
    linear = torch.nn.Linear(32, 2, bias=False)
    linear.weight.data = torch.arange(16.0).repeat(2, 2) * 0.25 - 1
    torch.testing.assert_close(EightBitLinear(linear, torch.float32).weight, linear.weight.data, rtol=0, atol=1e-6)


def test_equal_weights_and_zeros_are_kept():
    linear = torch.nn.Linear(32, 2, bias=False)
    linear.weight.data = torch.tensor([[0.0], [0.5]]).repeat(1, 32)
    torch.testing.assert_close(EightBitLinear(linear, torch.float32).weight, linear.weight.data)


def test_an_engine_in_eight_bits_answers_nearly_as_the_whole_one(tmp_path):
    folder = tiny_decoder(tmp_path / "llama")
    whole, small = (get_engine(str(folder), tmp_path, "cpu", "auto", weights) for weights in ("float", "int8"))
    assert small is not whole
    assert sum(isinstance(layer, EightBitLinear) for layer in small.model.modules()) == 7 * len(
        small.model.model.layers
    )
    shared, rows = small.encode(["Text:"])[0], small.encode([" a cat\nLabel:", " x\nLabel:"], after="Text:")
    answers = [tuple(ids) for ids in small.encode([" animal", " colour"])]
    scores = [
        engine.score(engine.remember(shared, rows[0], answers, longest=64), rows, answers) for engine in (whole, small)
    ]
    assert small.remember(shared, rows[0], answers, longest=64).packs
    torch.testing.assert_close(scores[1], scores[0], rtol=0.02, atol=0.5)
    assert not torch.equal(scores[1], scores[0])


def test_eight_bits_are_for_cpus(tmp_path):
    with pytest.raises(TradeoffError, match="CPU only"):
        Engine("smollm2", tmp_path, "cuda", weights="int8")


def test_the_last_layer_stays(tmp_path):
    model = Engine(str(tiny_decoder(tmp_path / "llama")), tmp_path, "cpu", "bf16").model
    last = model.get_output_embeddings()
    assert to_eight_bits(model) > 0
    assert model.get_output_embeddings() is last
