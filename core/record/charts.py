"""The charts of a record, in the grammar of the pages: colour = family, mark = method, hollow = estimated, whiskers of
95 %, the front a thin line, the recommended one ringed and named."""

from collections.abc import Sequence
from math import ceil, floor, log10

from core.analysis.cheapness import MEASURES
from core.analysis.decision import Cheap, Decision
from core.analysis.decision_words import points
from core.analysis.pareto import front
from core.analysis.results import CandidateRow
from core.charting.label_places import place
from core.charting.looks import FAMILIES, SYMBOLS
from core.charting.scales import log_range, log_ticks
from core.metric_words import is_f1, metric_name, metric_quality
from core.record.parts import DecisionRecord
from core.record.svg import Plot

WIDTH, HEIGHT = 760.0, 400.0
LEGEND = 24.0
"""Pixels below the axis title that hold the colours of the families."""
LABELLED = 10
"""From this many marks on only those on the front and those that the decision is about are named; tables name all."""
STEPS, MOST_TICKS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2), 8
MOST_ROWS = 30
RING = 5.0
"""Pixels that a name keeps off the ring."""
RECOMMENDED = " · recommended"
BASELINE = {"middle": 4.0, "bottom": -4.0, "top": 12.0}
"""Pixels from where a name is anchored to its baseline."""
STANDING = {"tied": "as good", "unsettled": "not settled", "worse": "worse"}


def tradeoff(record: DecisionRecord, cheap: Cheap) -> str:
    """Quality against a measure of which less is better; empty where no candidate has the figure."""
    measure, decided = MEASURES[cheap], record.decision
    costs = decided.costs if cheap == decided.question.cheap else _costs(record.candidates, measure.field)
    shown = [row for row in record.candidates if (costs.get(row.candidate) or 0) > 0]
    if not shown:
        return ""
    values = [costs[row.candidate] or 0.0 for row in shown]
    ends = [end for row in shown for end in (row.kwh_low_per_1k, row.kwh_high_per_1k) if end] if cheap == "kwh" else []
    plot = Plot(WIDTH, HEIGHT, log_range([*values, *ends]), _quality_range(shown), bottom=50 + LEGEND)
    ticks, texts = log_ticks(values, measure.show)
    plot.axes(
        [(log10(tick), text) for tick, text in zip(ticks, texts, strict=True)], _quality_ticks(decided.metric, plot.up),
        f"{measure.name} (log scale)", _quality_title(decided.metric),
    )  # fmt: skip
    best = [shown[i] for i in front([(value, row.quality) for value, row in zip(values, shown, strict=True)])]
    spots = {row.candidate: (plot.x(log10(value)), plot.y(row.quality))
             for row, value in zip(shown, values, strict=True)}  # fmt: skip
    plot.line(_stairs([spots[row.candidate] for row in best]), "front")
    for row, value in zip(shown, values, strict=True):
        _mark(plot, row, spots[row.candidate], f"{row.candidate}: {_quality(row)}, {measure.show(value)}", cheap)
    if decided.winner and decided.winner.candidate in spots:
        plot.ring(*spots[decided.winner.candidate])
    _names(plot, shown, spots, decided, {row.candidate for row in best})
    _legend(plot, shown)
    spoken = "; ".join(f"{row.candidate} {_quality(row)} at {measure.show(costs[row.candidate])}"
                       for row in shown[:LABELLED])  # fmt: skip
    return plot.drawn(f"{metric_name(decided.metric)} against {measure.name.lower()}: {spoken}.")


def differences(decided: Decision) -> str:
    """How much each candidate lies behind the best, with its 95 % interval and the margin; empty without any."""
    if decided.best is None or not decided.differences:
        return ""
    names = sorted(decided.differences, key=lambda name: decided.differences[name].value)[:MOST_ROWS]
    low, high = _gap_range(decided, names)
    left = 30 + 7.0 * min(34, max(map(len, names)))
    plot = Plot(WIDTH, 84 + 28.0 * len(names), (low, high), (len(names) - 0.5, -0.5), left=left, right=110, top=26)
    _margin(plot, decided)
    for place_, name in enumerate(names):
        _gap(plot, plot.y(place_), name, decided)
    spoken = "; ".join(f"{name} {_behind(decided.differences[name].value, decided.metric)} "
                       f"({_standing(decided, name)})" for name in names)  # fmt: skip
    return plot.drawn(f"How far each lies behind {decided.best.candidate}: {spoken}.")


def _gap_range(decided: Decision, names: Sequence[str]) -> tuple[float, float]:
    """A scale on which the margin can be read; who lies far behind it is told in words at the edge."""
    gaps, margin = [decided.differences[name] for name in names], decided.question.margin
    near = [gap.high for gap in gaps if gap.low <= margin] or [min(gap.high for gap in gaps)]
    return min(-margin, *(gap.low for gap in gaps)) * 1.1 - 0.002, max(4 * margin, 0.03, 1.25 * max(near))


def _margin(plot: Plot, decided: Decision) -> None:
    """The axis, what lies within the margin, and the lines at zero and at the margin."""
    assert decided.best is not None
    (low, high), margin, floor_ = plot.across, decided.question.margin, plot.height - plot.bottom
    plot.rectangle(plot.x(low), plot.top, plot.x(margin) - plot.x(low), floor_ - plot.top, "within")
    unit = "" if decided.metric == "mcc" else " (points)"
    plot.axes(_gap_ticks(low, high, decided.metric), [], f"Behind {decided.best.candidate}{unit}", "")
    plot.line([(plot.x(0), plot.top), (plot.x(0), floor_)], "zero")
    plot.line([(plot.x(margin), plot.top), (plot.x(margin), floor_)], "margin")
    plot.words(plot.x(margin), plot.top - 8, f"margin: {points(margin, decided.metric)}", "middle", "name")


def _gap(plot: Plot, y: float, name: str, decided: Decision) -> None:
    """One candidate's line: name, difference with its interval, standing."""
    gap, metric, high, standing = decided.differences[name], decided.metric, plot.across[1], _standing(decided, name)
    plot.words(plot.left - 10, y + 4, _cut(name), "end", "name")
    plot.words(plot.width - plot.right + 10, y + 4, standing, "start", "name")
    if gap.low >= high:
        plot.words(plot.x(high) - 4, y + 4, f"{_behind(gap.value, metric)} →", "end", "name")
        return
    plot.whisker((plot.x(gap.low), y), (plot.x(min(gap.high, high)), y), "plain")
    told = f"{name}: {_behind(gap.value, metric)} ({_behind(gap.low, metric)} to {_behind(gap.high, metric)})"
    look = "plain open" if standing == STANDING["unsettled"] else "plain"
    plot.mark("circle", plot.x(min(gap.value, high)), y, look, told, 5)


def _mark(plot: Plot, row: CandidateRow, at: tuple[float, float], told: str, cheap: str) -> None:
    hollow = " open" if row.energy_provenance == "estimated" and cheap in ("kwh", "co2e") else ""
    look = f"f-{row.family}"
    if row.quality_low is not None and row.quality_high is not None:
        plot.whisker((at[0], plot.y(row.quality_low)), (at[0], plot.y(row.quality_high)), look)
    low, high = (row.kwh_low_per_1k, row.kwh_high_per_1k) if cheap == "kwh" else (None, None)
    if low and high and low < high:
        plot.whisker((plot.x(log10(low)), at[1]), (plot.x(log10(high)), at[1]), look)
    plot.mark(SYMBOLS.get(row.method, "hexagon"), *at, look + hollow, told)


def _names(
    plot: Plot, shown: Sequence[CandidateRow], spots: dict[str, tuple[float, float]], decided: Decision,
    on_front: set[str],
) -> None:  # fmt: skip
    winner, best = decided.winner, decided.best
    about = {row.candidate for row in (winner, best) if row}
    named = [row for row in shown if len(shown) < LABELLED or row.candidate in about | on_front]
    named.sort(key=lambda row: row.candidate not in about)
    words = [_cut(row.candidate) + RECOMMENDED if winner and row.candidate == winner.candidate
             else _cut(row.candidate) for row in named]  # fmt: skip

    def flipped(y: float) -> float:
        return plot.height - plot.bottom - y

    marks = []
    for row in named:
        x, y = spots[row.candidate]
        ends = [row.quality if end is None else end for end in (row.quality_low, row.quality_high)]
        marks.append((x - plot.left, flipped(y), flipped(plot.y(ends[0])), flipped(plot.y(ends[1]))))
    size = plot.width - plot.left - plot.right, plot.height - plot.top - plot.bottom
    anchors = {"left": "start", "right": "end", "center": "middle"}
    # What is bold and keeps off a ring takes more room.
    room = [text + " " * (4 + len(text) // 8) if text.endswith(RECOMMENDED) else text for text in words]
    for row, text, (across, up, right, above) in zip(named, words, place(marks, room, *size), strict=True):
        x, y = spots[row.candidate]
        ringed = winner is not None and row.candidate == winner.candidate
        clear = RING * (right > 0) - RING * (right < 0) if ringed else 0.0
        plot.words(x + right + clear, y - above + BASELINE[up], text, anchors[across], f"name{' strong' * ringed}")


def _legend(plot: Plot, shown: Sequence[CandidateRow]) -> None:
    """The families' colours, in a line below the axis title."""
    x, y = plot.left, plot.height - 10
    for family in dict.fromkeys(row.family for row in shown):
        name = FAMILIES.get(family, FAMILIES["baseline"])[0]
        plot.mark("circle", x + 5, y - 4, f"f-{family}", name, 5)
        plot.words(x + 15, y, name, "start", "tick")
        x += 38 + 7.0 * len(name)


def _costs(rows: Sequence[CandidateRow], field: str) -> dict[str, float | None]:
    return {row.candidate: getattr(row, field) if field else None for row in rows}


def _standing(decided: Decision, name: str) -> str:
    return STANDING["tied" if name in decided.tied else "unsettled" if name in decided.unsettled else "worse"]


def _stairs(spots: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    path = list(spots[:1])
    for x, y in spots[1:]:
        path += [(x, path[-1][1]), (x, y)]
    return path


def _quality(row: CandidateRow) -> str:
    return metric_quality(row.metric, row.quality, row.quality_low, row.quality_high)


def _quality_title(metric: str) -> str:
    name = metric_name(metric)
    unit = "−1 to 1" if metric == "mcc" else "0 to 100" if is_f1(metric) else "%"
    return f"{name[:-1]}, {unit})" if name.endswith(")") else f"{name} ({unit})"


def _quality_range(rows: Sequence[CandidateRow]) -> tuple[float, float]:
    low = min(row.quality if row.quality_low is None else row.quality_low for row in rows)
    high = max(row.quality if row.quality_high is None else row.quality_high for row in rows)
    room = max(0.08 * (high - low), 0.02)
    return low - room, min(high + room, 1.02)


def _quality_ticks(metric: str, span: tuple[float, float]) -> list[tuple[float, str]]:
    step = next((step for step in STEPS if (span[1] - span[0]) / step <= MOST_TICKS), STEPS[-1])
    ticks = [step * n for n in range(floor(span[0] / step), ceil(span[1] / step) + 1)]
    return [(tick, f"{tick:.2f}" if metric == "mcc" else f"{round(100 * tick, 1):g}") for tick in ticks if tick < 1.01]


def _gap_ticks(low: float, high: float, metric: str) -> list[tuple[float, str]]:
    step = next((step for step in STEPS if (high - low) / step <= MOST_TICKS), STEPS[-1])
    return [(step * n, _signed(step * n, metric)) for n in range(ceil(low / step), floor(high / step) + 1)]


def _signed(gap: float, metric: str) -> str:
    value = f"{gap:.2f}" if metric == "mcc" else f"{100 * gap:.1f}".removesuffix(".0")
    return value.replace("-", "−")


def _behind(gap: float, metric: str) -> str:
    return (f"{gap:.2f}" if metric == "mcc" else f"{100 * gap:.1f}").replace("-", "−")


def _cut(name: str, longest: int = 34) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"
