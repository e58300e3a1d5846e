"""The main chart: quality against cost, energy, time or memory, or two of these against each other."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core import format as f
from core.analysis.pareto import front as pareto_front
from core.analysis.results import CandidateRow
from core.charting import label_places
from core.findings.fronts import QUALITY, Front
from core.published import PublishedResult
from ui import theme
from ui.axes import Axis, Quality, Scale
from ui.charts import FLAT, Chart, safe
from ui.marks import is_hollow, marker, mixed_provenance, whiskers
from ui.tradeoff.published_marks import add_published, described, span_of, widened

LABELLED = 10
"""From this many marks on, a legend replaces the names beside the marks."""
PLOT_WIDTH, HEIGHT, AXIS_HEIGHT = 760, 480, 60
"""Pixels: a usual width of the plot; labels are placed for it."""
LIKELY = 0.05
"""A candidate that is on the front less often than this is not told as perhaps on it."""


def tradeoff(
    rows: Sequence[CandidateRow], axis: Axis, metric: str, pick: str = "", dark: bool = False, height: int = HEIGHT,
    width: int = PLOT_WIDTH, published: Sequence[PublishedResult] = (), up: Axis | None = None,
    front: Front | None = None,
) -> Chart:  # fmt: skip
    """Quality (or `up`) against what it costs: a mark a candidate, its 95 % whisker, the Pareto front, the pick ringed.

    With `front` the band in which the front lies 95 times of 100 is shaded and the pointer tells how likely a candidate
    is on it. A cost that is only known as a range has a whisker too. Candidates with an unknown figure (or 0, which a
    log axis cannot hold) are left out; the page names them. Figures that others `published` stand in a margin of their
    own.
    """
    upward: Scale = up or Quality(metric)
    shown = [row for row in rows if axis.value(row) is not None and upward.value(row) is not None]
    figure = go.Figure()
    if shown:
        across, along = axis.range(shown), upward.range(shown)
        asked = [row for row in shown if row.prompt_ways] if up is None else []
        along = _widened(along, asked)
        if published:
            across = across[0], widened(*across)
            along = span_of(published, *along)
        figure.update_xaxes(tickangle=0, **axis.layout(shown, across))
        figure.update_yaxes(upward.layout(shown, along))
        if front is not None:
            _band(figure, front, 10 ** across[1], dark)
        _prompts(figure, asked, axis, dark)
        _front(figure, shown, axis, upward, dark)
        for family in dict.fromkeys(row.family for row in shown):
            _marks(figure, [row for row in shown if row.family == family], axis, upward, dark, front)
        _ring(figure, [row for row in shown if row.candidate == pick], axis, upward, dark)
        if published:
            add_published(figure, published, metric, along, height - AXIS_HEIGHT, dark)
        named = shown if len(shown) < LABELLED else [row for row in shown if row.candidate == pick]
        if named:
            _names(figure, named, (axis, upward), (across, along), pick, (width, height - AXIS_HEIGHT), dark)
    else:
        _nothing(figure, axis, upward, dark)
    figure.update_layout(
        height=height, margin=FLAT, showlegend=len(shown) >= LABELLED, hovermode="closest", dragmode="pan",
        legend={"orientation": "h", "y": -0.22, "x": 0}, clickmode="event+select", hoverlabel={"align": "left"},
    )  # fmt: skip
    return Chart(figure, _spoken(shown, axis, upward, published, front))


def front_told(front: Front) -> str:
    """Who is surely on the front and who perhaps, in a sentence."""
    known = {name: chance for name, chance in front.chances.items() if chance is not None}
    sure = [name for name, chance in known.items() if chance > 1 - LIKELY]
    perhaps = sorted((name for name, chance in known.items() if LIKELY <= chance <= 1 - LIKELY),
                     key=lambda name: -known[name])  # fmt: skip
    parts = [f"On the front in 95 of 100 draws of the texts or more: {', '.join(sure)}."] if sure else []
    if perhaps:
        parts.append(f"Perhaps: {', '.join(f'{name} ({f.chance(known[name])})' for name in perhaps)}.")
    return " ".join(parts)


def reading(rows: Sequence[CandidateRow], axis: Axis, up: Axis | None = None) -> str:
    """How the chart is read, and what it does not show."""
    parts = ["Higher and further left is better." if up is None else "Lower and further left is better."]
    parts.append("Whiskers: 95 % interval." if up is None else "")
    if any(one.span(row) for row in rows for one in (axis, up) if one):
        parts.append("Long whiskers of a cost: estimates that are only known as a range.")
    parts.append("Thin line: nothing is better in both at once. Shaded: where that line lies 95 times of 100. "
                 "Ring: recommended.")  # fmt: skip
    if up is None and any(row.prompt_ways for row in rows):
        parts.append("Wide bar: the same prompt asked in other ways.")
    if any(is_hollow(row, one.field) for row in rows for one in (axis, up) if one):
        parts.append("Hollow: estimated.")
    for one in (axis, up):
        hidden = [row.candidate for row in rows if one and one.value(row) is None]
        if one and hidden:
            parts.append(f"Not shown, {one.short} unknown: {', '.join(hidden)}.")
        if one and mixed_provenance(rows, one.field):
            parts.append("Energy came about in different ways, which the names tell: its order is not sure.")
    return " ".join(part for part in parts if part)


def _prompts(figure: go.Figure, rows: Sequence[CandidateRow], axis: Axis, dark: bool) -> None:
    """A wide bar from the worst to the best way of asking a prompt candidate."""
    for row in rows:
        cost = axis.value(row)
        figure.add_scatter(
            x=[cost, cost], y=[row.prompt_low, row.prompt_high], mode="lines", hoverinfo="skip", showlegend=False,
            line={"width": 11, "color": theme.faded(theme.family_colour(row.family, dark), 0.24)},
        )  # fmt: skip


def _widened(along: tuple[float, float], rows: Sequence[CandidateRow]) -> tuple[float, float]:
    """The range of quality with room for the bands of prompts."""
    low = min((row.prompt_low for row in rows if row.prompt_low is not None), default=along[1])
    high = max((row.prompt_high for row in rows if row.prompt_high is not None), default=along[0])
    return min(along[0], low - 0.02), max(along[1], high + 0.02)


def _marks(
    figure: go.Figure, rows: Sequence[CandidateRow], axis: Axis, up: Scale, dark: bool, front: Front | None
) -> None:
    family, (x, y) = rows[0].family, _points(rows, axis, up)
    colour, kind = theme.family_colour(family, dark), theme.FAMILIES[family][0]
    ranged = any(axis.ends(row)[0] is not None for row in rows)
    chances = front.chances if front else {}
    figure.add_scatter(
        x=x, y=y, mode="markers", name=kind, customdata=[[row.candidate] for row in rows],
        error_y=whiskers(y, [up.ends(row) for row in rows], colour),
        error_x=whiskers(x, [axis.ends(row) for row in rows], colour) if ranged else None,
        marker=marker(rows, dark, axis.field), unselected={"marker": {"opacity": 0.55}},
        hovertemplate=[
            f"<b>{safe(row.candidate)}</b> · {kind.lower()}<br>{up.name}: {up.told(row)}<br>"
            f"{axis.name}: {axis.told(row)}<br>energy {row.energy_provenance}"
            + (f"<br>on the front: {f.chance(chances[row.candidate])}" if row.candidate in chances else "")
            + "<extra></extra>"
            for row in rows
        ],
    )  # fmt: skip


def _points(rows: Sequence[CandidateRow], axis: Axis, up: Scale) -> tuple[list[float], list[float]]:
    return [axis.value(row) or 0.0 for row in rows], [up.value(row) or 0.0 for row in rows]


def _front(figure: go.Figure, rows: Sequence[CandidateRow], axis: Axis, up: Scale, dark: bool) -> None:
    sign = 1.0 if up.field == QUALITY else -1.0
    x, y = _points(rows, axis, up)
    best = pareto_front([(cost, sign * value) for cost, value in zip(x, y, strict=True)])
    figure.add_scatter(
        x=[x[i] for i in best], y=[y[i] for i in best], mode="lines", name="Pareto front", hoverinfo="skip",
        line={"shape": "hv", "width": 1, "color": theme.quiet(dark)}, showlegend=False,
    )  # fmt: skip


def _band(figure: go.Figure, front: Front, right: float, dark: bool) -> None:
    """The staircase's two ends, shaded between; both reach to the edge of the plot."""
    if not len(front.costs):
        return
    for edge, fill in ((front.low, None), (front.high, "tonexty")):
        figure.add_scatter(
            x=[*front.costs, right], y=[*edge, edge[-1]], mode="lines", fill=fill, hoverinfo="skip", showlegend=False,
            line={"shape": "hv", "width": 0}, fillcolor=theme.faded(theme.quiet(dark), 0.3), name="front, 95 %",
        )  # fmt: skip


def _ring(figure: go.Figure, rows: Sequence[CandidateRow], axis: Axis, up: Scale, dark: bool) -> None:
    x, y = _points(rows, axis, up)
    figure.add_scatter(
        x=x, y=y, mode="markers", hoverinfo="skip", showlegend=False, name="recommended",
        marker={"size": 25, "symbol": "circle-open", "color": theme.ink(dark), "line": {"width": 2}},
        customdata=[[row.candidate] for row in rows], unselected={"marker": {"opacity": 1}},
    )  # fmt: skip


def _names(
    figure: go.Figure, rows: Sequence[CandidateRow], scales: tuple[Axis, Scale],
    spans: tuple[tuple[float, float], tuple[float, float]], pick: str, size: tuple[float, float], dark: bool,
) -> None:  # fmt: skip
    """Names beside the marks; where energy came about in different ways each says in which."""
    axis, up = scales
    mixed = mixed_provenance(rows, axis.field)

    def pixel(value: float, side: int) -> float:
        low, high = spans[side]
        return (scales[side].place(value) - low) / (high - low) * size[side]

    ordered = sorted(rows, key=lambda row: row.candidate != pick)
    names = [row.candidate + (" · recommended" if row.candidate == pick else "")
             + (f" · {row.energy_provenance}" if mixed else "") for row in ordered]  # fmt: skip
    x, y = _points(ordered, axis, up)
    ends = [tuple(value if end is None else end for end in up.ends(row)) for row, value in zip(ordered, y, strict=True)]
    marks = [(pixel(across, 0), pixel(along, 1), pixel(low, 1), pixel(high, 1))
             for across, along, (low, high) in zip(x, y, ends, strict=True)]  # fmt: skip
    places = label_places.place(marks, names, *size)
    for row, across, along, name, (xanchor, yanchor, right, above) in zip(ordered, x, y, names, places, strict=True):
        figure.add_annotation(
            x=axis.place(across), y=up.place(along), showarrow=False, xanchor=xanchor, yanchor=yanchor, xshift=right,
            yshift=above, text=f"<b>{safe(name)}</b>" if row.candidate == pick else safe(name),
            font={"size": 12.5, "color": theme.ink(dark)},
        )  # fmt: skip


def _nothing(figure: go.Figure, axis: Axis, up: Scale, dark: bool) -> None:
    figure.add_annotation(
        text=f"The {axis.short} of every candidate is unknown.<br>"
        "Prices are set in Settings; or choose another axis.",
        showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5, font={"color": theme.ink(dark), "size": 14},
    )  # fmt: skip
    figure.update_xaxes(title=axis.title, showticklabels=False, zeroline=False)
    figure.update_yaxes(up.layout([], (0, 1)) if isinstance(up, Quality) else {"title": up.name})


def _spoken(
    shown: Sequence[CandidateRow], axis: Axis, up: Scale, published: Sequence[PublishedResult], front: Front | None
) -> str:
    told = "; ".join(f"{row.candidate} {up.told(row)} at {axis.told(row)}" for row in shown[:LABELLED])
    beside = f" {described(published)}." if published and shown else ""
    sure = f" {front_told(front)}" if front and shown else ""
    return f"{up.name} against {axis.name.lower()}: {told or 'nothing to show yet'}.{beside}{sure}"
