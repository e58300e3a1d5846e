"""Attention over a pack of rows after a shared prefix, in two parts that are merged by their weights.

Every token looks at the prefix in one product without padding or copies, and at its own row apart; the two softmaxes
are joined by their normalisers, as flash attention joins its blocks (Dao et al. 2022, arXiv 2205.14135; for shared
prefixes Juravsky et al. 2024, arXiv 2402.05099). Results differ from one softmax in rounding only.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import torch
from transformers import AttentionInterface

from core.prompts.cache import Prefix
from core.prompts.packing import Pack

NAME = "tradeoff_shared_prefix"
UNKNOWN = ("softcap", "position_bias", "s_aux", "cache")
"""What some models ask of attention beside it, and this one cannot do."""

_flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu


class Attender(Protocol):
    """Computes attention of one pass, layer after layer."""

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float | None
    ) -> torch.Tensor:
        """Shapes (1, heads, tokens, size), keys and values with fewer heads; the result (1, tokens, heads, size)."""


_present: ContextVar[Attender | None] = ContextVar("attender", default=None)


@contextmanager
def attended_by(model: Any, attender: Attender) -> Iterator[None]:
    """Have the layers of a model ask `attender` within the block."""
    config = model.config
    before = config._attn_implementation
    token = _present.set(attender)
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = before
        _present.reset(token)


def _interface(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: Any,  # noqa: ARG001
    scaling: float | None = None, **more: Any,
) -> tuple[torch.Tensor, None]:  # fmt: skip
    attender = _present.get()
    if attender is None or any(more.get(name) is not None for name in UNKNOWN):
        raise NotImplementedError("this model's attention is not the usual one")
    return attender.attend(module.layer_idx, query, key, value, scaling), None


# No mask is registered by this name, so that models make none: a pack brings its own.
AttentionInterface.register(NAME, _interface)


class PackAttender:
    """Attention of a whole pack.

    Attributes:
        kept: where asked for, each layer's keys and values by group, each of shape (rows, width, heads, size).
    """

    def __init__(self, prefix: Prefix, packed: Pack, keep: bool = False) -> None:
        self.prefix, self.packed, self.keep = prefix, packed, keep
        self.kept: list[list[tuple[torch.Tensor, torch.Tensor]]] = []

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float | None
    ) -> torch.Tensor:
        """See `Attender`."""
        _, heads, count, size = query.shape
        own = query.new_empty(count, heads, size)
        weight = torch.empty(count, heads)
        flat = [part[0].transpose(0, 1) for part in (query, key, value)]
        stored = []
        for group in self.packed.groups:
            q, k, v = (part[group.places] for part in flat)
            found, normaliser = _flash(
                q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), attn_mask=group.mask, scale=scale
            )
            own[group.targets] = found.transpose(1, 2).reshape(-1, heads, size)[group.slots]
            weight[group.targets] = normaliser.transpose(1, 2).reshape(-1, heads)[group.slots]
            stored.append((k, v))
        if self.keep:
            self.kept.append(stored)
        return _merged(own, weight, query, self.prefix.states[layer], scale)[None]


class StepAttender:
    """Attention of one further token a row: `keys[layer]` and `values[layer]` have shape (rows, heads, room, size).

    Attributes:
        filled: how many tokens of its own each row has, the new one among them, shape (rows).
    """

    def __init__(self, prefix: Prefix, keys: list[torch.Tensor], values: list[torch.Tensor], filled: torch.Tensor):
        self.prefix, self.keys, self.values = prefix, keys, values
        self.filled = filled
        self._settle()

    def _settle(self) -> None:
        self.rows = torch.arange(len(self.filled))
        self.width = int(self.filled.max())
        beyond = torch.arange(self.width) >= self.filled[:, None]
        self.mask = torch.zeros(len(self.filled), 1, 1, self.width, dtype=self.keys[0].dtype)
        self.mask.masked_fill_(beyond[:, None, None], torch.finfo(self.mask.dtype).min)

    def next(self, alive: Sequence[int]) -> None:
        """Only the rows at these places go on, with one token more each."""
        if len(alive) < len(self.filled):
            chosen = torch.tensor(alive)
            self.filled = self.filled[chosen]
            self.keys = [keys[chosen] for keys in self.keys]
            self.values = [values[chosen] for values in self.values]
        self.filled = self.filled + 1
        self._settle()

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float | None
    ) -> torch.Tensor:
        """See `Attender`; the tokens are those of the rows, in their order."""
        keys, values = self.keys[layer], self.values[layer]
        keys[self.rows, :, self.filled - 1] = key[0].transpose(0, 1)
        values[self.rows, :, self.filled - 1] = value[0].transpose(0, 1)
        own, normaliser = _flash(
            query[0].transpose(0, 1)[:, :, None], keys[:, :, : self.width], values[:, :, : self.width],
            attn_mask=self.mask, scale=scale,
        )  # fmt: skip
        return _merged(own[:, :, 0], normaliser[:, :, 0], query, self.prefix.states[layer], scale)[None]


def _merged(
    own: torch.Tensor, normaliser: torch.Tensor, query: torch.Tensor, states: tuple[torch.Tensor, torch.Tensor],
    scale: float | None,
) -> torch.Tensor:  # fmt: skip
    """Joins what tokens saw in their rows, shape (tokens, heads, size), with what they see in the prefix."""
    if not states[0].shape[-2]:
        return own
    seen, beside = _flash(query, *states, scale=scale)
    share = torch.sigmoid(beside[0].transpose(0, 1) - normaliser)[..., None].to(own.dtype)
    return torch.lerp(own, seen[0].transpose(0, 1), share)
