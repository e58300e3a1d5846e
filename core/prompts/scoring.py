"""How likely a model finds each of a closed set of answers after a prompt."""

from collections.abc import Sequence
from typing import Any

import torch

from core.prompts.cache import Prefix
from core.prompts.tree import AnswerTree


def shared_scores(model: Any, prefix: Prefix, rows: Sequence[Sequence[int]], tree: AnswerTree) -> torch.Tensor:
    """Log-likelihoods of all answers after prefix + row, of shape (rows, answers), in one pass over the batch.

    Each row is its own tokens, padded on the left, followed by the nodes of the tree. A node sees the prefix, the
    row and its ancestors only, and stands at the position it would have in its own answer, so the result is that
    of a pass for each answer (checked by `Engine.remember`).
    """
    device, count = model.device, len(rows)
    width, nodes, before = max(map(len, rows)), len(tree.tokens), len(prefix.ids)
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.zeros(count, width + nodes, dtype=torch.long)
    for place, row in enumerate(rows):
        ids[place, width - len(row) : width] = torch.tensor(row)
    ids[:, width:] = torch.tensor(tree.tokens, dtype=torch.long)
    own = torch.arange(width) - (width - lengths)[:, None]
    depths = lengths[:, None] - 1 + torch.tensor(tree.depths, dtype=torch.long)
    positions = before + torch.cat([own.clamp(min=0), depths], 1)
    mask = _tree_mask(own >= 0, tree, before, model.dtype)
    logits = model(
        input_ids=ids.to(device), attention_mask=mask.to(device), position_ids=positions.to(device),
        past_key_values=prefix.cache(), use_cache=True, logits_to_keep=nodes + 1,
    ).logits.float()  # fmt: skip
    return _along_paths(logits, tree.paths)


def repeated_scores(model: Any, prompt: Sequence[int], answers: Sequence[Sequence[int]]) -> torch.Tensor:
    """The same for one whole prompt, of shape (answers): a row an answer, nothing shared. Any causal model can."""
    longest = max(map(len, answers))
    rows = [[*prompt, *answer, *[prompt[-1]] * (longest - len(answer))] for answer in answers]
    logits = model(input_ids=torch.tensor(rows, device=model.device), logits_to_keep=longest + 1).logits.float()
    paths = [[(step - 1, token) for step, token in enumerate(answer)] for answer in answers]
    return torch.stack([_along_paths(logits[i : i + 1], [path])[0, 0] for i, path in enumerate(paths)])


def _tree_mask(real: torch.Tensor, tree: AnswerTree, before: int, dtype: torch.dtype) -> torch.Tensor:
    """What is added to attention: 0 where a token may look, else the least number; `real` marks no padding.

    Shape (rows, 1, own + nodes, prefix + own + nodes).
    """
    rows, width = real.shape
    nodes = len(tree.tokens)
    allowed = torch.zeros(rows, width + nodes, width + nodes, dtype=torch.bool)
    allowed[:, :width, :width] = torch.ones(width, width, dtype=torch.bool).tril() & real[:, None, :]
    allowed[:, width:, :width] = real[:, None, :]
    for node in range(nodes):
        allowed[:, width + node, [width + above for above in tree.ancestors(node)]] = True
    allowed |= torch.eye(width + nodes, dtype=torch.bool)
    mask = torch.zeros(rows, 1, width + nodes, before + width + nodes, dtype=dtype)
    mask[:, 0, :, before:].masked_fill_(~allowed, torch.finfo(dtype).min)
    return mask


def _along_paths(logits: torch.Tensor, paths: Sequence[Sequence[tuple[int, int]]]) -> torch.Tensor:
    """Sums of token log-probabilities along paths of (node before, token); logits (rows, 1 + nodes, vocabulary)."""
    norms = logits.logsumexp(-1)
    sums = []
    for path in paths:
        at = torch.tensor([place + 1 for place, _ in path], device=logits.device)
        tokens = torch.tensor([token for _, token in path], device=logits.device)
        sums.append((logits[:, at, tokens] - norms[:, at]).sum(-1))
    return torch.stack(sums, 1).cpu()
