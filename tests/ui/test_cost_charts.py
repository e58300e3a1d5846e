"""The charts of money and energy show the figures of the core, with what is unknown and how sure they are."""

import numpy as np
import pytest

from core.analysis.breakeven import CostLine, crossing
from core.analysis.results import CandidateRow
from core.analysis.scenario import Scenario, monthly_usd
from core.findings.spending import Spent
from core.metering.usage import Energy
from tests.core.analysis.test_scenario import row, run
from ui.costs import cost_charts


def other(name: str, **changes: object) -> CandidateRow:
    return row(Scenario(), run("tfidf-linear")).model_copy(update={"candidate": name, **changes})


def test_the_lines_are_the_costs_and_the_diamond_is_where_they_meet() -> None:
    own = CostLine(name="own <b>", serving=0.001, kept_on=76.0, low=0.5, high=2.0)
    api = CostLine(name="api", serving=0.02)
    met = crossing(own, api)
    chart = cost_charts.break_even([(own, "rented all month", met)], api, "encoder", 1e5)
    drawn = {trace.name: trace for trace in chart.figure.data if trace.name}
    assert set(drawn) == {"own &lt;b&gt;, rented all month", "api"}
    for name, line in (("own &lt;b&gt;, rented all month", own), ("api", api)):
        volumes = np.asarray(drawn[name].x, float)
        assert np.allclose(np.asarray(drawn[name].y, float), [line.usd(v) for v in volumes])
        assert volumes[0] <= 1e5 <= volumes[-1]
    diamond = next(trace for trace in chart.figure.data if trace.marker.symbol == "diamond")
    assert diamond.x[0] == pytest.approx(3.8e6)
    assert diamond.y[0] == pytest.approx(api.usd(3.8e6))
    assert "api: $2.00" in chart.alt


def test_a_month_is_stacked_from_its_parts_cheapest_first() -> None:
    scenario = Scenario(volume=1e6, usd_per_label=0.1)
    rows = [other("dear", usd_per_1k=5.0), other("cheap")]
    bills = [(one, money) for one in rows if (money := monthly_usd(one, scenario))]
    figure = cost_charts.months(bills, "cheap").figure
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [bar.name for bar in bars] == ["answering", "training", "labels"]
    assert sum(bar.x[0] for bar in bars) == pytest.approx(bills[1][1].usd)
    assert figure.layout.yaxis.ticktext == ("<b>cheap</b>", "dear")


def test_energy_of_different_provenance_is_never_one_bar() -> None:
    measured = {"gpu": Energy(kwh=0.002, provenance="measured"), "ram": Energy(kwh=0.001, provenance="modelled")}
    guessed = {"api": Energy(kwh=0.004, provenance="estimated")}
    rows = [
        other("ours", energy_per_1k=measured, kwh_per_1k=0.003, energy_provenance="modelled"),
        other("theirs", energy_per_1k=guessed, kwh_per_1k=0.004, energy_provenance="estimated"),
        other("blind", energy_per_1k={}, kwh_per_1k=None, energy_provenance="unknown"),
    ]
    chart = cost_charts.energy_parts(rows)
    names = [trace.name for trace in chart.figure.data if trace.type == "bar"]
    assert names == ["GPU, measured", "memory, modelled", "at the provider, estimated"]
    assert "blind" not in chart.alt
    assert cost_charts.sureness(rows) == {"modelled": 1, "estimated": 1, "unknown": 1}


def test_unknown_sums_are_written_beside_their_bar() -> None:
    one = Spent(name="2026-01", runs=3, usd=2.0, usd_unknown=1, kwh=None, kwh_unknown=3, co2e_kg=None, co2e_unknown=3,
                seconds=9.0, provenance="unknown")  # fmt: skip
    assert cost_charts.spent([one], "usd", "Money spent").figure.data[0].text == ("$2.00 + 1 unknown",)
    assert cost_charts.spent([one], "kwh", "Energy used").figure.data[0].text == ("unknown",)
    assert "nothing yet" in cost_charts.spent([], "usd", "Money spent").alt
