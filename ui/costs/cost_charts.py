"""The charts of money and energy: break-even lines, months by candidate, what was spent, energy by component."""

from collections.abc import Mapping, Sequence
from math import log10

import numpy as np
import plotly.graph_objects as go

from core import format as f
from core.analysis.breakeven import CostLine, Crossing, texts
from core.analysis.results import CandidateRow
from core.analysis.scenario import Money
from core.findings.spending import Spent
from core.metering.usage import PROVENANCES
from ui import theme
from ui.axes import log_range, log_ticks
from ui.charts import FLAT, Chart, safe
from ui.costs.spent import known_and_unknown

POINTS = 41
PARTS = {"serving": ("answering", 0.9, ""), "training": ("training", 0.55, "/"), "labels": ("labels", 0.3, ".")}
"""The parts of a month's money: name, how strong its colour is, and its pattern."""
COMPONENTS = {"cpu": ("processor", 0.9, ""), "gpu": ("GPU", 0.65, "/"), "ram": ("memory", 0.4, "."),
              "api": ("at the provider", 0.6, "x")}  # fmt: skip
PATTERNS = {"measured": "", "modelled": "/", "estimated": ".", "unknown": "x"}


def break_even(
    own: Sequence[tuple[CostLine, str, Crossing]], reference: CostLine, family: str, volume: float, dark: bool = False
) -> Chart:
    """USD a month by monthly volume on log axes: the reference by the token, and each way of renting our device.

    `own` holds a line, how its device is rented and where it gets cheaper. Bands are what is trusted; a diamond marks a
    crossing.
    """
    low, high = _reach([crossing for _, _, crossing in own], volume)
    volumes = np.logspace(low, high, POINTS)
    figure = go.Figure()
    colours = (theme.family_colour("api", dark), theme.family_colour(family, dark))
    _line(figure, reference, "", volumes, colours[0], "dot")
    for (line, rented, _), dash in zip(own, ("solid", "dash"), strict=False):
        _line(figure, line, rented, volumes, colours[1], dash)
    _diamonds(figure, own, (10**low, 10**high), dark)
    figure.add_vline(x=volume, line={"width": 1, "dash": "dot", "color": theme.ink(dark)})
    figure.add_annotation(
        x=log10(volume), y=1.0, yref="paper", yanchor="bottom", showarrow=False, text=f"{texts(volume)} texts",
        font={"color": theme.ink(dark)},
    )  # fmt: skip
    bills = [line.usd(v) for line in (reference, *(line for line, _, _ in own)) for v in volumes]
    ticks, shown = log_ticks(list(volumes), lambda value: texts(value or 0.0))
    figure.update_xaxes(
        type="log", title="Texts a month (log scale)", tickvals=ticks, ticktext=shown, range=[low, high]
    )
    known = [bill for bill in bills if bill > 0] or [1.0]
    ticks, shown = log_ticks(known, f.exact_usd)
    figure.update_yaxes(type="log", title="USD a month (log scale)", tickvals=ticks, ticktext=shown,
                        range=list(log_range(known)))  # fmt: skip
    figure.update_layout(
        height=380, margin={**FLAT, "t": 30}, hovermode="closest",
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
    )  # fmt: skip
    spoken = "; ".join(
        f"{line.name}, {rented}: {f.usd(line.usd(volume))} at {texts(volume)} texts" for line, rented, _ in own
    )
    return Chart(figure, f"Cost a month by texts a month. {reference.name}: {f.usd(reference.usd(volume))}. {spoken}.")


def _diamonds(
    figure: go.Figure, own: Sequence[tuple[CostLine, str, Crossing]], reach: tuple[float, float], dark: bool
) -> None:
    """Marks where our lines get cheaper, as far as the chart reaches."""
    for line, _, met in own:
        if not met.volume or not reach[0] <= met.volume <= reach[1]:
            continue
        figure.add_scatter(
            x=[met.volume], y=[line.usd(met.volume)], mode="markers+text", text=[f" {texts(met.volume)}"],
            textposition="bottom right", marker={"symbol": "diamond", "size": 12, "color": theme.ink(dark)},
            textfont={"color": theme.ink(dark)}, showlegend=False,
            hovertemplate=f"cheaper from {texts(met.volume)} texts a month on<extra></extra>",
        )  # fmt: skip


def _reach(crossings: Sequence[Crossing], volume: float) -> tuple[float, float]:
    """The powers of ten that the volumes span: a thousand to a hundred million, wider where something lies beyond."""
    at = [one.volume for one in crossings if one.volume and one.volume >= 1000]
    return 3.0 if volume >= 1000 else log10(volume), min(max(8.0, *(log10(3 * v) for v in (*at, volume))), 11.0)


def _line(figure: go.Figure, line: CostLine, how: str, volumes: "np.ndarray", colour: str, dash: str) -> None:
    usd = [line.usd(float(v)) for v in volumes]
    name = safe(f"{line.name}, {how}" if how else line.name)
    if line.low < 1 < line.high:
        edges = [[line.times(factor).usd(float(v)) for v in volumes] for factor in (line.high, line.low)]
        figure.add_scatter(
            x=np.concatenate([volumes, volumes[::-1]]), y=np.array([*edges[0], *edges[1][::-1]]), fill="toself",
            mode="lines", line={"width": 0}, fillcolor=theme.faded(colour, 0.13), hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    figure.add_scatter(
        x=volumes, y=np.array(usd), mode="lines", name=name,
        line={"color": colour, "width": 2.2, "dash": dash},
        hovertemplate=[f"{name}<br>{texts(float(v))} texts: {f.usd(bill)} a month<extra></extra>"
                       for v, bill in zip(volumes, usd, strict=True)],
    )  # fmt: skip


def months(bills: Sequence[tuple[CandidateRow, Money]], pick: str, dark: bool = False) -> Chart:
    """What each candidate costs a month, cheapest first: answering, training and labels; the pick in bold."""
    shown = sorted(bills, key=lambda bill: bill[1].usd)
    figure = go.Figure()
    for part, (name, strength, pattern) in PARTS.items():
        values = [getattr(money, part) for _, money in shown]
        if not any(values):
            continue
        figure.add_bar(
            y=list(range(len(shown))), x=values, orientation="h", name=name,
            marker={"color": [theme.faded(theme.family_colour(row.family, dark), strength) for row, _ in shown],
                    "pattern": _pattern(pattern, dark)},
            hovertemplate=[f"{safe(row.candidate)}, {name}: {f.usd(value)} a month<extra></extra>"
                           for (row, _), value in zip(shown, values, strict=True)],
        )  # fmt: skip
    _beside(figure, [money.usd for _, money in shown], [f.usd(money.usd) for _, money in shown], dark)
    names = [safe(f.shorten(row.candidate, 34)) for row, _ in shown]
    bold = [f"<b>{name}</b>" if row.candidate == pick else name for name, (row, _) in zip(names, shown, strict=True)]
    most = max((money.usd for _, money in shown), default=0.0) or 1.0
    figure.update_layout(
        barmode="stack", height=90 + 30 * max(len(shown), 2), margin=FLAT, bargap=0.35,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )  # fmt: skip
    figure.update_xaxes(title="USD a month", range=[0, 1.18 * most], tickprefix="$")
    figure.update_yaxes(autorange="reversed", tickvals=list(range(len(shown))), ticktext=bold)
    spoken = "; ".join(f"{row.candidate} {f.usd(money.usd)}" for row, money in shown[:12])
    return Chart(figure, f"Cost a month of each candidate: {spoken or 'unknown'}.")


def spent(sums: Sequence[Spent], field: str, name: str, dark: bool = False) -> Chart:
    """What was used, a bar each: `field` is usd, kwh or co2e_kg; what is unknown is written beside its bar."""
    show = {"usd": f.usd, "kwh": f.energy, "co2e_kg": f.co2e}[field]
    unit = {"usd": "USD", "kwh": "kWh", "co2e_kg": "kg CO₂e"}[field]
    missing = {"usd": "usd_unknown", "kwh": "kwh_unknown", "co2e_kg": "co2e_unknown"}[field]
    values = [getattr(one, field) or 0.0 for one in sums]
    told = [known_and_unknown(show(getattr(one, field)), getattr(one, missing)) for one in sums]
    figure = go.Figure(
        go.Bar(
            y=list(range(len(sums))), x=values, orientation="h", text=told, textposition="outside", cliponaxis=False,
            marker={"color": theme.family_colour("encoder", dark)},
            hovertemplate=[f"{safe(one.name)}: {said}, {one.runs} runs<extra></extra>"
                           for one, said in zip(sums, told, strict=True)],
        )
    )  # fmt: skip
    figure.update_layout(height=80 + 30 * max(len(sums), 2), margin=FLAT, bargap=0.35, showlegend=False)
    figure.update_xaxes(title=f"{name} ({unit})", range=[0, 1.3 * (max(values, default=0.0) or 1.0)])
    figure.update_yaxes(autorange="reversed", tickvals=list(range(len(sums))),
                        ticktext=[safe(f.shorten(one.name, 34)) for one in sums])  # fmt: skip
    spoken = "; ".join(f"{one.name} {said}" for one, said in zip(sums[:12], told, strict=False))
    return Chart(figure, f"{name}: {spoken or 'nothing yet'}.")


def energy_parts(rows: Sequence[CandidateRow], dark: bool = False) -> Chart:
    """Energy of each component for 1,000 texts; the pattern tells how sure a figure is, which is never left out."""
    shown = sorted((row for row in rows if row.kwh_per_1k), key=lambda row: row.kwh_per_1k or 0.0)
    figure = go.Figure()
    for component, (name, strength, _) in COMPONENTS.items():
        for sure in PROVENANCES[:3]:
            values = [(part.kwh or 0.0) * 1000 if (part := row.energy_per_1k.get(component)) and part.provenance == sure  # type: ignore[call-overload]
                      else 0.0 for row in shown]  # fmt: skip
            if not any(values):
                continue
            figure.add_bar(
                y=list(range(len(shown))), x=values, orientation="h", name=f"{name}, {sure}",
                marker={"color": [theme.faded(theme.family_colour(row.family, dark), strength) for row in shown],
                        "pattern": _pattern(PATTERNS[sure], dark)},
                hovertemplate=[f"{safe(row.candidate)}, {name}: {f.energy(value / 1000)} ({sure})<extra></extra>"
                               for row, value in zip(shown, values, strict=True)],
            )  # fmt: skip
    totals = [1000 * (row.kwh_per_1k or 0.0) for row in shown]
    _beside(figure, totals, [f.energy(row.kwh_per_1k) for row in shown], dark)
    most = max(totals, default=0.0) or 1.0
    figure.update_layout(
        barmode="stack", height=100 + 30 * max(len(shown), 2), margin=FLAT, bargap=0.35,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )  # fmt: skip
    figure.update_xaxes(title="Energy for 1,000 texts (Wh)", range=[0, 1.25 * most])
    figure.update_yaxes(autorange="reversed", tickvals=list(range(len(shown))),
                        ticktext=[safe(f.shorten(row.candidate, 34)) for row in shown])  # fmt: skip
    spoken = "; ".join(f"{row.candidate} {f.energy(row.kwh_per_1k)} ({row.energy_provenance})" for row in shown[:12])
    return Chart(figure, f"Energy for 1,000 texts by component: {spoken or 'unknown'}.")


def _beside(figure: go.Figure, ends: Sequence[float], told: Sequence[str], dark: bool) -> None:
    """What each bar comes to, written at its end. One trace: annotations cost milliseconds each."""
    figure.add_scatter(
        x=list(ends), y=list(range(len(ends))), mode="text", text=[f" {one}" for one in told],
        textposition="middle right", textfont={"color": theme.ink(dark)}, hoverinfo="skip", showlegend=False,
        cliponaxis=False,
    )  # fmt: skip


def _pattern(shape: str, dark: bool) -> dict[str, object]:
    """A pattern over the colour, so that neither alone carries the meaning."""
    return {"shape": shape, "solidity": 0.2, "size": 6, "fillmode": "overlay", "fgcolor": theme.ink(dark)}


def sureness(rows: Sequence[CandidateRow]) -> Mapping[str, int]:
    """How many candidates' energy came about in which way, the surest first."""
    counts = {sure: sum(row.energy_provenance == sure for row in rows) for sure in PROVENANCES}
    return {sure: count for sure, count in counts.items() if count}
