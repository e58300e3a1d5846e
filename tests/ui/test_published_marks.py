"""Published figures on the Tradeoff page: off by default, in a margin of their own, and in no ranking."""

from itertools import pairwise

import pytest

from core.home import Home
from core.published import published_for
from tests.ui.fixtures import finished_run, of_task
from tests.ui.test_pages import open_page, sound, words
from ui.tradeoff.published_marks import BAND, _named, span_of, widened

FOUND = published_for("token_labels", "wnut17", "f1")


def test_names_stand_apart_and_every_figure_lies_within_the_range():
    low, high = span_of(FOUND, 0.7, 0.8)
    assert low < min(one.value for one in FOUND) / 100
    assert high == 0.8
    kept = _named(FOUND, (low, high), 420)
    assert 1 < len(kept) <= len(FOUND)
    gaps = [(a.value - b.value) / 100 / (high - low) * 420 for a, b in pairwise(kept)]
    assert min(gaps) >= 15
    assert len(_named(FOUND, (low, high), 15)) == 1
    assert widened(0.0, 10 * (1 - BAND)) == pytest.approx(10.0)


def test_the_toggle_shows_them_and_the_table_of_candidates_stays_the_users_own(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    dataset = of_task(home, "token_labels", "wnut17")
    for candidate in ("minilm-full", "minilm-lora"):
        finished_run(home, dataset, candidate)
    app = open_page("tradeoff")
    sound(app)
    assert app.toggle(key="published").value is False
    assert "as others published it" not in words(app)
    own = app.dataframe[-1].value
    app.toggle(key="published").set_value(True).run()
    sound(app)
    assert "as others published it" in words(app)
    assert list(app.dataframe[-1].value["Candidate"]) == list(own["Candidate"])
    app.selectbox(key="metric").set_value("precision").run()
    assert not [one for one in app.toggle if one.key == "published"], "nobody published the precision"


def test_a_set_of_another_name_has_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    finished_run(home, of_task(home, "token_labels", "travellers"), "minilm-full")
    app = open_page("tradeoff")
    sound(app)
    assert not [one for one in app.toggle if one.key == "published"]
