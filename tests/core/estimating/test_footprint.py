"""Memory from the shape alone: known figures of known models, and what must grow with what."""

from typing import Any

import pytest

from core.catalogue import catalogue
from core.data.dataset import DatasetInfo
from core.devices import DeviceInfo
from core.estimating.fit import candidate_name, fit_of, possible_ways, typical_dataset, ways
from core.estimating.footprint import answering_bytes, training_bytes, weights_bytes, work_bytes
from core.estimating.model_shapes import Shape, shape_of
from core.estimating.workload import Workload

GIB = 2**30
CPU = DeviceInfo(kind="cpu", name="EPYC (2 cores)", memory_bytes=24 * GIB)
T4 = DeviceInfo(kind="cuda", name="Tesla T4", memory_bytes=15 * GIB)
H200 = DeviceInfo(kind="cuda", name="NVIDIA H200", memory_bytes=139 * GIB)
LLAMA = "meta-llama/Llama-2-7b-hf"


def load(method: str, model: str | None = LLAMA, device: str = "cuda", **settings: Any) -> Workload:
    return Workload(
        method=method, model=model, settings=settings, device=device, labels=6, train_texts=1000, validation_texts=100,
        predict_texts=500, mean_tokens=30,
    )  # fmt: skip


def known(model: str) -> Shape:
    found = shape_of(model)
    assert found
    return found


def test_weights_take_what_the_papers_say() -> None:
    shape = known(LLAMA)
    assert weights_bytes(load("prompt"), shape) == pytest.approx(2 * 6.738e9, rel=1e-3)
    assert weights_bytes(load("prompt", precision="fp32"), shape) == pytest.approx(4 * 6.738e9, rel=1e-3)
    assert weights_bytes(load("decoder-full"), shape) == pytest.approx(16 * 6.738e9, rel=1e-3)
    four_bits = weights_bytes(load("decoder-qlora", rank=1), shape)
    assert 0.516 * 6.476e9 < four_bits - 2 * 32000 * 4096 * 4 < 0.54 * 6.476e9, "4.127 bits a weight (QLoRA, section 3)"
    wasteful = weights_bytes(load("decoder-qlora", rank=1, double_quantisation=False), shape)
    assert wasteful - four_bits == pytest.approx(0.373 / 8 * shape.body, rel=1e-3), "0.373 bits saved a weight"
    assert shape.cache_numbers * 2 == 524_288, "half a mebibyte a token of context"
    assert known("meta-llama/Llama-2-70b-hf").cache_numbers * 2 == 327_680, "grouped queries keep fewer"
    assert shape.linear_ends * 16 == 39_976_960, "LoRA of rank 16 on all linear layers of Llama 2 7B"


def test_less_is_needed_by_each_way_that_was_made_to_need_less() -> None:
    needs = [
        (work_bytes(load(f"decoder-{training}"), H200) or pytest.fail("no figure")).gpu
        for training in ("qlora", "lora", "full")
    ]
    assert needs == sorted(needs)
    shape = known(LLAMA)
    checkpointed = training_bytes(load("decoder-lora", gradient_checkpointing=True), shape)
    assert checkpointed < 0.25 * training_bytes(load("decoder-lora"), shape)
    assert training_bytes(load("decoder-lora", train_tokens=512), shape) < training_bytes(load("decoder-lora"), shape)
    assert answering_bytes(load("prompt", shots=20), shape) > answering_bytes(load("prompt", shots=0), shape)
    assert training_bytes(load("prompt"), shape) == 0


def fit(name: str, way: str, device: DeviceInfo, info: DatasetInfo, tokens: float) -> bool | None:
    found = next(card for card in catalogue() if card.name == name)
    told = fit_of(found, way, info, tokens, device.kind, [CPU] if device is CPU else [CPU, device])
    return told and told.fits


def test_what_is_known_to_fit_fits_and_what_is_known_not_to_does_not() -> None:
    info, tokens = typical_dataset("single_label")
    assert fit(LLAMA, "qlora", T4, info, tokens), "QLoRA was made for this"
    assert not fit(LLAMA, "full", T4, info, tokens)
    assert not fit("meta-llama/Llama-2-70b-hf", "lora", T4, info, tokens)
    assert fit("FacebookAI/roberta-large", "full", T4, info, tokens)
    assert fit("google/flan-t5-xl", "qlora", T4, info, tokens)
    assert not fit("google/flan-t5-xl", "full", T4, info, tokens)
    assert fit("FacebookAI/roberta-base", "full", CPU, info, tokens)
    assert fit("meta-llama/Llama-2-70b-hf", "qlora", H200, info, tokens)
    assert fit("gpt-4o", "few-shot", CPU, info, tokens)


@pytest.mark.parametrize("task", ["single_label", "multi_label", "token_labels", "intent_slots"])
def test_every_open_model_has_a_figure_for_every_way_of_a_task(task: str) -> None:
    info, tokens = typical_dataset(task)
    for found in catalogue():
        for way in ways(found):
            told = fit_of(found, way, info, tokens, "cpu", [CPU])
            if told is None or found.api:
                continue
            assert way in possible_ways(task)
            assert told.candidate == candidate_name(found, way)
            assert told.memory_bytes
            assert told.fits is not None
            assert told.fits or "will not fit" in told.why


def test_a_gated_model_without_a_token_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    info, tokens = typical_dataset("single_label")
    card = next(card for card in catalogue() if card.name == "meta-llama/Llama-3.2-1B")
    monkeypatch.setattr("core.estimating.fit.has_token", lambda: False)
    assert "HF_TOKEN" in (fit_of(card, "lora", info, tokens, "cpu", [CPU]) or pytest.fail("no figure")).why
    monkeypatch.setattr("core.estimating.fit.has_token", lambda: True)
    assert (fit_of(card, "lora", info, tokens, "cpu", [CPU]) or pytest.fail("no figure")).why == ""
