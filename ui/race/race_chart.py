"""The proof of a race: quality by round, a line a candidate that ends where it was dropped."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import plotly.graph_objects as go

from core import format as f
from core.charting import label_places
from core.metric_words import metric_name, metric_quality
from core.racing.records import RaceReport, Seen, Standing
from ui import theme
from ui.charts import FLAT, Chart, safe
from ui.marks import SIZE, whiskers
from ui.metrics import metric_axis
from ui.race.race_words import CHANCES, POSITIONS, chance

HEIGHT, WIDTH, AXIS_HEIGHT = 430, 640, 70
"""Pixels; the width is about that of the plot, to place names."""
APART, MOST_APART = 0.06, 0.24
"""How far the marks of a round stand apart, in rounds, so that whiskers do not cover each other."""
ENDS = {"dropped": "x-thin-open", "unaffordable": "line-ns-open", "failed": "y-down-open"}
"""The mark over the last point of a candidate that did not go on."""
NAMED, DOTS = 12, 12
"""Lines that are named at most, and points of a line that names are kept off."""
NAME = 26


def race_chart(report: RaceReport, methods: Mapping[str, str], dark: bool = False) -> Chart:
    """Quality with its 95 % interval by round; `methods` names each candidate's method, for its mark."""
    figure = go.Figure()
    # Drawn from the back: the dropped ones first, the likeliest winner last and on top.
    runners = [one for one in report.standings if one.history][::-1]
    places = _places(runners, report.leader)
    for one in runners:
        _line(figure, report, one, places[one.candidate], methods.get(one.candidate, ""), dark)
    for one in runners:
        _end(figure, one, places[one.candidate], dark)
    _ring(figure, report, places, dark)
    low, high = _quality_range(runners)
    figure.update_xaxes(
        title="Round (training texts seen, share of all)", range=[-0.35, report.rounds - 1 + 0.55], showgrid=True,
        tickvals=list(range(report.rounds)), ticktext=[_tick(report, round) for round in range(report.rounds)],
    )  # fmt: skip
    figure.update_yaxes(metric_axis(report.metric, low, high))
    figure.update_layout(height=HEIGHT, margin=FLAT, showlegend=False, hovermode="closest",
                         hoverlabel={"align": "left"})  # fmt: skip
    _names(figure, report, runners, places, (low, high), dark)
    return Chart(figure, _spoken(report))


def _places(runners: Sequence[Standing], leader: str) -> dict[str, float]:
    """How far beside its round each candidate is drawn: the leader on it, the others to its sides in turn."""
    others = [one.candidate for one in reversed(runners) if one.candidate != leader]
    step = min(APART, MOST_APART / max(1, (len(others) + 1) // 2))
    found = {name: step * (place // 2 + 1) * (1 if place % 2 else -1) for place, name in enumerate(others)}
    return {**found, leader: 0.0}


def _line(
    figure: go.Figure, report: RaceReport, one: Standing, aside: float, method: str, dark: bool
) -> None:  # fmt: skip
    colour, known = theme.family_colour(one.family, dark), _known(one)
    gone = one.position in ENDS
    tint = theme.faded(colour, 0.55) if gone else colour
    values = [seen.quality or 0.0 for seen in known]
    figure.add_scatter(
        x=[seen.round + aside for seen in known], y=values, mode="lines+markers", name=one.candidate,
        line={"color": tint, "width": 1.3 if gone else 2.4}, customdata=[[one.candidate]] * len(known),
        marker={"size": SIZE - 3 if gone else SIZE, "color": colour, "symbol": theme.symbol(method),
                "line": {"width": 1.5, "color": colour}},
        error_y=whiskers(values, [(seen.low, seen.high) for seen in known], tint),
        hovertemplate=[_hover(report, one, seen) for seen in known],
    )  # fmt: skip


def _hover(report: RaceReport, one: Standing, seen: Seen) -> str:
    told = metric_quality(report.metric, seen.quality, seen.low, seen.high)
    trained = f"{seen.texts:,} training texts, " if seen.texts else "not trained, "
    lines = [f"<b>{safe(one.candidate)}</b>, round {seen.round + 1}: {told}",
             f"{trained}on {seen.validated:,} validation texts"]  # fmt: skip
    last = seen.round == one.round
    lines.append(f"{CHANCES[report.race.rules.aim].capitalize()}: {chance(one.chance if last else seen.chance)}")
    if last and one.position in ENDS:
        lines.append(f"<b>{POSITIONS[one.position][1].capitalize()}</b>: {_wrapped(one.why)}")
    return "<br>".join(lines) + "<extra></extra>"


def _wrapped(text: str, width: int = 60) -> str:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(safe(line) for line in lines)


def _end(figure: go.Figure, one: Standing, aside: float, dark: bool) -> None:
    """The mark over the last point of who did not go on: told by its shape."""
    known = _known(one)
    if one.position in ENDS and known:
        figure.add_scatter(
            x=[known[-1].round + aside], y=[known[-1].quality], mode="markers", hoverinfo="skip", name=one.position,
            cliponaxis=False,
            marker={"size": 17, "symbol": ENDS[one.position], "color": theme.ink(dark),
                    "line": {"width": 2.2, "color": theme.ink(dark)}},
        )  # fmt: skip


def _ring(figure: go.Figure, report: RaceReport, places: Mapping[str, float], dark: bool) -> None:
    leader = next((one for one in report.standings if one.candidate == report.leader), None)
    known = _known(leader) if leader else []
    if known:
        figure.add_scatter(
            x=[known[-1].round + places[report.leader]], y=[known[-1].quality], mode="markers", hoverinfo="skip",
            name="leads", cliponaxis=False,
            marker={"size": 25, "symbol": "circle-open", "color": theme.ink(dark), "line": {"width": 2}},
        )  # fmt: skip


def _names(
    figure: go.Figure, report: RaceReport, runners: Sequence[Standing], places: Mapping[str, float],
    span: tuple[float, float], dark: bool,
) -> None:  # fmt: skip
    """A name at the end of each line; of many candidates only of those that came furthest."""
    shown = [one for one in reversed(runners) if _known(one)][:NAMED]
    across, height = report.rounds - 1 + 0.9, HEIGHT - AXIS_HEIGHT
    pixel = lambda value: (value - span[0]) / (span[1] - span[0]) * height  # noqa: E731
    marks, lines = [], []
    for one in shown:
        known = _known(one)
        x = (known[-1].round + places[one.candidate] + 0.35) / across * WIDTH
        # Whiskers are left out: of seven in a round they would drive every name away.
        y = pixel(known[-1].quality or 0.0)
        marks.append((x, y, y, y))
    for one in runners:
        dots = [((seen.round + places[one.candidate] + 0.35) / across * WIDTH, pixel(seen.quality or 0.0))
                for seen in _known(one)]  # fmt: skip
        lines += [_between(*pair, step / DOTS) for pair in pairwise(dots) for step in range(DOTS)]
    names = [short_name(one.candidate) for one in shown]
    chosen = label_places.place(marks, names, WIDTH, height, lines)
    for one, name, (xanchor, yanchor, right, above) in zip(shown, names, chosen, strict=True):
        last = _known(one)[-1]
        text = f"<b>{safe(name)}</b>" if one.candidate == report.leader else safe(name)
        figure.add_annotation(
            x=last.round + places[one.candidate], y=last.quality, text=text, showarrow=False, xanchor=xanchor,
            yanchor=yanchor, xshift=right, yshift=above, font={"size": 12.5, "color": theme.ink(dark)},
        )  # fmt: skip


def short_name(name: str) -> str:
    """A long name without its middle: candidates that differ in a setting begin alike and end differently."""
    return name if len(name) <= NAME else f"{name[: NAME // 2]}…{name[-(NAME - NAME // 2 - 1) :]}"


def _between(start: tuple[float, float], end: tuple[float, float], share: float) -> tuple[float, float]:
    """A point of the line from one to the other."""
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _known(one: Standing) -> list[Seen]:
    return [seen for seen in one.history if seen.quality is not None]


def _tick(report: RaceReport, round: int) -> str:
    """`Round 2<br>1,333 texts (33 %)`."""
    rounds = report.race.rounds
    if round >= len(rounds):
        return f"Round {round + 1}"
    return (
        f"Round {round + 1}<br>{rounds[round].train:,} texts ({f.percent(rounds[round].train / rounds[-1].train, 0)})"
    )


def _quality_range(runners: Sequence[Standing]) -> tuple[float, float]:
    ends = [end for one in runners for seen in _known(one) for end in (seen.low, seen.quality, seen.high)
            if end is not None] or [0.0, 1.0]  # fmt: skip
    room = max(0.06 * (max(ends) - min(ends)), 0.02)
    return min(ends) - room, min(max(ends) + room, 1.02) if max(ends) <= 1 else max(ends) + room


def _spoken(report: RaceReport) -> str:
    said = []
    for one in report.standings:
        values = [f"{metric_quality(report.metric, seen.quality, seen.low, seen.high)} in round {seen.round + 1}"
                  for seen in _known(one)]  # fmt: skip
        said.append(f"{one.candidate}: {', then '.join(values) or 'nothing yet'}, {POSITIONS[one.position][1]}")
    return f"{metric_name(report.metric)} on validation by round. {'; '.join(said)}."
