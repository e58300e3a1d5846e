"""From which monthly volume on does a model of one's own cost less than paying a provider by the token?

A month costs `labels + training + max(serving, device kept on)`: a line with at most one kink, so where two of them
cross is computed exactly. The band is that crossing under the doubt about rent, speed and the provider's tokens.
"""

from collections.abc import Sequence

from core import format as f
from core.analysis.results import CandidateRow
from core.analysis.scenario import HOURS_A_MONTH, Scenario, beside_rent, kept_on_usd, labels_usd, monthly_usd
from core.spec import Record

FEW = 1000
"""Up to so many texts a month a break-even is told as the first thousand: nobody decides by ten texts."""


class CostLine(Record):
    """USD a month of a candidate by thousands of texts.

    `serving` is per 1,000 texts with all that it takes; `kept_on` is the least that the device costs a month, to which
    `beside` per 1,000 texts comes: electricity that is billed apart, a provider's tokens. `low` and `high` are the
    factors within which serving and training are trusted; labels are counted as they stand.
    """

    name: str
    serving: float
    kept_on: float = 0.0
    beside: float = 0.0
    training: float = 0.0
    labels: float = 0.0
    low: float = 1.0
    high: float = 1.0

    def usd(self, volume: float) -> float:
        """USD a month at `volume` texts."""
        thousands = volume / 1000
        served = max(thousands * self.serving, self.kept_on + thousands * self.beside)
        return self.labels + self.training + served

    def times(self, factor: float) -> "CostLine":
        """The line where serving and training cost `factor` times as much."""
        scaled = {name: factor * getattr(self, name) for name in ("serving", "kept_on", "beside", "training")}
        return self.model_copy(update=scaled)

    @property
    def kink(self) -> float:
        """The volume from which on the device works longer than it is kept on; 0 where it never waits."""
        above = self.serving - self.beside
        return 1000 * self.kept_on / above if self.kept_on > 0 and above > 0 else 0.0


class Crossing(Record):
    """From which monthly volume on one line stays below another: 0 always, None never.

    `low` and `high` are the same under the kindest and the harshest figures that are trusted.
    """

    volume: float | None
    low: float | None
    high: float | None


class BreakEven(Record):
    """When a candidate of one's own gets cheaper than the reference, its device rented in two ways."""

    candidate: str
    reference: str
    working: Crossing
    """Its device is rented while it works (and for the scenario's `hours_on` at least)."""
    always_on: Crossing
    """Its device is rented all month."""


def cost_line(row: CandidateRow, scenario: Scenario, hours_on: float | None = None) -> CostLine | None:
    """The monthly cost of a candidate by volume; None where a figure that it needs is unknown.

    `row` was made under `scenario`; `hours_on` replaces the scenario's. Rent and speed of a device of ours are trusted
    within the scenario's `doubt`, a provider's bill of stored tokens as it is.
    """
    kept = scenario if hours_on is None else scenario.model_copy(update={"hours_on": hours_on})
    money = monthly_usd(row, kept)
    if money is None or row.usd_per_1k is None:
        return None
    doubt = 1.0 if row.device_seconds_per_1k is None else scenario.doubt
    return CostLine(
        name=row.candidate, serving=row.usd_per_1k, kept_on=kept_on_usd(row, kept), beside=beside_rent(row, kept),
        training=money.training, labels=labels_usd(row, kept), low=1 / doubt, high=doubt,
    )  # fmt: skip


def cheaper_from(own: CostLine, other: CostLine) -> float | None:
    """The least monthly volume from which on `own` never costs more than `other`; 0 always, None never.

    Both are piecewise linear: between two kinks their difference has at most one root.
    """
    edges = sorted({0.0, own.kink, other.kink})
    gap = lambda volume: own.usd(volume) - other.usd(volume)  # noqa: E731
    last = edges[-1]
    slope = (own.serving - other.serving) / 1000
    if slope > 0 or (slope == 0 and gap(last) > 0):
        return None
    if gap(last) > 0:
        return last - gap(last) / slope
    for left, right in zip(reversed(edges[:-1]), reversed(edges[1:]), strict=True):
        if (above := gap(left)) > 0:
            return left + (right - left) * above / (above - gap(right))
    return 0.0


def crossing(own: CostLine, other: CostLine) -> Crossing:
    """Where `own` gets cheaper than `other`, with its band."""
    return Crossing(
        volume=cheaper_from(own, other),
        low=cheaper_from(own.times(own.low), other.times(other.high)),
        high=cheaper_from(own.times(own.high), other.times(other.low)),
    )


def break_evens(rows: Sequence[CandidateRow], reference: CostLine, scenario: Scenario) -> list[BreakEven]:
    """Of each candidate that runs on a device of ours and whose costs are known: when it gets cheaper."""
    found = []
    for row in rows:
        working = cost_line(row, scenario) if row.device_seconds_per_1k is not None else None
        always = cost_line(row, scenario, HOURS_A_MONTH)
        if working is None or always is None or row.candidate == reference.name:
            continue
        found.append(
            BreakEven(
                candidate=row.candidate, reference=reference.name, working=crossing(working, reference),
                always_on=crossing(always, reference),
            )
        )  # fmt: skip
    return found


def from_volume(found: Crossing) -> str:
    """When it gets cheaper, in words that end a sentence: `from about 3.2 million texts a month on (1.6 million – …)`.

    In brackets stand the volumes with the kindest and the harshest figures that are trusted.
    """
    if found.volume == 0 and found.high == 0:
        return "at any volume"
    if found.high is not None and found.high <= FEW:
        return "from the first thousand texts a month on"
    low = "never" if found.low is None else "always" if found.low == 0 else texts(found.low)
    high = "never" if found.high is None else texts(found.high)
    if found.volume is None:
        return "at no volume" if found.low is None else f"at no volume ({low} with the kindest figures)"
    start = "at any volume" if found.volume == 0 else f"from about {texts(found.volume)} texts a month on"
    return f"{start} ({low} – {high})"


def sentence(found: BreakEven) -> str:
    """A break-even in one or two sentences."""
    start = f"{found.candidate} costs less than {found.reference}"
    if found.working == found.always_on:
        return f"{start} {from_volume(found.always_on)}."
    return (
        f"{start} {from_volume(found.working)} where its device is rented only while it works, and "
        f"{from_volume(found.always_on)} where it is rented all month."
    )


def texts(volume: float) -> str:
    """A monthly volume as people say it: `3.2 million`, `450,000`."""
    if volume >= 1e9:
        return f"{f.significant(volume / 1e9)} billion"
    return f"{f.significant(volume / 1e6)} million" if volume >= 1e6 else f.significant(volume)
