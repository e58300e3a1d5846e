"""Which dialog is open: kept in the session, so that a rerun of the page does not close it."""

import streamlit as st

OPEN = "dialog"


def open_dialog(name: str) -> None:
    """Have the dialog called `name` shown; the callback of a button."""
    st.session_state[OPEN] = name


def is_open(name: str) -> bool:
    """Whether it is to be shown now."""
    return bool(st.session_state.get(OPEN) == name)


def close_dialog() -> None:
    """Have none shown; the callback of its dismissal."""
    st.session_state.pop(OPEN, None)
