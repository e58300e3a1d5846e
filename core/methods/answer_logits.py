"""What a language model in training says about each token of the answers, computed at no other place.

A vocabulary of 50,000 makes logits the dearest part of a small model, and most of a prompt's tokens need none. What
all prompts of a batch begin with is computed once, with its gradient.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicLayer

from core.prompts.cache import Prefix

IGNORED = -100

Rows = Sequence[Sequence[int]]


def decoder_logits(
    model: Any, shared: Sequence[int], rows: Rows, answers: Rows, once: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of shape (texts, longest answer, vocabulary), and the answers' tokens, `IGNORED` where there are none.

    Rows are padded on the left, so that all answers end in the last place.

    Args:
        model: a causal language model.
        shared: the tokens that all prompts begin with.
        rows: each prompt's further tokens, at least one.
        answers: each answer's tokens, at least one.
        once: whether `shared` is computed once and its keys and values are used for all rows.
    """
    whole = [
        [*row, *answer[:-1]] if once else [*shared, *row, *answer[:-1]]
        for row, answer in zip(rows, answers, strict=True)
    ]
    device, width, longest = model.device, max(map(len, whole)), max(map(len, answers))
    before = len(shared) if once else 0
    ids, real = padded(whole, width, left=True)
    positions = before + (real.cumsum(1) - 1).clamp(min=0)
    mask = torch.cat([torch.ones(len(whole), before, dtype=torch.long), real], 1)
    cache = _prefix(model, shared).cache() if once else None
    logits = model(
        input_ids=ids.to(device), attention_mask=mask.to(device), position_ids=positions.to(device),
        past_key_values=cache, use_cache=once, logits_to_keep=longest,
    ).logits  # fmt: skip
    targets, _ = padded(answers, longest, left=True, fill=IGNORED)
    return logits, targets.to(logits.device)


def seq2seq_logits(model: Any, prompts: Rows, answers: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    """The same for an encoder-decoder: it reads whole prompts, its decoder starts with the model's start token."""
    device, start = model.device, start_token(model)
    ids, real = padded(prompts, max(map(len, prompts)), left=False)
    longest = max(map(len, answers))
    given, _ = padded([[start, *answer[:-1]] for answer in answers], longest, left=False)
    logits = model(
        input_ids=ids.to(device), attention_mask=real.to(device), decoder_input_ids=given.to(device), use_cache=False
    ).logits
    targets, _ = padded(answers, longest, left=False, fill=IGNORED)
    return logits, targets.to(logits.device)


def start_token(model: Any) -> int:
    """What an encoder-decoder's answers begin with."""
    found = [getattr(config, "decoder_start_token_id", None) for config in (model.config, model.generation_config)]
    known = [start for start in found if start is not None]
    return int(known[0] if known else model.config.pad_token_id or 0)


def answer_loss(logits: torch.Tensor, targets: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """The sum of the cross-entropies of all answer tokens, in fp32."""
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1).float(), targets.flatten(), ignore_index=IGNORED, reduction="sum",
        label_smoothing=smoothing,
    )  # fmt: skip


@torch.no_grad()
def can_share(model: Any, shared: Sequence[int], rows: Rows, answers: Rows) -> bool:
    """Whether the model says the same when the shared beginning is computed once.

    Models with a sliding window or without attention do not; they get whole prompts.
    """
    training = model.training
    model.eval()
    try:
        quick, targets = decoder_logits(model, shared, rows, answers, once=True)
        slow, _ = decoder_logits(model, shared, rows, answers, once=False)
    except (TypeError, ValueError, AttributeError, IndexError, KeyError, NotImplementedError):
        return False
    finally:
        model.train(training)
    real = targets != IGNORED
    rough = 0.02 if quick.dtype == torch.float32 else 0.75
    return torch.allclose(
        quick[real].float().log_softmax(-1), slow[real].float().log_softmax(-1), rtol=0.02, atol=rough
    )


def _prefix(model: Any, shared: Sequence[int]) -> Prefix:
    """Keys and values of the shared tokens, part of the graph that gradients flow through."""
    cache = Cache(layer_class_to_replicate=DynamicLayer)
    model(
        input_ids=torch.tensor([list(shared)], device=model.device),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    if not cache.layers or cache.get_seq_length() != len(shared):
        raise ValueError("the model keeps no keys and values")
    layers: list[Any] = cache.layers
    return Prefix(tuple(shared), tuple((layer.keys, layer.values) for layer in layers))


def padded(rows: Rows, width: int, left: bool, fill: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows as one tensor of shape (rows, width), and where it is real."""
    ids = torch.full((len(rows), width), fill, dtype=torch.long)
    real = torch.zeros(len(rows), width, dtype=torch.long)
    for place, row in enumerate(rows):
        where = slice(width - len(row), width) if left else slice(0, len(row))
        ids[place, where] = torch.tensor(row, dtype=torch.long)
        real[place, where] = 1
    return ids, real
