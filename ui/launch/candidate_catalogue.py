"""Known models to add: what each is, and whether it fits this machine, before anything is downloaded."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import format as f
from core.candidates import resolve
from core.catalogue import ModelCard, catalogue, search
from core.data.dataset import DatasetInfo, load_dataset
from core.errors import TradeoffError
from core.estimating.fit import Fit, fit_of, possible_ways
from core.estimating.history import mean_tokens
from core.preferences import load as load_preferences
from core.spec import Device
from ui.dialogs import close_dialog
from ui.launch.estimates import machine_devices, past
from ui.messages import show_error
from ui.session import home

HOW = {
    "full": "Fine-tune all its weights", "lora": "Fine-tune small adapters", "linear": "Freeze it, fit a linear layer",
    "qlora": "Fine-tune small adapters over 4-bit weights", "zero-shot": "Ask it without examples",
    "few-shot": "Ask it with examples", "setfit": "Fine-tune it on pairs of texts (SetFit)",
    "gliclass": "Let it read the labels (GLiClass)", "gliner": "Let it find the labels (GLiNER)",
}  # fmt: skip
ADDED = "launch.extra"


@st.dialog("Add models", width="large", icon=":material/library_add:", on_dismiss=close_dialog)
def catalogue_dialog(info: DatasetInfo, device: Device) -> None:
    """A table of known models with search; the chosen ones, or any other by name, become candidates."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = st.selectbox("What to do with it", possible_ways(info.task), key="extra.how", format_func=HOW.__getitem__,
                           width=280)  # fmt: skip
        words = st.text_input(
            "Search, or any name", key="extra.model", placeholder="roberta, llama 8b, apache, …",
            icon=":material/search:",
            help="Also any other model: a Hugging Face name or a local folder.",
        )  # fmt: skip
        fitting = st.toggle("Only what fits", key="extra.fits")
    found = [(card, fit) for card, fit in _rows(info, way, device, words) if not fitting or fit.fits]
    chosen = _table(found) if found else []
    named = words.strip()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(_label(chosen), type="primary", key="extra.add", disabled=not chosen):
            _add([fit.candidate for fit in chosen])
        if named and named not in {card.name for card, _ in found} and " " not in named:
            if st.button(f"Add “{f.shorten(named, 40)}” by name", key="extra.named"):
                _add([f"{named}-{way}"])
        elif not found:
            st.caption("No known model is like this. Type the whole name of one on Hugging Face, or a folder's path.")
    st.caption(
        "Memory is computed from the model's size, this dataset's texts and the method's settings. "
        "Nothing is downloaded before a run needs it."
    )


def _rows(info: DatasetInfo, way: str, device: Device, words: str) -> list[tuple[ModelCard, Fit]]:
    tokens = mean_tokens(load_dataset(home(), info.name, info.fingerprint))
    devices, history, preferences = machine_devices(), past(), load_preferences(home())
    cards = [card for card in search(words) if not card.bundled]
    rows = [(card, fit_of(card, way, info, tokens, device, devices, history, preferences)) for card in cards]
    return [(card, fit) for card, fit in rows if fit is not None]


def _table(found: Sequence[tuple[ModelCard, Fit]]) -> list[Fit]:
    """The models as a table; returns those that are chosen in it."""
    table = pd.DataFrame([_cells(card, fit) for card, fit in found])
    shown = st.dataframe(
        table, key="extra.table", hide_index=True, height=380, on_select="rerun", selection_mode="multi-row",
        placeholder="unknown",
        column_config={
            "Model": st.column_config.TextColumn(pinned=True, width=300),
            "Fits": st.column_config.TextColumn("Fits here?", width=76),
            "Memory": st.column_config.NumberColumn("Needs (GiB)", format="%.1f", width=92),
            "Weights": st.column_config.NumberColumn("Weights (M)", format="localized", width=98),
            "Context": st.column_config.NumberColumn("Context", format="localized", help="Longest input in tokens",
                                                     width=82),
            "Why": st.column_config.TextColumn("What to know", width="medium"),
        },
        alt=f"{len(found)} models with size, licence and whether they fit",
    )  # fmt: skip
    return [found[place][1] for place in shown["selection"]["rows"] if place < len(found)]


def _cells(card: ModelCard, fit: Fit) -> dict[str, Any]:
    words = {True: "✓ fits", False: "✗ no", None: "? unknown"}[fit.fits]
    notes = [fit.why, f"{card.note[:1].upper()}{card.note[1:]}." if card.note else ""]
    return {
        "Model": fit.model, "Fits": "API" if card.api else words,
        "Memory": fit.memory_bytes and fit.memory_bytes / 2**30,
        "Weights": card.parameters and card.parameters / 1e6, "Context": card.context,
        "Licence": "closed" if card.api else card.licence,
        "Gated": "" if card.api else {True: "yes", False: "no", None: "unknown"}[card.gated],
        "Why": " ".join(filter(None, notes)),
    }  # fmt: skip


def _label(chosen: Sequence[Fit]) -> str:
    return f"Add {len(chosen)} model{'' if len(chosen) == 1 else 's'}" if chosen else "Choose models in the table"


def _add(names: Sequence[str]) -> None:
    extra = st.session_state.setdefault(ADDED, [])
    try:
        resolved = [resolve(name).id for name in names]
    except TradeoffError as error:
        show_error(error)
        return
    st.session_state[ADDED] = [*extra, *(name for name in dict.fromkeys(resolved) if name not in extra)]
    close_dialog()
    st.rerun()


def all_known() -> int:
    """How many models the catalogue holds."""
    return sum(not card.bundled for card in catalogue())
