"""How energy figures came about, component by component, as badges: no figure stands without its word."""

import streamlit as st

from core import format as f
from core.analysis.results import CandidateRow
from ui import theme

COMPONENTS = {"cpu": "CPU", "gpu": "GPU", "ram": "memory", "api": "provider"}


def energy_badges(row: CandidateRow) -> None:
    """A badge a component: what it takes per 1,000 texts, and how that is known."""
    if not row.energy_per_1k:
        _badge("energy", row.energy_provenance)
    for name, part in row.energy_per_1k.items():
        amount = f.energy_range(part.kwh, part.low_kwh, part.high_kwh) + " " if part.kwh is not None else ""
        _badge(f"{COMPONENTS.get(name, name)} {amount}".strip(), part.provenance)


def part_told(row: CandidateRow, component: str) -> str:
    """What a component takes per 1,000 texts, and how that is known: `2.1 mWh, modelled`; a dash where it has none."""
    part = row.energy_per_1k.get(component)  # type: ignore[call-overload]
    if part is None:
        return "–"
    return theme.PROVENANCE["unknown"][0] if part.kwh is None else (
        f"{f.energy_range(part.kwh, part.low_kwh, part.high_kwh)}, {part.provenance}"
    )  # fmt: skip


def _badge(what: str, provenance: str) -> None:
    word, colour, meaning = theme.PROVENANCE[provenance]
    st.badge(f"{what} {word}", color=colour, help=f"{meaning}. Per 1,000 texts.")  # type: ignore[arg-type]
