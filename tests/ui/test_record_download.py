"""The decision record is one click away where decisions and money are shown, and makes what it promises."""

import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.decision import Question
from core.home import Home
from core.record.signing import in_page
from tests.ui.fixtures import finished_run, questions
from tests.ui.test_pages import open_page, sound
from ui.decide import record_download


def offered(app: AppTest) -> dict[str, bool]:
    """The download buttons of a page, and whether each can be pressed."""
    return {button.proto.label: not button.proto.disabled for button in app.get("download_button")}


def test_decide_and_costs_offer_it(here: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = questions(here, test=40)
    for name in ("majority", "minilm-full"):
        finished_run(here, dataset, name)
    monkeypatch.setenv("TRADEOFF_CHROMIUM", "/nowhere/chromium")
    for page in ("decide", "costs"):
        app = open_page(page)
        sound(app)
        assert offered(app)["Decision record"]
        assert not offered(app)["PDF"], "no Chromium, so no PDF"


def test_the_button_makes_the_document_of_what_was_asked(here: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = questions(here, test=40)
    finished_run(here, dataset, "minilm-full")
    pressed = []
    monkeypatch.setattr(record_download.st, "download_button", lambda label, make, *_, **__: pressed.append(make))
    record_download.record_download(dataset.info, Question(margin=0.05, cheap="kwh"))
    made = in_page(pressed[0]().decode())["record"]
    assert made["decision"]["question"]["margin"] == 0.05
    assert made["decision"]["question"]["cheap"] == "kwh"
    assert made["scenario"] is None
