"""The what-if panel: prices, electricity, serving and training as sliders, for every page that shows costs.

The assumptions live in the URL under their names (`rent_share=0.6`) and stay across pages; a default is not written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import format as f
from core.analysis.breakeven import texts
from core.analysis.scenario import HOURS_A_MONTH, Scenario, scenario_of
from core.errors import TradeoffError
from ui.messages import plain

Value = float | None


def _measured(show: Callable[[float], str], without: str = "as measured") -> Callable[[Value], str]:
    return lambda value: without if value is None else show(value)


def _percent(value: float) -> str:
    return f"{f.significant(100 * value, 3)} %"


def _usd(value: float) -> str:
    return "$0" if value == 0 else f.exact_usd(value)


def _hours(value: float) -> str:
    return "while it works" if value == 0 else "all month" if value == HOURS_A_MONTH else f"{value:g} h"


SHARES: tuple[Value, ...] = (None, *(step / 10 for step in range(11)))
RENTS: tuple[Value, ...] = (None, 0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)
VOLUMES: tuple[Value, ...] = (*(step * 10.0**power for power in range(3, 9) for step in (1, 2, 5)), 1e9)
GRIDS: tuple[Value, ...] = (None, 0.0, 25.0, 50.0, 100.0, 200.0, 300.0, 400.0, 500.0, 700.0, 1000.0)
TARIFFS: tuple[Value, ...] = (None, 0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
OVERHEADS = (1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0, 2.5)


@dataclass(frozen=True)
class Control:
    """A slider: the assumption that it sets, its words, its stops and how a stop is written."""

    field: str
    label: str
    stops: Sequence[Value]
    show: Callable[[Any], str]
    told: Callable[[Any], str]
    """The assumption in words, for the line that tells what is assumed."""

    @property
    def help(self) -> str:
        """What the assumption means."""
        return Scenario.model_fields[self.field].description or ""


GROUPS: dict[str, tuple[Control, ...]] = {
    "Prices": (
        Control("rent_share", "Device rent, share of the price", (0.0, *(step / 10 for step in range(1, 21))), _percent,
                lambda v: f"device rent × {v:g}"),
        Control("cpu_usd_per_hour", "CPU machine, USD an hour", RENTS, _measured(_usd, "as priced"),
                lambda v: f"CPU machine at {_usd(v)} an hour"),
        Control("gpu_usd_per_hour", "GPU, USD an hour", RENTS, _measured(_usd, "as priced"),
                lambda v: f"GPU at {_usd(v)} an hour"),
        Control("token_share", "Token prices, share of the price", tuple(step / 10 for step in range(21)), _percent,
                lambda v: f"token prices × {v:g}"),
        Control("cached_share", "Tokens read that are billed as cached", SHARES, _measured(_percent),
                lambda v: f"{_percent(v)} of tokens read billed as cached"),
        Control("provider_batched", "Requests at a provider's batch price", SHARES, _measured(_percent, "as it ran"),
                lambda v: f"{_percent(v)} of requests at the batch price"),
    ),
    "Serving": (
        Control("batched", "Texts answered in batches", tuple(step / 10 for step in range(11)), _percent,
                lambda v: f"{_percent(v)} of texts in batches, the rest one at a time"),
        Control("idle_share", "Rented hours in which the device waits", (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99),
                _percent, lambda v: f"devices wait {_percent(v)} of the time"),
        Control("hours_on", "Device is rented", (0.0, 80.0, 160.0, 240.0, 480.0, HOURS_A_MONTH), _hours,
                lambda v: f"devices rented {_hours(v)}"),
    ),
    "Electricity": (
        Control("grid_g_per_kwh", "Grid, g CO₂e a kWh", GRIDS, _measured(lambda v: f"{v:g} g"),
                lambda v: f"grid of {v:g} g CO₂e a kWh"),
        Control("pue", "Data centre's overhead (PUE)", OVERHEADS, lambda v: f"{v:g}", lambda v: f"PUE {v:g}"),
        Control("usd_per_kwh", "Electricity beside the rent, USD a kWh", TARIFFS, _measured(_usd, "in the rent"),
                lambda v: f"electricity at {_usd(v)} a kWh"),
    ),
    "Training and labels": (
        Control("usd_per_label", "A labelled text, USD", (None, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
                _measured(_usd, "are there"), lambda v: f"labels at {_usd(v)} each"),
        Control("retrain_months", "Months between trainings", (None, 0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0),
                _measured(lambda v: f"{v:g}", "once"), lambda v: f"trained every {v:g} months"),
        Control("labels_per_training", "New labels for each further training", (0, 100, 200, 500, 1000, 2000, 5000),
                lambda v: f"{v:,.0f}", lambda v: f"{v:,.0f} new labels a training"),
        Control("horizon_months", "Months that pay for what is paid once", (1.0, 3.0, 6.0, 12.0, 24.0, 36.0),
                lambda v: f"{v:g}", lambda v: f"paid off in {v:g} months"),
        Control("doubt", "Rent and speed may be off by a factor of", (1.0, 1.25, 1.5, 2.0, 3.0, 5.0),
                lambda v: f"{v:g}", lambda v: f"rent and speed off by {v:g}× at most"),
    ),
}  # fmt: skip
VOLUME = Control("volume", "Texts a month", VOLUMES, texts, lambda v: f"{texts(v)} texts a month")
CONTROLS = {control.field: control for group in GROUPS.values() for control in group} | {"volume": VOLUME}


def scenario_now() -> Scenario:
    """The assumptions as the URL or an earlier page has them; what cannot be read is as by default."""
    given: dict[str, Any] = {}
    for field in CONTROLS:
        text = st.query_params.get(field, st.session_state.get(f"kept.{field}"))
        try:
            if text is not None:
                scenario_of({field: (number := float(text))})
                given[field] = int(number) if field == "labels_per_training" else number
        except (TradeoffError, ValueError):
            continue
    return Scenario(**given)


def what_if(label: str = "What if …") -> Scenario:
    """The panel behind a button; gives the scenario that is in force."""
    scenario = scenario_now()
    # A label that changed would be another popover to Streamlit, closed again after each slider.
    with st.popover(label, icon=":material/tune:", width="content"):
        st.caption("Everything is computed again from what was stored. Nothing runs again, nothing is saved.")
        for name, group in GROUPS.items():
            st.markdown(f"**{name}**")
            with st.container(horizontal=True, gap="small"):
                for control in group:
                    slider(control, scenario)
        st.button("Reset all", icon=":material/restart_alt:", on_click=reset, key="if.reset",
                  disabled=not scenario.changes)  # fmt: skip
    return scenario


def volume_slider(scenario: Scenario, width: int | Any = "stretch") -> None:
    """How many texts a month, in steps from a thousand to a billion; any number can stand in the URL."""
    slider(VOLUME, scenario, width)


def slider(control: Control, scenario: Scenario, width: int | Any = 204) -> None:
    """One assumption. A value from the URL that is none of the stops becomes one."""
    value, key = getattr(scenario, control.field), f"if.{control.field}"
    stops = list(control.stops)
    if value not in stops:
        stops = [*(stop for stop in stops if stop is None), *sorted(s for s in (*stops, value) if s is not None)]
    st.session_state[key] = value
    if getattr(Scenario(), control.field) != value:
        st.query_params[control.field] = _written(value)
    st.select_slider(
        control.label, stops, key=key, format_func=control.show, on_change=_keep, args=(control.field,),
        help=f"{control.help}.", width=width,
    )  # fmt: skip


def told_assumptions(scenario: Scenario) -> None:
    """One line that says what is assumed, so that no figure is taken for a measured one; nothing where nothing is."""
    if not scenario.changes:
        return
    words = ", ".join(plain(CONTROLS[field].told(value)) for field, value in scenario.changes.items())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge("What if", icon=":material/tune:", color="orange")
        st.markdown(f"Figures assume: {words}.", width="content")
        st.button("Reset", on_click=reset, key="if.reset.line", type="tertiary", icon=":material/restart_alt:")


def reset() -> None:
    """Back to what was measured and priced; the volume stays."""
    for field in CONTROLS:
        if field != "volume":
            st.query_params.pop(field, None)
            st.session_state.pop(f"kept.{field}", None)


def as_options(scenario: Scenario) -> str:
    """The scenario as options of the command line, `breakeven` and `recommend`."""
    return "".join(f" --if {field}={_written(value)}" for field, value in scenario.changes.items())


def _keep(field: str) -> None:
    """Keep the slider's value in the URL and across pages; a default in neither."""
    value = st.session_state[f"if.{field}"]
    if value is None or value == getattr(Scenario(), field):
        st.query_params.pop(field, None)
        st.session_state.pop(f"kept.{field}", None)
    else:
        st.session_state[f"kept.{field}"] = st.query_params[field] = _written(value)


def _written(value: float) -> str:
    """A value as a link holds it: `1000000`, `0.35`."""
    return str(int(value)) if value == int(value) else repr(value)
