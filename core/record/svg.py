"""Drawing as SVG: a plot with axes, marks, whiskers and words. Colours are classes of page.css, so they suit light,
dark and print; nothing is loaded from anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import cos, pi, sin

Point = tuple[float, float]
RADIUS = 6.5


def _regular(corners: int, turn: float = 0.0, inner: float = 1.0) -> list[Point]:
    """A regular polygon around 0, its first corner at the top plus `turn` of a circle; a star where `inner` < 1."""
    steps = corners * (2 if inner < 1 else 1)
    sizes = (1.15, 1.15 * inner) if inner < 1 else (1.0,)
    angles = [2 * pi * (place / steps + turn) for place in range(steps)]
    return [(sizes[i % len(sizes)] * sin(angle), -sizes[i % len(sizes)] * cos(angle)) for i, angle in enumerate(angles)]


def _scaled(points: Sequence[Point], across: float, up: float) -> list[Point]:
    return [(x * across, y * up) for x, y in points]


PLUS = [(-0.35, -1.0), (0.35, -1.0), (0.35, -0.35), (1.0, -0.35), (1.0, 0.35), (0.35, 0.35),
        (0.35, 1.0), (-0.35, 1.0), (-0.35, 0.35), (-1.0, 0.35), (-1.0, -0.35), (-0.35, -0.35)]  # fmt: skip
MARKS: dict[str, list[Point]] = {
    "line-ew": [(-1.3, -0.16), (1.3, -0.16), (1.3, 0.16), (-1.3, 0.16)],
    "square": _scaled(_regular(4, 1 / 8), 1.25, 1.25),
    "diamond": _scaled(_regular(4), 1.2, 1.2),
    "diamond-tall": _scaled(_regular(4), 0.75, 1.35),
    "diamond-wide": _scaled(_regular(4), 1.35, 0.75),
    "circle": _regular(24),
    "triangle-up": _scaled(_regular(3), 1.2, 1.2),
    "triangle-down": _scaled(_regular(3, 1 / 2), 1.2, 1.2),
    "triangle-left": _scaled(_regular(3, 3 / 4), 1.2, 1.2),
    "triangle-right": _scaled(_regular(3, 1 / 4), 1.2, 1.2),
    "cross": PLUS,
    "octagon": _regular(8, 1 / 16),
    "hexagon": _regular(6, 1 / 12),
    "hexagon2": _regular(6),
    "bowtie": [(-1.1, -0.9), (0.0, -0.12), (1.1, -0.9), (1.1, 0.9), (0.0, 0.12), (-1.1, 0.9)],
    "hourglass": [(-0.9, -1.1), (0.9, -1.1), (0.12, 0.0), (0.9, 1.1), (-0.9, 1.1), (-0.12, 0.0)],
    "pentagon": _regular(5),
    "star": _regular(5, inner=0.45),
}
"""The outline of each mark of `core.charting.looks.SYMBOLS`, of radius 1."""


@dataclass
class Plot:
    """A drawing with one linear scale each way. Give `x` and `y` as data; log scales are the caller's logarithms."""

    width: float
    height: float
    across: tuple[float, float]
    up: tuple[float, float]
    left: float = 62.0
    right: float = 16.0
    top: float = 12.0
    bottom: float = 50.0
    parts: list[str] = field(default_factory=list)

    def x(self, value: float) -> float:
        """The pixel of a value across."""
        low, high = self.across
        return self.left + (value - low) / (high - low) * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """The pixel of a value up."""
        low, high = self.up
        return self.height - self.bottom - (value - low) / (high - low) * (self.height - self.top - self.bottom)

    def line(self, points: Sequence[Point], look: str) -> None:
        """A line through pixels."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self.parts.append(f'<polyline class="{look}" points="{path}"/>')

    def area(self, points: Sequence[Point], look: str) -> None:
        """A filled area between pixels."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self.parts.append(f'<polygon class="{look}" points="{path}"/>')

    def rectangle(self, x: float, y: float, width: float, height: float, look: str) -> None:
        """A filled rectangle, in pixels."""
        self.parts.append(
            f'<rect class="{look}" x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0))}" height="{_n(max(height, 0))}"/>'
        )

    def words(self, x: float, y: float, text: str, anchor: str = "start", look: str = "", turned: bool = False) -> None:
        """Text at a pixel; `anchor` start, middle or end."""
        turn = f' transform="rotate(-90 {_n(x)} {_n(y)})"' if turned else ""
        shown = f'<text class="{look}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}"{turn}>{escape(text)}</text>'
        self.parts.append(shown)

    def mark(self, symbol: str, x: float, y: float, look: str, told: str, radius: float = RADIUS) -> None:
        """A mark at a pixel, with words for the pointer."""
        outline = " ".join(f"{_n(x + radius * dx)},{_n(y + radius * dy)}" for dx, dy in MARKS[symbol])
        self.parts.append(f'<polygon class="mark {look}" points="{outline}"><title>{escape(told)}</title></polygon>')

    def ring(self, x: float, y: float) -> None:
        """The ring around the recommended one."""
        self.parts.append(f'<circle class="ring" cx="{_n(x)}" cy="{_n(y)}" r="{2 * RADIUS}"/>')

    def whisker(self, one: Point, other: Point, look: str) -> None:
        """A whisker between two pixels on one vertical or horizontal line, with end strokes."""
        self.line([one, other], f"whisker {look}")
        dx, dy = (4, 0) if one[0] == other[0] else (0, 4)
        for x, y in (one, other):
            self.line([(x - dx, y - dy), (x + dx, y + dy)], f"whisker {look}")

    def axes(
        self, ticks_across: Sequence[tuple[float, str]], ticks_up: Sequence[tuple[float, str]], title_across: str,
        title_up: str,
    ) -> None:  # fmt: skip
        """Grid lines, tick texts and titles; ticks outside the scales are left out."""
        floor, wall = self.height - self.bottom, self.width - self.right
        for value, text in ticks_up:
            if self.up[0] <= value <= self.up[1]:
                self.line([(self.left, self.y(value)), (wall, self.y(value))], "grid")
                self.words(self.left - 8, self.y(value) + 4, text, "end", "tick")
        for value, text in ticks_across:
            if self.across[0] <= value <= self.across[1]:
                self.line([(self.x(value), self.top), (self.x(value), floor)], "grid")
                self.words(self.x(value), floor + 18, text, "middle", "tick")
        self.words((self.left + wall) / 2, floor + 40, title_across, "middle", "title")
        if title_up:
            self.words(14, (self.top + floor) / 2, title_up, "middle", "title", turned=True)

    def drawn(self, alt: str) -> str:
        """The finished SVG, with its description for who cannot see it."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(self.width)} {_n(self.height)}" role="img" '
            f'aria-label="{escape(alt)}">{"".join(self.parts)}</svg>'
        )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
