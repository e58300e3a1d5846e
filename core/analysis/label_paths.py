"""With a price per label: which way to a goal is the cheapest, and from which volume on buying labels pays."""

from collections.abc import Sequence

from pydantic import Field

from core.analysis.curve import Needed
from core.analysis.results import CandidateRow
from core.spec import Record


class Plan(Record):
    """What labels cost and how much will be answered."""

    usd_per_label: float = Field(ge=0, le=1000, allow_inf_nan=False)
    texts_a_month: float = Field(ge=1, le=1e10, allow_inf_nan=False)
    months: float = Field(default=12.0, gt=0, le=120, allow_inf_nan=False)

    @property
    def texts(self) -> float:
        """All texts that will be answered."""
        return self.texts_a_month * self.months


class Path(Record):
    """A way to the goal: buy labels, fit, serve. Money in USD over the whole time; None where a price is unknown."""

    candidate: str
    labels: int
    """To be bought; the ones that are here already cost nothing."""
    labels_low: int
    labels_high: int | None
    """The 95 % range; the upper end is None where the goal may not be reached at all."""
    label_usd: float
    fit_usd: float | None
    serving_usd: float | None
    usd: float | None
    usd_low: float | None
    usd_high: float | None
    pays_from: float | None = None
    """Texts a month from which on this way is cheaper than the candidate that needs no more labels; None: never."""


def path(row: CandidateRow, plan: Plan, needed: Needed | None, labels_here: int) -> Path:
    """The way of one candidate. `needed` is None for one that reaches the goal as it is.

    Raises:
        ValueError: the goal is not in reach, so there is no way.
    """
    if needed is not None and needed.texts is None:
        raise ValueError(f"{row.candidate} does not reach the goal")
    texts = labels_here if needed is None else needed.texts
    low = texts if needed is None else needed.low or texts
    high = texts if needed is None else needed.high
    more = [None if count is None else max(0, count - labels_here) for count in (texts, low, high)]
    serving = None if row.usd_per_1k is None else row.usd_per_1k * plan.texts / 1000
    fitting = _fit_usd(row, texts)
    ways = [_sum(None if count is None else count * plan.usd_per_label, fitting, serving) for count in more]
    return Path(
        candidate=row.candidate, labels=more[0] or 0, labels_low=more[1] or 0, labels_high=more[2],
        label_usd=(more[0] or 0) * plan.usd_per_label, fit_usd=fitting, serving_usd=serving, usd=ways[0],
        usd_low=ways[1], usd_high=ways[2],
    )  # fmt: skip


def cheapest_first(paths: Sequence[Path], plan: Plan, target: str) -> list[Path]:
    """The ways, the cheapest first and those with an unknown price last, each with where it beats the `target`'s."""
    against = next((one for one in paths if one.candidate == target), None)
    told = [one if against is None or one is against else _with_crossing(one, against, plan) for one in paths]
    return sorted(told, key=lambda one: (one.usd is None, one.usd or 0.0, one.candidate))


def _with_crossing(one: Path, target: Path, plan: Plan) -> Path:
    """The volume at which both cost the same: what is paid once, spread over what each text saves."""
    once = [_sum(path.label_usd, path.fit_usd) for path in (one, target)]
    each = [None if path.serving_usd is None else path.serving_usd / plan.texts for path in (one, target)]
    if None in once or None in each:
        return one
    more, saved = once[0] - once[1], each[1] - each[0]  # type: ignore[operator]
    crossing = 0.0 if more <= 0 <= saved else more / saved / plan.months if saved > 0 else None
    return one.model_copy(update={"pays_from": crossing})


def _fit_usd(row: CandidateRow, texts: int | None) -> float | None:
    """Fitting takes time in proportion to the training texts; more than were tried cost accordingly more."""
    if row.fit_usd is None or texts is None or not row.train_size:
        return row.fit_usd
    return row.fit_usd * max(1.0, texts / row.train_size)


def _sum(*parts: float | None) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None
