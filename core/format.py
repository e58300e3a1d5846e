"""Numbers as people read them: units always, no more digits than mean something, "unknown" instead of a zero.

Pages and the command line both use these.
"""

from math import floor, isfinite, log10

UNKNOWN = "unknown"


def significant(value: float, digits: int = 2) -> str:
    """`value` with `digits` significant digits, never in exponent form.

    >>> significant(0.0021437), significant(1234.5), significant(9.96)
    ('0.0021', '1,200', '10')
    """
    if value == 0 or not isfinite(value):
        return "0" if value == 0 else "∞"
    places = digits - 1 - floor(log10(abs(value)))
    rounded = round(value, places)
    if rounded and floor(log10(abs(rounded))) > floor(log10(abs(value))):
        places -= 1
    return f"{rounded:,.{max(places, 0)}f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage: `94.6 %`."""
    return UNKNOWN if share is None else f"{100 * share:.{digits}f} %"


def chance(share: float | None) -> str:
    """A probability: `63 %`; what is nearly sure is not told as sure."""
    if share is None:
        return UNKNOWN
    return "<1 %" if 0 <= share < 0.005 else ">99 %" if share > 0.995 else f"{100 * share:.0f} %"


def p_value(value: float | None) -> str:
    """How likely chance alone makes such a difference: `0.033`, `<0.001`."""
    if value is None:
        return UNKNOWN
    return "<0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def places(half: float) -> int:
    """Decimals that half the width of an interval allows: further ones would only be noise.

    >>> places(12.3), places(2.0), places(0.4), places(0.03)
    (0, 1, 1, 2)
    """
    if half >= 9.95 or not isfinite(half):
        return 0
    return 1 if half >= 0.095 or half <= 0 else -floor(log10(half))


def quality(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A quality with half the width of its 95 % interval: `94.6 % ± 2.0`."""
    if value is None or low is None or high is None:
        return percent(value)
    half = 50 * (high - low)
    return f"{percent(value, places(half))} ± {half:.{places(half)}f}"


def interval(low: float | None, high: float | None) -> str:
    """A 95 % interval of a share: `92.3 – 96.3 %`."""
    return UNKNOWN if low is None or high is None else f"{100 * low:.1f} – {100 * high:.1f} %"


def usd(value: float | None) -> str:
    """Money: `$0.0021`, `$12.35`, `$1,200`; what nobody would bill is `<$0.0001`."""
    if value is None:
        return UNKNOWN
    if 0 < value < 0.0001:
        return "<$0.0001"
    return f"${value:,.2f}" if 1 <= value < 1000 else f"${significant(value)}"


def exact_usd(value: float | None) -> str:
    """Money to two digits however little it is, for axes and ratios: `$0.000013`."""
    return UNKNOWN if value is None else f"${significant(value)}"


def energy(kwh: float | None) -> str:
    """Energy in the unit that reads best: `1.3 Wh`, `4.2 mWh`, `3.1 kWh`."""
    return UNKNOWN if kwh is None else _scaled(kwh * 1000, (("kWh", 1000.0), ("Wh", 1.0), ("mWh", 1e-3), ("µWh", 1e-6)))


def energy_range(kwh: float | None, low: float | None, high: float | None) -> str:
    """Energy with its range where it is known as one: `1.3 Wh (0.4 Wh – 2.1 Wh)`."""
    return (
        energy(kwh) if low is None or high is None or low == high else f"{energy(kwh)} ({energy(low)} – {energy(high)})"
    )


def co2e(kilograms: float | None) -> str:
    """Greenhouse gas: `0.5 g CO₂e`."""
    if kilograms is None:
        return UNKNOWN
    return _scaled(kilograms * 1000, (("kg", 1000.0), ("g", 1.0), ("mg", 1e-3), ("µg", 1e-6))) + " CO₂e"


def memory(size: float | None) -> str:
    """Bytes: `1.2 GiB`, `310 MiB`."""
    if size is None:
        return UNKNOWN
    return _scaled(float(size), (("GiB", 1024.0**3), ("MiB", 1024.0**2), ("KiB", 1024.0), ("B", 1.0)), digits=3)


def milliseconds(value: float | None) -> str:
    """A latency: `12 ms`, `0.4 ms`, `1.3 s`."""
    return UNKNOWN if value is None else _scaled(value, (("s", 1000.0), ("ms", 1.0), ("µs", 1e-3)))


def duration(seconds: float | None) -> str:
    """A stretch of time: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds is None:
        return UNKNOWN
    if seconds < 10:
        return f"{significant(max(seconds, 0.0))} s"
    whole = round(seconds)
    for size, name, smaller, smaller_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{whole} s"


def number(value: float | None) -> str:
    """A count or rate: `12`, `1,234`, `0.52`."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else significant(value)


def shorten(text: str, longest: int = 80) -> str:
    """The start of a text on one line."""
    flat = " ".join(text[: longest * 4].split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def _scaled(value: float, units: tuple[tuple[str, float], ...], digits: int = 2) -> str:
    for name, size in units:
        if abs(value) >= size:
            return f"{significant(value / size, digits)} {name}"
    name, size = units[-1]
    return f"{significant(value / size, digits)} {name}"
