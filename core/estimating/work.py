"""A model of the time of a run: seconds before anything of its kind was run. Rough by nature.

Operations: a forward pass takes 2 per weight and token, a backward pass 4 (Kaplan et al. 2020, "Scaling Laws for
Neural Language Models", section 2.1), so full fine-tuning takes 6; LoRA spares the gradients of the frozen weights.
The rates of devices were set from measurements of the bundled models on two cores.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from core.devices import DeviceInfo, cores_in_name
from core.estimating.model_shapes import Shape, shape_of
from core.estimating.workload import LABEL_TOKENS, Workload

OPERATIONS = {"full": 6.0, "lora": 4.5, "qlora": 4.5}
"""Of a training step, a weight and token."""
CHECKPOINTING = 1.33
"""Activations that are not kept are computed twice: a third more operations."""
QUANTISED = {"cpu": 4.0, "cuda": 1.4}
"""Unpacking weights of four bits slows the products down so many times."""
WRITING = 3.0
"""Written one by one, tokens cost so many times those that are read at once."""
TRAINING_EFFICIENCY = 0.5
"""Small batches, the optimiser and evaluation take about half of what plain forward passes reach."""
API_SECONDS, API_AT_ONCE = 1.5, 8
"""A request to a provider, and how many go out together, about."""
CORE_RATES = (("avx512f", 110e9), ("avx2", 50e9), ("asimd", 40e9), ("", 15e9))
"""Operations a second and core in fp32, by the widest vector instructions of the CPU."""
GPU_TERAFLOPS = {"t4": 65, "v100": 112, "a10g": 70, "a10": 125, "l4": 121, "l40s": 362, "a100": 312, "h100": 989,
                 "h200": 989, "gh200": 989, "b200": 2250}  # fmt: skip
"""Peak of dense 16-bit matrices by NVIDIA's data sheets."""
UNKNOWN_GPU_TERAFLOPS = 50
GPU_UTILISATION = 0.3
GPU_STEP_SECONDS = 0.02
GPU_BATCH_SECONDS = 0.005
PADDING = 1.1


class Seconds(NamedTuple):
    """Seconds of the metered phases, and of all around them (start, loading, timing of single texts)."""

    fit: float
    predict: float
    other: float


def work_seconds(load: Workload, device: DeviceInfo) -> Seconds | None:
    """Seconds by the model, or None when the size of the run's model is not known."""
    if load.method == "majority":
        return Seconds(0.01 + load.train_texts * 1e-6, load.predict_texts * 1e-5, 3.5)
    if load.method == "tfidf-linear":
        return _tfidf_seconds(load)
    if load.method == "api-prompt":
        asked = load.setting("samples", 1) * API_SECONDS
        return Seconds(0.1, load.predict_texts * asked / API_AT_ONCE, 5.0)
    shape = shape_of(load.model)
    if shape is None:
        return None
    timing = _prompt_seconds if load.method == "prompt" else _network_seconds
    return timing(load, shape, device_rate(device, load.settings), device.kind == "cuda")


def device_rate(device: DeviceInfo, settings: Mapping[str, Any] | None = None) -> float:
    """Operations a second that forward passes reach."""
    if device.kind == "cpu":
        flags = _cpu_flags()
        per_core = next(rate for flag, rate in CORE_RATES if flag in flags or not flag)
        return per_core * (cores_in_name(device.name) or 1)
    words = set(device.name.lower().replace("-", " ").split())
    peak = next((flops for name, flops in GPU_TERAFLOPS.items() if name in words), UNKNOWN_GPU_TERAFLOPS)
    half = (settings or {}).get("precision", "auto") != "fp32"
    return peak * 1e12 * GPU_UTILISATION * (1.0 if half else 0.125)


def _network_seconds(load: Workload, shape: Shape, rate: float, on_gpu: bool) -> Seconds:
    """A network with a head, or one that was taught to write answers."""
    tokens = load.text_tokens * PADDING
    slower = QUANTISED["cuda" if on_gpu else "cpu"] if load.training == "qlora" else 1.0
    if load.reads_labels:
        tokens += (LABEL_TOKENS + 1) * load.labels
    forward = 2.0 * shape.body * tokens / rate * slower
    one = forward + (_answer_seconds(load, shape, rate / slower) if load.writes else 0.0)
    predict = load.predict_texts * one
    if load.training:
        fit = _fit_seconds(load, shape, rate / slower, one) + (_steps(load) * GPU_STEP_SECONDS if on_gpu else 0.0)
    elif load.reads_labels:
        tuned = load.task != "single_label" and load.settings.get("tune_threshold", True)
        fit = min(load.validation_texts, load.setting("validation_texts", 500)) * forward if tuned else 0.01
    else:
        fit = load.train_texts * forward + 400.0 * load.train_texts * shape.hidden * load.labels / 5e9
    if on_gpu:
        predict += load.predict_texts * tokens / load.setting("batch_tokens", 4096) * GPU_BATCH_SECONDS
    return Seconds(fit, predict, 6.0 + _single_texts(max(0.004, 2 * one)))


def _fit_seconds(load: Workload, shape: Shape, rate: float, one: float) -> float:
    """Training, and the evaluations between, which take `one` a text."""
    epochs = load.setting("epochs", 3)
    evaluations = epochs * load.setting("evaluations_per_epoch", 1)
    again = CHECKPOINTING if load.settings.get("gradient_checkpointing") else 1.0
    tokens = load.step_tokens / load.step_texts * _share_of_longest(load)
    work = shape.body * tokens
    if load.kind != "encoder" and not load.classifies:
        work += shape.table * load.answer_tokens
    step = OPERATIONS[load.training] * again * work / (rate * TRAINING_EFFICIENCY)
    validated = min(load.validation_texts, load.setting("validation_texts", load.validation_texts))
    if load.method == "setfit":
        pairs = min(load.setting("most_steps", 500) * load.setting("batch_size", 16), load.train_texts**2 * epochs)
        return 2 * pairs * step + (load.train_texts + validated) * one
    return load.train_texts * epochs * step + evaluations * validated * one


def _share_of_longest(load: Workload) -> float:
    """Texts are sorted by length, so that a batch is padded little."""
    return min(1.0, load.text_tokens * PADDING / load.longest_tokens)


def _steps(load: Workload) -> float:
    return math.ceil(load.train_texts / load.setting("batch_size", 16)) * load.setting("epochs", 3)


def _answer_seconds(load: Workload, shape: Shape, rate: float) -> float:
    """Choosing among the labels reads a few tokens of each; writing goes token by token."""
    tokens = 3.0 * load.labels if load.scores else WRITING * load.answer_tokens
    return 2.0 * shape.with_head * tokens / rate


def _prompt_seconds(load: Workload, shape: Shape, rate: float, on_gpu: bool) -> Seconds:
    """What all prompts share is computed once, each text with its answer after it; samples are written apart."""
    token = 2.0 * shape.with_head / rate
    own = load.text_tokens + 8
    if load.settings.get("demonstrations") == "similar":
        own += load.prefix_tokens
    answer = _answer_seconds(load, shape, rate) * max(1.0, load.setting("samples", 1))
    one = token * own * PADDING + answer * PADDING
    predict = token * load.prefix_tokens + load.predict_texts * one
    predict += load.predict_texts * GPU_BATCH_SECONDS if on_gpu else 0.0
    return Seconds(0.5, predict, 7.0 + _single_texts(max(0.02, 2 * one)))


def _tfidf_seconds(load: Workload) -> Seconds:
    """Counting is linear in the text, logistic regression in entries × labels × iterations."""
    counting = load.mean_tokens * 4e-5
    entries = 12.0 * load.mean_tokens
    regression = 240.0 * entries * load.train_texts * max(1, load.labels) / 5e8
    return Seconds(load.train_texts * counting + regression, load.predict_texts * 1.3 * counting, 4.5)


def _single_texts(seconds: float) -> float:
    """Single texts are timed one by one, 53 of them and 15 seconds at most."""
    return min(15.0, 53 * seconds)


@lru_cache(maxsize=1)
def _cpu_flags() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return ""
    return next((line for line in text.splitlines() if line.lower().startswith(("flags", "features"))), "")
