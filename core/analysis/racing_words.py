"""Why a candidate was dropped from a race, or stays, in a sentence."""

from collections.abc import Mapping
from typing import Protocol


class Judged(Protocol):
    """What is told of a candidate (`core.analysis.racing.Verdict`)."""

    @property
    def chance(self) -> float: ...  # noqa: D102
    @property
    def now(self) -> float: ...  # noqa: D102
    @property
    def final(self) -> float: ...  # noqa: D102
    @property
    def final_high(self) -> float: ...  # noqa: D102
    @property
    def drop(self) -> bool: ...  # noqa: D102


def why(
    name: str, one: Judged, texts: int | None, all_texts: int, stay: Mapping[str, Judged], cheaper: set[str] | None,
    top: float,
) -> str:  # fmt: skip
    """Why `name` is dropped or stays: `stay` are those that stay, `cheaper` those that cost no more, for the front."""
    if not one.drop:
        return _stays(one, len(stay), cheaper is not None)
    rivals = {other: found for other, found in stay.items() if cheaper is None or other in cheaper} or stay
    best = max(rivals, key=lambda other: rivals[other].final)
    if one.final_high >= rivals[best].final and one.final >= rivals[best].final - 0.02 * top:
        return f"{name} and {best}{_cost(cheaper)} are so much alike that one of them will do."
    chance = "" if one.final_high < rivals[best].final else f" Chance to be the better one: {_chance(one)}."
    return f"{_able(one, texts, all_texts, top)}; {_told(best, rivals[best], cheaper, top)}.{chance}"


def _able(one: Judged, texts: int | None, all_texts: int, top: float) -> str:
    """The most that it may come to."""
    most, now, final = (shown(value, top) for value in (one.final_high, one.now, one.final))
    if texts is None:
        return f"It is not trained, so more texts do not make it better: it is at {now} and hardly above {most}"
    if texts >= all_texts:
        return f"It has seen all texts: it is at {now} and hardly above {most}"
    return f"With all texts it should reach {final}, hardly more than {most} ({now} now)"


def _told(best: str, found: Judged, cheaper: set[str] | None, top: float) -> str:
    now, final = shown(found.now, top), shown(found.final, top)
    return f"{best}{_cost(cheaper)} is at {now} already" + (
        f" and should reach {final}" if found.final > found.now else ""
    )


def _cost(cheaper: set[str] | None) -> str:
    return "" if cheaper is None else ", which costs no more,"


def _stays(one: Judged, stay: int, front: bool) -> str:
    if stay == 1:
        return "It is the only one that is left."
    what = "be the best for what it costs" if front else "be the best"
    return f"It may still {what}: a chance of {_chance(one)}."


def _chance(one: Judged) -> str:
    return "less than 1 %" if one.chance < 0.01 else f"{100 * one.chance:.0f} %"


def shown(value: float, top: float) -> str:
    """A value of the metric: a percentage where 1 is all, else the bare figure."""
    return f"{100 * value:.0f} %" if top == 1.0 else f"{value:.3g}"
