"""The grammar of marks, once for all charts: colour = family, mark = method, hollow = estimated, whiskers = 95 %.

A mark tells its method by its shape too, so that charts read in black and white and with any colour vision.
"""

from collections.abc import Sequence
from typing import Any

from core.analysis.results import CandidateRow
from ui import theme

SIZE = 13
ENERGY_FIELDS = ("kwh_per_1k", "co2e_g_per_1k", "fit_kwh")
"""Figures that are as sure as the energy they stand on."""


ACROSS = {"line-ew": "line-ns"}
"""Marks that a whisker across would hide, and what stands for them there."""


def marker(
    rows: Sequence[CandidateRow], dark: bool, field: str = "", size: int = SIZE, across: bool = False
) -> dict[str, Any]:
    """The marks of candidates; `field` is the figure that they are drawn at, which may only be estimated.

    `across` is for charts whose whiskers lie across.
    """
    colours = [theme.family_colour(row.family, dark) for row in rows]
    return {
        "size": size, "color": colours, "opacity": 1, "line": {"width": 1.5, "color": colours},
        "symbol": [
            (ACROSS.get(symbol, symbol) if across else symbol) + ("-open" if is_hollow(row, field) else "")
            for row in rows for symbol in (theme.symbol(row.method),)
        ],
    }  # fmt: skip


def is_hollow(row: CandidateRow, field: str) -> bool:
    """Whether a figure of a candidate is estimated from what others published, instead of found on this machine."""
    return field in ENERGY_FIELDS and row.energy_provenance == "estimated"


def whiskers(
    values: Sequence[float], ends: Sequence[tuple[float | None, float | None]], colour: str
) -> dict[str, Any]:  # fmt: skip
    """95 % intervals as whiskers, for `error_x` and `error_y`; a value without ends has none."""
    each = list(zip(values, ends, strict=True))
    return {
        "type": "data", "symmetric": False, "thickness": 1.4, "width": 4, "color": colour,
        "array": [0.0 if high is None else max(0.0, high - value) for value, (_, high) in each],
        "arrayminus": [0.0 if low is None else max(0.0, value - low) for value, (low, _) in each],
    }  # fmt: skip


def mixed_provenance(rows: Sequence[CandidateRow], field: str) -> bool:
    """Whether figures of energy that came about in different ways stand beside each other: their order is not sure."""
    known = {row.energy_provenance for row in rows if getattr(row, field, None) is not None}
    return field in ENERGY_FIELDS and len(known) > 1
