"""What a language model in training says about each token of the answers, computed at no other place.

A vocabulary of 50,000 makes logits the dearest part of a small model, and most of a prompt's tokens need none. What
all prompts of a batch begin with is computed once, with its gradient: a few short prompts stand behind it in one row,
each blind to the others, so that nothing is padded; many or long ones go on from its keys and values.
"""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from transformers.cache_utils import Cache, DynamicLayer

from core.methods.swift import ATTENTION as SMALL
from core.prompts.cache import Prefix

IGNORED = -100

Rows = Sequence[Sequence[int]]
Way = Literal["whole", "once", "packed"]
"""How prompts are computed: each one whole, their shared beginning once, or all of them in one row."""
BY_MASK = ("sdpa", "eager", SMALL)
"""Attention that takes any mask."""
ODD = (ValueError, TypeError, AttributeError, LookupError, RuntimeError)
"""What models raise that are not built for a way."""


def decoder_logits(
    model: Any, shared: Sequence[int], rows: Rows, answers: Rows, way: Way
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of shape (texts, longest answer, vocabulary), and the answers' tokens, `IGNORED` where there are none.

    Rows are padded on the left, so that all answers end in the last place; packed, all answers follow each other as if
    they were one text's.

    Args:
        model: a causal language model.
        shared: the tokens that all prompts begin with.
        rows: each prompt's further tokens, at least one.
        answers: each answer's tokens, at least one.
        way: how they are computed.
    """
    if way == "packed":
        return _packed(model, shared, rows, answers)
    once = way == "once"
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


def _packed(model: Any, shared: Sequence[int], rows: Rows, answers: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    if model.config._attn_implementation not in BY_MASK:
        raise NotImplementedError("its attention takes no mask of one's own")
    ids, positions, owners = list(shared), list(range(len(shared))), [-1] * len(shared)
    ends: list[int] = []
    for number, (row, answer) in enumerate(zip(rows, answers, strict=True)):
        whole = [*row, *answer[:-1]]
        ends += range(len(ids) + len(row) - 1, len(ids) + len(whole))
        ids += whole
        positions += range(len(shared), len(shared) + len(whole))
        owners += [number] * len(whole)
    owner, device = torch.tensor(owners, device=model.device), model.device
    seen = ((owner[:, None] == owner) | (owner == -1)).tril()
    mask: torch.Tensor = seen
    if model.config._attn_implementation != "sdpa":
        mask = torch.zeros(seen.shape, device=device).masked_fill_(~seen, torch.finfo(torch.float32).min)
    logits = model(
        input_ids=torch.tensor([ids], device=device), position_ids=torch.tensor([positions], device=device),
        attention_mask=mask[None, None], use_cache=False, logits_to_keep=torch.tensor(ends, device=device),
    ).logits  # fmt: skip
    return logits, torch.tensor([[token for answer in answers for token in answer]], device=device)


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
def is_same(model: Any, shared: Sequence[int], rows: Rows, answers: Rows, way: Way) -> bool:
    """Whether the model says the same in this way as when it is given each prompt whole.

    Models with a sliding window or without attention do not; they get whole prompts.
    """
    training = model.training
    model.eval()
    try:
        quick = _of_answers(*decoder_logits(model, shared, rows, answers, way))
        slow = _of_answers(*decoder_logits(model, shared, rows, answers, "whole"))
    except ODD:
        return False
    finally:
        model.train(training)
    rough = 0.02 if quick.dtype == torch.float32 else 0.75
    return torch.allclose(quick.float().log_softmax(-1), slow.float().log_softmax(-1), rtol=0.02, atol=rough)


def _of_answers(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return logits[targets != IGNORED]


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
