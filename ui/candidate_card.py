"""One candidate in a few lines: how good, how sure, what it takes."""

from collections.abc import Sequence

import streamlit as st

from core import format as f
from core.analysis.decision import Decision
from core.analysis.decision_words import listed, points, span_told, unsettled_told
from core.analysis.results import CandidateRow
from ui.energy_badges import energy_badges
from ui.messages import plain
from ui.metrics import in_sentence, metric_name, metric_quality, metric_show
from ui.navigation import link


def candidate_card(row: CandidateRow, title: str, decision: Decision | None = None) -> None:
    """Name, quality with its interval, what it takes, ties, and where to go from here."""
    with st.container(border=True, gap="xsmall"):
        st.caption(title)
        st.markdown(f"### {plain(row.candidate)}")
        st.markdown(f"**{metric_quality(row.metric, row.quality, row.quality_low, row.quality_high)}** "
                    f"{in_sentence(metric_name(row.metric))}",
                    help=f"On {row.test_texts:,} test texts; ± is half the width of the 95 % interval. "
                         f"{runs_in_words(row)}")  # fmt: skip
        st.markdown(takes(row), help=row.price_basis or None)
        provenance(row)
        if row.prompt_ways:
            st.caption(plain(f"Asked in {row.prompt_ways} ways: {prompt_band(row)}."))
        if decision and (standing := stands(row.candidate, decision)):
            st.caption(plain(standing))
        with st.container(horizontal=True, gap="small"):
            link("results", "Results", run=row.run_ids[0])
            link("playground", "Try a text", run=row.run_ids[0])


def stands(name: str, decision: Decision) -> str:
    """How a candidate stands to the best, in a sentence; nothing where it is alone."""
    best, margin = decision.best, points(decision.question.margin, decision.metric)
    if best is None or name in decision.excluded:
        return f"Left out: {decision.excluded[name]}." if name in decision.excluded else ""
    if name == best.candidate:
        tied = f"Not worse than it by more than {margin}: {listed(decision.tied)}." if decision.tied else ""
        return f"Best on validation. {tied}".strip() if decision.differences else ""
    if name in decision.tied:
        return f"Not worse than the best, {best.candidate}, by more than {margin}."
    if name in decision.unsettled:
        return unsettled_told(decision, name)
    gap = decision.differences[name]
    return f"{span_told(gap, decision.metric)} behind the best, {best.candidate}."


def takes(row: CandidateRow) -> str:
    """What 1,000 texts and one text take, in one line."""
    parts = [
        f"{plain(f.usd(row.usd_per_1k))} per 1,000" if row.usd_per_1k is not None else "cost unknown",
        f"{_energy(row)} per 1,000" if row.kwh_per_1k is not None else "energy unknown",
        f"{f.milliseconds(row.latency_p50_ms)} a text" if row.latency_p50_ms is not None else "time a text unknown",
    ]
    return " · ".join(parts)


def _energy(row: CandidateRow) -> str:
    return f.energy_range(row.kwh_per_1k, row.kwh_low_per_1k, row.kwh_high_per_1k)


def provenance(row: CandidateRow) -> None:
    """How the energy of each component came about, and what makes figures less sure."""
    with st.container(horizontal=True, gap="xsmall"):
        energy_badges(row)
        for flag in row.flags:
            st.badge(flag, color="yellow", icon=":material/warning:", help=flag)


def prompt_band(row: CandidateRow) -> str:
    """From the worst to the best way of asking; empty where only one was tried."""
    show = metric_show(row.metric)
    return f"{show(row.prompt_low)} to {show(row.prompt_high)}" if row.prompt_ways else ""


def runs_in_words(row: CandidateRow) -> str:
    """How many runs the figures stand on."""
    seeds = f"{row.runs} runs (seeds {', '.join(map(str, row.seeds))})" if row.runs > 1 else "One run"
    size = f"{row.train_size:,} training texts" if row.train_size else "all training texts"
    return f"{seeds}, {size}."


def detail_rows(row: CandidateRow) -> Sequence[tuple[str, str]]:
    """The rest of what is known, as name and value."""
    return [
        ("Texts a second", f.number(row.texts_per_second)),
        ("95 of 100 texts within", f.milliseconds(row.latency_p95_ms)),
        ("CO₂e per 1,000 texts", f.co2e(None if row.co2e_g_per_1k is None else row.co2e_g_per_1k / 1000)),
        ("Time to fit", f.duration(row.fit_seconds)),
        ("Energy to fit", f.energy(row.fit_kwh)),
        ("Cost to fit", f.usd(row.fit_usd)),
        ("Memory while answering", f.memory(row.memory_bytes)),
        ("Peak memory", f.memory(row.peak_ram_bytes)),
        *([("Peak GPU memory", f.memory(row.peak_gpu_bytes))] if row.peak_gpu_bytes else []),
        *([("Answers that could not be read", f.percent(row.invalid_rate))] if row.invalid_rate else []),
    ]
