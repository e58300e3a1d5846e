"""Preferences survive broken files, and wrong values are told in words."""

import json
from typing import Any

import pytest

from core.errors import TradeoffError
from core.home import Home
from core.metering.grid import countries
from core.metering.prices import DevicePrice
from core.preferences import Preferences, changed, load, save


def test_what_is_saved_is_loaded(home: Home) -> None:
    wanted = changed(
        load(home), country_iso=" fra ", idle_minutes=3,
        device_prices=[{"device": "cuda", "pattern": "t4", "usd_per_hour": 0.2}],
    )  # fmt: skip
    save(home, wanted)
    assert load(home) == wanted
    assert wanted.country_iso == "FRA"
    assert wanted.device_prices == (DevicePrice(device="cuda", pattern="t4", usd_per_hour=0.2),)
    assert "notice" not in json.loads(home.preferences_file.read_text())


def test_without_a_country_the_worlds_average_counts_and_says_so() -> None:
    grid = Preferences().grid
    assert grid.g_per_kwh == 475
    assert "world average" in grid.source


def test_the_typed_intensity_beats_the_country_and_the_country_the_world() -> None:
    assert Preferences(country_iso="FRA", grid_g_per_kwh=0).grid.g_per_kwh == 0
    france = Preferences(country_iso="FRA").grid
    assert france.g_per_kwh == countries()["FRA"].g_per_kwh
    assert france.source.startswith("France 2023, CodeCarbon")


def test_the_country_figure_is_the_one_codecarbon_uses() -> None:
    from codecarbon.core.emissions import Emissions
    from codecarbon.core.units import Energy
    from codecarbon.external.geography import GeoMetadata
    from codecarbon.input import DataSource

    for iso in ("FRA", "DEU", "IND"):
        geo = GeoMetadata(country_iso_code=iso, country_name=countries()[iso].name)
        kilograms = Emissions(DataSource()).get_country_emissions(Energy.from_energy(kWh=1), geo)
        assert kilograms * 1000 == pytest.approx(countries()[iso].g_per_kwh)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"country_iso": "FRX"}, 'no country with a known grid "FRX"'),
        ({"country_iso": "CAF"}, "CAF"),  # CodeCarbon has a 0 there, which is a gap
        ({"country_iso": 7}, "country_iso"),
        ({"idle_minutes": 0}, "idle_minutes"),
        ({"idle_minutes": float("nan")}, "idle_minutes"),
        ({"grid_g_per_kwh": -1}, "grid_g_per_kwh"),
        ({"grid_g_per_kwh": "much"}, "grid_g_per_kwh"),
        ({"currency": "EUR"}, "currency"),
        ({"device_prices": [{"device": "cpu", "usd_per_hour": -1}]}, "usd_per_hour"),
        ({"device_prices": [{"device": "tpu", "usd_per_hour": 1}]}, "device"),
        ({"colour": "red"}, 'no preference "colour"'),
    ],
)
def test_wrong_values_are_told(change: dict[str, Any], told: str) -> None:
    with pytest.raises(TradeoffError, match=told):
        changed(Preferences(), **change)


def test_a_value_slipped_past_the_checks_is_not_saved(home: Home) -> None:
    with pytest.raises(TradeoffError):
        save(home, Preferences().model_copy(update={"idle_minutes": -1.0}))
    assert not home.preferences_file.exists()


@pytest.mark.parametrize("content", [b"{half", b"[]", b"\xff\xfe\x00", b"", b"null", b"3"])
def test_a_broken_file_is_kept_aside_and_told(home: Home, content: bytes) -> None:
    home.preferences_file.write_bytes(content)
    found = load(home)
    assert found.model_copy(update={"notice": ""}) == Preferences()
    assert "preferences.broken.json" in found.notice
    assert (home.root / "preferences.broken.json").read_bytes() == content
    save(home, found)
    assert load(home).notice == ""


def test_one_wrong_value_costs_only_itself(home: Home) -> None:
    home.preferences_file.write_text(json.dumps({"country_iso": "DEU", "idle_minutes": -4, "of_a_later_version": 1}))
    found = load(home)
    assert (found.country_iso, found.idle_minutes) == ("DEU", 10)
    assert "idle_minutes" in found.notice


def test_a_file_of_a_later_version_is_no_fault(home: Home) -> None:
    home.preferences_file.write_text(json.dumps({"country_iso": "DEU", "of_a_later_version": 1}))
    assert load(home) == Preferences(country_iso="DEU")
