"""The Pareto front: candidates that nothing beats in quality and cost at once."""

from collections.abc import Sequence


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
