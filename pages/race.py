"""Race: who is still in, who was dropped when and why, what did it save, and what was risked?"""

import streamlit as st

from ui.messages import empty
from ui.race.live_race import live_race
from ui.race.race_actions import undo_delete
from ui.race.race_data import all_races, name_of
from ui.session import choose

races = {race.id: race for race in all_races()}
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.title("Race", anchor=False, width="content")
    if races:
        chosen = choose("Race", list(races), "race", named=lambda race_id: name_of(races[race_id]), width=420)
undo_delete()
if not races:
    empty(
        "No race yet",
        "In a race all candidates start on a few texts. Those that can hardly win any more are dropped; the rest get "
        "more texts. It finds the same winner with a part of the work, under a budget that you set.",
        "Start a race", "launch", ":material/sports_score:", race="on",
    )  # fmt: skip
    st.stop()
live_race(chosen)
