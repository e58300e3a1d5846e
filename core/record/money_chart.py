"""The chart of a month's money: the recommended candidate beside what is paid by the token, by monthly volume."""

from collections.abc import Sequence
from math import log10

from core import format as f
from core.analysis.breakeven import BreakEven, CostLine, cost_line, texts
from core.analysis.scenario import HOURS_A_MONTH
from core.charting.scales import log_range, log_ticks
from core.record.parts import DecisionRecord
from core.record.svg import Plot

WIDTH, HEIGHT = 760.0, 380.0
POINTS = 60
LEAST, MOST = 3.0, 8.0
"""Powers of ten that the volumes span, at least."""
LOOKS = {"paid by the token": "dotted", "rented while it works": "", "rented all month": "dashed"}


def break_even(record: DecisionRecord) -> str:
    """USD a month by texts a month; empty where the recommended one's costs are unknown or it is paid by the token."""
    found, winner = record.costs, record.decision.winner
    if found is None or winner is None:
        return ""
    met = next((one for one in found.break_evens if one.candidate == winner.candidate), None)
    working, always = cost_line(winner, found.scenario), cost_line(winner, found.scenario, HOURS_A_MONTH)
    if met is None or working is None or always is None:
        return ""
    lines = {"rented while it works": working, "rented all month": always}
    low, high = _reach(met, found.scenario.volume)
    volumes = [10 ** (low + (high - low) * step / POINTS) for step in range(POINTS + 1)]
    reference = found.reference.line
    bills = [usd for line in (reference, *lines.values()) for volume in volumes if (usd := line.usd(volume)) > 0]
    plot = Plot(WIDTH, HEIGHT, (low, high), log_range(bills), left=72, right=40, top=24, bottom=98)
    _axes(plot, volumes, bills)
    drawn = {"paid by the token": (reference, "f-api"), **{name: (line, f"f-{winner.family}")
                                                           for name, line in lines.items()}}  # fmt: skip
    for place, (name, (line, look)) in enumerate(drawn.items()):
        _line(plot, line, volumes, look, LOOKS[name])
        told = found.reference.name if name == "paid by the token" else f"{winner.candidate}, {name}"
        _key(plot, place, told, look, LOOKS[name])
    for one, line in ((met.working, working), (met.always_on, always)):
        if one.volume and 10**low <= one.volume <= 10**high:
            _crossing(plot, one.volume, line)
    at = plot.x(log10(found.scenario.volume))
    plot.line([(at, plot.top), (at, plot.height - plot.bottom)], "margin")
    plot.words(at, plot.top - 8, f"{texts(found.scenario.volume)} texts", "middle", "name")
    return plot.drawn(f"Cost a month by texts a month. {found.sentence}")


def _reach(met: BreakEven, volume: float) -> tuple[float, float]:
    at = [one.volume for one in (met.working, met.always_on) if one.volume and one.volume >= 1000]
    return min(LEAST, log10(volume)), min(max(MOST, *(log10(3 * one) for one in (*at, volume))), 11.0)


def _axes(plot: Plot, volumes: Sequence[float], bills: Sequence[float]) -> None:
    across, told = log_ticks(volumes, lambda value: texts(value or 0.0))
    up, money = log_ticks(bills, f.exact_usd)
    plot.axes(
        [(log10(tick), text) for tick, text in zip(across, told, strict=True)],
        [(log10(tick), text) for tick, text in zip(up, money, strict=True)], "Texts a month (log scale)",
        "USD a month (log scale)",
    )  # fmt: skip


def _line(plot: Plot, line: CostLine, volumes: Sequence[float], look: str, dash: str) -> None:
    """A line with the band within which it is trusted; what costs nothing has no place on a log scale."""

    def path(one: CostLine) -> list[tuple[float, float]]:
        spots = [(volume, usd) for volume in volumes if (usd := one.usd(volume)) > 0]
        return [(plot.x(log10(volume)), plot.y(max(plot.up[0], log10(usd)))) for volume, usd in spots]

    if line.low < line.high:
        plot.area([*path(line.times(line.high)), *reversed(path(line.times(line.low)))], f"band {look}")
    plot.line(path(line), f"cost {look} {dash}")


def _crossing(plot: Plot, volume: float, line: CostLine) -> None:
    x, y = plot.x(log10(volume)), plot.y(log10(line.usd(volume)))
    plot.mark("diamond", x, y, "plain", f"cheaper from {texts(volume)} texts a month on", 5)
    plot.words(x + 10, y + 16, texts(volume), "start", "name")


def _key(plot: Plot, place: int, text: str, look: str, dash: str) -> None:
    y = plot.height - 42 + 16 * place
    plot.line([(plot.left, y), (plot.left + 28, y)], f"cost {look} {dash}")
    plot.words(plot.left + 36, y + 4, text, "start", "tick")
