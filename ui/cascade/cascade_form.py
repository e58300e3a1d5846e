"""What a cascade is asked for: its stages, what should be little, a person, what mistakes cost. It lives in the URL."""

import shlex
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import format as f
from core.analysis.cheapness import MEASURES
from core.analysis.results import CandidateRow
from core.data.dataset import DatasetInfo
from core.findings.cascade_answers import Mistakes
from core.findings.cascades import CHEAP, MOST_STAGES, CascadeCheap, CascadeQuestion
from ui.decide.question_form import DEFAULT, MARGINS
from ui.session import choose, choose_many, to_url

MOST_LABELS = 12
"""From this many labels on each mistake costs the same here; the command line reads a whole table."""
MOST_USD = 1e6


def ask_cascade(
    info: DatasetInfo, rows: Sequence[CandidateRow], suggested: Sequence[str], cheap: CascadeCheap
) -> CascadeQuestion:  # fmt: skip
    """The question as the visitor puts it."""
    names = [row.candidate for row in rows if row.method != "cascade"]
    stages = choose_many(
        "Asked in this order, until one is sure", names, "stages", suggested, MOST_STAGES,
        help="From the cheapest to the strongest. The last one answers whatever comes to it.",
    )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        with st.popover("As good means", icon=":material/straighten:", width="content"):
            margin = choose(
                "Not worse than the strongest stage alone by more than", list(MARGINS), "margin", DEFAULT,
                named=lambda key: MARGINS[key].replace("any", "nothing at all"),
            )  # fmt: skip
        person = _usd("person")
        told = f"{f.usd(person)} a review" if person else "nobody"
        with st.popover(f"Else a person: {told}", icon=":material/person:", width="content"):
            person = _number("person", "What a review costs (USD)", "no person is asked",
                             "A person answers what no candidate is sure of, and is taken to be right.")  # fmt: skip
        price = _usd("mistake")
        with st.popover(f"A wrong answer costs: {f.usd(price) if price else 'not said'}",
                        icon=":material/error_outline:", width="content"):  # fmt: skip
            mistakes = _mistakes(info)
        thresholds = _thresholds(stages if person else stages[:-1])
    return CascadeQuestion(
        stages=tuple(stages), cheap=cheap, margin=float(margin), person_usd=person, mistakes=mistakes,
        thresholds=thresholds,
    )  # fmt: skip


def cheap_choice() -> CascadeCheap:
    """What should be little, beside the dataset."""
    return choose("Against", list(CHEAP), "little", named=lambda key: MEASURES[key].name)  # type: ignore[return-value]


def _usd(key: str) -> float | None:
    """An amount from the URL or an earlier page; what is none, or out of bounds, is not there."""
    try:
        value = float(st.query_params.get(key) or st.session_state.get(f"kept.{key}") or "")
    except ValueError:
        return None
    return value if 0 < value <= MOST_USD else None


def _number(key: str, label: str, none: str, help: str) -> float | None:
    st.session_state[key] = _usd(key)
    found: float | None = st.number_input(
        label, min_value=1e-6, max_value=MOST_USD, value=None, format="%g", step=0.1, placeholder=none, key=key,
        on_change=to_url, args=(key,), help=help,
    )  # fmt: skip
    return found


def _thresholds(stages: Sequence[str]) -> tuple[float, ...] | None:
    """How sure each stage must be, where the visitor says so for all of them; None: validation chooses."""
    keys = [f"sure{place}" for place in range(len(stages))]
    given = [_usd(key) for key in keys]
    told = "given" if stages and None not in given else "chosen on validation"
    with st.popover(f"Thresholds: {told}", icon=":material/tune:", width="content"):
        st.caption("How sure a stage must be for its answer to stand. Validation chooses unless all are given.")
        for key, stage in zip(keys, stages, strict=True):
            st.session_state[key] = _usd(key)
            st.number_input(
                f"{stage} (%)", min_value=0.0, max_value=100.0, value=None, format="%g", step=1.0, key=key,
                placeholder="chosen", on_change=to_url, args=(key,),
            )  # fmt: skip
    given = [_usd(key) for key in keys]
    found = tuple(min(percent, 100.0) / 100 for percent in given if percent is not None)
    return found if stages and len(found) == len(stages) else None


def _mistakes(info: DatasetInfo) -> Mistakes | None:
    """What wrong answers cost; with few labels each mistake can have its own price."""
    price = _number("mistake", "What a wrong answer costs (USD)", "not said",
                    "With a price, the sum of answering, reviews and mistakes is what should be least.")  # fmt: skip
    if price is None:
        return None
    if info.task != "single_label" or len(info.labels) > MOST_LABELS:
        return Mistakes(price)
    st.caption("Each mistake: the right label down, the answer across. Empty cells cost the price above.")
    plain = pd.DataFrame(index=info.labels, columns=info.labels, dtype=float)
    table = st.data_editor(
        plain, key=f"mistakes.{info.fingerprint}", width="stretch", placeholder="",
        column_config={label: st.column_config.NumberColumn(min_value=0.0, max_value=MOST_USD, format="%g")
                       for label in info.labels},
    )  # fmt: skip
    pairs = tuple(
        ((due, answer), float(usd))
        for due, row in zip(info.labels, table.to_numpy(dtype=float), strict=True)
        for answer, usd in zip(info.labels, row, strict=True) if due != answer and not pd.isna(usd)
    )  # fmt: skip
    return Mistakes(price, pairs)


def as_options(question: CascadeQuestion) -> str:
    """The question as options of `cli.py cascade`."""
    told = [f"--stages {shlex.quote(','.join(question.stages))}", f"--cheap {question.cheap}",
            f"--margin {question.margin:g}"]  # fmt: skip
    if question.person_usd is not None:
        told.append(f"--person {question.person_usd:g}")
    if question.mistakes is not None:
        told.append(f"--mistake {question.mistakes.usd:g}")
        told += ["--mistakes FILE.csv"] if question.mistakes.pairs else []
    if question.thresholds is not None:
        told.append(f"--thresholds {','.join(f'{one:g}' for one in question.thresholds)}")
    return "".join(f" {option}" for option in told)
