"""Letting a model write its answer: greedy, in batches, each text until it has ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.prompts.cache import Prefix, PrefixedLayer

Ended = Callable[[Sequence[int]], bool]
"""Whether the tokens that were written so far are a whole answer."""


@dataclass
class Writing:
    """The tokens that a model wrote and the sum of their log-probabilities."""

    ids: list[int]
    log_probability: float = 0.0


def shared_writing(model: Any, prefix: Prefix, rows: Sequence[Sequence[int]], most: int, ended: Ended) -> list[Writing]:
    """What the model writes after prefix + row, at most `most` tokens. Texts that have ended leave the batch."""
    device, before = model.device, len(prefix.ids)
    width = max(map(len, rows))
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.tensor([[0] * (width - len(row)) + list(row) for row in rows])
    own = torch.arange(width) - (width - lengths)[:, None]
    mask = torch.cat([torch.ones(len(rows), before, dtype=torch.long), (own >= 0).long()], 1).to(device)
    positions = before + own.clamp(min=0)
    cache = prefix.cache()
    writings, alive = [Writing([]) for _ in rows], list(range(len(rows)))
    for _ in range(most):
        logits = model(
            input_ids=ids.to(device), attention_mask=mask, position_ids=positions.to(device), past_key_values=cache,
            use_cache=True, logits_to_keep=1,
        ).logits[:, -1].float()  # fmt: skip
        kept = _add(logits, [writings[place] for place in alive], ended)
        alive = [alive[row] for row in kept]
        if not alive:
            break
        rows_kept = torch.tensor(kept)
        if len(kept) < len(mask):
            for layer in cache.layers:
                assert isinstance(layer, PrefixedLayer)
                layer.keep(rows_kept.to(device))
        ids = torch.tensor([[writings[place].ids[-1]] for place in alive])
        mask = torch.nn.functional.pad(mask[rows_kept.to(device)], (0, 1), value=1)
        positions = positions[rows_kept, -1:] + 1
    return writings


def repeated_writing(model: Any, prompt: Sequence[int], most: int, ended: Ended, pad: int) -> Writing:
    """The same for one whole prompt, by the model's own way of generating. Any causal model can."""
    ids = torch.tensor([list(prompt)], device=model.device)
    out = model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=most, do_sample=False, pad_token_id=pad,
        return_dict_in_generate=True, output_logits=True, renormalize_logits=False,
    )  # fmt: skip
    writing = Writing([])
    for logits in out.logits:
        if not _add(logits.float(), [writing], ended):
            break
    return writing


def _add(logits: torch.Tensor, writings: Sequence[Writing], ended: Ended) -> list[int]:
    """Add the likeliest token to each; the rows that have not ended."""
    best = logits.argmax(-1)
    chosen = logits.gather(1, best[:, None])[:, 0] - logits.logsumexp(-1)
    for writing, token, log_probability in zip(writings, best.tolist(), chosen.tolist(), strict=True):
        writing.ids.append(token)
        writing.log_probability += log_probability
    return [row for row, writing in enumerate(writings) if not ended(writing.ids)]
