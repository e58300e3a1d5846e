"""What can be done with a race: resume a dropped candidate, stop, go on with a larger budget, delete with undo."""

from collections.abc import Callable

import streamlit as st

from core import racing
from core.racing.records import RaceReport, Standing
from ui.messages import plain, told
from ui.race.budget_form import ask_budget
from ui.session import home

DELETED = "race.deleted"


def resume_button(report: RaceReport, one: Standing) -> None:
    """A button that takes a candidate that is out back into the race."""
    if one.position not in ("dropped", "unaffordable", "failed"):
        return
    if st.button("Resume", icon=":material/replay:", key=f"resume.{report.race.id}.{one.candidate}",
                 help="Take it back: it is run on the texts that it has not seen yet."):  # fmt: skip
        _act(lambda: racing.resume_candidate(home(), report.race.id, one.candidate), f"{one.candidate} is back in.")


def race_actions(report: RaceReport) -> None:
    """Stop, go on, delete: what the state of the race allows."""
    race_id, running = report.race.id, report.status == "running"
    with st.container(horizontal=True):
        if running and _button(
            "Stop", ":material/stop_circle:", race_id, "Its runs are set aside; it can go on later."
        ):
            _act(lambda: racing.stop(home(), race_id), "Stopped. It can go on later.")
        if report.status != "finished":
            _raise(report)
        if not running and _button("Delete", ":material/delete:", race_id, "Deletes the race; its runs stay."):
            _act(lambda: _delete(race_id), "Moved to the trash.")


def _button(label: str, icon: str, race_id: str, told: str) -> bool:
    return st.button(label, icon=icon, key=f"{label}.{race_id}", help=told)


def _raise(report: RaceReport) -> None:
    label = "Raise the budget" if report.status == "running" else "Raise the budget and go on"
    with st.popover(label, icon=":material/trending_up:", key=f"raise.{report.race.id}"):
        budget = ask_budget(f"raise.{report.race.id}", report.race.budget)
        if st.button(label, type="primary", key=f"raise.go.{report.race.id}", disabled=budget == report.race.budget
                     and report.status == "running"):  # fmt: skip
            _act(lambda: racing.go_on(home(), report.race.id, budget), "It goes on.")


def undo_delete() -> None:
    """After a race was deleted: offer it back."""
    race_id = st.session_state.get(DELETED)
    if not race_id:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f":material/delete: {plain(race_id)} was deleted; it stays in the trash for a week. "
                    "Its runs are still there.", width="content")  # fmt: skip
        if st.button("Undo", icon=":material/undo:", key="undo.race"):
            with told():
                racing.restore(home(), race_id)
                del st.session_state[DELETED]
                st.query_params["race"] = race_id
                st.rerun()


def _delete(race_id: str) -> None:
    racing.delete(home(), race_id)
    st.session_state[DELETED] = race_id
    st.query_params.pop("race", None)


def _act(act: Callable[[], object], done: str) -> None:
    with told():
        act()
        st.toast(plain(done), icon=":material/check:")
        st.rerun()
