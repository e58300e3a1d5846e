"""One grammar for the charts of every page: colour = family, mark = method, titles with units, a description."""

import json
import re
from typing import Any

import pytest

from core.findings.results import results
from core.home import Home
from core.metric_words import difference_told, metric_quality, metric_span
from core.preferences import Preferences
from tests.ui.fixtures import finished_run, questions
from tests.ui.test_pages import open_page, sound
from ui import marks, theme

NAMES = ("majority", "tfidf-linear", "minilm-full", "smollm2-few-shot")
PAGES = ("overview", "decide", "tradeoff", "compare", "cascade", "costs")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("data")).prepare()
    dataset = questions(home, test=80)
    for name in NAMES:
        finished_run(home, dataset, name)
    return home


@pytest.fixture
def home(filled: Home) -> Home:
    return filled


@pytest.mark.parametrize("name", PAGES)
def test_every_chart_speaks_it(here: Home, name: str) -> None:
    app = open_page(name)
    sound(app)
    charts = app.get("plotly_chart")
    assert charts, "the page has a chart"
    rows = {row.candidate: row for row in results(here, "questions", Preferences())}
    for chart in charts:
        assert len(chart.proto.alt) > 20
        assert chart.proto.alt.endswith(".")
        figure = json.loads(chart.proto.spec)
        across = figure["layout"]["xaxis"]["title"]["text"]
        assert re.search(r"\(.*\)|points|USD", across), f"no unit on {across}"
        for trace in figure["data"]:
            assert colours(trace) <= palette(), trace.get("name")
            for symbol, colour, candidate in drawn(trace):
                if candidate in rows and symbol not in ("circle-open", None):
                    own = {theme.symbol(rows[candidate].method)}
                    assert symbol in own | {marks.ACROSS.get(one, one) for one in own}, candidate
                    assert colour == theme.family_colour(rows[candidate].family, dark=False), candidate


def palette() -> set[str]:
    return {theme.family_colour(family, dark=False) for family in theme.FAMILIES} | {
        theme.ink(False),
        theme.quiet(False),
    }


def colours(trace: dict[str, Any]) -> set[str]:
    """Every colour of marks, lines and whiskers, without how far it is let through."""
    holders = [trace.get(part) or {} for part in ("marker", "line", "error_x", "error_y")]
    found = [one.get("color") for one in holders]
    flat = {colour for one in found if one for colour in (one if isinstance(one, list) else [one])}
    return {solid(colour) for colour in flat}


def solid(colour: str) -> str:
    numbers = re.findall(r"[\d.]+", colour)
    return f"#{''.join(f'{int(part):02X}' for part in numbers[:3])}" if colour.startswith("rgba") else colour


def drawn(trace: dict[str, Any]) -> list[tuple[str | None, str | None, str]]:
    """Symbol, colour and candidate of each mark that says whose it is."""
    names = [one[0] if isinstance(one, list) else one for one in trace.get("customdata") or []]
    marker = trace.get("marker") or {}
    sides = [marker.get(part) for part in ("symbol", "color")]
    symbols, tints = (side if isinstance(side, list) else [side] * len(names) for side in sides)
    return list(zip(symbols, tints, names, strict=True)) if names else []


def test_estimated_energy_is_hollow_and_its_cost_is_not(here: Home) -> None:
    row = results(here, "questions", Preferences())[0].model_copy(update={"energy_provenance": "estimated"})
    assert marks.is_hollow(row, "kwh_per_1k")
    assert not marks.is_hollow(row, "usd_per_1k")
    assert marks.marker([row], False, "kwh_per_1k")["symbol"][0].endswith("-open")
    measured = row.model_copy(update={"energy_provenance": "measured"})
    assert marks.mixed_provenance([row, measured], "co2e_g_per_1k")
    assert not marks.mixed_provenance([row, measured], "latency_p95_ms")


@pytest.mark.parametrize(
    ("metric", "value", "low", "high", "said"),
    [
        ("accuracy", 0.9461, 0.926, 0.966, "94.6 % ± 2.0"),
        ("accuracy", 0.667, 0.3, 1.0, "67 % ± 35"),
        ("accuracy", 0.94613, 0.9458, 0.9464, "94.61 % ± 0.03"),
        ("macro_f1", 0.8731, 0.85, 0.89, "87.3 ± 2.0"),
        ("mcc", 0.9012, 0.8, 1.0, "0.90 ± 0.10"),
        ("mcc", 0.90123, 0.899, 0.903, "0.901 ± 0.002"),
        ("accuracy", 1.0, None, None, "100.0 %"),
        ("accuracy", None, None, None, "unknown"),
    ],
)
def test_no_more_digits_than_the_interval_allows(
    metric: str, value: float | None, low: float | None, high: float | None, said: str
) -> None:
    assert metric_quality(metric, value, low, high) == said


def test_differences_have_a_sign_and_as_many_digits_as_their_interval_allows() -> None:
    assert difference_told("accuracy", 0.012) == "+1.2"
    assert difference_told("accuracy", -0.1234, 0.12) == "−12"
    assert difference_told("accuracy", -0.0004) == "0.0"
    assert difference_told("mcc", -0.0123, 0.004) == "−0.012"
    assert metric_span("accuracy", 0.5, 0.3, 0.7) == "50 % (30 % to 70 %)"
