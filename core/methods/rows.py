"""A vocabulary's table in training, of which only the rows move that the training texts use.

AdamW visits every row at every step, though most get no gradient: of those only the weight decay shrinks, all by the
same factor. So the used rows are trained, and the others are kept with that factor: the weights become what they would
have become.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

WORTH = 0.7
"""Share of the rows up to which it pays to train the used ones apart."""


class UsedRows(torch.nn.Module):
    """Stands for an embedding while it is trained: its used rows are a parameter, the others fade.

    Attributes:
        weight: the used rows, shape (used, width).
        faded: what the others are to be multiplied by, a number in fp64; part of a checkpoint as a buffer.
    """

    faded: torch.Tensor

    def __init__(self, table: torch.nn.Embedding, used: torch.Tensor) -> None:
        """`used` holds the used rows' numbers, in ascending order."""
        super().__init__()
        self.weight = torch.nn.Parameter(table.weight.detach()[used].clone())
        self.register_buffer("faded", torch.ones((), dtype=torch.float64))
        # Not parts of the module: they do not change, and would be written with every checkpoint.
        self._kept: tuple[torch.nn.Embedding, torch.Tensor] = (table, used)
        self._places = torch.full((table.num_embeddings,), -1)
        self._places[used] = torch.arange(len(used))
        self._padding = None if table.padding_idx is None else int(self._places[table.padding_idx])

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Token ids of any shape to their rows, shape (…, width)."""
        places = self._places[ids]
        if self.training:
            return functional.embedding(places, self.weight, self._padding)
        rows = functional.embedding(places.clamp(min=0), self.weight)
        other = functional.embedding(ids, self._kept[0].weight) * self.faded.to(rows.dtype)
        return torch.where((places >= 0)[..., None], rows, other)

    def follow(self, optimizer: torch.optim.Optimizer) -> None:
        """Let the unused rows fade with each step of the optimizer as its weight decay has it."""
        (place,) = [i for i, one in enumerate(optimizer.param_groups) if any(p is self.weight for p in one["params"])]

        def fade(*_: Any) -> None:
            group = optimizer.param_groups[place]  # asked for anew: a resumed optimizer has other groups
            self.faded.mul_(1 - group["lr"] * group["weight_decay"])

        optimizer.register_step_post_hook(fade)

    def whole(self) -> torch.nn.Embedding:
        """The embedding with what was learnt."""
        table, used = self._kept
        with torch.no_grad():
            table.weight.mul_(self.faded.to(table.weight.dtype))
            table.weight[used] = self.weight.detach()
        return table


def train_used_rows(model: Any, texts: Iterable[list[int]]) -> UsedRows | None:
    """Put `UsedRows` in the place of a model's trained table of tokens; None where it cannot be or does not pay.

    `texts` are the token ids of all that is trained on.
    """
    table = model.get_input_embeddings()
    plain = type(table) is torch.nn.Embedding and not (table.max_norm or table.sparse or table.scale_grad_by_freq)
    if not plain or not table.weight.requires_grad or table.weight.device.type != "cpu" or _shared(model, table):
        return None
    padding = [] if table.padding_idx is None else [table.padding_idx]
    tokenizer_padding = [] if model.config.pad_token_id is None else [model.config.pad_token_id]
    used = np.unique(np.concatenate([np.asarray(ids, np.int64) for ids in (*texts, padding, tokenizer_padding)]))
    if len(used) > WORTH * table.num_embeddings:
        return None
    rows = UsedRows(table, torch.from_numpy(used))
    model.set_input_embeddings(rows)
    return rows


def restore_rows(model: Any) -> None:
    """The inverse of `train_used_rows`, with what was learnt."""
    rows = model.get_input_embeddings()
    if isinstance(rows, UsedRows):
        model.set_input_embeddings(rows.whole())


def _shared(model: Any, table: torch.nn.Embedding) -> bool:
    """Whether another layer has the same weights: an output over the whole vocabulary, or a second table."""
    owners = [m for m in model.modules() if any(p is table.weight for p in m.parameters(recurse=False))]
    return len(owners) > 1
