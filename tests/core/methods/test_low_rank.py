"""A LoRA layer in one step does what PEFT's does in several."""

from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora.layer import Linear

from core.methods.low_rank import QuickLora, quicken, slow_down
from core.methods.onednn import available, freeze_linear_layers, unpack_linear_layers

pytestmark = pytest.mark.skipif(not available(), reason="oneDNN is not available")


def adapted(dropout: float = 0.0, **options: Any) -> Any:
    torch.manual_seed(3)
    plain = torch.nn.Sequential(torch.nn.Linear(12, 20), torch.nn.Tanh(), torch.nn.Linear(20, 5, bias=False))
    plain.tie_weights = lambda: None  # type: ignore[assignment]
    settings = LoraConfig(r=4, lora_alpha=6, lora_dropout=dropout, target_modules=["0", "2"], **options)
    model = get_peft_model(plain, settings)  # type: ignore[arg-type]
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter)
    return model.train()


def quick(model: Any) -> Any:
    assert freeze_linear_layers(model) == 2
    quicken(model)
    return model


def results(model: Any, inputs: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
    inputs = inputs.clone().requires_grad_()
    found = model(inputs)
    learnt = [p for p in model.parameters() if p.requires_grad]
    return found.detach(), list(torch.autograd.grad((found * wanted).sum(), [inputs, *learnt]))


@pytest.mark.parametrize("options", [{}, {"use_rslora": True}])
def test_outputs_and_gradients_are_those_of_peft(options: dict[str, Any]) -> None:
    model, inputs, wanted = adapted(**options), torch.randn(3, 7, 12), torch.randn(3, 7, 5)
    plain, by_plain = results(model, inputs, wanted)
    fast, by_fast = results(quick(model), inputs, wanted)
    assert sum(type(module) is QuickLora for module in model.modules()) == 2
    torch.testing.assert_close(fast, plain, rtol=1e-5, atol=1e-5)
    for one, other in zip(by_fast, by_plain, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_gradients_are_those_of_what_was_kept() -> None:
    model, inputs, wanted = quick(adapted(dropout=0.4)), torch.randn(9, 12), torch.randn(9, 5)
    layer = model.base_model.model[0]
    wanted = torch.randn(9, 20)

    def value(change: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(11)
        return (layer(inputs + change) * wanted).sum()

    change = torch.zeros_like(inputs, requires_grad=True)
    (gradient,) = torch.autograd.grad(value(change), change)
    step = torch.randn_like(inputs)
    with torch.no_grad():
        slope = (value(step) - value(-step)) / 2  # exact: with a fixed draw the layer is linear
    torch.testing.assert_close((gradient * step).sum(), slope, rtol=1e-3, atol=1e-3)


def test_dropout_keeps_the_mean_and_ends_with_training() -> None:
    model, inputs = quick(adapted(dropout=0.25)), torch.randn(2, 12)
    layer = model.base_model.model[0]
    model.eval()
    steady = layer(inputs)
    torch.testing.assert_close(layer(inputs), steady, rtol=0, atol=0)
    model.train()
    with torch.no_grad():
        drawn = torch.stack([layer(inputs) for _ in range(4000)])
    assert drawn.std(0).max() > 0.1
    error = drawn.std(0) / 4000**0.5
    assert ((drawn.mean(0) - steady).abs() < 5 * error + 1e-5).all()


def test_dora_and_layers_that_are_not_frozen_stay_as_they_are() -> None:
    model = adapted(use_dora=True)
    freeze_linear_layers(model)
    quicken(model)
    assert not any(type(module) is QuickLora for module in model.modules())
    plain = adapted()
    quicken(plain)
    assert not any(type(module) is QuickLora for module in plain.modules())


def test_afterwards_it_is_a_layer_of_peft_again() -> None:
    model = adapted()
    inputs = torch.randn(4, 12)
    before = model(inputs)
    quick(model)
    slow_down(model)
    unpack_linear_layers(model.base_model.model)
    assert sum(type(module) is Linear for module in model.modules()) == 2
    torch.testing.assert_close(model(inputs), before, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(model.merge_and_unload()(inputs), before, rtol=1e-4, atol=1e-4)


def test_frozen_layers_in_bf16_are_close_and_come_back_whole() -> None:
    model, inputs, wanted = adapted(), torch.randn(3, 7, 12), torch.randn(3, 7, 5)
    weight = model.base_model.model[0].base_layer.weight.detach().clone()
    plain, by_plain = results(model, inputs, wanted)
    freeze_linear_layers(model, torch.bfloat16)
    quicken(model)
    fast, by_fast = results(model, inputs, wanted)
    for one, other in zip((fast, *by_fast), (plain, *by_plain), strict=True):
        assert one.dtype == torch.float32
        assert (one - other).norm() < 0.02 * other.norm()
        assert not torch.equal(one, other)
    slow_down(model)
    unpack_linear_layers(model.base_model.model)
    assert torch.equal(model.base_model.model[0].base_layer.weight, weight)
    assert not model.base_model.model[0].base_layer.weight.requires_grad
