"""Packed linear layers give what the layers gave before."""

import torch

from core.methods.onednn import PackedLinear, pack_linear_layers


def test_packed_layers_give_the_same_numbers():
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(40, 64), torch.nn.GELU(), torch.nn.Sequential(torch.nn.Linear(64, 7, bias=False))
    ).eval()
    inputs = torch.randn(3, 5, 40)
    weight = model[0].weight.detach().clone()
    with torch.inference_mode():
        wanted = model(inputs)
        if not pack_linear_layers(model):
            return
        assert isinstance(model[0], PackedLinear)
        assert isinstance(model[2][0], PackedLinear)
        torch.testing.assert_close(model(inputs), wanted, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(model(inputs[:1]), wanted[:1], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(model[0].weight, weight)


def test_other_kinds_of_numbers_are_left_alone():
    model = torch.nn.Sequential(torch.nn.Linear(4, 4)).to(torch.bfloat16)
    assert pack_linear_layers(model) == 0
    assert type(model[0]) is torch.nn.Linear
