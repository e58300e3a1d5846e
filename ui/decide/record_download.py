"""The decision as a document: one click makes the page, or the PDF where this machine can print one."""

import streamlit as st

from core.analysis.decision import Question
from core.analysis.scenario import Scenario
from core.data.dataset import DatasetInfo
from core.home import Home
from core.spec import slug
from ui.session import home

TYPES = {".html": "text/html", ".pdf": "application/pdf"}


def record_download(info: DatasetInfo, question: Question | None = None, scenario: Scenario | None = None) -> None:
    """Buttons for the decision record under a question and a scenario; it is made when one is pressed."""
    from core.record.pdf import browser

    root, printer = home(), browser()
    _button(root, info, question, scenario, ".html", "Decision record", "One file that opens anywhere and offline")
    _button(root, info, question, scenario, ".pdf", "PDF", "The same to print or send" if printer else
            "A PDF needs Chromium or Chrome on this machine; the page can be printed from any browser",
            off=printer is None)  # fmt: skip


def _button(
    root: Home, info: DatasetInfo, question: Question | None, scenario: Scenario | None, suffix: str, label: str,
    help: str, off: bool = False,
) -> None:  # fmt: skip
    def make() -> bytes:
        from core.record.files import as_bytes
        from core.record.gather import record

        assumed = None if scenario == Scenario() else scenario
        return as_bytes(record(root, info.name, question, assumed, version=info.fingerprint), suffix)

    st.download_button(
        label, make, f"{slug(info.name, 80)}-decision{suffix}", TYPES[suffix], key=f"record{suffix}", disabled=off,
        on_click="ignore", icon=":material/description:" if suffix == ".html" else ":material/picture_as_pdf:",
        help=help,
    )  # fmt: skip
