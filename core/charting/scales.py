"""Ranges and ticks of log axes that are read as money, energy or time, for charts on pages and in documents."""

import re
from collections.abc import Callable, Sequence
from math import ceil, floor, log10

STEPS = (1.0, 2.0, 5.0)


def log_ticks(values: Sequence[float], show: Callable[[float | None], str]) -> tuple[list[float], list[str]]:
    """Ticks at powers of ten over the values' range (with 2 and 5 between when the range is short), and their texts."""
    low, high = min(values), max(values)
    decades = range(floor(log10(low)) - 1, ceil(log10(high)) + 2)
    steps = STEPS if high / low < 60 else STEPS[:1]
    every = max(1, ceil((log10(high) - log10(low)) / 5))
    ticks = [10.0**power * step for power in decades for step in steps if power % every == 0 or len(steps) > 1]
    return ticks, [re.sub(r"(\.\d*?)0+(?=\D|$)", r"\1", show(tick)).replace(". ", " ").rstrip(".") for tick in ticks]


def log_range(values: Sequence[float]) -> tuple[float, float]:
    """The range of a log axis in powers of ten, with room for marks and labels."""
    low, high = log10(min(values)), log10(max(values))
    room = max(0.12 * (high - low), 0.15)
    return low - room, high + room
