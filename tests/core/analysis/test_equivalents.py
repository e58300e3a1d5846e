"""Comparisons are computed again by hand; nothing is said of what is unknown."""

import pytest

from core.analysis.equivalents import CAR_KG_A_KM, KETTLE_KWH, co2e_like, energy_like


def test_energy_in_lamps_phones_and_kettles() -> None:
    assert energy_like(0.001) == ["a 10 W lamp for 6 min"]
    assert energy_like(0.030) == ["charging a phone 2.0 times", "a 10 W lamp for 3 h"]
    assert energy_like(1.0, 3) == ["boiling 10 litres of water", "charging a phone 67 times", "a 10 W lamp for 4 d 4 h"]
    assert pytest.approx(0.0988, abs=1e-4) == KETTLE_KWH


def test_co2e_in_ways_by_car() -> None:
    assert pytest.approx(0.164, abs=1e-3) == CAR_KG_A_KM, "7 l of petrol at 2.35 kg each, on 100 km"
    assert co2e_like(1000 * CAR_KG_A_KM) == "driving 1,000 km by car"
    assert co2e_like(0.0164) == "driving 100 m by car"
    assert co2e_like(1e-6) == "driving less than 10 m by car"


@pytest.mark.parametrize("nothing", [None, 0.0])
def test_nothing_is_said_of_what_is_unknown_or_nothing(nothing: float | None) -> None:
    assert energy_like(nothing) == []
    assert co2e_like(nothing) == ""
