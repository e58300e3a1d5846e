"""The parts of the Settings page: electricity, prices, devices, storage and health."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core import format as f
from core.devices import devices
from core.doctor import examine
from core.errors import TradeoffError
from core.home import Home
from core.metering.grid import countries
from core.metering.prices import DevicePrice, PriceBook, TokenPrice, list_prices
from core.preferences import Preferences, changed, save
from core.spec import Record
from ui.messages import plain, show_error

WORLD = "World average"


def keep(home: Home, preferences: Preferences, **changes: Any) -> None:
    """Save changed settings, and say so; a value that does not fit is told."""
    try:
        save(home, changed(preferences, **changes))
    except TradeoffError as error:
        show_error(error)
    else:
        st.toast("Saved. Every figure uses it from now on.", icon=":material/check:")
        st.rerun()


def electricity(home: Home, preferences: Preferences) -> None:
    """Where the electricity comes from: what a kWh emits."""
    grid = preferences.grid
    known = countries()
    shown = f.UNKNOWN if grid.g_per_kwh is None else f"{grid.g_per_kwh:.0f} g CO₂e a kWh"
    st.markdown(f"In force: **{shown}** ({plain(grid.source)}). New runs use it; finished runs keep theirs.")
    with st.form("electricity", border=False):
        names: dict[str | None, str] = {None: WORLD}
        names |= {iso: getattr(country, "name", iso) for iso, country in known.items()}
        options = sorted(names, key=lambda iso: "" if iso is None else str(names[iso]))
        country = st.selectbox(
            "Country",
            options,
            options.index(preferences.country_iso),
            format_func=lambda iso: str(names[iso]),
            width=360,
        )
        typed = st.number_input(
            "Or your own intensity (g CO₂e a kWh)", 0.0, 3000.0, preferences.grid_g_per_kwh,
            placeholder="from the country", width=360,
            help="From your supplier. It overrides the country; empty it to go back.",
        )  # fmt: skip
        if st.form_submit_button("Save", type="primary"):
            keep(home, preferences, country_iso=country, grid_g_per_kwh=typed)


def device_prices(home: Home, preferences: Preferences) -> None:
    """What an hour of a device costs: yours first, then public list prices."""
    book = PriceBook.of(preferences)
    for device in devices():
        row = book.device(device.kind, device.name)
        told = f"${row.usd_per_hour:g} an hour a {row.per}: {row.name}, {row.source}, {row.date}" if row else "unknown"
        st.markdown(f"This machine's **{plain(device.name)}** is priced at: {plain(told)}")
    st.caption("Your prices. Words of the device's name choose the row; the first that fits counts.")
    columns = ["device", "pattern", "usd_per_hour", "per", "name", "date", "source"]
    edited = _editor(preferences.device_prices, DevicePrice, "device_prices", columns)
    if st.button("Save device prices", key="save.device_prices"):
        keep(home, preferences, device_prices=edited)
    with st.expander("Public list prices that are used otherwise"):
        st.dataframe([row.model_dump(exclude={"url"}) for row in list_prices()], hide_index=True)


def token_prices(home: Home, preferences: Preferences) -> None:
    """What a provider bills for a million tokens."""
    st.caption("USD a million tokens, for models that a provider runs. Published prices are used where you type none.")
    columns = ["model", "input", "cached_input", "output", "reasoning", "date", "source"]
    edited = _editor(preferences.token_prices, TokenPrice, "token_prices", columns)
    if st.button("Save token prices", key="save.token_prices"):
        keep(home, preferences, token_prices=edited)


def _editor(rows: Sequence[Record], kind: type[Record], key: str, columns: list[str]) -> list[dict[str, Any]]:
    """A table to edit; returns its rows as they stand, empty cells left to their defaults."""
    import pandas as pd

    choices = {"device": ["cpu", "cuda"], "per": ["device", "core"]}
    shown = pd.DataFrame([row.model_dump(include=set(columns)) for row in rows], columns=columns)
    config = {
        name: st.column_config.SelectboxColumn(name, options=choices[name], required=True)
        if name in choices
        else st.column_config.NumberColumn(
            name.replace("_", " "), format="%g", help=kind.model_fields[name].description
        )
        if "float" in str(kind.model_fields[name].annotation)
        else st.column_config.TextColumn(name.replace("_", " "), help=kind.model_fields[name].description)
        for name in columns
    }
    edited = st.data_editor(shown, num_rows="dynamic", hide_index=True, column_config=config, key=key)
    records = edited.astype(object).where(edited.notna(), None).to_dict("records")
    return [{name: value for name, value in record.items() if value is not None} for record in records]


def storage(home: Home) -> None:
    """Where things are and how much room they take."""
    st.markdown(f"Everything is in `{home.root}` (`TRADEOFF_HOME`).")
    sizes = {
        "Runs": home.runs, "Datasets": home.datasets, "Converted models": home.cache, "Index": home.index,
        "Trash, kept for a week": home.root / "trash",
    }  # fmt: skip
    rows = [(name, f.memory(_size(str(path)))) for name, path in sizes.items()]
    rows.append(("Free disk", f.memory(shutil.disk_usage(home.root).free)))
    st.table(dict(rows), border="horizontal")
    if st.button("Empty the trash", help="Removes deleted runs for good."):
        shutil.rmtree(home.root / "trash", ignore_errors=True)
        _size.clear()
        st.rerun()


@st.cache_data(ttl=60, show_spinner="Measuring …")
def _size(folder: str) -> int:
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


def health(home: Home) -> None:
    """Is everything here that is needed?"""
    checks = examine(home)
    bad = [check for check in checks if not check.ok]
    if bad:
        for check in bad:
            st.error(f"**{plain(check.name)}**: {plain(check.detail)}. {plain(check.remedy)}", icon=":material/error:")
    else:
        st.success("Everything that is needed is here.", icon=":material/check_circle:")
    rows = [{"": "ok" if c.ok else "problem", "what": c.name, "detail": c.detail, "remedy": c.remedy} for c in checks]
    st.dataframe(rows, hide_index=True)
