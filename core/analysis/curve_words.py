"""Learning curves in sentences."""

from collections.abc import Sequence

from core.analysis.curve import REACH, Curve, Needed
from core.analysis.label_paths import Path, Plan
from core.format import number, usd
from core.metric_words import is_f1, is_share, metric_points, metric_range, metric_show


def goal_words(metric: str, goal: float, target: str, margin: float) -> str:
    """What is to be reached: `within 1 point of minilm-full`, or the bare figure."""
    if not target:
        return f"at {metric_show(metric)(goal)}"
    if not margin:
        return f"as good as {target}"
    width = metric_points(metric, margin).removeprefix("+").removesuffix(" points").removesuffix(".0")
    unit = "" if not (is_share(metric) or is_f1(metric)) else " point" if width == "1" else " points"
    return f"within {width}{unit} of {target}"


def labels_range(found: Needed) -> str:
    """The range of labels: `1,600 to 5,900`, or what it can be told to be at least."""
    low = "more than can be told" if found.low is None else number(found.low)
    return f"at least {low}" if found.high is None else f"{low} to {number(found.high)}"


def labels_sentence(name: str, curve: Curve, metric: str, goal: float, words: str, found: Needed, here: int) -> str:
    """How many labels take a candidate to the goal, or why none do."""
    if found.texts is not None and found.texts <= here:
        return (
            f"{name} is {words} from about {number(found.texts)} labels on ({labels_range(found)}); {here:,} are here."
        )
    if found.texts is not None:
        return (
            f"{name} needs about {number(found.texts)} labels ({labels_range(found)}) to be {words}: "
            f"{number(found.texts - here)} more than the {here:,} that are here."
        )
    ceiling = curve.ceiling()
    if ceiling[2] < goal:
        show = metric_show(metric)
        return (
            f"Not in reach: {name} levels off at {show(ceiling[0])} ({show(ceiling[1])} to {show(ceiling[2])}), so no "
            f"number of labels makes it {words}."
        )
    return (
        f"Not in reach: {name} would take more than {number(REACH * curve.largest)} labels to be {words}, beyond what "
        "can be told from the sizes that were tried."
    )


def doubling_sentence(name: str, curve: Curve, metric: str, here: int) -> str:
    """What twice the labels would bring."""
    gain = curve.gain(here, 2 * here)
    if gain[1] <= 0:
        return f"Twice the {here:,} labels may change little for {name}: {metric_range(metric, gain)}."
    return f"Twice the {here:,} labels would add {metric_range(metric, gain).replace('+', '')} for {name}."


def path_sentence(paths: Sequence[Path], plan: Plan) -> str:
    """Which way is the cheapest, of those whose cost is known."""
    known = [path for path in paths if path.usd is not None]
    if not known:
        return "Which way is the cheapest cannot be told: no way has a known cost."
    best = known[0]
    how = f"buy {best.labels:,} labels for {best.candidate}" if best.labels else f"take {best.candidate} as it is"
    months = f"{plan.months:g} months" if plan.months != 1 else "a month"
    said = f"Cheapest way over {months} at {plan.texts_a_month:,.0f} texts a month: {how}, {usd(best.usd)} in all"
    after = f"; next {known[1].candidate} with {usd(known[1].usd)}." if len(known) > 1 else "."
    unknown = [path.candidate for path in paths if path.usd is None]
    return said + after + (f" Cost unknown: {', '.join(unknown)}." if unknown else "")
