"""The chart of a cascade: quality against cost for all thresholds, beside each of its stages alone."""

from collections.abc import Mapping, Sequence
from math import log10

import plotly.graph_objects as go

from core import format as f
from core.analysis.cascade_choice import CascadeFound, Point
from core.analysis.results import CandidateRow
from core.charting import label_places
from core.charting.scales import log_range, log_ticks
from ui import theme
from ui.axes import Axis
from ui.charts import FLAT, Chart, safe
from ui.marks import ENERGY_FIELDS, SIZE, whiskers
from ui.metrics import metric_axis, metric_name, metric_show, metric_span

WIDTH, HEIGHT, AXIS_HEIGHT = 720, 440, 60
THIS = "this cascade"


def cascade_chart(found: CascadeFound, rows: Sequence[CandidateRow], axis: Axis, dark: bool = False) -> Chart:
    """A line through all thresholds, a mark for each stage alone and the cascade ringed, with 95 % whiskers.

    Figures that are unknown, or 0, which a log axis cannot hold, are left out.
    """
    by_name = {row.candidate: row for row in rows}
    points = {f"{stage.candidate} alone": point for stage, point in zip(found.stages, found.alone, strict=True)}
    shown = {name: point for name, point in {THIS: found.chosen, **points}.items() if _cost(point, axis)}
    line = sorted((point for point in found.frontier if _cost(point, axis)), key=lambda point: _cost(point, axis))
    figure = go.Figure()
    if not shown:
        return Chart(_nothing(figure, axis, dark), f"The {axis.short} of this cascade is unknown.")
    _line(figure, found, line, axis, dark)
    for name, point in shown.items():
        row = by_name.get(name.removesuffix(" alone"))
        family, method = ("cascade", "cascade") if name == THIS else (row.family, row.method) if row else ("", "")
        sure = found.energy_provenance if name == THIS or row is None else row.energy_provenance
        hollow = "-open" if sure == "estimated" and axis.field in ENERGY_FIELDS else ""
        _mark(figure, found, name, point, axis, theme.family_colour(family, dark), f"{theme.symbol(method)}{hollow}")
    _ring(figure, shown.get(THIS), axis, dark)
    everyone = [*shown.values(), *line]
    span = log_range([_cost(point, axis) for point in everyone])
    ends = [
        end for point in everyone for end in (point.quality, point.quality_low, point.quality_high) if end is not None
    ]
    room = max(0.06 * (max(ends) - min(ends)), 0.01)
    up = (min(ends) - room, min(max(ends) + room, 1.02))
    ticks, texts = log_ticks([_cost(point, axis) / axis.per for point in everyone], axis.show)
    figure.update_xaxes(title=axis.title, type="log", tickvals=ticks, ticktext=texts, range=list(span), showgrid=True)
    figure.update_yaxes(metric_axis(found.metric, *up))
    _names(figure, shown, line, axis, span, up, dark)
    figure.update_layout(height=HEIGHT, margin=FLAT, showlegend=False, hovermode="closest", dragmode="pan",
                         hoverlabel={"align": "left"})  # fmt: skip
    show = metric_show(found.metric)
    spoken = "; ".join(
        f"{name} {show(point.quality)} at {axis.show(_cost(point, axis))}" for name, point in shown.items()
    )
    return Chart(figure, f"{metric_name(found.metric)} against {axis.name.lower()}: {spoken}.")


def _cost(point: Point, axis: Axis) -> float:
    """The point's figure on the axis; 0 where it is unknown."""
    return getattr(point, axis.field) or 0.0


def _ends(point: Point) -> tuple[float, float, float]:
    """The quality and the ends of its interval, where there is one."""
    low = point.quality if point.quality_low is None else point.quality_low
    return point.quality, low, point.quality if point.quality_high is None else point.quality_high


def _line(figure: go.Figure, found: CascadeFound, line: Sequence[Point], axis: Axis, dark: bool) -> None:
    colour, show = theme.family_colour("cascade", dark), metric_show(found.metric)
    figure.add_scatter(
        x=[_cost(point, axis) for point in line], y=[point.quality for point in line], mode="lines+markers",
        line={"width": 1.2, "color": theme.faded(colour, 0.55)},
        marker={"size": 5, "color": theme.faded(colour, 0.55), "symbol": "circle"}, name="other thresholds",
        hovertemplate=[
            f"<b>{safe(_passes(found, point))}</b><br>{metric_name(found.metric)}: {show(point.quality)}<br>"
            f"{axis.name}: {axis.show(_cost(point, axis))}<extra></extra>" for point in line
        ],
    )  # fmt: skip


def _passes(found: CascadeFound, point: Point) -> str:
    """Who answers how much: `tfidf-linear 65 %, minilm-full 35 %`."""
    return ", ".join(f"{stage.candidate} {f.percent(share, 0)}"
                     for stage, share in zip(found.stages, point.answered, strict=True))  # fmt: skip


def _mark(
    figure: go.Figure, found: CascadeFound, name: str, point: Point, axis: Axis, colour: str, symbol: str
) -> None:  # fmt: skip
    cost = _cost(point, axis)
    quality = metric_span(found.metric, point.quality, point.quality_low, point.quality_high)
    who = f"<br>{safe(_passes(found, point))}" if name == THIS else ""
    figure.add_scatter(
        x=[cost], y=[point.quality], mode="markers", name=name,
        error_y=whiskers([point.quality], [(point.quality_low, point.quality_high)], colour),
        marker={"size": SIZE, "color": colour, "symbol": symbol, "line": {"width": 1.5, "color": colour}},
        hovertemplate=f"<b>{safe(name)}</b>{who}<br>{metric_name(found.metric)}: {quality}<br>"
                      f"{axis.name}: {axis.show(cost)}<extra></extra>",
    )  # fmt: skip


def _ring(figure: go.Figure, point: Point | None, axis: Axis, dark: bool) -> None:
    if point is not None:
        figure.add_scatter(
            x=[_cost(point, axis)], y=[point.quality], mode="markers", hoverinfo="skip", name="chosen",
            marker={"size": 25, "symbol": "circle-open", "color": theme.ink(dark), "line": {"width": 2}},
        )  # fmt: skip


def _names(
    figure: go.Figure, shown: Mapping[str, Point], line: Sequence[Point], axis: Axis, across: tuple[float, float],
    up: tuple[float, float], dark: bool,
) -> None:  # fmt: skip
    def pixel(value: float, span: tuple[float, float], size: float) -> float:
        return (value - span[0]) / (span[1] - span[0]) * size

    height = HEIGHT - AXIS_HEIGHT
    marks = []
    for point in shown.values():
        middle, low, top = (pixel(end, up, height) for end in _ends(point))
        marks.append((pixel(log10(_cost(point, axis)), across, WIDTH), middle, low, top))
    beside = [(pixel(log10(_cost(point, axis)), across, WIDTH), pixel(point.quality, up, height)) for point in line]
    places = label_places.place(marks, list(shown), WIDTH, height, beside)
    for (name, point), (xanchor, yanchor, right, above) in zip(shown.items(), places, strict=True):
        figure.add_annotation(
            x=log10(_cost(point, axis)), y=point.quality, text=f"<b>{name}</b>" if name == THIS else safe(name),
            showarrow=False, xanchor=xanchor, yanchor=yanchor, xshift=right, yshift=above,
            font={"size": 12.5, "color": theme.ink(dark)},
        )  # fmt: skip


def _nothing(figure: go.Figure, axis: Axis, dark: bool) -> go.Figure:
    figure.add_annotation(
        text=f"The {axis.short} of this cascade is unknown.<br>Choose another axis.", showarrow=False, xref="paper",
        yref="paper", x=0.5, y=0.5, font={"color": theme.ink(dark), "size": 14},
    )  # fmt: skip
    figure.update_layout(height=HEIGHT, margin=FLAT)
    figure.update_xaxes(showticklabels=False)
    figure.update_yaxes(showticklabels=False)
    return figure
