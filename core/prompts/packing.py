"""Rows of tokens laid end to end for one pass: no padding, and what several rows begin with stands there once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from core.prompts.tree import AnswerTree

LOOSEST = 1.3
"""Rows whose attention is computed together differ in length by this factor at most."""
SLACK = 8
"""Tokens by which they may differ in any case."""

Rows = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Group:
    """Rows of similar length, side by side where they look at one another's tokens: in attention.

    Attributes:
        rows: which rows.
        places: for each of them the place of each of its tokens in the pack, shape (rows, width); 0 where it has none.
        mask: what is added to attention, shape (rows, 1, width, width).
        slots: flat positions in `places` whose results are kept, one for each token of the pack in some group.
        targets: the places in the pack that they are kept at.
    """

    rows: list[int]
    places: torch.Tensor
    mask: torch.Tensor
    slots: torch.Tensor
    targets: torch.Tensor


@dataclass(frozen=True)
class Pack:
    """Rows as one sequence of tokens.

    Attributes:
        tokens: shape (tokens).
        positions: each token's distance from the start of its row, shape (tokens).
        groups: how attention sees them.
        ends: for each row the places of its last token and of the nodes after it, shape (rows, 1 + nodes).
        lengths: each row's tokens, nodes apart.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    groups: list[Group]
    ends: torch.Tensor
    lengths: list[int]


def pack(rows: Rows, tree: AnswerTree | None = None, dtype: torch.dtype = torch.float32) -> Pack:
    """Lay rows out, each with the nodes of `tree` behind it; every row has at least one token."""
    places: dict[tuple[int, int], int] = {}
    tokens: list[int] = []
    positions: list[int] = []

    def placed(parent: int, token: int) -> int:
        found = places.setdefault((parent, token), len(tokens))
        if found == len(tokens):
            tokens.append(token)
            positions.append(positions[parent] + 1 if parent >= 0 else 0)
        return found

    paths, ends = [], []
    for row in rows:
        path, parent = [], -1
        for token in row:
            parent = placed(parent, token)
            path.append(parent)
        nodes: list[int] = []
        for token, above in zip(tree.tokens, tree.parents, strict=True) if tree else ():
            nodes.append(placed(nodes[above] if above >= 0 else parent, token))
        paths.append([*path, *nodes])
        ends.append([parent, *nodes])
    groups = list(_groups(paths, len(tokens), tree, dtype))
    lengths = [len(row) for row in rows]
    return Pack(torch.tensor(tokens), torch.tensor(positions), groups, torch.tensor(ends), lengths)


def pack_batches(rows: Rows, extra: int, most: int) -> Iterator[list[int]]:
    """Places of rows in batches of at most `most` tokens once packed, or one row; `extra` tokens follow each row.

    Rows that begin alike come together: their common tokens count once.
    """
    order = sorted(range(len(rows)), key=lambda place: tuple(rows[place]))
    batch: list[int] = []
    held = 0
    for place in order:
        row, before = rows[place], rows[batch[-1]] if batch else []
        common = next((at for at, (a, b) in enumerate(zip(row, before, strict=False)) if a != b), len(before))
        new = len(row) - min(common, len(row)) + (extra if row != before else 0)
        if batch and held + new > most:
            yield batch
            batch, held, new = [], 0, len(row) + extra
        batch.append(place)
        held += new
    if batch:
        yield batch


def _groups(paths: list[list[int]], count: int, tree: AnswerTree | None, dtype: torch.dtype) -> Iterator[Group]:
    seen = [False] * count
    order = sorted(range(len(paths)), key=lambda row: -len(paths[row]))
    start = 0
    while start < len(order):
        width = len(paths[order[start]])
        end = start + 1
        while end < len(order) and width <= len(paths[order[end]]) * LOOSEST + SLACK:
            end += 1
        yield _group(order[start:end], paths, width, tree, seen, dtype)
        start = end


def _group(
    rows: list[int], paths: list[list[int]], width: int, tree: AnswerTree | None, seen: list[bool], dtype: torch.dtype
) -> Group:
    table = torch.tensor([[*paths[row], *[0] * (width - len(paths[row]))] for row in rows])
    slots, targets = [], []
    for line, row in enumerate(rows):
        for slot, place in enumerate(paths[row]):
            if not seen[place]:
                seen[place] = True
                slots.append(line * width + slot)
                targets.append(place)
    allowed = torch.ones(width, width, dtype=torch.bool).tril().repeat(len(rows), 1, 1)
    if tree and tree.tokens:
        among = torch.zeros(len(tree.tokens), len(tree.tokens), dtype=torch.bool)
        for node in range(len(tree.tokens)):
            among[node, tree.ancestors(node)] = True
        for line, row in enumerate(rows):
            end = len(paths[row])
            allowed[line, end - len(among) : end, end - len(among) : end] = among
    mask = torch.zeros(len(rows), 1, width, width, dtype=dtype)
    mask[:, 0].masked_fill_(~allowed, torch.finfo(dtype).min)
    return Group(rows, table, mask, torch.tensor(slots, dtype=torch.long), torch.tensor(targets, dtype=torch.long))
