"""A model of the work of a run: seconds and bytes before anything of its kind was run. Rough by nature.

Operations: a forward pass takes 2 per weight and token, a backward pass 4 (Kaplan et al. 2020, "Scaling Laws for
Neural Language Models", section 2.1), so full fine-tuning takes 6; LoRA spares the gradients of the frozen weights.
Memory of activations: Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models",
equation 1. The rates of devices were set from measurements of the bundled models on two cores.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from core.devices import DeviceInfo, cores_in_name
from core.model_shapes import Shape, shape_of
from core.spec import Record

TRAINING = {"encoder-full": 6.0, "encoder-lora": 4.5}
TRAINING_EFFICIENCY = 0.5
"""Small batches, the optimiser and evaluation take about half of what plain forward passes reach."""
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
MEGABYTE = 2**20
TORCH_BYTES, PLAIN_BYTES, CUDA_BYTES = 650 * MEGABYTE, 330 * MEGABYTE, 500 * MEGABYTE


class Workload(Record):
    """What decides how long a run takes, of a planned run as of a past one."""

    method: str
    model: str | None
    settings: dict[str, Any]
    device: str
    labels: int
    train_texts: int
    validation_texts: int
    predict_texts: int
    mean_tokens: float

    def setting(self, name: str, default: float) -> float:
        """A numeric setting, or the default where the method has none of that name."""
        value = self.settings.get(name, default)
        return float(value) if isinstance(value, int | float) else default


class Seconds(NamedTuple):
    """Seconds of the metered phases, and of all around them (start, loading, timing of single texts)."""

    fit: float
    predict: float
    other: float


class Bytes(NamedTuple):
    """Peaks of memory; gpu is None on a CPU."""

    ram: float
    gpu: float | None


def work_seconds(load: Workload, device: DeviceInfo) -> Seconds | None:
    """Seconds by the model, or None when the size of the run's model is not known."""
    if load.method == "majority":
        return Seconds(0.01 + load.train_texts * 1e-6, load.predict_texts * 1e-5, 3.5)
    if load.method == "tfidf-linear":
        return _tfidf_seconds(load)
    shape = shape_of(load.model)
    if shape is None:
        return None
    rate = device_rate(device, load.settings)
    timing = _prompt_seconds if load.method == "prompt" else _encoder_seconds
    return timing(load, shape, rate, device.kind == "cuda")


def work_bytes(load: Workload, device: DeviceInfo) -> Bytes | None:
    """Peaks of memory by the model, or None when the size of the run's model is not known."""
    if load.method in ("majority", "tfidf-linear"):
        return Bytes(PLAIN_BYTES + _tfidf_bytes(load), None)
    shape = shape_of(load.model)
    if shape is None:
        return None
    needed = weights_bytes(load, shape) + activation_bytes(load, shape)
    if device.kind == "cuda":
        return Bytes(TORCH_BYTES + 2 * CUDA_BYTES + 4.0 * shape.parameters, CUDA_BYTES + needed)
    return Bytes(TORCH_BYTES + needed, None)


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


def weights_bytes(load: Workload, shape: Shape) -> float:
    """Weights, and where they are trained gradients and AdamW's two moments: 4 + 4 + 8 bytes a weight in fp32."""
    if load.method == "encoder-full":
        return 16.0 * shape.parameters
    if load.method == "encoder-lora":
        # Every linear layer (six a block, about) gets two matrices of rank × width.
        adapters = load.setting("rank", 16) * 2 * shape.hidden * 6 * shape.layers
        return 4.0 * shape.parameters + 16.0 * adapters
    return 4.0 * shape.parameters


def activation_bytes(load: Workload, shape: Shape) -> float:
    """The larger of what training keeps for its backward pass and what a batch of predictions takes."""
    longest = min(load.setting("max_tokens", load.setting("max_text_tokens", 256)), 3 * load.mean_tokens + 8)
    width = 2 if load.device == "cuda" and load.settings.get("precision", "auto") != "fp32" else 4
    training = 0.0
    if load.method in TRAINING:
        tokens = longest * load.setting("batch_size", 16)
        # sbh·(34 + 5as/h) bytes a layer in 16 bits.
        per_token = 34 * shape.hidden + 5 * shape.heads * longest
        training = shape.layers * tokens * per_token * width / 2
    batch = load.setting("batch_tokens", 2048)
    logits = shape.vocabulary * 4.0 if load.method == "prompt" else 0.0
    return max(training, batch * (12 * shape.hidden * width + logits))


def _encoder_seconds(load: Workload, shape: Shape, rate: float, on_gpu: bool) -> Seconds:
    tokens = min(load.mean_tokens + 2, load.setting("max_tokens", 256)) * PADDING
    forward = 2.0 * shape.body * tokens / rate
    predict = load.predict_texts * forward
    if load.method in TRAINING:
        epochs = load.setting("epochs", 3)
        steps = math.ceil(load.train_texts / load.setting("batch_size", 16)) * epochs
        evaluations = epochs * load.setting("evaluations_per_epoch", 1)
        one = TRAINING[load.method] * shape.body * tokens / (rate * TRAINING_EFFICIENCY)
        fit = load.train_texts * epochs * one + evaluations * load.validation_texts * forward
        fit += steps * (GPU_STEP_SECONDS if on_gpu else 0.0)
    else:
        fit = load.train_texts * forward + 400.0 * load.train_texts * shape.hidden * load.labels / 5e9
    if on_gpu:
        predict += load.predict_texts * tokens / load.setting("batch_tokens", 4096) * GPU_BATCH_SECONDS
    return Seconds(fit, predict, 6.0 + _single_texts(max(0.004, 2 * forward)))


def _prompt_seconds(load: Workload, shape: Shape, rate: float, on_gpu: bool) -> Seconds:
    """The instruction and the demonstrations are computed once, each text with the labels' tokens after it."""
    text = min(load.mean_tokens + 8, load.setting("max_text_tokens", 512))
    prefix = 40 + load.setting("shots", 0) * (load.mean_tokens + 10)
    answer = 3.0 * load.labels
    if load.settings.get("answer") == "generate":
        # Written one by one, tokens cost about three times those read at once.
        answer = 3.0 * min(load.setting("max_new_tokens", 24), 8)
    token = 2.0 * shape.with_head / rate
    predict = token * (prefix + load.predict_texts * (text + answer) * PADDING)
    predict += load.predict_texts * GPU_BATCH_SECONDS if on_gpu else 0.0
    return Seconds(0.5, predict, 7.0 + _single_texts(max(0.02, 2 * token * (text + answer))))


def _tfidf_seconds(load: Workload) -> Seconds:
    """Counting is linear in the text, logistic regression in entries × labels × iterations."""
    counting = load.mean_tokens * 4e-5
    entries = 12.0 * load.mean_tokens
    regression = 240.0 * entries * load.train_texts * max(1, load.labels) / 5e8
    return Seconds(load.train_texts * counting + regression, load.predict_texts * 1.3 * counting, 4.5)


def _tfidf_bytes(load: Workload) -> float:
    """The sparse counts, and logistic regression's weights a label with the history its optimiser keeps of them."""
    if load.method == "majority":
        return 0.0
    features = min(load.setting("max_features", 200_000), 30 * load.mean_tokens * max(1, load.train_texts) ** 0.7)
    rows = load.train_texts + load.predict_texts
    return 12.0 * 12 * load.mean_tokens * rows * 2 + 8.0 * features * load.labels * 12


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
