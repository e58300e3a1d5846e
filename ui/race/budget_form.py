"""The widgets of a budget: minutes, USD, kWh; empty sets no limit."""

from dataclasses import dataclass

import streamlit as st

from core.racing.records import Budget


@dataclass(frozen=True)
class _Limit:
    field: str
    label: str
    most: float
    step: float
    format: str
    icon: str
    help: str


LIMITS = (
    _Limit("minutes", "Minutes", 100_000.0, 5.0, "%.4g", ":material/timer:", "Wall time of all its runs together"),
    _Limit("usd", "USD", 1_000_000.0, 1.0, "%.4g", ":material/payments:", "Device hours and what providers bill"),
    _Limit("kwh", "kWh", 1_000_000.0, 0.1, "%.4g", ":material/bolt:", "Energy of all its runs together"),
)
LEAST = 0.0001


def ask_budget(key: str, usual: Budget) -> Budget:
    """A number for each limit, in a row; `usual` is what stands there at first."""
    found: dict[str, float | None] = {}
    with st.container(horizontal=True, gap="small"):
        for limit in LIMITS:
            found[limit.field] = st.number_input(
                limit.label, LEAST, limit.most, getattr(usual, limit.field), step=limit.step, format=limit.format,
                key=f"{key}.{limit.field}", persist_state="session", placeholder="no limit", icon=limit.icon,
                help=f"{limit.help}; empty sets no limit.", width=150,
            )  # fmt: skip
    return Budget(**found)
