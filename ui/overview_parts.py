"""The parts of the Overview page."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import format as f
from core.analysis.decision import Decision
from core.analysis.results import CandidateRow
from core.analysis.scenario import Scenario
from core.data.dataset import DatasetInfo, load_dataset
from core.errors import TradeoffError
from core.findings.spending import total
from core.preferences import Preferences
from core.preferences import load as load_preferences
from core.tasks import get_task
from ui import data
from ui.costs.spent import known_and_unknown, spent_entries
from ui.datasets.audits import findings_left
from ui.messages import plain, told
from ui.navigation import go, link
from ui.next_steps import next_steps
from ui.runs.running import in_words
from ui.session import home

BUNDLED = "trec"
WHAT = (
    "Bring texts with labels. Simple baselines, fine-tuned encoders and prompted language models are run on them, "
    "on this machine. You see which gives the right answers, how sure that is, and what it costs in money, energy and "
    "time."
)


def welcome() -> None:
    """The first page of a newcomer: one button that just works, one for own texts."""
    st.space("large")
    with st.container(horizontal_alignment="center"), st.container(width=720, gap="medium"):
        st.title("Which text model is good enough, and what does it cost?", anchor=False)
        st.markdown(WHAT)
        with st.container(horizontal=True):
            if st.button("Try it with bundled questions", type="primary", icon=":material/play_arrow:"):
                with told(), st.spinner("Reading 3,500 questions …"):
                    from core.data import bundled

                    name = bundled.import_bundled(home(), BUNDLED).info.name
                    go("launch", dataset=name)
            if st.button("Upload your own", icon=":material/upload_file:"):
                go("datasets", add="file")
        st.caption("Nothing leaves this machine.")


def best_of(decision: Decision) -> str:
    """Why the card's candidate is the one, in a few words."""
    if decision.winner is decision.best or decision.winner == decision.best:
        return "the best" if decision.rivals or decision.unsettled else "better than all others"
    return "the cheapest that is as good"


def why_and_when(info: DatasetInfo, rows: Sequence[CandidateRow], decision: Decision) -> None:
    """What is not settled, when one's own device is cheaper than paying by the token, and where to read on."""
    for words in decision.doubts:
        st.markdown(f":material/help: {plain(words)}")
    if decision.winner and (met := _break_even(info, rows, decision.winner)):
        st.markdown(f":material/payments: {plain(met)}")
    with st.container(horizontal=True, gap="small"):
        link("decide", "Why this one, and what would change it", dataset=info.name)
        link("costs", "What a month costs", dataset=info.name)


def _break_even(info: DatasetInfo, rows: Sequence[CandidateRow], winner: CandidateRow) -> str:
    preferences = load_preferences(home())
    figures = tuple((row.candidate, row.usd_per_1k, row.fit_usd, row.rent_usd_per_hour) for row in rows)
    prices = preferences.model_dump_json(include={"device_prices", "token_prices", "endpoints"})
    return _met(str(home().root), info.name, info.fingerprint, figures, winner.candidate, prices, rows, preferences)


@st.cache_data(max_entries=16, show_spinner=False)
def _met(
    root: str, dataset: str, fingerprint: str, figures: tuple[object, ...], winner: str, prices: str,  # noqa: ARG001
    _rows: Sequence[CandidateRow], _preferences: Preferences,
) -> str:  # fmt: skip
    """The break-even in a sentence; empty where a price is not known."""
    from core.findings.breakeven import reference_of, told_monthly

    assumed = Scenario()
    try:
        paid = reference_of(home(), load_dataset(home(), dataset, fingerprint), _rows, _preferences, assumed)
    except TradeoffError:
        return ""
    found = told_monthly(dataset, _rows, paid, assumed, winner)
    return found.sentence if any(one.candidate == winner for one in found.break_evens) else ""


def running_card() -> None:
    """What runs and what waits, in words; the sidebar shows how far."""
    with st.container(border=True, gap="xsmall"):
        st.caption("Running")
        st.markdown(in_words())


def do_next(info: DatasetInfo, rows: Sequence[CandidateRow], decision: Decision | None) -> None:
    """Suggestions, each with its button."""
    steps = next_steps(info, data.runs_on(info), rows, decision, findings_left(info))
    if not steps:
        return
    with st.container(border=True, gap="small"):
        st.caption("Do next")
        for place, step in enumerate(steps):
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                st.markdown(plain(step.why), width="stretch")
                if st.button(step.button, key=f"next.{place}"):
                    go(step.page, **step.parameters)


def dataset_table(infos: Sequence[DatasetInfo]) -> None:
    """The datasets with their size and finished runs."""
    finished: dict[str, int] = {}
    for run in data.all_runs():
        if run.status == "finished":
            finished[run.summary.spec.dataset] = finished.get(run.summary.spec.dataset, 0) + 1
    st.dataframe(
        pd.DataFrame(
            {
                "Dataset": info.name, "What": get_task(info.task).title, "Texts": sum(info.counts.values()),
                "Labels": len(info.labels),
                "Finished runs": finished.get(info.name, 0),
            }
            for info in infos
        ),
        hide_index=True, height="content" if len(infos) < 8 else 300, key="datasets_here", alt="The datasets",
    )  # fmt: skip


def spent() -> None:
    """What all runs together have used so far."""
    used = spent_entries()
    if not used:
        return
    every = total(used)
    with st.container(border=True, gap="xsmall"):
        st.caption("Spent on all runs so far")
        money = plain(known_and_unknown(f.usd(every.usd), every.usd_unknown))
        st.markdown(
            f"{f.duration(every.seconds)} · {money} · {known_and_unknown(f.energy(every.kwh), every.kwh_unknown)} · "
            f"{known_and_unknown(f.co2e(every.co2e_kg), every.co2e_unknown)}"
        )
