"""The parts of the Labels page."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import format as f
from core import launch
from core.analysis.results import CandidateRow
from core.data.dataset import DatasetInfo
from core.findings.curves import as_command as launch_command
from core.findings.curves import suggested
from core.findings.label_study import Answer, Goal, LabelStudy, label_study
from core.findings.power import Power, Sight, power
from core.metric_words import metric_points, metric_range, metric_show
from ui import data
from ui.downloads import as_command
from ui.launch.launch_button import launch_button
from ui.messages import plain, told
from ui.navigation import go
from ui.session import choose, home

Rows = Sequence[CandidateRow]


def study_of(info: DatasetInfo, rows: Rows, goal: Goal) -> LabelStudy:
    """The study of a dataset, computed once for the same runs and goal."""
    there = data.runs_on(info)
    runs, ended = [run.summary for run in there], data.mark_of(there)
    return _study(str(home().root), info.fingerprint, ended, rows[0].metric, goal.model_dump_json(), info, runs, rows)


@st.cache_resource(max_entries=12, show_spinner="Fitting learning curves …")
def _study(
    root: str, version: str, ended: int, metric: str, goal: str, _info: DatasetInfo, _runs: Any, _rows: Rows  # noqa: ARG001
) -> LabelStudy:  # fmt: skip
    return label_study(home(), _info, _runs, _rows, Goal.model_validate_json(goal))


def power_of(info: DatasetInfo, rows: Rows, margin: float) -> Power | None:
    """What the test texts can show, computed once for the same runs, metric and margin."""
    of = tuple(map(data.identity, rows))
    return _power(str(home().root), info.fingerprint, of, margin, rows)


@st.cache_resource(max_entries=12, show_spinner=False)
def _power(root: str, version: str, of: Any, margin: float, _rows: Rows) -> Power | None:  # noqa: ARG001
    return power(home(), _rows, margin)


def three_answers(info: DatasetInfo, study: LabelStudy, answer: Answer | None, shown: Power | None) -> None:
    """More labels, more test texts, more seeds: whether each would help, by how much, and the way to it."""
    labels, texts, seeds = st.columns(3, gap="medium")
    with labels, st.container(border=True, height="stretch"):
        verdict, why = _labels(study, answer)
        _card("More labels?", verdict, why)
        if answer and answer.curve and st.button("Add labelled texts", key="more.labels", icon=":material/add:"):
            go("datasets", dataset=info.name)
    with texts, st.container(border=True, height="stretch"):
        _card("More test texts?", *_texts(shown))
    with seeds, st.container(border=True, height="stretch"):
        _card("More seeds?", *_seeds(study.rows, shown))
        if any(row.runs < 3 for row in study.rows) and st.button(
            "Run three seeds", key="more.seeds", icon=":material/rocket_launch:"
        ):
            go("launch", dataset=info.name, repeats="3")


def _card(question: str, verdict: str, why: str) -> None:
    st.markdown(f"**{question}**")
    st.markdown(f"### {verdict}")
    st.markdown(plain(why))


def _labels(study: LabelStudy, answer: Answer | None) -> tuple[str, str]:
    if answer is None or answer.curve is None:
        return "Not known", "No candidate has been trained on enough different numbers of texts to tell."
    gain = answer.curve.gain(study.here, 2 * study.here)
    said = f"Twice the {study.here:,} labels: {metric_range(study.metric, gain)} for {answer.learner.name}."
    if gain[2] < study.goal.margin:
        return "Hardly", f"{said} That is within the margin."
    return ("Yes" if gain[1] > 0 else "Perhaps"), said


def _texts(shown: Power | None) -> tuple[str, str]:
    if shown is None:
        return "Not known", "Two finished candidates are needed to tell."
    open_ones = [sight for sight in shown.candidates if sight.standing == "unsettled"]
    if not open_ones:
        return "No", f"The {shown.texts:,} test texts settle for every candidate whether it is as good as {shown.best}."
    helped = [sight for sight in open_ones if sight.texts_needed]
    if helped:
        first = min(helped, key=lambda sight: sight.texts_needed or 0)
        more = f.significant(float(first.texts_needed or 0))
        return "Yes", f"About {more} more settle, 4 times in 5, if {first.candidate} is as good as {shown.best}."
    least = metric_points(shown.metric, min(sight.detectable for sight in open_ones)).removeprefix("+")
    return "Hardly", f"Differences below {least} stay unseen, and no realistic number of texts changes that."


def _seeds(rows: Rows, shown: Power | None) -> tuple[str, str]:
    if rows and all(row.runs == 1 for row in rows):
        return "Yes", "Every candidate ran once, so nobody knows how much of a difference is luck."
    sights: Sequence[Sight] = shown.candidates if shown else ()
    open_ones = [sight for sight in sights if sight.standing == "unsettled"]
    lucky = [sight for sight in open_ones if sight.missing == "seeds" and sight.seeds_needed]
    if lucky:
        return "Yes", f"{lucky[0].seeds_needed} runs of each settle whether {lucky[0].candidate} is as good."
    close = {sight.candidate for sight in open_ones} | ({shown.best} if shown else set())
    once = [row.candidate for row in rows if row.runs == 1 and row.candidate in close]
    if once:
        return "Not known", f"{', '.join(once[:3])} ran once; three seeds of each show how much of it is luck."
    known = [sight.seeds_share for sight in sights if sight.seeds_share is not None]
    if known:
        return "No", f"At most {f.percent(max(known), 0)} of the doubt comes from seeds, the rest from the test texts."
    return "Not known", "The best candidate or the others ran once; three seeds of each tell."


def curve_table(study: LabelStudy) -> None:
    """A row a candidate: what is known of its curve, or what is missing for one."""
    show = metric_show(study.metric)
    rows = []
    for one in study.answers:
        curve, found = one.curve, one.needed
        rows.append(
            {
                "Candidate": one.learner.name,
                "Train sizes": len(one.learner.runs),
                "Runs": sum(map(len, one.learner.runs.values())),
                "With all labels": show(curve.points[-1].value) if curve else show(one.learner.row.quality),
                "Twice the labels": metric_range(study.metric, curve.gain(study.here, 2 * study.here)) if curve else "",
                "Levels off at": " – ".join(map(show, curve.ceiling()[1:])) if curve else "",
                "Labels to the goal": f.number(found.texts) if found and found.texts else found.state if found else "",
                "At least": f.number(found.low) if found and found.low else "",
                "Largest size missed by": metric_points(study.metric, curve.missed).removeprefix("+")
                if curve and curve.missed is not None else "",
            }
        )  # fmt: skip
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key="curves.table",
                 alt="What is known of each learning curve")  # fmt: skip
    st.caption(
        "Largest size missed by: how wrong the curve of the smaller sizes was about the largest one. At least: the low "
        "end of the 95 % range of the labels."
    )


def race_rounds(info: DatasetInfo) -> None:
    """Runs of races on fewer texts, set aside before the test texts: resumed, each is a point of a learning curve."""
    aside = [run for run in data.runs_on(info) if run.status == "paused" and run.summary.spec.train_size]
    if not aside:
        return
    many = f"{len(aside)} run{'' if len(aside) == 1 else 's'}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f":material/sports_score: Races set {many} on fewer texts aside before they answered the test texts; "
            "resumed, they are points of learning curves. They are fitted already.", width="content",
        )  # fmt: skip
        if st.button(f"Resume {many}", icon=":material/resume:", key="resume.rounds"):
            with told():
                for run in aside:
                    launch.retry(home(), run.run_id)
                go("runs", of=info.name)


def launch_curve(info: DatasetInfo, study: LabelStudy) -> None:
    """The runs that a learning curve needs, at a press."""
    learning = {one.learner.name: one.learner for one in study.answers if not one.learner.row.joint}
    if not learning:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        without = next((one.learner.name for one in study.answers if one.learner.short), None)
        name = choose("Candidate to learn about", list(learning), "learn", without, width=260)
        with told():
            experiment = suggested(info, learning[name].candidate)
            launch_button([experiment], "launch.curve")
            as_command(launch_command(experiment))
