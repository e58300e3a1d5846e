"""With a price per label: the ways to the goal, the cheapest first."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import format as f
from core.analysis.curve_words import path_sentence
from core.analysis.label_paths import Path, Plan
from core.analysis.results import CandidateRow
from core.findings.label_study import LabelStudy
from ui.downloads import download
from ui.messages import plain


def cheapest_way(study: LabelStudy, rows: Sequence[CandidateRow]) -> None:
    """With a price per label: the ways to the goal, the cheapest first."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        price = _number("USD a label", "label_usd", 0.1, 0.0, 1000.0, "What a person asks for one labelled text.")
        volume = _number("Texts a month", "volume", 100_000.0, 1.0, 1e10, "How many texts will be answered.")
        months = _number("Months", "months", 12.0, 1.0, 120.0, "How long the model will serve.")
    plan = Plan(usd_per_label=price, texts_a_month=volume, months=months)
    ways = study.ways(plan, rows)
    if not ways:
        st.markdown("No candidate reaches the goal, so there is no way to it to compare.")
        return
    st.markdown(plain(path_sentence(ways, plan)))
    st.dataframe(pd.DataFrame([_way_row(way) for way in ways]), hide_index=True, height="content", key="ways",
                 alt="Ways to the goal, the cheapest first")  # fmt: skip
    st.caption("The labels that are here already cost nothing. Test texts are needed on every way and not counted.")
    download([way.model_dump(mode="json") for way in ways], f"{study.info.name}-label-paths", "ways.csv")


def _way_row(way: Path) -> dict[str, str]:
    low, high = f.number(way.labels_low), "?" if way.labels_high is None else f.number(way.labels_high)
    return {
        "Candidate": way.candidate,
        "Labels to buy": f"{way.labels:,} ({low} – {high})" if way.labels else "none",
        "Labels": f.usd(way.label_usd), "Training": f.usd(way.fit_usd), "Answering": f.usd(way.serving_usd),
        "In all": f.usd(way.usd),
        "Pays from, texts a month": "" if way.pays_from is None else f.number(way.pays_from),
    }  # fmt: skip


def _number(label: str, key: str, usual: float, least: float, most: float, help: str) -> float:
    """A number whose value lives in the URL."""
    asked = st.query_params.get(key, st.session_state.get(f"kept.{key}"))
    try:
        value = min(max(float(asked), least), most) if asked is not None else usual
    except ValueError:
        value = usual
    st.session_state[key] = usual if value != value else value
    shown = "%.2f" if usual < 1 else "%.0f"
    return float(
        st.number_input(label, least, most, key=key, width=170, help=help, format=shown, on_change=_kept, args=(key,))
    )


def _kept(key: str) -> None:
    st.session_state[f"kept.{key}"] = st.query_params[key] = str(st.session_state[key])
