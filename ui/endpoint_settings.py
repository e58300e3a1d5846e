"""The part of the Settings page for endpoints: servers that answer for api: candidates."""

from typing import Any

import streamlit as st

from core.clients import managing
from core.clients.endpoints import Endpoint, all_endpoints
from core.errors import TradeoffError
from core.home import Home
from core.preferences import Preferences
from ui.messages import plain, show_error

SHOWN = {
    "name": "name", "base_url": "address", "key_env": "key in", "key": "key", "concurrency": "requests at once",
    "batch_share": "batch price",
}  # fmt: skip
NEW = "Add another"


def endpoints(home: Home, preferences: Preferences) -> None:
    """What is there, a form to add or change one, and a button that asks one for its models."""
    st.markdown(
        "Servers that answer for `api:` candidates: OpenAI, Azure, or your own vLLM, Ollama or TGI. **Keys are never "
        "stored**: name the environment variable that holds yours, and set it where Tradeoff is started. "
        "An `http://` address sends the key unencrypted."
    )
    rows = managing.rows(preferences)
    st.dataframe([{title: row[name] for name, title in SHOWN.items()} for row in rows], hide_index=True)
    names = list(all_endpoints(preferences.endpoints))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tried = st.selectbox("Try", names, width=240, key="endpoint.tried")
        if st.button("Test connection", key="endpoint.test", help="Asks for its models, which nobody bills."):
            _test(tried, preferences)
    st.markdown("##### Add or change")
    yours = [endpoint.name for endpoint in preferences.endpoints]
    chosen = st.selectbox("Which", [NEW, *names], width=240, key="endpoint.which")
    _form(home, None if chosen == NEW else all_endpoints(preferences.endpoints)[chosen], chosen in yours)


def _test(name: str, preferences: Preferences) -> None:
    try:
        with st.spinner(f"Asking {name} …"):
            told = managing.try_connection(name, preferences.endpoints)
    except TradeoffError as error:
        show_error(error)
    else:
        st.success(plain(told), icon=":material/check_circle:")


def _form(home: Home, endpoint: Endpoint | None, removable: bool) -> None:
    fields = Endpoint.model_fields
    key = f"endpoint.{endpoint.name if endpoint else 'new'}"

    def typed(name: str, title: str, **more: Any) -> str:
        value = str(getattr(endpoint, name)) if endpoint else ""
        return st.text_input(title, value, help=fields[name].description, key=f"{key}.{name}", width=480, **more)

    with st.form(key, border=False):
        values: dict[str, Any] = {
            "name": typed("name", "Name", disabled=endpoint is not None),
            "base_url": typed("base_url", "Address", placeholder="http://localhost:8000/v1"),
            "key_env": typed("key_env", "Variable that holds the key", placeholder="MY_API_KEY, or empty"),
            "api_version": typed("api_version", "API version (Azure)"),
            "concurrency": st.number_input(
                "Requests at once", 1, 256, endpoint.concurrency if endpoint else 8, width=200,
                help=fields["concurrency"].description, key=f"{key}.concurrency",
            ),
            "batch_share": st.number_input(
                "Batch price, as a share of the full one", 0.01, 1.0, endpoint.batch_share if endpoint else None,
                width=300, placeholder="unknown", help=fields["batch_share"].description, key=f"{key}.batch_share",
            ),
        }  # fmt: skip
        saved = st.form_submit_button("Save", type="primary")
        removed = removable and st.form_submit_button("Remove")
    if endpoint:
        values["name"] = endpoint.name
    if saved or removed:
        _act(home, values, bool(removed))


def _act(home: Home, values: dict[str, Any], remove: bool) -> None:
    try:
        if remove:
            managing.remove(home, values["name"])
        else:
            managing.put(home, values)
    except TradeoffError as error:
        show_error(error)
    else:
        st.toast("Removed." if remove else "Saved.", icon=":material/check:")
        st.rerun()
