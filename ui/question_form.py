"""The three questions of a decision: what matters, what limits, how much difference matters; they live in the URL."""

import streamlit as st

from core.analysis.cheapness import MEASURES
from core.analysis.decision import Question
from core.analysis.limits import Limits
from core.analysis.scenario import Scenario
from core.data.dataset import DatasetInfo
from core.tasks import ranking_metrics
from ui.metrics import metric_name
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
    "max_usd_per_1k": ("Most USD per 1,000 texts", "%g"),
    "max_p95_ms": ("Most ms for one text", "%g"),
    "max_memory_gb": ("Most memory (GiB)", "%g"),
}


def ask_question(info: DatasetInfo, scenario: Scenario) -> Question:
    """The form of the three questions, and the question that it asks."""
    first, second, third = st.columns(3, gap="medium")
    with first, st.container(border=True, height="stretch", gap="small"):
        st.markdown("**What matters?**")
        metrics = ranking_metrics(info.task)
        metric = choose("Quality", list(metrics), "metric", named=metric_name, help="\n\n".join(
            f"**{metric_name(name)}**: {meaning}" for name, meaning in metrics.items()))  # fmt: skip
        cheap = choose("and little", list(CHEAP), "cheap", named=lambda key: MEASURES[key].name)
        if cheap == "total":
            volume_slider(scenario)
    with second, st.container(border=True, height="stretch", gap="small"):
        st.markdown("**What limits?**")
        limits = _limits()
    with third, st.container(border=True, height="stretch", gap="small"):
        st.markdown("**How much difference matters?**")
        margin = choose(
            "Differences that matter: above", list(MARGINS), "margin", "0.01", named=lambda m: MARGINS[m],
            help="A candidate that is worse than the best by no more than this counts as as good.",
        )  # fmt: skip
        rule = choose(
            "A cheaper one is taken if", list(RULES), "rule", Question().rule, named=lambda name: RULES[name],
            help="Shown: the 95 % interval of its difference to the best ends within the margin. "
            "Nothing shows: the interval holds zero.",
        )  # fmt: skip
    volume = scenario.volume if cheap == "total" else None
    return Question(metric=metric, cheap=cheap, margin=float(margin), rule=rule, volume=volume, limits=limits)  # type: ignore[arg-type]


def _limits() -> Limits:
    given = {name: _number(name, label, shown) for name, (label, shown) in LIMITS.items()}
    with st.container(horizontal=True, gap="medium"):
        offline = _tick("offline", "Must run offline", "It answers without any network, so nothing behind an API.")
        in_house = _tick("in_house", "No text leaves the house", "It runs here, or at a server of a private network.")
    return Limits(offline=offline, in_house=in_house, **given)


def _number(key: str, label: str, shown: str) -> float | None:
    """A limit above 0, or none; what the URL holds that is no such number is none."""
    asked = st.query_params.get(key, st.session_state.get(f"kept.{key}"))
    try:
        value = float(asked) if asked is not None else None
    except (TypeError, ValueError):
        value = None
    st.session_state[key] = value if value is not None and 0 < value <= 1e6 else None
    found: float | None = st.number_input(
        label, min_value=1e-9, max_value=1e6, value=None, format=shown, step=1.0, placeholder="no limit", key=key,
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
