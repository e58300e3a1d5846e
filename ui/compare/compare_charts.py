"""Candidates side by side as pictures: how far each is from one of them, and how each does on each label."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core import format as f
from core.analysis.label_scores import LabelScores
from core.analysis.results import CandidateRow
from core.findings.comparing import Compared
from core.findings.comparing_words import VERDICTS, verdict
from core.metric_words import difference_told, metric_name, metric_quality
from ui import theme
from ui.charts import FLAT, Chart, safe
from ui.marks import marker, whiskers

ROW, AROUND = 58, 84
"""Pixels: of a candidate's line, and of what stands around the lines."""
WORDS = 0.7
"""Share of the width at which the words beside the marks begin."""
MOST_LABELS = 20


def differences(found: Compared, reference: str, dark: bool = False) -> Chart:
    """How much better or worse each other candidate is than `reference`, paired, with the margin as a band."""
    others = [row for row in found.rows if row.candidate != reference]
    pairs = [found.pair(row.candidate, reference) for row in others]
    scale = 1.0 if found.metric == "mcc" else 100.0
    unit = "" if found.metric == "mcc" else " (points)"
    figure, lines = go.Figure(), list(range(len(others)))
    figure.add_vrect(
        x0=-scale * found.margin, x1=scale * found.margin, line_width=0, layer="below",
        fillcolor=theme.faded(theme.quiet(dark), 0.28),
    )  # fmt: skip
    figure.add_vline(x=0, line={"width": 1, "color": theme.ink(dark)})
    for line, row, pair in zip(lines, others, pairs, strict=True):
        gap = pair.difference
        told, low, high = (difference_told(found.metric, end, (gap.high - gap.low) / 2)
                           for end in (gap.value, gap.low, gap.high))  # fmt: skip
        span = f"{low} to {high}"
        figure.add_scatter(
            x=[scale * gap.value], y=[line], mode="markers", name=row.candidate, showlegend=False,
            marker=marker([row], dark, across=True), customdata=[[row.candidate]],
            error_x=whiskers([scale * gap.value], [(scale * gap.low, scale * gap.high)],
                             theme.family_colour(row.family, dark)),
            hovertemplate=f"<b>{safe(row.candidate)}</b> beside {safe(reference)}<br>{told} ({span}), "
            f"{VERDICTS[verdict(pair, found.margin)]}<br>p = {f.p_value(pair.p_holm)}, counting all pairs; {pair.test}"
            "<extra></extra>",
        )  # fmt: skip
        figure.add_annotation(
            x=WORDS, xref="paper", xanchor="left", y=line, showarrow=False, align="left",
            text=f"<b>{VERDICTS[verdict(pair, found.margin)]}</b>, p {f.p_value(pair.p_holm)}<br>{told} ({span})",
            font={"size": 12, "color": theme.ink(dark)},
        )  # fmt: skip
    figure.update_layout(height=AROUND + ROW * len(others), margin=FLAT, hovermode="closest")
    figure.update_xaxes(
        title=f"{metric_name(found.metric)} beside {safe(f.shorten(reference, 24))}{unit}", zeroline=False,
        domain=[0, WORDS - 0.03],
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=lines, ticktext=[safe(f.shorten(row.candidate, 34)) for row in others], showgrid=False,
        range=[len(others) - 0.5, -0.5], title="", zeroline=False,
    )  # fmt: skip
    spoken = "; ".join(
        f"{row.candidate} {difference_told(found.metric, pair.difference.value)}, "
        f"{VERDICTS[verdict(pair, found.margin)]}"
        for row, pair in zip(others, pairs, strict=True)
    )
    return Chart(figure, f"Differences in {metric_name(found.metric).lower()} beside {reference}: {spoken}.")


def label_marks(
    labels: Sequence[LabelScores], rows: Sequence[CandidateRow], named: dict[str, str], dark: bool = False
) -> Chart:
    """The F1 of each candidate on each label, with its 95 % interval; `named` says how a label is called."""
    shown = list(labels)[:MOST_LABELS]
    figure, step = go.Figure(), 0.62 / max(len(rows), 1)
    for place, row in enumerate(rows):
        figures = [label.f1[row.candidate] for label in shown]
        values = [value for value, _, _ in figures]
        colour = theme.family_colour(row.family, dark)
        figure.add_scatter(
            x=values, y=[line + step * (place - (len(rows) - 1) / 2) for line in range(len(shown))], mode="markers",
            name=f.shorten(row.candidate, 40), marker=marker([row] * len(shown), dark, size=10, across=True),
            error_x=whiskers(values, [(low, high) for _, low, high in figures], colour),
            hovertemplate=[
                f"<b>{safe(row.candidate)}</b> on {safe(f.shorten(named[label.label], 60))}<br>"
                f"F1 {metric_quality('f1', *label.f1[row.candidate])}, {label.support:,} right ones<extra></extra>"
                for label in shown
            ],
        )  # fmt: skip
    figure.update_layout(
        height=110 + max(26, 13 * len(rows)) * max(len(shown), 2), margin=FLAT, hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    figure.update_xaxes(title="F1 (0 to 100)", tickvals=ticks, ticktext=[f"{100 * tick:.0f}" for tick in ticks],
                        range=[-0.02, 1.02])  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(shown))), range=[len(shown) - 0.5, -0.5], showgrid=False, title="Label", zeroline=False,
        ticktext=[f"{safe(f.shorten(named[label.label], 26))} ({label.support:,})" for label in shown],
    )  # fmt: skip
    rule = {"width": 1, "color": theme.faded(theme.quiet(dark), 0.5)}
    figure.update_layout(  # all at once: a call for each is slow
        shapes=[{"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "y0": line - 0.5, "y1": line - 0.5, "line": rule,
                 "layer": "below"} for line in range(1, len(shown))]
    )  # fmt: skip
    spoken = "; ".join(
        f"{f.shorten(named[label.label], 32)}: "
        + ", ".join(f"{name} {100 * value:.0f}" for name, (value, _, _) in label.f1.items())
        for label in shown[:8]
    )
    return Chart(figure, f"F1 of each label by candidate. {spoken}.")
