"""How much memory a run takes, from the shape of its model alone: before anything is downloaded.

Weights by precision, gradients and optimiser by method; activations kept for the backward pass by batch and length
(counted as in Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models", section 4.1,
without the attention scores, which today's kernels do not keep); keys and values while text is written. QLoRA's weights
as in Dettmers et al. 2023, section 3: 4 bits and 0.127 (0.5 without double quantisation) for their constants.
How far this lies from measured peaks is told in docs/catalogue.md.
"""

from typing import NamedTuple

from core.devices import DeviceInfo
from core.estimating.model_shapes import Shape, shape_of
from core.estimating.workload import Workload

MEGABYTE = 2**20
TORCH_BYTES, PLAIN_BYTES, CUDA_BYTES = 650 * MEGABYTE, 330 * MEGABYTE, 500 * MEGABYTE
TRAINED_BYTES = 16.0
"""A trained weight in fp32: itself, its gradient (later, in its place, a copy of the best) and AdamW's two moments."""
ADAPTED = 2.0
"""Beside a frozen layer its adapter keeps the inputs once more, after dropout, with the dropout's mask."""
QUANTISED_BYTES = {True: (4 + 0.127) / 8, False: (4 + 0.5) / 8}
MOST_LOGITS = 2**25
"""Methods hold no more logits at once."""
LOGIT_BYTES = 12.0
"""A logit, a copy in fp32 and its gradient."""
SHARD_BYTES = 10 * 2**30
"""The largest files of weights that are usual."""
CPU_CHUNK = 1.15
"""Memory that the allocator holds beyond what is in use."""


class Bytes(NamedTuple):
    """Peaks of memory; gpu is None on a CPU."""

    ram: float
    gpu: float | None


def work_bytes(load: Workload, device: DeviceInfo) -> Bytes | None:
    """Peaks of memory by the model, or None when the size of the run's model is not known."""
    if load.method == "api-prompt":
        return Bytes(PLAIN_BYTES, None)
    if load.method in ("majority", "tfidf-linear"):
        return Bytes(PLAIN_BYTES + _tfidf_bytes(load), None)
    shape = shape_of(load.model)
    if shape is None:
        return None
    weights = weights_bytes(load, shape)
    needed = weights + max(training_bytes(load, shape), answering_bytes(load, shape))
    if device.kind == "cuda":
        # Weights pass through the machine's memory on their way to the GPU, in the precision they are loaded in;
        # those that are quantised or spread do so file by file.
        loaded = min(weights, 4.0 * shape.parameters)
        if load.training == "qlora" or load.settings.get("spread"):
            loaded = min(loaded, SHARD_BYTES)
        return Bytes(TORCH_BYTES + 2 * CUDA_BYTES + loaded, CUDA_BYTES + needed)
    return Bytes(TORCH_BYTES + CPU_CHUNK * needed, None)


def weights_bytes(load: Workload, shape: Shape) -> float:
    """Weights, and where they are trained gradients, the optimiser's moments and a copy of the best."""
    adapters = TRAINED_BYTES * load.setting("rank", 16) * shape.linear_ends
    if load.training == "full":
        return TRAINED_BYTES * shape.parameters
    if load.training == "lora":
        # Frozen encoders stay in fp32; language models are loaded in the precision they compute in.
        return (4.0 if load.kind == "encoder" else load.width) * shape.parameters + adapters
    if load.training == "qlora":
        double = load.settings.get("double_quantisation", True) is not False
        tables = shape.parameters - shape.body
        return QUANTISED_BYTES[double] * shape.body + 4.0 * tables + adapters
    return (load.width if load.method == "prompt" else 4.0) * shape.parameters


def training_bytes(load: Workload, shape: Shape) -> float:
    """What a step keeps for its backward pass: activations of every layer, and the logits of the answers."""
    if not load.training:
        return 0.0
    tokens, answers = load.step_tokens, 0.0
    if load.kind != "encoder":
        answers = min(MOST_LOGITS, load.step_texts * load.answer_tokens * shape.vocabulary) * LOGIT_BYTES
    layer = tokens * layer_bytes(load, shape)
    if load.settings.get("gradient_checkpointing"):
        return shape.blocks * tokens * shape.hidden * load.width + layer + answers
    return shape.layers * layer + answers


def layer_bytes(load: Workload, shape: Shape) -> float:
    """Bytes kept a token and layer: norms in fp32, inputs and outputs of the products in the arithmetic's width."""
    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    feed_forward = (4 if shape.gated_mlp else 2) * shape.inner
    plain = 4.0 * 4 * shape.hidden + load.width * (4 * shape.hidden + 2 * queries + 2 * keys + feed_forward)
    return plain * (ADAPTED if load.kind != "encoder" and load.training != "full" else 1.0)


def answering_bytes(load: Workload, shape: Shape) -> float:
    """What a batch of predictions takes: a layer's activations, logits, and keys and values of all that was read."""
    batch = load.setting("batch_tokens", 2048)
    needed = batch * load.width * (6 * shape.hidden + 2 * shape.inner)
    if load.writes:
        needed += min(MOST_LOGITS, batch * shape.vocabulary) * 4.0
        read = batch + load.prefix_tokens + load.answer_tokens * batch / max(1.0, load.text_tokens)
        needed += read * shape.cache_numbers * load.width
    return needed


def _tfidf_bytes(load: Workload) -> float:
    """The sparse counts, and logistic regression's weights a label with the history its optimiser keeps of them."""
    if load.method == "majority":
        return 0.0
    features = min(load.setting("max_features", 200_000), 30 * load.mean_tokens * max(1, load.train_texts) ** 0.7)
    rows = load.train_texts + load.predict_texts
    return 12.0 * 12 * load.mean_tokens * rows * 2 + 8.0 * features * load.labels * 12
