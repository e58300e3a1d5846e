"""Settings: which prices, grid and devices are assumed?"""

import streamlit as st

from core.preferences import load
from ui import settings_parts as parts
from ui.endpoint_settings import endpoints
from ui.session import home, predictor_of

st.title("Settings")
st.markdown("What the figures assume. Costs are recomputed everywhere as soon as a price changes; nothing runs again.")
preferences = load(home())
if preferences.notice:
    st.warning(preferences.notice, icon=":material/warning:")

grid, prices, providers, models, storage, health = st.tabs(
    ["Electricity", "Prices", "Endpoints", "Warm models", "Storage", "Health"]
)
with grid:
    parts.electricity(home(), preferences)
with prices:
    st.markdown("#### Device hours")
    parts.device_prices(home(), preferences)
    st.markdown("#### Tokens")
    parts.token_prices(home(), preferences)
with providers:
    endpoints(home(), preferences)
with models:
    with st.form("models", border=False):
        minutes = st.number_input(
            "Let models go after (minutes)", 0.1, 1440.0, preferences.idle_minutes, step=1.0, width=260,
            help="The playground keeps models in memory between questions so that answers come at once.",
        )  # fmt: skip
        if st.form_submit_button("Save", type="primary"):
            parts.keep(home(), preferences, idle_minutes=minutes)
    warm = predictor_of(home()).is_warm
    if st.button("Let models go now", disabled=not warm, help="" if warm else "No model is in memory."):
        predictor_of(home()).close()
        st.rerun()
with storage:
    parts.storage(home())
with health:
    parts.health(home())
