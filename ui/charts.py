"""Every chart of the product, in one grammar: units on each axis, whiskers of 95 %, a description for screen readers.

Functions take plain records and give a `Chart`; `draw` puts it on the page.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core import format as f
from ui import theme
from ui.session import to_url

CONFIG = {
    "displaylogo": False,
    "showSendToCloud": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
    "toImageButtonOptions": {"format": "png", "scale": 2, "filename": "tradeoff"},
}
FLAT: dict[str, Any] = {"t": 12, "r": 12, "b": 8, "l": 8}


@dataclass(frozen=True)
class Chart:
    """A figure and what it shows in words, for who cannot see it."""

    figure: go.Figure
    alt: str


def draw(chart: Chart, key: str, pick_into: str = "", options: Sequence[str] = ()) -> None:
    """Put a chart on the page. A click on a mark sets the widget `pick_into` to the mark's name, if it is an option."""

    def picked() -> None:
        for point in st.session_state[key]["selection"]["points"]:
            data = point.get("customdata")
            name = data[0] if isinstance(data, list | tuple) else data
            if name in options:
                st.session_state[pick_into] = name
                to_url(pick_into)

    st.plotly_chart(
        chart.figure, key=key, config=CONFIG, alt=chart.alt, on_select=picked if pick_into else "ignore",
        selection_mode="points",
    )  # fmt: skip


def class_bars(
    counts: Mapping[str, Mapping[str, int]], dark: bool = False, most: int = 40, things: str = "Texts"
) -> Chart:
    """How often each label occurs, `{split: {label: count}}`; the most frequent labels first."""
    totals: dict[str, int] = {}
    for of_split in counts.values():
        for label, count in of_split.items():
            totals[label] = totals.get(label, 0) + count
    order = sorted(totals, key=lambda label: -totals[label])[:most]
    figure = go.Figure()
    for shade, (split, of_split) in zip((1.0, 0.62, 0.34), counts.items(), strict=False):
        figure.add_bar(
            y=[f.shorten(label, 32) for label in order], x=[of_split.get(label, 0) for label in order], name=split,
            orientation="h", marker={"color": theme.faded(theme.family_colour("encoder", dark), shade)},
            hovertemplate=[f"{safe(f.shorten(label, 60))}, {split}: {of_split.get(label, 0):,}<extra></extra>"
                           for label in order],
        )  # fmt: skip
    figure.update_layout(
        barmode="stack", height=90 + 24 * max(len(order), 2), margin=FLAT, bargap=0.3,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )  # fmt: skip
    figure.update_xaxes(title=f"Number of {things.lower()}")
    figure.update_yaxes(title="Label", autorange="reversed", type="category")
    spoken = ", ".join(f"{f.shorten(label, 32)} {totals[label]:,}" for label in order[:10])
    return Chart(figure, f"Number of {things.lower()} of each label: {spoken}.")


OUTCOME_LOOKS: dict[str, tuple[str, str, str]] = {
    "right": ("right", "encoder", ""),
    "wrong label": ("wrong label", "finetuned_llm", "/"),
    "wrong boundary": ("wrong place", "api", "x"),
    "missed": ("missed", "baseline", "."),
    "spurious": ("too many", "prompted_llm", "\\"),
}
"""Of each outcome: what it is called, the family whose colour it borrows, and its pattern."""


def outcome_bars(outcomes: Mapping[str, Mapping[str, int]], things: str, dark: bool = False, most: int = 20) -> Chart:
    """How often each label came out how, `{outcome: {label: count}}`; the most frequent labels first."""
    totals: Counter[str] = Counter()
    for counts in outcomes.values():
        totals.update(counts)
    order = [label for label, _ in totals.most_common(most)]
    figure = go.Figure()
    for outcome, counts in outcomes.items():
        name, family, pattern = OUTCOME_LOOKS[outcome]
        colour = theme.family_colour(family, dark)
        figure.add_bar(
            y=list(range(len(order))), x=[counts.get(label, 0) for label in order], name=name, orientation="h",
            marker={"color": theme.faded(colour, 0.85),
                    "pattern": {"shape": pattern, "solidity": 0.25, "fillmode": "overlay", "size": 6,
                                "fgcolor": theme.ink(dark)}},
            hovertemplate=[f"{safe(f.shorten(label, 60))}: {counts.get(label, 0):,} {name}<extra></extra>"
                           for label in order],
        )  # fmt: skip
    figure.update_layout(
        barmode="stack", height=100 + 24 * max(len(order), 2), margin=FLAT, bargap=0.3,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )  # fmt: skip
    figure.update_xaxes(title=f"Number of {things.lower()}")
    figure.update_yaxes(title="Label", autorange="reversed", tickvals=list(range(len(order))),
                        ticktext=[safe(f.shorten(label, 28)) for label in order])  # fmt: skip
    spoken = ", ".join(f"{sum(counts.values()):,} {OUTCOME_LOOKS[outcome][0]}" for outcome, counts in outcomes.items())
    return Chart(figure, f"What became of the {things.lower()} of each label: {spoken}.")


def histogram(edges: Sequence[float], counts: Sequence[int], name: str, unit: str, dark: bool = False) -> Chart:
    """How often values fall between `edges` (one more than counts)."""
    centres = [(low + high) / 2 for low, high in pairwise(edges)]
    figure = go.Figure(
        go.Bar(
            x=centres, y=counts, width=[high - low for low, high in pairwise(edges)],
            marker={"color": theme.family_colour("baseline", dark)},
            hovertemplate=[f"{low:g} to {high:g} {unit}: {count:,} texts<extra></extra>"
                           for low, high, count in zip(edges, edges[1:], counts, strict=False)],
        )
    )  # fmt: skip
    figure.update_layout(height=260, margin=FLAT, bargap=0.04)
    figure.update_xaxes(title=f"{name} ({unit})")
    figure.update_yaxes(title="Number of texts")
    return Chart(figure, f"{name} of {sum(counts):,} texts, from {edges[0]:g} to {edges[-1]:g} {unit}.")


def confusion(
    matrix: Sequence[Sequence[int]], gold: Sequence[str], answered: Sequence[str], dark: bool = False
) -> Chart:
    """Right label down, answer across; the colour is the share of the row, the number the count."""
    shares = [[cell / max(sum(row), 1) for cell in row] for row in matrix]
    numbers = len(gold) <= 16
    figure = go.Figure(
        go.Heatmap(
            z=shares, x=list(range(len(answered))), y=list(range(len(gold))), zmin=0, zmax=1, xgap=1, ygap=1,
            colorscale=[[0, "#1D232A" if dark else "#F3F4F2"], [1, "#0F78C2" if dark else "#0072B2"]],
            text=[[f"{cell:,}" if cell else "" for cell in row] for row in matrix] if numbers else None,
            texttemplate="%{text}" if numbers else None,
            hovertemplate="%{customdata}<extra></extra>",
            customdata=[[f"right: {safe(f.shorten(gold[i], 50))}<br>answered: {safe(f.shorten(answered[j], 50))}<br>"
                         f"{cell:,} texts, {shares[i][j]:.0%} of this label" for j, cell in enumerate(row)]
                        for i, row in enumerate(matrix)],
            colorbar={"title": {"text": "share of the<br>right label"}, "tickformat": ".0%", "thickness": 12},
        )
    )  # fmt: skip
    size = 26 if numbers else max(9, 700 // len(gold))
    longest = 22 if numbers else 16
    for axis, names in ((figure.update_xaxes, answered), (figure.update_yaxes, gold)):
        axis(tickvals=list(range(len(names))), ticktext=[f.shorten(name, longest) for name in names], showgrid=False)
    figure.update_xaxes(title="Answer", tickangle=-45 if len(answered) > 6 else 0)
    figure.update_yaxes(title="Right label", autorange="reversed")
    figure.update_layout(height=min(160 + max(size, 9) * max(len(gold), 6), 900), margin=FLAT)
    right = sum(row[i] for i, row in enumerate(matrix) if i < len(row))
    return Chart(figure, f"Confusion matrix of {len(gold)} labels: {right:,} of {sum(map(sum, matrix)):,} texts right.")


def curves(points: Sequence[dict[str, Any]], key: str, name: str, dark: bool = False, percent: bool = False) -> Chart:
    """One figure that was reported while fitting, over training steps: points with `step` and `key`."""
    known = [point for point in points if point.get(key) is not None]
    figure = go.Figure(
        go.Scatter(
            x=[point["step"] for point in known], y=[point[key] for point in known],
            mode="lines+markers" if len(known) < 40 else "lines", line={"color": theme.family_colour("encoder", dark)},
            hovertemplate="step %{x:,}: %{y:.3f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(height=240, margin=FLAT)
    figure.update_xaxes(title="Training step", rangemode="tozero")
    figure.update_yaxes(title=name, **({"tickformat": ".0%"} if percent else {"rangemode": "tozero"}))
    ends = f": from {known[0][key]:.3g} to {known[-1][key]:.3g}" if known else ", nothing reported yet"
    return Chart(figure, f"{name} over training steps{ends}.")


def reliability(bins: Sequence[Any], dark: bool = False) -> Chart:
    """How often a candidate is right when it says it is sure: records with confidence, accuracy, low, high, n."""
    colour = theme.family_colour("encoder", dark)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"width": 1, "dash": "dot", "color": theme.quiet(dark)},
        hoverinfo="skip", name="perfectly calibrated",
    )  # fmt: skip
    figure.add_scatter(
        x=[b.confidence for b in bins], y=[b.accuracy for b in bins], mode="markers+lines", name="this run",
        line={"color": colour, "width": 1.5}, marker={"size": [7 + min(b.n, 400) / 40 for b in bins], "color": colour},
        error_y={"type": "data", "symmetric": False, "color": colour, "thickness": 1.2, "width": 3,
                 "array": [max(0.0, b.high - b.accuracy) for b in bins],
                 "arrayminus": [max(0.0, b.accuracy - b.low) for b in bins]},
        hovertemplate=[f"says {b.confidence:.0%}, right {b.accuracy:.0%} of {b.n:,} texts<extra></extra>"
                       for b in bins],
    )  # fmt: skip
    figure.update_layout(height=320, margin=FLAT, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    figure.update_xaxes(title="Confidence it states (%)", tickformat=".0%", range=[0, 1.03])
    figure.update_yaxes(title="Right answers (%)", tickformat=".0%", range=[0, 1.03])
    spoken = "; ".join(f"{b.confidence:.0%} stated, {b.accuracy:.0%} right" for b in bins)
    return Chart(figure, f"Stated confidence against right answers: {spoken}.")


def latency(milliseconds: Sequence[float], p50: float, p95: float, dark: bool = False) -> Chart:
    """How long single texts took, with the typical and the slow case marked."""
    figure = go.Figure(
        go.Histogram(x=list(milliseconds), nbinsx=30, marker={"color": theme.family_colour("baseline", dark)},
                     hovertemplate="%{x} ms: %{y} texts<extra></extra>")
    )  # fmt: skip
    for value, name in ((p50, "half are faster"), (p95, "95 of 100 are faster")):
        figure.add_vline(x=value, line={"width": 1.2, "color": theme.ink(dark)})
        figure.add_annotation(
            x=value, y=1.0, yref="paper", yanchor="bottom", showarrow=False,
            xanchor="left" if value == p95 else "right",
            text=f"{name}: {f.milliseconds(value)}", font={"color": theme.ink(dark)},
        )  # fmt: skip
    figure.update_layout(height=240, margin={**FLAT, "t": 28}, bargap=0.06)
    figure.update_xaxes(title="Time for one text (ms)")
    figure.update_yaxes(title="Number of texts")
    return Chart(
        figure, f"Time for one text: half within {f.milliseconds(p50)}, 95 of 100 within {f.milliseconds(p95)}."
    )


def safe(text: str) -> str:
    """Plotly reads a small HTML; a label from a file must stay text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
