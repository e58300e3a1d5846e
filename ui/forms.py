"""Forms drawn from settings records: bounds, default and help come from the record, never from a page."""

from math import floor, log10
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from annotated_types import Ge, Gt, Le, Lt, MaxLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

FEW_OPTIONS = 5
ONE_LINE = 200


def settings_form(kind: type[BaseModel], values: dict[str, Any], key: str) -> dict[str, Any]:
    """Draw a widget a field of `kind`; returns the values as they stand.

    `values` are the defaults shown, `key` makes the widgets' keys: they keep their values across pages. Nothing
    is validated beyond the bounds; give the result to the record.
    """
    if not kind.model_fields:
        st.caption("There is nothing to set.")
        return {}
    with st.grid(min_column_width=180, gap="small", vertical_alignment="bottom"):
        return {
            name: draw_field(name, field, values.get(name, field.default), f"{key}.{name}")
            for name, field in kind.model_fields.items()
            if not _hidden(field)
        }


def draw_field(name: str, field: FieldInfo, value: Any, key: str) -> Any:
    """The widget of one field; returns its value."""
    kind, optional = _kind(field.annotation)
    common: dict[str, Any] = {"key": key, "help": help_text(field, value), "persist_state": "session"}
    label = title(name)
    if get_origin(kind) is Literal:
        options = list(get_args(kind))
        if len(options) <= FEW_OPTIONS and sum(len(str(option)) for option in options) < 16:
            return st.segmented_control(label, options, default=value, required=True, **common)
        return st.selectbox(label, options, index=options.index(value), required=True, **common)
    if kind is bool:
        return st.toggle(label, value=value, **common)
    if kind in (int, float):
        low, high = bounds(field, kind)
        shown = None if optional and value is None else kind(value)
        return st.number_input(
            label, low, high, shown, step=step(kind, value), format="%d" if kind is int else "%g", **common
        )
    longest = next((mark.max_length for mark in field.metadata if isinstance(mark, MaxLen)), None)
    if longest and longest > ONE_LINE:
        return st.text_area(label, value or "", max_chars=longest, height=80, **common)
    return st.text_input(label, value or "", max_chars=longest, **common)


def title(name: str) -> str:
    """`head_learning_rate_factor` as a label: `Head learning rate factor`."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def help_text(field: FieldInfo, value: Any) -> str:
    """The field's help followed by its bounds and default."""
    kind, _ = _kind(field.annotation)
    parts = [f"{field.description}."] if field.description else []
    if kind in (int, float):
        low, high = bounds(field, kind)
        if low is not None and high is not None:
            parts.append(f"From {low:g} to {high:g}.")
    if value not in (None, ""):
        parts.append(f"Default: {shown_value(value)}.")
    return " ".join(parts)


def shown_value(value: Any) -> str:
    """A setting as people read it: `on`, `5e-05`, `linear`."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def bounds(field: FieldInfo, kind: type) -> tuple[Any, Any]:
    """Least and greatest value that a number may take, as `kind`; an open bound is moved inside by a hair."""
    low = high = None
    hair = 1 if kind is int else 1e-9
    for mark in field.metadata:
        if isinstance(mark, Ge):
            low = kind(mark.ge)
        elif isinstance(mark, Gt):
            low = kind(mark.gt) + hair
        elif isinstance(mark, Le):
            high = kind(mark.le)
        elif isinstance(mark, Lt):
            high = kind(mark.lt) - hair
    return low, high


def step(kind: type, value: Any) -> Any:
    """How much one press of + changes: one for small whole numbers, else the magnitude of the default."""
    if kind is int and (value or 0) < 50:
        return 1
    return kind(10.0 ** floor(log10(abs(value)) - (kind is int))) if value else 0.1


def _kind(annotation: Any) -> tuple[Any, bool]:
    """The type inside `X | None`, and whether None is allowed."""
    if get_origin(annotation) is Literal:
        return annotation, False
    inner = [part for part in get_args(annotation) if part is not NoneType]
    if len(inner) == 1 and NoneType in get_args(annotation):
        return inner[0], True
    return annotation, False


def _hidden(field: FieldInfo) -> bool:
    """Whether a field is filled by the record itself and nothing for a user to set."""
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get("hidden"))
