"""The Pareto front: candidates that nothing beats in two figures at once, and how sure that is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Draws = NDArray[np.float64]
"""Figures of candidates as they might have come out, shape (candidates, draws); NaN where a figure is unknown."""


def front(points: Sequence[tuple[float | None, float | None]]) -> list[int]:
    """Indices of the points `(cost, quality)` on the front, cheapest first.

    Lower cost and higher quality are better. A point with an unknown cost or quality is never on the front; of
    equal points the first is kept.
    """
    known = [
        (cost, -quality, i) for i, (cost, quality) in enumerate(points) if cost is not None and quality is not None
    ]
    kept: list[int] = []
    best = float("inf")
    for _, lost, i in sorted(known):
        if lost < best:
            kept.append(i)
            best = lost
    return kept


def chances(cost: Draws, quality: Draws) -> NDArray[np.float64]:
    """For each candidate the share of draws in which it is on the front, shape (candidates,).

    Each column is one world: all candidates on the same resample of the texts, so that what they share cancels. A
    candidate with an unknown figure is on no front (NaN) and beats nobody; of equal points all are on it.
    """
    known = ~(np.isnan(cost) | np.isnan(quality)).any(1)
    found = np.full(len(cost), np.nan)
    if known.any():
        found[known] = _on_front(cost[known], quality[known]).mean(1)
    return found


def _on_front(cost: Draws, quality: Draws) -> NDArray[np.bool_]:
    """Whether each point is on its draw's front: a walk from the cheapest up, all draws at once."""
    order = np.lexsort((-quality, cost), axis=0)
    costs, qualities = np.take_along_axis(cost, order, 0), np.take_along_axis(quality, order, 0)
    best, price = np.full(cost.shape[1], -np.inf), np.full(cost.shape[1], np.nan)
    on = np.zeros(cost.shape, bool)
    for place, (paid, reached) in enumerate(zip(costs, qualities, strict=True)):
        better = reached > best
        on[place] = better | ((reached == best) & (paid == price))
        price = np.where(better, paid, price)
        best = np.maximum(best, reached)
    result = np.zeros_like(on)
    np.put_along_axis(result, order, on, 0)
    return result


def attained(cost: Sequence[float], quality: Draws) -> tuple[NDArray[np.float64], NDArray[np.float64], Draws]:
    """The best quality that can be had for at most each cost: costs, cheapest first, with the 95 % band's two ends.

    The front of each draw is a staircase; the band holds 95 of 100 staircases at each cost (the attainment function of
    Grunert da Fonseca, Fonseca & Hall 2001).
    """
    order = np.argsort(np.asarray(cost), kind="stable")
    stairs = np.maximum.accumulate(quality[order], axis=0)
    low, high = np.quantile(stairs, (0.025, 0.975), axis=1)
    return np.asarray(cost, np.float64)[order], low, high
