"""One system beside another: differences in quality with intervals, and what one takes where the other takes 1."""

from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from core import format as f
from core.analysis.multitask import Quality, Takes
from ui import theme
from ui.charts import FLAT, Chart
from ui.metrics import metric_name, metric_show

TAKEN: dict[str, tuple[str, Callable[[float | None], str]]] = {
    "latency_p50_ms": ("Typical time for one text", f.milliseconds),
    "kwh_per_1k": ("Energy per 1,000 texts", f.energy),
    "usd_per_1k": ("Cost per 1,000 texts", f.usd),
    "peak_ram_bytes": ("Peak memory", f.memory),
    "peak_gpu_bytes": ("Peak GPU memory", f.memory),
    "fit_seconds": ("Time to fit", f.duration),
    "fit_kwh": ("Energy to fit", f.energy),
    "fit_usd": ("Cost to fit", f.usd),
}
"""What a system takes: the name and how a value is written."""


def differences(qualities: Sequence[Quality], dark: bool = False) -> Chart:
    """How much better the first system is in each metric, in points, with the paired 95 % interval."""
    names = [metric_name(quality.metric) for quality in qualities]
    gaps = [quality.difference for quality in qualities]
    colour = theme.family_colour("encoder", dark)
    figure = go.Figure(
        go.Scatter(
            x=[100 * gap.value for gap in gaps], y=names, mode="markers",
            marker={"size": 12, "color": colour, "symbol": ["circle-open" if gap.is_tie else "circle" for gap in gaps],
                    "line": {"width": 2, "color": colour}},
            error_x={"type": "data", "symmetric": False, "color": colour, "thickness": 1.4, "width": 4,
                     "array": [100 * (gap.high - gap.value) for gap in gaps],
                     "arrayminus": [100 * (gap.value - gap.low) for gap in gaps]},
            hovertemplate=[
                f"{name}: {metric_show(quality.metric)(quality.one[0])} against "
                f"{metric_show(quality.metric)(quality.two[0])}<br>{in_points(quality)}<extra></extra>"
                for name, quality in zip(names, qualities, strict=True)
            ],
        )
    )  # fmt: skip
    figure.add_vline(x=0, line={"width": 1, "color": theme.ink(dark)})
    figure.update_layout(height=110 + 34 * len(names), margin=FLAT, showlegend=False)
    figure.update_xaxes(title="One minus two (points)", zeroline=False)
    figure.update_yaxes(autorange="reversed", title="")
    spoken = "; ".join(f"{name} {in_points(quality)}" for name, quality in zip(names, qualities, strict=True))
    return Chart(figure, f"Differences in quality, one model minus two: {spoken}.")


def in_points(quality: Quality) -> str:
    """A difference with its interval: `+1.2 points (−0.4 to 2.8), tied`."""
    gap = quality.difference
    said = f"{signed(gap.value)} points ({signed(gap.low)} to {signed(gap.high)})"
    return f"{said}, tied" if gap.is_tie else said


def signed(share: float) -> str:
    """A difference of shares in points with its sign: `+1.2`, `−0.4`."""
    return "0.0" if round(100 * share, 1) == 0 else f"{100 * share:+.1f}".replace("-", "−")


def ratios(takes: tuple[Takes, Takes], dark: bool = False) -> Chart:
    """What one model takes where two take 1; what is unknown on either side is left out."""
    known = [(name, show, one, two) for field, (name, show) in TAKEN.items()
             if (one := getattr(takes[0], field)) is not None and (two := getattr(takes[1], field))]  # fmt: skip
    names = [name for name, *_ in known]
    texts = [f"{one / two:.2f}× · {show(one)} instead of {show(two)}" for _, show, one, two in known]
    figure = go.Figure(
        go.Bar(
            x=[one / two for _, _, one, two in known], y=names, orientation="h", text=texts, textposition="auto",
            marker={"color": theme.faded(theme.family_colour("encoder", dark), 0.55)}, insidetextanchor="start",
            hovertemplate=[f"{name}: {text}<extra></extra>" for name, text in zip(names, texts, strict=True)],
            textfont={"color": theme.ink(dark)},
        )
    )  # fmt: skip
    figure.add_vline(x=1, line={"width": 1, "color": theme.ink(dark), "dash": "dot"}, layer="below")
    figure.update_layout(height=110 + 34 * max(len(names), 2), margin=FLAT, bargap=0.3)
    figure.update_xaxes(title="One model, where two take 1 (×)", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", title="")
    return Chart(figure, f"What one model takes where two take 1: {'; '.join(texts) or 'nothing is known'}.")
