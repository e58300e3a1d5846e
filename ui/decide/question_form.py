"""The three questions of a decision: what matters, what limits, how much difference matters; they live in the URL."""

import streamlit as st

from core import format as f
from core.analysis.cheapness import MEASURES
from core.analysis.decision import Question
from core.analysis.limits import Limits
from core.analysis.scenario import Scenario
from core.data.dataset import DatasetInfo
from core.tasks import ranking_metrics
from ui.metrics import in_sentence, metric_name
from ui.session import choose, from_url, to_url
from ui.what_if import volume_slider

CHEAP = ("usd", "kwh", "latency", "total")
MARGINS = {"0": "any", "0.005": "0.5 points", "0.01": "1 point", "0.02": "2 points", "0.03": "3 points",
           "0.05": "5 points", "0.1": "10 points"}  # fmt: skip
RULES = {
    "proven": "it is shown to be as good",
    "plausible": "nothing shows that it is worse",
}
LIMITS = {
    "max_usd_per_1k": "Most USD per 1,000 texts",
    "max_p95_ms": "Most milliseconds for one text, in 95 of 100 cases",
    "max_memory_gb": "Most memory while answering (GiB)",
}
DEFAULT, MOST = "0.01", 1e6


def ask_question(info: DatasetInfo, scenario: Scenario) -> Question:
    """The three questions as buttons that say what is asked and open to change it; the question that they ask."""
    asked = _asked(scenario)
    with st.container(horizontal=True, gap="small"):
        with st.popover(f"What matters: {_matters(info, asked)}", icon=":material/target:", width="content"):
            metrics = ranking_metrics(info.task)
            metric = choose("Quality", list(metrics), "metric", named=metric_name, help="\n\n".join(
                f"**{metric_name(name)}**: {meaning}" for name, meaning in metrics.items()))  # fmt: skip
            cheap = choose("and little", list(CHEAP), "cheap", named=lambda key: MEASURES[key].name)
            if cheap == "total":
                volume_slider(scenario)
        with st.popover(f"What limits: {_limited(asked.limits)}", icon=":material/filter_alt:", width="content"):
            limits = _limits()
        told = lambda margin: _told(margin, metric)  # noqa: E731
        difference = f"How much difference matters: above {told(_margin())}"
        with st.popover(difference, icon=":material/straighten:", width="content"):
            margin = choose(
                "Differences that matter: above", list(MARGINS), "margin", DEFAULT, named=told,
                help="A candidate that is worse than the best by no more than this counts as as good.",
            )  # fmt: skip
            rule = choose(
                "A cheaper one is taken if", list(RULES), "rule", Question().rule, named=lambda name: RULES[name],
                help="Shown: the 95 % interval of its difference to the best ends within the margin. "
                "Nothing shows: the interval holds zero.",
            )  # fmt: skip
    volume = scenario.volume if cheap == "total" else None
    return Question(metric=metric, cheap=cheap, margin=float(margin), rule=rule, volume=volume, limits=limits)  # type: ignore[arg-type]


def _asked(scenario: Scenario) -> Question:
    """The question as the URL or an earlier page has it, before the widgets are drawn: for the words on the buttons."""
    cheap = _value("cheap") if _value("cheap") in CHEAP else "usd"
    limits = Limits(**{name: _limit(name) for name in LIMITS}, offline=_value("offline") == "yes",
                    in_house=_value("in_house") == "yes")  # fmt: skip
    volume = scenario.volume if cheap == "total" else None
    return Question(metric=_value("metric"), cheap=cheap, volume=volume, limits=limits)  # type: ignore[arg-type]


def _matters(info: DatasetInfo, asked: Question) -> str:
    metrics = ranking_metrics(info.task)
    metric = asked.metric if asked.metric in metrics else next(iter(metrics))
    volume = f" at {f.number(asked.volume)} texts" if asked.volume else ""
    return f"{in_sentence(metric_name(metric))}, little {in_sentence(MEASURES[asked.cheap].short)}{volume}"


def _limited(limits: Limits) -> str:
    told = [
        *([f"{f.exact_usd(limits.max_usd_per_1k)} per 1,000"] if limits.max_usd_per_1k is not None else []),
        *([f.milliseconds(limits.max_p95_ms)] if limits.max_p95_ms is not None else []),
        *([f"{limits.max_memory_gb:g} GiB"] if limits.max_memory_gb is not None else []),
        *(["offline"] if limits.offline else []),
        *(["in-house"] if limits.in_house else []),
    ]
    return ", ".join(told) or "nothing"


def _margin() -> str:
    return margin if (margin := _value("margin")) in MARGINS else DEFAULT


def _told(margin: str, metric: str) -> str:
    """A margin in the metric's unit."""
    return MARGINS[margin] if metric != "mcc" or float(margin) == 0 else margin


def _value(key: str) -> str | None:
    value = st.query_params.get(key, st.session_state.get(f"kept.{key}"))
    return None if value is None else str(value)


def _limit(key: str) -> float | None:
    """A limit above 0, or none; what the URL holds that is no such number is none."""
    try:
        value = float(_value(key) or "")
    except ValueError:
        return None
    return value if 0 < value <= MOST else None


def _limits() -> Limits:
    given = {name: _number(name, label) for name, label in LIMITS.items()}
    with st.container(horizontal=True, gap="medium"):
        offline = _tick("offline", "Must run offline", "It answers without any network, so nothing behind an API.")
        in_house = _tick("in_house", "No text leaves the house", "It runs here, or at a server of a private network.")
    return Limits(offline=offline, in_house=in_house, **given)


def _number(key: str, label: str) -> float | None:
    st.session_state[key] = _limit(key)
    found: float | None = st.number_input(
        label, min_value=1e-9, max_value=MOST, value=None, format="%g", step=1.0, placeholder="no limit", key=key,
        on_change=to_url, args=(key,),
    )  # fmt: skip
    return found


def _tick(key: str, label: str, help: str) -> bool:
    """A wish; it stands in the URL as `yes`."""
    st.session_state[f"tick.{key}"] = from_url(key, ["", "yes"], "") == "yes"

    def kept() -> None:
        st.session_state[key] = "yes" if st.session_state[f"tick.{key}"] else None
        to_url(key)

    return st.checkbox(label, key=f"tick.{key}", on_change=kept, help=help)


def as_options(question: Question, primary: str) -> str:
    """The question as options of `recommend`."""
    plain, parts = Question(), []
    for name in ("cheap", "rule", "margin"):
        if getattr(question, name) != getattr(plain, name):
            parts.append(f"--{name} {getattr(question, name)}")
    if question.metric not in (None, primary):
        parts.append(f"--metric {question.metric}")
    if question.volume is not None:
        parts.append(f"--volume {question.volume:g}")
    for name in LIMITS:
        if (value := getattr(question.limits, name)) is not None:
            parts.append(f"--{name.replace('_', '-')} {value:g}")
    parts += [f"--{name.replace('_', '-')}" for name in ("offline", "in_house") if getattr(question.limits, name)]
    return "".join(f" {part}" for part in parts)
