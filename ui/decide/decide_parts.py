"""The parts of the Decide page below the answer: what would change it, what to do next, the ranking without doubts."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.analysis.decision import Decision, Question
from core.analysis.results import CandidateRow
from core.analysis.scenario import Scenario
from core.data.audit import audit_status
from core.data.dataset import DatasetInfo, load_dataset
from core.findings.advice import next_steps
from core.findings.decide import costs
from core.findings.rerank import Reranked, rerank
from core.metric_words import metric_show
from ui import data
from ui.datasets.audits import audit_of, start_audit
from ui.messages import plain
from ui.navigation import PAGES, go
from ui.session import home

AT_ONCE = 200_000
"""Answers up to which the ranking without doubtful texts is computed unasked."""
KINDS = {
    "runner-up": "As good", "margin": "Another margin", "limit": "Another limit", "measure": "Something else little",
    "texts": "More texts", "quality": "More quality",
}  # fmt: skip


def doubts(found: Decision) -> None:
    """What limits the answer, a line each."""
    for words in found.doubts:
        st.markdown(f":material/help: {plain(words)}")


def what_would_change_it(found: Decision) -> None:
    """Other candidates, and what would have to be different for them."""
    st.markdown("#### What would change it")
    if not found.alternatives:
        st.markdown("Nothing that is known here: no other candidate is near, and no limit holds one back.")
    for one in found.alternatives:
        st.markdown(f"- **{KINDS[one.kind]}.** {plain(one.words)}")


def what_to_do_next(info: DatasetInfo, found: Decision, rows: Sequence[CandidateRow]) -> None:
    """The steps that could change or confirm the answer, each with its button."""
    tried = {run.summary.spec.candidate.id for run in data.runs_on(info)}
    steps = next_steps(info, rows, tried, found, audit_of(info) is not None)
    st.markdown("#### What to do next")
    if not steps:
        st.markdown("Nothing: take it.")
    for place, step in enumerate(steps):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(plain(step.words), width="stretch", help=f"`{step.command}`" if step.command else None)
            if step.page in PAGES and st.button(step.button, key=f"step.{place}"):
                go(step.page, **step.parameters)


def without_doubtful_texts(
    info: DatasetInfo, rows: Sequence[CandidateRow], question: Question, scenario: Scenario
) -> None:
    """Whether wrong labels and leaked texts decide who is taken."""
    st.markdown("#### Without wrong labels and leaked texts")
    if audit_of(info) is None:
        _audit_first(info)
        return
    if sum(row.test_texts * row.runs for row in rows) > AT_ONCE and not _asked_for(info):
        return
    found = _reranked(info, rows, question, scenario)
    if found is None:
        return
    st.markdown(plain(found.sentence))
    if found.moved and found.texts:
        show = metric_show(found.before.metric)
        st.dataframe(
            pd.DataFrame(
                {"Candidate": one.candidate, "All test texts": show(one.before), "Without": show(one.after),
                 "Place": f"{one.place_before} → {one.place_after}" if one.place_before != one.place_after
                 else str(one.place_after)}
                for one in found.moved
            ),
            hide_index=True, key="cleaned", height="content" if len(found.moved) <= 10 else 400,
            alt="Candidates with and without the doubtful texts",
        )  # fmt: skip
    notes = " ".join(found.notes)
    st.caption(
        plain(f"Found by the audit, which can err: a simple model of the words doubts labels, so leaving them out "
              f"favours candidates that answer by words. {notes}".strip())
    )  # fmt: skip


def _asked_for(info: DatasetInfo) -> bool:
    """Whether the visitor wants the ranking again, which takes seconds over so many answers."""
    key = f"rerank.{info.name}.{info.fingerprint}"
    if not st.session_state.get(key) and st.button("Rank without them", icon=":material/filter_alt_off:"):
        st.session_state[key] = True
    return bool(st.session_state.get(key))


def _audit_first(info: DatasetInfo) -> None:
    if audit_status(load_dataset(home(), info.name, info.fingerprint)).state == "running":
        st.markdown("The audit is running; reload the page when it has finished.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Not known yet: the texts have not been audited.", width="content")
        if st.button("Audit", icon=":material/troubleshoot:", key="audit.now"):
            start_audit(info)
            st.rerun()


def _reranked(
    info: DatasetInfo, rows: Sequence[CandidateRow], question: Question, scenario: Scenario
) -> Reranked | None:
    audit = audit_of(info)
    figures = json.dumps([question.model_dump(mode="json"), costs(rows, question, scenario)])
    of = tuple(map(data.identity, rows))
    return _kept(
        str(home().root), info.name, of, figures, audit.made_at if audit else "", list(rows), question, scenario
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _kept(
    root: str, dataset: str, of: tuple[Any, ...], figures: str, audited: str,  # noqa: ARG001
    _rows: list[CandidateRow], _question: Question, _scenario: Scenario,
) -> Reranked | None:  # fmt: skip
    return rerank(home(), dataset, _rows, _question, _scenario)
