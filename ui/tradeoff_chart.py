"""The main chart: quality against cost, energy or time."""

from collections.abc import Sequence
from math import log10

import plotly.graph_objects as go

from core import label_places as labels
from core.analysis.pareto import front
from core.analysis.results import CandidateRow
from core.published import PublishedResult
from ui import theme
from ui.axes import Axis, log_range, log_ticks
from ui.charts import FLAT, Chart, safe
from ui.metrics import metric_axis, metric_name, metric_show
from ui.published_marks import add_published, described, span_of, widened

LABELLED = 10
"""From this many marks on, a legend replaces the names beside the marks."""
PLOT_WIDTH, HEIGHT, AXIS_HEIGHT = 760, 480, 60
"""Pixels: a usual width of the plot; labels are placed for it."""


def tradeoff(
    rows: Sequence[CandidateRow], axis: Axis, metric: str, pick: str = "", dark: bool = False, height: int = HEIGHT,
    width: int = PLOT_WIDTH, published: Sequence[PublishedResult] = (),
) -> Chart:  # fmt: skip
    """Quality against what it costs: a mark a candidate, its 95 % whisker, the Pareto front, the pick ringed.

    A cost that is only known as a range has a whisker too. Candidates whose cost is unknown (or 0, which a log
    axis cannot hold) are left out; the page names them. Figures that others `published` stand in a margin of their own.
    """
    shown = [row for row in rows if (getattr(row, axis.field) or 0) > 0]
    figure = go.Figure()
    if shown:
        costs = [getattr(row, axis.field) for row in shown]
        best = [shown[i] for i in front([(cost, row.quality) for cost, row in zip(costs, shown, strict=True)])]
        _front(figure, best, axis, dark)
        for family in dict.fromkeys(row.family for row in shown):
            _marks(figure, [row for row in shown if row.family == family], family, axis, metric, dark)
        _ring(figure, [row for row in shown if row.candidate == pick], axis, dark)
        low, high = _quality_range(shown)
        left, right = log_range([*costs, *(edge for row in shown for edge in axis.span(row) or ())])
        if published:
            right, (low, high) = widened(left, right), span_of(published, low, high)
        ticks, texts = log_ticks(costs, axis.show)
        figure.update_xaxes(type="log", tickvals=ticks, ticktext=texts, tickangle=0, range=[left, right])
        figure.update_yaxes(metric_axis(metric, low, high))
        if published:
            add_published(figure, published, metric, (low, high), height - AXIS_HEIGHT, dark)
        named = shown if len(shown) < LABELLED else [row for row in shown if row.candidate == pick]
        if named:
            _names(figure, named, axis, (left, right), (low, high), pick, (width, height - AXIS_HEIGHT), dark)
    else:
        figure.add_annotation(
            text=f"The {axis.short} of every candidate is unknown.<br>"
            "Prices are set in Settings; or choose another axis.",
            showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5, font={"color": theme.ink(dark), "size": 14},
        )  # fmt: skip
        figure.update_xaxes(showticklabels=False, zeroline=False)
        figure.update_yaxes(metric_axis(metric, 0, 1))
    figure.update_layout(xaxis={"title": axis.title, "showgrid": True})
    figure.update_layout(
        height=height, margin=FLAT, showlegend=len(shown) >= LABELLED, hovermode="closest", dragmode="pan",
        legend={"orientation": "h", "y": -0.22, "x": 0}, clickmode="event+select", hoverlabel={"align": "left"},
    )  # fmt: skip
    spoken = "; ".join(f"{row.candidate} {metric_show(metric)(row.quality)} at {axis.told(row)}"
                       for row in shown[:LABELLED])  # fmt: skip
    beside = f" {described(published)}." if published and shown else ""
    alt = f"{metric_name(metric)} against {axis.name.lower()}: {spoken or 'nothing to show yet'}.{beside}"
    return Chart(figure, alt)


def _marks(figure: go.Figure, rows: Sequence[CandidateRow], family: str, axis: Axis, metric: str, dark: bool) -> None:
    colour, show = theme.family_colour(family, dark), metric_show(metric)
    sure = [row.energy_provenance != "estimated" for row in rows]
    spans = [axis.span(row) or (getattr(row, axis.field),) * 2 for row in rows]
    figure.add_scatter(
        x=[getattr(row, axis.field) for row in rows], y=[row.quality for row in rows], mode="markers",
        name=theme.FAMILIES[family][0], customdata=[[row.candidate] for row in rows],
        error_y={
            "type": "data", "symmetric": False, "thickness": 1.4, "width": 4, "color": colour,
            "array": [max(0.0, (row.quality_high or row.quality) - row.quality) for row in rows],
            "arrayminus": [max(0.0, row.quality - (row.quality_low or row.quality)) for row in rows],
        },
        error_x=None if not any(map(axis.span, rows)) else {
            "type": "data", "symmetric": False, "thickness": 1.4, "width": 4, "color": colour,
            "array": [high - getattr(row, axis.field) for row, (_, high) in zip(rows, spans, strict=True)],
            "arrayminus": [getattr(row, axis.field) - low for row, (low, _) in zip(rows, spans, strict=True)],
        },
        marker={
            "size": 13, "color": colour, "line": {"width": 1.5, "color": colour}, "opacity": 1,
            "symbol": [theme.symbol(row.method) + ("" if known else "-open")
                       for row, known in zip(rows, sure, strict=True)],
        },
        unselected={"marker": {"opacity": 0.55}},
        hovertemplate=[
            f"<b>{safe(row.candidate)}</b> · {theme.FAMILIES[family][0].lower()}<br>"
            f"{metric_name(metric)}: {show(row.quality)} ({show(row.quality_low)} to {show(row.quality_high)})<br>"
            f"{axis.name}: {axis.told(row)}<extra></extra>"
            for row in rows
        ],
    )  # fmt: skip


def _front(figure: go.Figure, best: Sequence[CandidateRow], axis: Axis, dark: bool) -> None:
    figure.add_scatter(
        x=[getattr(row, axis.field) for row in best], y=[row.quality for row in best], mode="lines",
        line={"shape": "hv", "width": 1, "color": theme.quiet(dark)}, hoverinfo="skip", showlegend=False,
        name="Pareto front",
    )  # fmt: skip


def _ring(figure: go.Figure, rows: Sequence[CandidateRow], axis: Axis, dark: bool) -> None:
    figure.add_scatter(
        x=[getattr(row, axis.field) for row in rows], y=[row.quality for row in rows], mode="markers",
        marker={"size": 25, "symbol": "circle-open", "color": theme.ink(dark), "line": {"width": 2}},
        hoverinfo="skip", showlegend=False, customdata=[[row.candidate] for row in rows], name="recommended",
        unselected={"marker": {"opacity": 1}},
    )  # fmt: skip


def _names(
    figure: go.Figure, rows: Sequence[CandidateRow], axis: Axis, across: tuple[float, float], up: tuple[float, float],
    pick: str, size: tuple[float, float], dark: bool,
) -> None:  # fmt: skip
    def pixel(value: float, span: tuple[float, float], size: float) -> float:
        return (value - span[0]) / (span[1] - span[0]) * size

    ordered = sorted(rows, key=lambda row: row.candidate != pick)
    names = [f"{row.candidate} · recommended" if row.candidate == pick else row.candidate for row in ordered]
    marks = [
        (
            pixel(log10(getattr(row, axis.field)), across, size[0]),
            pixel(row.quality, up, size[1]),
            pixel(row.quality if row.quality_low is None else row.quality_low, up, size[1]),
            pixel(row.quality if row.quality_high is None else row.quality_high, up, size[1]),
        )
        for row in ordered
    ]  # fmt: skip
    places = labels.place(marks, names, *size)
    for row, name, (xanchor, yanchor, right, above) in zip(ordered, names, places, strict=True):
        figure.add_annotation(
            x=log10(getattr(row, axis.field)), y=row.quality, text=f"<b>{safe(name)}</b>" if row.candidate == pick
            else safe(name), showarrow=False, xanchor=xanchor, yanchor=yanchor, xshift=right, yshift=above,
            font={"size": 12.5, "color": theme.ink(dark)},
        )  # fmt: skip


def _quality_range(rows: Sequence[CandidateRow]) -> tuple[float, float]:
    low = min(row.quality if row.quality_low is None else row.quality_low for row in rows)
    high = max(row.quality if row.quality_high is None else row.quality_high for row in rows)
    room = max(0.08 * (high - low), 0.02)
    return low - room, min(high + room, 1.02) if high <= 1 else high + room
