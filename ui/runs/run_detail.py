"""One run as it stands: progress, curves, log, and what can be done with it."""

import streamlit as st

from core import launch
from core.home import Home
from core.progress import summary
from core.runs import AT_REST
from ui import data, theme
from ui.data import Run
from ui.messages import plain, told
from ui.navigation import go
from ui.runs.race_mark import race_line
from ui.session import home

LOG_CHARACTERS = 6000


def run_detail(run: Run) -> None:
    """The selected run."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"#### {plain(data.run_label(run))}", width="content")
            theme.status_badge(run.status)
        if run.status == "failed":
            st.error(f"**{plain(run.state.reason)}**  \n{plain(run.state.remedy)}", icon=":material/error:")
        elif run.status not in AT_REST:
            progress = summary(run.folder)
            st.progress(min(max(progress.share, 0.0), 1.0), plain(progress.line))
        elif run.state.reason:
            st.caption(plain(run.state.reason))
        race_line(run)
        _actions(run)
        left_side, right_side = st.columns([1, 1], gap="medium")
        with left_side:
            _curve(run)
        with right_side:
            log = run.folder.log_tail(LOG_CHARACTERS)
            st.caption("Log")
            st.code(log or "Nothing written yet.", language=None, wrap_lines=True, height=240)
    st.caption(plain(run.run_id))


def _actions(run: Run) -> None:
    with st.container(horizontal=True):
        if run.status == "finished":
            if st.button("Results", type="primary", icon=":material/fact_check:", key="act.results"):
                go("results", dataset=run.summary.spec.dataset, run=run.run_id)
            if st.button("Try a text", icon=":material/chat:", key="act.try"):
                go("playground", dataset=run.summary.spec.dataset, run=run.run_id)
        if run.status not in AT_REST:
            _act("Cancel", ":material/cancel:", run, launch.cancel, "Asked to stop; retry resumes it.")
        if run.status in ("failed", "cancelled"):
            _act("Retry", ":material/replay:", run, launch.retry, "Queued again; it resumes from where it was.")
        if run.status == "paused":
            _act("Resume", ":material/resume:", run, launch.retry, "Queued; it goes on to the end.")
        if run.status in AT_REST:
            _act("Delete", ":material/delete:", run, _delete, "Moved to the trash.")


def undo_delete() -> None:
    """After a run was deleted: offer it back."""
    run_id = st.session_state.get("deleted")
    if not run_id:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f":material/delete: {plain(run_id)} was deleted; it stays in the trash for a week.", width="content"
        )
        if st.button("Undo", icon=":material/undo:", key="undo.delete"):
            with told():
                launch.restore(home(), run_id)
                del st.session_state["deleted"]
                st.rerun()


def _delete(root: Home, run_id: str) -> None:
    launch.delete(root, run_id)
    st.session_state["deleted"] = run_id


def _act(label: str, icon: str, run: Run, act: object, done: str) -> None:
    if st.button(label, icon=icon, key=f"act.{label}.{run.run_id}"):
        assert callable(act)
        with told():
            act(home(), run.run_id)
            st.toast(done, icon=":material/check:")
            st.rerun()


def _curve(run: Run) -> None:
    from ui.charts import curves, draw

    points = [event for event in run.folder.progress() if event.get("phase") == "fit" and event.get("loss") is not None]
    if points:
        draw(curves(points, "loss", "Training loss", theme.is_dark()), f"live.{run.run_id}")
    else:
        st.caption("Training loss")
        st.caption("This run has not reported a loss.")
