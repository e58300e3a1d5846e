"""A race as it stands; while it runs it refreshes itself."""

import streamlit as st

from ui import data, theme
from ui.charts import draw
from ui.messages import plain
from ui.race import race_parts as parts
from ui.race.race_actions import race_actions
from ui.race.race_chart import HEIGHT, race_chart
from ui.race.race_data import methods_of, report_of
from ui.race.race_words import headline

EVERY_SECONDS = 2.0


def live_race(race_id: str) -> None:
    """The whole race; it reruns itself only while it runs."""
    running = report_of(race_id).status == "running"
    st.fragment(_race, run_every=EVERY_SECONDS if running else None)(race_id)


def _race(race_id: str) -> None:
    data.look_again()
    report = report_of(race_id)
    st.subheader(plain(headline(report)), anchor=False)
    left, right = st.columns([7, 3], gap="medium")
    with left:
        if any(one.history for one in report.standings):
            draw(
                race_chart(report, methods_of(report.race), theme.is_dark()),
                "race.chart",
                "candidate",
                [one.candidate for one in report.standings],
            )
            st.caption(
                "Each line is a candidate; it ends with ✗ where it was dropped, with | where the budget did not pay "
                "for more, with Y where its run failed. Ring: the likeliest winner. Whiskers: 95 % interval. "
                "Hover for the reason."
            )
        else:
            with st.container(border=True, height=HEIGHT, horizontal_alignment="center", vertical_alignment="center"):
                st.markdown(":material/hourglass_empty: The chart begins when the first run has answered.",
                            width="content")  # fmt: skip
    with right:
        parts.budget_card(report)
        race_actions(report)
    chosen = parts.standings_table(report)
    happened, closer = st.columns([3, 2], gap="medium")
    with happened:
        parts.timeline(report)
    with closer:
        parts.candidate_detail(report, chosen)
    parts.exports(report)
    _ended(report.status)


def _ended(status: str) -> None:
    """When the race has ended since this page was drawn, draw all of it once more, so that nothing refreshes it."""
    before = st.session_state.get("race.status")
    st.session_state["race.status"] = status
    if before == "running" and status != "running":
        st.rerun()
