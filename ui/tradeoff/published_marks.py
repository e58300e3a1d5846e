"""Other people's published figures beside one's own results: hollow marks in a margin of their own, never ranked."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from core.data.dataset import DatasetInfo
from core.published import PublishedResult, published, published_for
from ui import theme
from ui.charts import safe
from ui.metrics import metric_name, metric_show

BAND = 0.26
"""Share of the chart's width that the published figures take at the right."""
LEAST_GAP = 15
"""Pixels between two names."""
WARNING = "Other people's data, splits and settings; their cost is not known. They are not ranked."


def published_choice(info: DatasetInfo, metric: str) -> list[PublishedResult]:
    """The published figures on the set that the dataset is named after, when the visitor wants them shown."""
    found = published_for(info.task, info.name, metric)
    if not found:
        return []
    wanted = st.toggle(
        "Published figures", key="published", persist_state="session",
        help=f"{len(found)} on a set of this name. {WARNING}",
    )  # fmt: skip
    return found if wanted else []


def widened(left: float, right: float) -> float:
    """The right end of the cost axis that leaves the band free."""
    return left + (right - left) / (1 - BAND)


def span_of(found: Sequence[PublishedResult], low: float, high: float) -> tuple[float, float]:
    """The range of quality that holds the published figures as well."""
    values = [one.value / 100 for one in found]
    room = 0.04 * (max(high, *values) - min(low, *values))
    return min(low, min(values) - room), max(high, min(1.02, max(values) + room))


def add_published(
    figure: go.Figure, found: Sequence[PublishedResult], metric: str, span: tuple[float, float], height: float,
    dark: bool,
) -> None:  # fmt: skip
    """Draw the figures as hollow diamonds along the right edge, on an axis of their own; whiskers are their ±."""
    show, named = metric_show(metric), _named(found, span, height)
    figure.add_shape(
        type="rect", x0=1 - BAND, x1=1, y0=0, y1=1, xref="paper", yref="paper", line_width=0, layer="below",
        fillcolor=theme.faded(theme.quiet(dark), 0.14),
    )  # fmt: skip
    figure.add_annotation(
        text="published,<br>cost unknown", x=0.99, xref="paper", xanchor="right", y=0.01, yref="paper",
        yanchor="bottom", align="right", showarrow=False, font={"size": 11.5, "color": theme.ink(dark)},
    )  # fmt: skip
    figure.add_scatter(
        x=[0.965] * len(found), y=[one.value / 100 for one in found], xaxis="x2", showlegend=False, mode="markers+text",
        text=[f"{safe(_short(one))} " if one in named else "" for one in found], textposition="middle left",
        textfont={"size": 11.5, "color": theme.ink(dark)}, name="published",
        error_y={"type": "data", "array": [(one.spread or 0) / 100 for one in found], "thickness": 1, "width": 3,
                 "color": theme.quiet(dark)},
        marker={"symbol": "diamond-open", "size": 11, "line": {"width": 1.6},
                "color": [theme.family_colour(one.family, dark) for one in found]},
        hovertemplate=[
            f"<b>{safe(one.name)}</b><br>{safe(one.dataset)}: {show(one.value / 100)}"
            f"{f' ± {one.spread:g}' if one.spread else ''} ({safe(one.metric)})<br>"
            f"{safe(one.source)}, {one.grade}<extra></extra>"
            for one in found
        ],
    )  # fmt: skip
    figure.update_layout(xaxis2={"overlaying": "x", "range": [0, 1], "visible": False, "fixedrange": True})


def published_table(found: Sequence[PublishedResult], metric: str) -> None:
    """The figures that are shown, with their sources; and on demand all that are known."""
    if found:
        st.caption(f":material/diamond: {metric_name(metric)} as others published it. {WARNING}")
    with st.popover("Published figures" if not found else "All published figures", icon=":material/menu_book:"):
        everything = published()
        st.markdown(f"{len(everything)} figures of the literature. {WARNING}")
        st.dataframe(
            [
                {"Set": one.dataset, "Model": one.model, "Method": one.method, "Value": one.value, "±": one.spread,
                 "Metric": one.metric, "Source": one.source, "Grade": one.grade, "Note": one.note}
                for one in everything
            ],
            hide_index=True, key="published.all", height=380, width=900, placeholder="",
            alt=f"{len(everything)} published figures",
        )  # fmt: skip


def described(found: Sequence[PublishedResult]) -> str:
    """The figures in words, for who cannot see them."""
    return "; ".join(f"published: {one.name} {one.value:g} ({one.source})" for one in found)


def _short(one: PublishedResult) -> str:
    return f"{one.model} {one.value:.1f}"


def _named(found: Sequence[PublishedResult], span: tuple[float, float], height: float) -> list[PublishedResult]:
    """Those whose names can stand without touching, the highest first; the others tell theirs under the pointer."""
    kept: list[PublishedResult] = []
    for one in sorted(found, key=lambda one: -one.value):
        if not kept or (kept[-1].value - one.value) / 100 / (span[1] - span[0]) * height >= LEAST_GAP:
            kept.append(one)
    return kept
