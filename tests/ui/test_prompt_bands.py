"""The band of a prompt candidate stands beside it on the chart, its card and the table, and nowhere else."""

import pytest

from core.data.dataset import Dataset
from core.findings.results import results
from core.home import Home
from core.preferences import Preferences
from tests.ui.fixtures import finished_run, questions
from tests.ui.test_pages import open_page, sound, words
from ui.axes import AXES
from ui.tradeoff.tradeoff_chart import reading, tradeoff


@pytest.fixture
def asked(home: Home, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setenv("TRADEOFF_HOME", str(home.root))
    monkeypatch.setattr("ui.data.ensure_worker", lambda _: None)
    dataset = questions(home, test=60)
    finished_run(home, dataset, "tfidf-linear")
    for wording in range(3):
        finished_run(home, dataset, "smollm2-zero-shot", paraphrase=wording)
    return dataset


def test_the_chart_has_a_bar_from_the_worst_to_the_best_way(home: Home, asked: Dataset) -> None:
    rows = results(home, "questions", Preferences())
    row = next(row for row in rows if row.prompt_ways)
    figure = tradeoff(rows, AXES["latency_p50_ms"], "accuracy").figure
    bars = [trace for trace in figure.data if trace.line.width == 11]
    assert [tuple(bar.y) for bar in bars] == [(row.prompt_low, row.prompt_high)]
    low, high = figure.layout.yaxis.range
    assert low < row.prompt_low < row.prompt_high < high  # type: ignore[operator]
    assert "Wide bar" in reading(rows, AXES["latency_p50_ms"])
    plain = [one for one in rows if not one.prompt_ways]
    assert "Wide bar" not in reading(plain, AXES["latency_p50_ms"])


def test_page_card_and_table_tell_it(asked: Dataset) -> None:
    app = open_page("tradeoff", candidate="smollm2-zero-shot")
    sound(app)
    assert "Asked in 3 ways:" in words(app)
    table = next(frame.value for frame in app.dataframe if "Asked otherwise" in frame.value)
    assert table["Candidate"].tolist() == ["tfidf-linear", "smollm2-zero-shot"]
    assert [bool(band) for band in table["Asked otherwise"]] == [False, True]
