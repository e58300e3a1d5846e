"""The frame around every page: navigation, the line that shows running work, and the net for errors."""

import streamlit as st

from ui import messages, navigation
from ui.running import sidebar_progress

st.set_page_config(page_title="Tradeoff", page_icon=":material/balance:", layout="wide")
chosen = st.navigation(navigation.sections(), expanded=True)
with messages.told():
    sidebar_progress()
with messages.told():
    chosen.run()
