"""Faster steps are the same steps: attention, dropout, products and clipping beside PyTorch's own."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from core.methods import swift as swift_module
from core.methods.swift import (
    ATTENTION,
    MOST_SCORES,
    QuickDropout,
    draw_dropout_quickly,
    dropped,
    onednn_is_exact,
    products_by_onednn,
    small_attention,
    swift,
    usual_attention,
)
from tests.models import tiny_decoder, tiny_encoder

IDS = torch.tensor([[2, 9, 8, 7, 3], [2, 5, 3, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tiny_encoder(tmp_path_factory.mktemp("encoder"))
    return AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return AutoModelForCausalLM.from_pretrained(
        tiny_decoder(tmp_path_factory.mktemp("decoder")), dtype=torch.float32
    ).eval()


def gradients(model: Any, left: bool) -> dict[str, torch.Tensor]:
    model.zero_grad()
    mask = MASK.flip(1) if left else MASK
    real = mask.bool()
    found = model(input_ids=IDS, attention_mask=mask, output_hidden_states=True).hidden_states[-1]
    (found * torch.linspace(-1, 1, found.shape[-1]))[real].sum().backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
@pytest.mark.parametrize("most", [MOST_SCORES, 0])
def test_attention_gives_the_same_gradients(
    kind: str, most: int, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = request.getfixturevalue(kind)
    wanted = gradients(model, kind == "decoder")
    monkeypatch.setattr(swift_module, "MOST_SCORES", most)
    with small_attention(model):
        assert model.config._attn_implementation == ATTENTION
        found = gradients(model, kind == "decoder")
        with usual_attention(model):
            assert model.config._attn_implementation == "sdpa"
        assert model.config._attn_implementation == ATTENTION
    assert model.config._attn_implementation == "sdpa"
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("shape", [(400, 301), (3, 5), (0, 4)])
def test_dropout_drops_its_share_and_keeps_the_mean(share: float, shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    inputs = torch.ones(shape, requires_grad=True)
    found = dropped(inputs, share)
    found.sum().backward()
    assert found.shape == inputs.shape
    assert torch.equal(found, inputs.grad)
    assert set(found.flatten().tolist()) <= {0.0, found.max().item() if found.numel() else 0.0}
    if found.numel() > 10_000:
        assert (found == 0).float().mean().item() == pytest.approx(share, abs=0.005)
        assert found.mean().item() == pytest.approx(0 if share == 1 else 1, abs=0.02)
        rows, columns = (found == 0).float().mean(1), (found == 0).float().mean(0)
        for means, drawn in ((rows, shape[1]), (columns, shape[0])):
            assert means.std().item() == pytest.approx((share * (1 - share) / drawn) ** 0.5, rel=0.2, abs=1e-6)


def test_dropout_is_repeated_by_its_seed_and_rests_outside_training() -> None:
    layer = torch.nn.Sequential(torch.nn.Dropout(0.3), torch.nn.Dropout(0.3, inplace=True), torch.nn.AlphaDropout(0.3))
    draw_dropout_quickly(layer)
    assert [type(one) for one in layer] == [QuickDropout, QuickDropout, torch.nn.AlphaDropout]
    inputs = torch.randn(7, 9)
    torch.manual_seed(3)
    state = torch.get_rng_state()
    first = layer(inputs.clone())
    assert not torch.equal(first, layer(inputs.clone()))
    torch.set_rng_state(state)
    assert torch.equal(first, layer(inputs.clone()))
    assert torch.equal(layer.eval()(inputs), inputs)


def test_products_stay_in_fp32() -> None:
    left, right = torch.randn(130, 200), torch.randn(200, 90)
    wanted = (left.double() @ right.double()).float()
    before = torch.backends.mkldnn.matmul.fp32_precision
    with products_by_onednn():
        assert (torch.backends.mkldnn.matmul.fp32_precision == "bf16") == onednn_is_exact()
        torch.testing.assert_close(left @ right, wanted, rtol=1e-5, atol=1e-4)
    assert torch.backends.mkldnn.matmul.fp32_precision == before


def test_nothing_changes_on_another_device(encoder: Any) -> None:
    with swift(encoder, torch.device("cuda")):
        assert encoder.config._attn_implementation == "sdpa"
        assert not any(isinstance(module, QuickDropout) for module in encoder.modules())


def test_models_without_that_attention_are_left_alone(tmp_path: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(tiny_encoder(tmp_path), attn_implementation="eager")
    with small_attention(model), small_attention(torch.nn.Linear(2, 2)):
        assert model.config._attn_implementation == "eager"
