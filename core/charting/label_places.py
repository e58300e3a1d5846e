"""Where to write the names beside the marks of a chart so that they do not cover each other."""

from collections.abc import Sequence
from dataclasses import dataclass

CHARACTER, LINE, GAP = 7.0, 16.0, 13.0
"""Pixels: width of a character, height of a line, distance of a label from its mark."""

PLACES: tuple[tuple[str, str, float, float], ...] = (
    ("left", "middle", 1.0, 0.0),
    ("right", "middle", -1.0, 0.0),
    ("left", "bottom", 0.75, 0.75),
    ("left", "top", 0.75, -0.75),
    ("right", "bottom", -0.75, 0.75),
    ("right", "top", -0.75, -0.75),
    ("center", "bottom", 0.0, 2.2),
    ("center", "top", 0.0, -2.2),
)
"""Tried in turn: Plotly's xanchor and yanchor, and the offset from the mark in gaps (right, up)."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, y upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: "Box") -> float:
        """The shared area in square pixels."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(0.0, width) * max(0.0, height)

    def outside(self, width: float, height: float) -> float:
        """How much sticks out of the plot, in square pixels."""
        whole = (self.right - self.left) * (self.top - self.bottom)
        return whole - self.overlap(Box(0, 0, width, height))


def place(
    marks: Sequence[tuple[float, float, float, float]],
    names: Sequence[str],
    width: float,
    height: float,
    beside: Sequence[tuple[float, float]] = (),
) -> list[tuple[str, str, float, float]]:
    """For each mark the place of its label: (xanchor, yanchor, shift right, shift up), in pixels.

    `marks` are (x, y, y of the whisker's low end, of its high end) in pixels, `beside` the points of a line that is
    better left free. Greedy in the given order: each label
    takes the place that covers least of the marks, the whiskers and the labels before it, and leaves the plot
    least.
    """
    taken = [Box(x - 8, y - 8, x + 8, y + 8) for x, y, _, _ in marks]
    taken += [Box(x - 2, low, x + 2, high) for x, _, low, high in marks]
    taken += [Box(x - 5, y - 5, x + 5, y + 5) for x, y in beside]
    chosen = []
    for (x, y, _, _), name in zip(marks, names, strict=True):
        boxes = [_box(x, y, name, option) for option in PLACES]
        costs = [
            sum(box.overlap(other) for other in taken) + 3 * box.outside(width, height) + 0.5 * rank
            for rank, box in enumerate(boxes)
        ]
        best = costs.index(min(costs))
        taken.append(boxes[best])
        across, up, right, above = PLACES[best]
        chosen.append((across, up, right * GAP, above * GAP))
    return chosen


def _box(x: float, y: float, name: str, option: tuple[str, str, float, float]) -> Box:
    across, up, right, above = option
    width = CHARACTER * len(name)
    left = x + right * GAP - {"left": 0.0, "right": width, "center": width / 2}[across]
    bottom = y + above * GAP - {"bottom": 0.0, "top": LINE, "middle": LINE / 2}[up]
    return Box(left, bottom, left + width, bottom + LINE)
