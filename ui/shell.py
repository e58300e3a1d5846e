"""The frame around every page: navigation, the line that shows running work, and the net for errors."""

from pathlib import Path

import streamlit as st

from ui import data, messages, navigation
from ui.runs.running import sidebar_progress

HERE = Path(__file__).parent
st.set_page_config(page_title="Tradeoff", page_icon=str(HERE / "icon.svg"), layout="wide")
st.logo(HERE / "logo.svg", size="large", icon_image=HERE / "icon.svg")
st.html(HERE / "style.css")
data.look_again()
chosen = st.navigation(navigation.sections(), expanded=True)
with messages.told():
    sidebar_progress()
with messages.told():
    chosen.run()
