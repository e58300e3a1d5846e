"""Learning curves and the bands of prompts as charts."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.analysis.curve import REACH, Curve
from core.analysis.prompt_spread import FACTORS
from core.charting.scales import log_range
from core.findings.label_study import Answer, LabelStudy
from core.findings.sensitivity import Asked
from ui import theme
from ui.charts import FLAT, Chart, safe
from ui.marks import whiskers
from ui.metrics import metric_axis, metric_name, metric_show

STEPS = 60
HEIGHT = 430


def learning_curves(study: LabelStudy, chosen: str, dark: bool = False) -> Chart:
    """Quality by training texts: every curve, the chosen one with its band and beyond what was tried; the goal."""
    figure = go.Figure()
    known = [one for one in study.answers if one.curve]
    ends = [_end(one) for one in known if one.learner.name == chosen]
    right = max([study.here, *ends, *(one.curve.largest for one in known if one.curve)])
    left = min(one.curve.points[0].texts for one in known if one.curve)
    for one in known:
        _curve(figure, one, study.metric, dark, right if one.learner.name == chosen else 0)
    low, high = _quality_range(known, study.value)
    _goal(figure, study, (left, right), dark)
    figure.add_vline(x=study.here, line={"width": 1, "dash": "dot", "color": theme.quiet(dark)})
    figure.add_annotation(
        x=float(np.log10(study.here)), y=0, yref="paper", yanchor="bottom", xanchor="right", showarrow=False,
        xshift=-4, text=f"{study.here:,} here", font={"size": 12, "color": theme.ink(dark)},
    )  # fmt: skip
    figure.update_xaxes(title="Labelled training texts (log scale)", type="log", range=log_range([left, right]),
                        tickformat=",d", dtick="D2" if right / left < 300 else 1)  # fmt: skip
    figure.update_yaxes(metric_axis(study.metric, low, high))
    figure.update_layout(
        height=HEIGHT, margin=FLAT, hovermode="closest", showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    spoken = "; ".join(one.sentence for one in known)
    return Chart(figure, f"{metric_name(study.metric)} by labelled training texts. {spoken}")


def _curve(figure: go.Figure, one: Answer, metric: str, dark: bool, right: float) -> None:
    curve, row, show = one.curve, one.learner.row, metric_show(metric)
    assert curve is not None
    colour = theme.family_colour(row.family, dark)
    if right:
        _band(figure, curve, right, colour, row.candidate)
    tried = np.geomspace(curve.points[0].texts, curve.largest, STEPS)
    figure.add_scatter(
        x=tried, y=curve.band(tried)[0], mode="lines", line={"color": colour, "width": 2.5 if right else 1},
        hoverinfo="skip", showlegend=False, legendgroup=row.candidate,
    )  # fmt: skip
    points = curve.points
    values, ends = [point.value for point in points], [(point.low, point.high) for point in points]
    figure.add_scatter(
        x=[point.texts for point in points], y=values, mode="markers", name=row.candidate, legendgroup=row.candidate,
        error_y=whiskers(values, ends, colour) if right else None, customdata=[[row.candidate]] * len(points),
        marker={"size": 11 if right else 8, "color": colour, "symbol": theme.symbol(row.method),
                "opacity": 1 if right else 0.7},
        hovertemplate=[
            f"<b>{safe(row.candidate)}</b>, {point.texts:,} labels: {show(point.value)}<br>"
            f"{show(point.low)} to {show(point.high)}, {point.runs} run{'s' if point.runs > 1 else ''}<extra></extra>"
            for point in points
        ],
    )  # fmt: skip


def _band(figure: go.Figure, curve: Curve, right: float, colour: str, name: str) -> None:
    sizes = np.geomspace(curve.points[0].texts, max(right, curve.largest), STEPS)
    middle, low, high = curve.band(sizes)
    figure.add_scatter(
        x=[*sizes, *sizes[::-1]], y=[*high, *low[::-1]], fill="toself", fillcolor=theme.faded(colour, 0.16),
        line={"width": 0}, hoverinfo="skip", showlegend=False, legendgroup=name,
    )  # fmt: skip
    beyond = sizes >= curve.largest
    figure.add_scatter(
        x=sizes[beyond], y=middle[beyond], mode="lines", line={"color": colour, "width": 2, "dash": "dot"},
        hoverinfo="skip", showlegend=False, legendgroup=name,
    )  # fmt: skip


def _goal(figure: go.Figure, study: LabelStudy, across: tuple[float, float], dark: bool) -> None:
    if study.value is None:
        return
    name = f"{study.goal.target}, less the margin" if study.goal.target and study.goal.margin else study.goal.target
    figure.add_hline(y=study.value, line={"width": 1.2, "dash": "dash", "color": theme.ink(dark)})
    figure.add_annotation(
        x=float(np.log10(across[0])), y=study.value, xanchor="left", yanchor="bottom", showarrow=False,
        text=f"{safe(name or 'goal')}: {metric_show(study.metric)(study.value)}",
        font={"size": 12, "color": theme.ink(dark)},
    )  # fmt: skip


def _end(one: Answer) -> float:
    """How far the chosen curve is drawn: to the labels it needs, at least twice and at most `REACH` times the tried."""
    assert one.curve is not None
    far = REACH * one.curve.largest
    needed = (one.needed.high or one.needed.texts or far) if one.needed else 0
    return min(far, max(2 * one.curve.largest, 1.2 * needed))


def _quality_range(known: Sequence[Answer], goal: float | None) -> tuple[float, float]:
    ends = [end for one in known if one.curve for point in one.curve.points for end in (point.low, point.high)]
    ends += [goal] if goal is not None else []
    room = max(0.06 * (max(ends) - min(ends)), 0.02)
    return min(ends) - room, max(ends) + room


def prompt_bands(asked: Sequence[Asked], metric: str, dark: bool = False) -> Chart:
    """The quality of each prompt candidate over ways of asking: a mark a way, a line from the worst to the best."""
    figure, show = go.Figure(), metric_show(metric)
    names = [f"{one.row.candidate} ({len(one.ways)})" for one in asked]
    for name, one in zip(names, asked, strict=True):
        colour = theme.family_colour(one.row.family, dark)
        values = [way.value for way in one.ways]
        figure.add_scatter(
            x=[min(values), max(values)], y=[name, name], mode="lines", hoverinfo="skip", showlegend=False,
            line={"width": 12, "color": theme.faded(colour, 0.22)},
        )  # fmt: skip
        figure.add_scatter(
            x=values, y=[name] * len(values), mode="markers", showlegend=False,
            marker={"size": [15 if way.usual else 10 for way in one.ways], "color": colour,
                    "symbol": [theme.symbol(one.row.method) + ("" if way.usual else "-open") for way in one.ways],
                    "line": {"width": 1.5, "color": colour}},
            hovertemplate=[
                f"{show(way.value)}: wording {way.paraphrase}, label order {way.label_order}, seed {way.seed}"
                "<extra></extra>" for way in one.ways
            ],
        )  # fmt: skip
    figure.update_layout(height=110 + 46 * len(names), margin=FLAT, hovermode="closest")
    figure.update_xaxes(metric_axis(metric, *_span([way.value for one in asked for way in one.ways])))
    figure.update_yaxes(title="", autorange="reversed")
    spoken = "; ".join(f"{one.row.candidate} from {show(min(way.value for way in one.ways))} to "
                       f"{show(max(way.value for way in one.ways))}" for one in asked)  # fmt: skip
    return Chart(figure, f"{metric_name(metric)} over ways of asking ({', '.join(FACTORS.values())}): {spoken}.")


def _span(values: Sequence[float]) -> tuple[float, float]:
    room = max(0.1 * (max(values) - min(values)), 0.02)
    return min(values) - room, max(values) + room
