"""The one grammar of all charts: a colour a family, a mark a method, in light and dark.

The colours are Okabe and Ito's, told apart by people with any colour vision; on white the orange and green are
darkened until a mark has a contrast of 3:1, on dark all are lightened. `.streamlit/config.toml` holds the rest.
"""

import streamlit as st

from core.charting.looks import FAMILIES, PROVENANCE, SYMBOLS

SPAN_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#B5A300")
"""Okabe and Ito's again: the underlines of labelled spans, on light and dark; their tint is let through."""

STATUS = {
    "queued": ("○", ":material/hourglass_empty:", "waiting", "gray"),
    "running": ("▶", ":material/play_circle:", "running", "blue"),
    "paused": ("‖", ":material/pause_circle:", "set aside", "violet"),
    "finished": ("✓", ":material/check_circle:", "finished", "green"),
    "failed": ("✗", ":material/error:", "failed", "red"),
    "cancelled": ("–", ":material/cancel:", "cancelled", "orange"),
}
"""Sign, icon, word and colour of each state: never the colour alone."""


def is_dark() -> bool:
    """Whether the visitor looks at the dark theme."""
    return st.context.theme.type == "dark"


def family_colour(family: str, dark: bool) -> str:
    """The colour of a family."""
    _, light, on_dark = FAMILIES.get(family, FAMILIES["baseline"])
    return on_dark if dark else light


def faded(colour: str, share: float) -> str:
    """`colour` (#RRGGBB) let through to `share`.

    >>> faded("#0072B2", 0.5)
    'rgba(0,114,178,0.5)'
    """
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def symbol(method: str) -> str:
    """The mark of a method."""
    return SYMBOLS.get(method, "hexagon")


def ink(dark: bool) -> str:
    """The colour of text and of what must stand out without a family."""
    return "#E4E8EC" if dark else "#1D2733"


def quiet(dark: bool) -> str:
    """The colour of grids, fronts and what stands back."""
    return "#4A5561" if dark else "#B8BEC4"


def status_words(status: str) -> str:
    """A state for a table's cell: `✓ finished`."""
    sign, _, word, _ = STATUS[status]
    return f"{sign} {word}"


def status_badge(status: str) -> None:
    """A state as a badge."""
    _, icon, word, colour = STATUS[status]
    st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]


__all__ = [
    "FAMILIES", "PROVENANCE", "SPAN_COLOURS", "STATUS", "SYMBOLS", "faded", "family_colour", "ink", "is_dark", "quiet",
    "status_badge", "status_words", "symbol",
]  # fmt: skip
