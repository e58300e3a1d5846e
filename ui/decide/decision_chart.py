"""The proof of a decision: how far each candidate is behind the best, cheapest first, against the margin."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core import format as f
from core.analysis.cheapness import MEASURES
from core.analysis.decision import Decision
from core.analysis.decision_words import FAR, points, span_told
from core.analysis.results import CandidateRow
from core.metric_words import metric_name
from ui import theme
from ui.charts import FLAT, Chart, safe
from ui.marks import marker, whiskers

ROW, AROUND = 44, 110
"""Pixels: of a candidate's line, and of what stands around the lines."""
MOST = 24
NAME = 30
STANDINGS = {"tied": "as good", "unsettled": "not settled", "worse": "worse"}


def behind_the_best(found: Decision, rows: Sequence[CandidateRow], dark: bool = False) -> Chart:
    """Points behind the best with 95 % whiskers; the band is what counts as as good, the ring who is taken."""
    assert found.best is not None
    order = lambda row: (found.costs.get(row.candidate) is None, found.costs.get(row.candidate) or 0.0)  # noqa: E731
    shown = sorted((row for row in rows if row.candidate not in found.excluded), key=order)[:MOST]
    scale, lines = (1.0 if found.metric == "mcc" else 100.0), list(range(len(shown)))
    figure, margin = go.Figure(), found.question.margin
    figure.add_vrect(
        x0=0, x1=scale * margin, line_width=0, layer="below", fillcolor=theme.faded(theme.quiet(dark), 0.4)
    )
    figure.add_vline(x=0, line={"width": 1, "color": theme.ink(dark)})
    left, right = _reach(found, scale)
    for line, row in zip(lines, shown, strict=True):
        gap = found.differences.get(row.candidate)
        if gap and scale * gap.value > right:
            _beyond(figure, row, line, f"{span_told(gap, found.metric)} behind →", dark)
        else:
            _mark(figure, found, row, line, scale, dark)
    _ring(figure, found, shown, scale, dark)
    figure.update_layout(height=AROUND + ROW * len(shown), margin=FLAT, hovermode="closest", showlegend=False,
                         clickmode="event+select")  # fmt: skip
    unit = "" if found.metric == "mcc" else ", points"
    figure.update_xaxes(
        title=f"{metric_name(found.metric)}: behind the best, {safe(found.best.candidate)}{unit}",
        zeroline=False,
        range=[left, right],
    )
    figure.update_yaxes(
        tickvals=lines, ticktext=[_tick(found, row) for row in shown], showgrid=False, title="", zeroline=False,
        range=[len(shown) - 0.4, -0.75],
    )  # fmt: skip
    return Chart(figure, _spoken(found, shown))


def _mark(figure: go.Figure, found: Decision, row: CandidateRow, line: int, scale: float, dark: bool) -> None:
    gap, name = found.differences.get(row.candidate), safe(row.candidate)
    value, ends = (0.0, (None, None)) if gap is None else (gap.value, (scale * gap.low, scale * gap.high))
    told = (
        "the best on validation" if gap is None else f"{span_told(gap, found.metric)} behind, {_standing(found, row)}"
    )
    cost = MEASURES[found.question.cheap].show(found.costs.get(row.candidate))
    figure.add_scatter(
        x=[scale * value], y=[line], mode="markers", name=row.candidate, customdata=[[row.candidate]],
        marker=marker([row], dark),
        error_x=whiskers([scale * value], [ends], theme.family_colour(row.family, dark)),
        unselected={"marker": {"opacity": 0.6}},
        hovertemplate=f"<b>{name}</b><br>{safe(told)}<br>{MEASURES[found.question.cheap].name}: {cost}<extra></extra>",
    )  # fmt: skip
    ringed = found.winner is not None and row.candidate == found.winner.candidate
    figure.add_annotation(
        x=scale * value, y=line, yshift=22 if ringed else 15, showarrow=False,
        text="best" if gap is None else safe(_standing(found, row)), font={"size": 12, "color": theme.ink(dark)},
    )  # fmt: skip


def _beyond(figure: go.Figure, row: CandidateRow, line: int, words: str, dark: bool) -> None:
    """A candidate so far behind that its mark would press all others together: told at the edge instead."""
    figure.add_annotation(
        x=1, xref="paper", xanchor="right", y=line, showarrow=False, text=safe(words),
        font={"size": 12, "color": theme.family_colour(row.family, dark)},
    )  # fmt: skip


def _reach(found: Decision, scale: float) -> tuple[float, float]:
    """From where to where the axis goes: all intervals of those within `FAR`, and the margin with some room."""
    gaps = list(found.differences.values())
    near = [gap for gap in gaps if gap.value <= FAR] or sorted(gaps, key=lambda gap: gap.value)[:1]
    low = min([0.0, *(gap.low for gap in near)])
    high = max([1.5 * found.question.margin, 0.01, *(gap.high for gap in near)])
    room = 0.08 * (high - low)
    return scale * (low - room), scale * (high + room)


def _ring(figure: go.Figure, found: Decision, shown: Sequence[CandidateRow], scale: float, dark: bool) -> None:
    taken = [line for line, row in enumerate(shown) if found.winner and row.candidate == found.winner.candidate]
    gaps = [found.differences.get(shown[line].candidate) for line in taken]
    figure.add_scatter(
        x=[scale * gap.value if gap else 0.0 for gap in gaps], y=taken, mode="markers", hoverinfo="skip",
        marker={"size": 26, "symbol": "circle-open", "color": theme.ink(dark), "line": {"width": 2}},
        unselected={"marker": {"opacity": 1}}, name="taken",
    )  # fmt: skip


def _tick(found: Decision, row: CandidateRow) -> str:
    cost = MEASURES[found.question.cheap].show(found.costs.get(row.candidate))
    name = safe(f.shorten(row.candidate, NAME))
    bold = found.winner is not None and row.candidate == found.winner.candidate
    return f"{f'<b>{name}</b>' if bold else name}<br>{safe(cost)}"


def _standing(found: Decision, row: CandidateRow) -> str:
    return next((words for name, words in STANDINGS.items() if row.candidate in getattr(found, name)), "")


def _spoken(found: Decision, shown: Sequence[CandidateRow]) -> str:
    assert found.best is not None
    parts = [
        f"{row.candidate} {span_told(gap, found.metric)} behind, {_standing(found, row)}"
        for row in shown if (gap := found.differences.get(row.candidate))
    ]  # fmt: skip
    return (
        f"How far each candidate is behind the best, {found.best.candidate}, cheapest first; up to "
        f"{points(found.question.margin, found.metric)} counts as as good: {'; '.join(parts) or 'no other to show'}."
    )
