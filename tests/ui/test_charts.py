"""Every chart has axis titles with units, a description, and holds on odd input."""

from pathlib import Path
from typing import Any

import pytest

from core.analysis.calibration import reliability_bins
from core.analysis.results import CandidateRow, candidate_rows
from core.charting import label_places as labels
from core.findings.results import dataset_runs, pricing
from core.home import Home
from core.preferences import Preferences
from tests.ui.fixtures import LIKELY, finished_run, questions
from ui import charts
from ui.axes import AXES, log_range, log_ticks
from ui.candidate_card import takes
from ui.tradeoff.tradeoff_chart import tradeoff


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[CandidateRow]:
    home = Home(Path(tmp_path_factory.mktemp("data"))).prepare()
    dataset = questions(home, test=60)
    for name in LIKELY:
        finished_run(home, dataset, name)
    return candidate_rows(dataset_runs(home, "questions"), pricing(Preferences()))


def axis_titles(chart: charts.Chart) -> list[str]:
    return [chart.figure.layout.xaxis.title.text, chart.figure.layout.yaxis.title.text]


@pytest.mark.parametrize("field", AXES)
def test_the_tradeoff_names_units_and_the_scale(rows: list[CandidateRow], field: str) -> None:
    chart = tradeoff(rows, AXES[field], "accuracy", rows[0].candidate)
    across, up = axis_titles(chart)
    assert across.endswith(f"({AXES[field].unit}, log scale)")
    assert up == "Right answers (%)"
    assert rows[0].candidate in chart.alt
    marked = {data[0] for trace in chart.figure.data if trace.customdata is not None for data in trace.customdata}
    assert marked == {row.candidate for row in rows if getattr(row, field)}


def test_whiskers_span_the_interval(rows: list[CandidateRow]) -> None:
    chart = tradeoff(rows, AXES["usd_per_1k"], "accuracy")
    by_name = {row.candidate: row for row in rows}
    for trace in chart.figure.data:
        if trace.error_y.array is not None:
            for data, y, up, down in zip(
                trace.customdata, trace.y, trace.error_y.array, trace.error_y.arrayminus, strict=True
            ):
                row = by_name[data[0]]
                assert y + up == pytest.approx(row.quality_high)
                assert y - down == pytest.approx(row.quality_low)


def test_estimated_figures_are_hollow(rows: list[CandidateRow]) -> None:
    guessed = [row.model_copy(update={"energy_provenance": "estimated"}) for row in rows]
    symbols = [s for trace in tradeoff(guessed, AXES["kwh_per_1k"], "accuracy").figure.data if trace.error_y.array
               is not None for s in trace.marker.symbol]  # fmt: skip
    assert symbols
    assert all(symbol.endswith("-open") for symbol in symbols)


def test_energy_that_is_known_as_a_range_has_a_whisker(rows: list[CandidateRow]) -> None:
    known, axis = {"kwh_per_1k": 0.003, "kwh_low_per_1k": 0.0001, "kwh_high_per_1k": 0.09}, AXES["kwh_per_1k"]
    ranged = rows[0].model_copy(update={**known, "energy_provenance": "estimated"})
    chart = tradeoff([ranged, *rows[1:]], axis, "accuracy")
    whiskers = [(trace, place) for trace in chart.figure.data if trace.error_x.array is not None
                for place, width in enumerate(trace.error_x.array) if width > 0]  # fmt: skip
    ((trace, place),) = whiskers
    assert trace.customdata[place] == [ranged.candidate]
    assert trace.x[place] + trace.error_x.array[place] == pytest.approx(0.09)
    assert trace.x[place] - trace.error_x.arrayminus[place] == pytest.approx(0.0001)
    assert "3.0 Wh (100 mWh – 90 Wh, estimated)" in trace.hovertemplate[place]
    left, right = chart.figure.layout.xaxis.range
    assert 10**left < 0.0001 < 0.09 < 10**right
    by_cost = tradeoff([ranged, *rows[1:]], AXES["usd_per_1k"], "accuracy")
    assert all(trace.error_x.array is None for trace in by_cost.figure.data)
    assert "3.0 Wh (100 mWh – 90 Wh) per 1,000" in takes(ranged)
    assert "(" not in takes(rows[1])


def test_names_stand_beside_few_marks_and_a_legend_below_many(rows: list[CandidateRow]) -> None:
    few = tradeoff(rows, AXES["usd_per_1k"], "accuracy").figure
    assert not few.layout.showlegend
    assert len(few.layout.annotations) == len(rows)
    many = [row.model_copy(update={"candidate": f"{row.candidate} {i}"}) for i in range(3) for row in rows]
    crowd = tradeoff(many, AXES["usd_per_1k"], "accuracy").figure
    assert crowd.layout.showlegend
    assert not crowd.layout.annotations
    picked = tradeoff(many, AXES["usd_per_1k"], "accuracy", many[0].candidate).figure
    assert [many[0].candidate in note.text for note in picked.layout.annotations] == [True]


def test_unknown_costs_are_said_not_drawn_as_zero(rows: list[CandidateRow]) -> None:
    unknown = [row.model_copy(update={"usd_per_1k": None}) for row in rows]
    chart = tradeoff(unknown, AXES["usd_per_1k"], "accuracy")
    assert not [trace for trace in chart.figure.data if trace.x]
    assert "unknown" in chart.figure.layout.annotations[0].text


def test_other_charts_name_their_axes() -> None:
    points: list[dict[str, Any]] = [{"step": step, "loss": 1 / (step + 1)} for step in range(5)]
    made = [
        charts.class_bars({"train": {"a": 3, "b": 1}, "test": {"a": 1, "b": 1}}),
        charts.histogram([0, 10, 20], [3, 4], "Length", "words"),
        charts.confusion([[3, 1], [0, 2]], ["a", "b"], ["a", "b"]),
        charts.curves(points, "loss", "Training loss"),
        charts.curves([], "loss", "Training loss"),
        charts.reliability(reliability_bins([0.9, 0.8, 0.3], [True, False, True])),
        charts.latency([1.0, 2.0, 9.0], 2.0, 9.0),
    ]
    for chart in made:
        assert all(axis_titles(chart)), chart.alt
        assert chart.alt.endswith(".")
        assert chart.figure.layout.height


def test_labels_from_files_stay_text() -> None:
    chart = charts.confusion([[1]], ["<img src=x onerror=alert(1)>"], ["<b>"])
    assert "<img" not in chart.figure.data[0].customdata[0][0]


def test_ticks_read_as_people_write() -> None:
    _, texts = log_ticks([0.0001, 0.05], AXES["usd_per_1k"].show)
    assert "$0.001" in texts
    _, texts = log_ticks([0.4, 250.0], AXES["latency_p50_ms"].show)
    assert {"1 ms", "10 ms", "100 ms"} <= set(texts)
    ticks, _ = log_ticks([3.0, 5.0], AXES["latency_p50_ms"].show)
    assert sum(3 <= tick <= 5 for tick in ticks) >= 1
    low, high = log_range([5.0, 5.0])
    assert low < high


def test_labels_keep_clear_of_each_other() -> None:
    marks = [(300.0, 200.0, 180.0, 220.0), (310.0, 204.0, 190.0, 215.0), (305.0, 196.0, 180.0, 210.0)]
    names = ["minilm-full", "minilm-lora", "minilm-linear"]
    places = labels.place(marks, names, 760, 420)
    boxes = []
    for (x, y, _, _), name, (across, up, right, above) in zip(marks, names, places, strict=True):
        option = next(
            o for o in labels.PLACES if (o[0], o[1], o[2] * labels.GAP, o[3] * labels.GAP) == (across, up, right, above)
        )
        boxes.append(labels._box(x, y, name, option))
    for i, box in enumerate(boxes):
        assert all(box.overlap(other) == 0 for other in boxes[i + 1 :])
