"""The charts of a record: every mark can be drawn and stands where its figures say; far ones do not hide near ones."""

import re
from xml.etree import ElementTree

import pytest

from core.analysis.compare import Difference
from core.analysis.decision import Question, decide
from core.charting.looks import SYMBOLS
from core.findings.results import results
from core.home import Home
from core.preferences import Preferences
from core.record import charts
from core.record.gather import record
from core.record.money_chart import break_even
from core.record.svg import MARKS, Plot
from tests.ui.fixtures import finished_run, questions

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def home_with_runs(home: Home) -> Home:
    dataset = questions(home, test=60)
    for name in ("majority", "tfidf-linear", "minilm-full", "minilm-lora"):
        finished_run(home, dataset, name)
    return home


def test_every_method_has_a_mark_that_can_be_drawn() -> None:
    assert set(SYMBOLS.values()) | {"hexagon"} <= set(MARKS)
    for points in MARKS.values():
        assert len(points) >= 3
        assert all(abs(x) <= 1.5 and abs(y) <= 1.5 for x, y in points)
    assert len({tuple(points) for points in MARKS.values()}) == len(MARKS)


def test_scales_put_values_where_they_belong() -> None:
    plot = Plot(200, 100, (0, 10), (0, 1), left=20, right=0, top=0, bottom=20)
    assert (plot.x(0), plot.x(10), plot.y(0), plot.y(1)) == (20, 200, 80, 0)


def test_the_tradeoff_shows_everybody_whose_cost_is_known(home_with_runs: Home) -> None:
    made = record(home_with_runs, "questions")
    drawn = ElementTree.fromstring(charts.tradeoff(made, "usd"))
    marks = [mark for mark in drawn.iter(f"{SVG}polygon") if "mark" in mark.attrib["class"]]
    titles = [mark.find(f"{SVG}title").text for mark in marks]
    for row in made.candidates:
        assert any(title.startswith(f"{row.candidate}: ") for title in titles)
        assert row.candidate in drawn.attrib["aria-label"]
    assert len(list(drawn.iter(f"{SVG}circle"))) == 1
    words = [text.text for text in drawn.iter(f"{SVG}text")]
    assert made.decision.winner
    assert f"{made.decision.winner.candidate} · recommended" in words
    unknown = made.model_copy(update={"candidates": tuple(row.model_copy(update={"kwh_per_1k": None})
                                                          for row in made.candidates)})  # fmt: skip
    assert charts.tradeoff(unknown, "kwh") == ""


def test_differences_keep_the_margin_readable(home_with_runs: Home) -> None:
    rows = results(home_with_runs, "questions", Preferences())
    best = rows[0].candidate
    gaps = {row.candidate: Difference(0.002, -0.01, 0.014, 500) for row in rows if row.candidate != best}
    gaps["majority"] = Difference(0.7, 0.66, 0.74, 500)
    top = [row.model_copy(update={"validation_quality": 1.0 if row.candidate == best else 0.1}) for row in rows]
    decided = decide(top, gaps, Question())
    assert decided
    drawn = ElementTree.fromstring(charts.differences(decided))
    words = [text.text for text in drawn.iter(f"{SVG}text")]
    assert "70.0 →" in words
    assert words.count("worse") == 1
    assert words.count("not settled") == 2
    assert "margin: 1 point" in words
    ticks = [float(word.replace("−", "-")) for word in words if re.fullmatch(r"[−\d.]+", word or "")]
    assert max(ticks) < 10


def test_the_break_even_is_drawn_where_costs_are_known(home_with_runs: Home) -> None:
    made = record(home_with_runs, "questions")
    assert made.costs
    drawn = ElementTree.fromstring(break_even(made))
    assert len([line for line in drawn.iter(f"{SVG}polyline") if "cost" in line.attrib["class"]]) == 6
    assert break_even(made.model_copy(update={"costs": None})) == ""
