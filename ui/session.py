"""What pages share: the data folder, the chosen dataset, and choices that live in the URL."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal

import streamlit as st

from core.data.dataset import DatasetInfo, list_datasets
from core.home import Home
from core.predictor import Predictor


def home() -> Home:
    """The data folder of this process."""
    return Home.default()


@functools.cache
def predictor_of(home: Home) -> Predictor:
    """The one predictor of this process; pages and the API share its warm child."""
    return Predictor(home)


def from_url(key: str, options: Sequence[str], default: str) -> str:
    """The value of the widget `key`: from the URL, else as chosen on an earlier page, else `default`.

    The widget's state is set to it. Give the widget `key=key, on_change=to_url, args=(key,)`: a choice goes into
    the URL, so that a link shows what I see; a default does not, so that it may follow the data.
    """
    asked = st.query_params.get(key, st.session_state.get(f"kept.{key}"))
    value = default if asked is None or asked not in options else asked
    st.session_state[key] = value
    return value


def to_url(key: str) -> None:
    """Keep the widget's value in the URL and across pages; its callback. No value is the default again."""
    value = st.session_state[key]
    if value is None:
        st.query_params.pop(key, None)
        st.session_state.pop(f"kept.{key}", None)
    else:
        st.session_state[f"kept.{key}"] = st.query_params[key] = value


def choose(
    label: str, options: Sequence[str], key: str, default: str | None = None, named: Callable[[Any], str] = str,
    help: str | None = None, width: int | Literal["stretch"] = "stretch",
) -> str:  # fmt: skip
    """A selectbox whose value lives in the URL and stays across pages."""
    choices = list(options)
    from_url(key, choices, default if default is not None and default in choices else choices[0])
    return st.selectbox(
        label, choices, key=key, format_func=named, on_change=to_url, args=(key,), help=help, width=width
    )


def choose_many(
    label: str, options: Sequence[str], key: str, default: Sequence[str], most: int, help: str | None = None
) -> list[str]:  # fmt: skip
    """A choice of up to `most` options that lives in the URL and stays across pages; none is the default again."""
    asked = st.query_params.get_all(key) or st.session_state.get(f"kept.{key}", [])
    known = [one for one in dict.fromkeys(asked) if one in options][:most]
    st.session_state[key] = known or [one for one in default if one in options][:most]
    chosen: list[str] = st.multiselect(
        label, options, key=key, max_selections=most, on_change=many_to_url, args=(key,), help=help
    )
    return chosen


def many_to_url(key: str) -> None:
    """Keep the values of the widget in the URL and across pages; its callback. None is the default again."""
    value = st.session_state[key]
    if value:
        st.session_state[f"kept.{key}"] = st.query_params[key] = list(value)
    else:
        st.query_params.pop(key, None)
        st.session_state.pop(f"kept.{key}", None)


def choose_dataset(label: str = "Dataset", width: int | Literal["stretch"] = "stretch") -> DatasetInfo | None:
    """The dataset that all pages are about, or None when there is none yet."""
    infos = {info.name: info for info in list_datasets(home())}
    if not infos:
        return None
    newest = max(infos.values(), key=lambda info: info.created_at).name
    chosen = choose(label, list(infos), "dataset", newest, width=width)
    if st.query_params.get("dataset") != chosen:
        to_url("dataset")
    return infos[chosen]
