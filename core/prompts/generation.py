"""Letting a model write its answer: the likeliest or a sampled one, in batches, each text until it has ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import StoppingCriteriaList

from core.prompts.cache import Prefix, PrefixedLayer

Ended = Callable[[Sequence[int]], bool]
"""Whether the tokens that were written so far are a whole answer."""


@dataclass
class Writing:
    """The tokens that a model wrote and the sum of their log-probabilities."""

    ids: list[int]
    log_probability: float = 0.0


class Dice:
    """Chooses tokens at a temperature above 0, a seed a text: what is drawn for one does not hang on the others."""

    def __init__(self, temperature: float, seeds: Sequence[int]) -> None:
        self.temperature, self.seeds = temperature, list(seeds)
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def throw(self, logits: torch.Tensor, places: Sequence[int]) -> torch.Tensor:
        """A token for each row of logits, shape (rows, vocabulary); `places` are the texts that the rows belong to."""
        chances = (logits / self.temperature).softmax(-1).cpu()
        drawn = [
            torch.multinomial(row, 1, generator=self._generators[place])
            for row, place in zip(chances, places, strict=True)
        ]
        return torch.cat(drawn).to(logits.device)


def shared_writing(
    model: Any, prefix: Prefix, rows: Sequence[Sequence[int]], most: int, ended: Ended, dice: Dice | None = None
) -> list[Writing]:
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
        kept = add_tokens(logits, writings, alive, ended, dice)
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


def repeated_writing(
    model: Any, prompt: Sequence[int], most: int, ended: Ended, pad: int, temperature: float = 0.0, seed: int = 0
) -> Writing:
    """The same for one whole prompt, by the model's own way of generating. Any causal model can."""
    ids = torch.tensor([list(prompt)], device=model.device)

    def whole(so_far: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        return torch.tensor([ended(so_far[0, len(prompt) :].tolist())], device=so_far.device)

    varied = {"do_sample": True, "temperature": temperature, "top_k": 0} if temperature else {"do_sample": False}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        out = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=most, pad_token_id=pad,
            return_dict_in_generate=True, output_logits=True, renormalize_logits=False,
            stopping_criteria=StoppingCriteriaList([whole]), **varied,
        )  # fmt: skip
    writing = Writing([])
    for logits, token in zip(out.logits, out.sequences[0, len(prompt) :].tolist(), strict=True):
        writing.ids.append(token)
        writing.log_probability += logits[0].float().log_softmax(-1)[token].item()
        if ended(writing.ids):
            break
    return writing


def add_tokens(
    logits: torch.Tensor, writings: Sequence[Writing], places: Sequence[int], ended: Ended, dice: Dice | None
) -> list[int]:
    """Add a token to the writings at `places`: the likeliest, or a drawn one; the rows that have not ended.

    `logits` has shape (places, vocabulary). Probabilities are the model's own, whatever the temperature.
    """
    best = logits.argmax(-1) if dice is None else dice.throw(logits, places)
    chosen = logits.gather(1, best[:, None])[:, 0] - logits.logsumexp(-1)
    for place, token, log_probability in zip(places, best.tolist(), chosen.tolist(), strict=True):
        writings[place].ids.append(token)
        writings[place].log_probability += log_probability
    return [row for row, place in enumerate(places) if not ended(writings[place].ids)]
