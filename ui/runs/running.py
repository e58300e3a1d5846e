"""Long work, visible from everywhere: what runs, how far, how long still, what waits."""

import streamlit as st

from core import format as f
from core.progress import summary
from core.racing.folder import any_open
from ui import data
from ui.messages import plain
from ui.navigation import link
from ui.session import home

EVERY_SECONDS = 2.0


def sidebar_progress() -> None:
    """The line in the sidebar. It reruns itself only while something runs or waits."""
    running, queued = data.open_runs()
    if running or queued or any_open(home()):
        _moving()
    else:
        with st.sidebar:
            st.caption("Nothing is running.")


@st.fragment(run_every=EVERY_SECONDS)
def _moving() -> None:
    data.look_again()
    running, queued = data.open_runs()
    racing = any_open(home())
    before = st.session_state.get("open_runs")
    now = (*(run.run_id for run in (*running, *queued)), *(["race"] if racing else []))
    st.session_state["open_runs"] = now
    with st.sidebar.container(border=True, gap="xsmall"):
        for run in running[:2]:
            progress = summary(run.folder)
            st.progress(min(max(progress.share, 0.0), 1.0), plain(f.shorten(run.summary.spec.label, 36)))
            st.caption(f"{progress.share:.0%} · {plain(progress.line)}")
        if queued:
            st.caption(f":material/hourglass_empty: {len(queued)} waiting" + ("" if running else ", starting soon"))
        if racing and not (running or queued):
            st.caption(":material/sports_score: A race decides who goes on")
        elif not now:
            st.caption(":material/check: All done.")
        link("runs", "Show the runs")
        if racing:
            link("race", "Show the race")
    if before is not None and before != now and not st.session_state.get("busy"):
        st.rerun()


def in_words() -> str:
    """The same as one sentence."""
    running, queued = data.open_runs()
    if not running and not queued:
        return "Nothing is running."
    return f"{len(running)} running, {len(queued)} waiting."
