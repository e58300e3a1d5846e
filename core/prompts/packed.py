"""A decoder on a CPU asked about many rows at once: packed, attending to a shared prefix, without needless logits."""

from typing import Any

import torch

from core.prompts.attending import Attender, PackAttender, StepAttender, attended_by
from core.prompts.cache import Prefix
from core.prompts.generation import Dice, Ended, Writing, add_tokens
from core.prompts.head import SplitHead, WholeHead
from core.prompts.packing import Pack, Rows, pack
from core.prompts.tree import AnswerTree


def packed_scores(
    model: Any, head: SplitHead | WholeHead, prefix: Prefix, rows: Rows, tree: AnswerTree
) -> torch.Tensor:
    """Log-likelihoods of all answers after prefix + row, of shape (rows, answers), as `shared_scores` gives them."""
    packed = pack(rows, tree, model.dtype)
    states = _states(model, prefix, packed.tokens, packed.positions, PackAttender(prefix, packed))
    seen, where = torch.unique(packed.ends.flatten(), return_inverse=True)
    where = where.view(packed.ends.shape)
    tokens = sorted({token for path in tree.paths for _, token in path})
    logs = head.log_probabilities(states[seen], tokens)
    column = {token: place for place, token in enumerate(tokens)}
    sums = [
        logs[where[:, [place + 1 for place, _ in path]], [column[token] for _, token in path]].sum(1)
        for path in tree.paths
    ]
    return torch.stack(sums, 1)


def packed_writing(
    model: Any,
    head: SplitHead | WholeHead,
    prefix: Prefix,
    rows: Rows,
    most: int,
    ended: Ended,
    dice: Dice | None = None,
) -> list[Writing]:
    """What the model writes after prefix + row, as `shared_writing` does. Texts that have ended leave the batch."""
    packed = pack(rows, dtype=model.dtype)
    reading = PackAttender(prefix, packed, keep=True)
    states = _states(model, prefix, packed.tokens, packed.positions, reading)[packed.ends[:, 0]]
    stepping = _stepping(prefix, packed, reading, most)
    writings, alive = [Writing([]) for _ in rows], list(range(len(rows)))
    for step in range(most):
        kept = add_tokens(head(states).float(), writings, alive, ended, dice)
        alive = [alive[row] for row in kept]
        if not alive or step + 1 == most:
            break
        stepping.next(kept)
        ids = torch.tensor([writings[place].ids[-1] for place in alive])
        states = _states(model, prefix, ids, stepping.filled - 1, stepping)
    return writings


def _states(
    model: Any, prefix: Prefix, tokens: torch.Tensor, positions: torch.Tensor, attender: Attender
) -> torch.Tensor:
    """The last layer's outputs, of shape (tokens, size)."""
    whole = model.get_base_model() if hasattr(model, "get_base_model") else model
    inner = getattr(whole, whole.base_model_prefix)
    with attended_by(model, attender):
        found: torch.Tensor = inner(
            input_ids=tokens[None], position_ids=len(prefix.ids) + positions[None], use_cache=False
        )[0][0]
    return found


def _stepping(prefix: Prefix, packed: Pack, reading: PackAttender, most: int) -> StepAttender:
    """Room for what each row writes, behind the keys and values of what it read."""
    filled = torch.tensor(packed.lengths)
    room = int(filled.max()) + most
    both: tuple[list[torch.Tensor], list[torch.Tensor]] = ([], [])
    for layer in reading.kept:
        for which, stored in enumerate(both):
            heads, size = layer[0][which].shape[2:]
            states = layer[0][which].new_zeros(len(filled), heads, room, size)
            for group, pair in zip(packed.groups, layer, strict=True):
                states[group.rows, :, : group.places.shape[1]] = pair[which].transpose(1, 2)
            stored.append(states)
    return StepAttender(prefix, *both, filled)
