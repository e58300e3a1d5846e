"""Energy and CO2e as things that people know. Each says what it assumes, so that anybody can compute it again."""

from core import format as f

LAMP_WATTS = 10.0
PHONE_WH = 15.0
"""A phone battery of about 4,000 mAh at 3.85 V."""
KETTLE_KWH = 4186.0 * 85 / 3.6e6
"""A litre of water from 15 °C to the boil: 4,186 J a kilogram and kelvin, losses of the kettle left out."""
PETROL_KG_A_LITRE = 8.887 / 3.785
"""US EPA, *Greenhouse Gas Equivalencies Calculator*: 8.887 kg of CO2 a gallon of petrol burnt."""
CAR_LITRES_A_KM = 0.07
CAR_KG_A_KM = PETROL_KG_A_LITRE * CAR_LITRES_A_KM


def energy_like(kwh: float | None, most: int = 2) -> list[str]:
    """What the energy would also do, the largest thing first: `charging a phone 12 times`; none where it is unknown."""
    if kwh is None or kwh <= 0:
        return []
    boiled, charges, lit = kwh / KETTLE_KWH, kwh * 1000 / PHONE_WH, kwh * 1000 / LAMP_WATTS * 3600
    found = []
    if boiled >= 1:
        found.append(f"boiling {_count(boiled, 'litre')} of water")
    if charges >= 1:
        found.append(f"charging a phone {_count(charges, 'time')}")
    found.append(f"a {LAMP_WATTS:g} W lamp for {f.duration(lit)}")
    return found[:most]


def co2e_like(kilograms: float | None) -> str:
    """How far a petrol car of 7 litres in 100 km goes on it: `driving 3.2 km by car`; empty where it is unknown."""
    if kilograms is None or kilograms <= 0:
        return ""
    metres = kilograms / CAR_KG_A_KM * 1000
    if metres < 10:
        return "driving less than 10 m by car"
    return f"driving {f.significant(metres / 1000)} km by car" if metres >= 1000 else f"driving {metres:.0f} m by car"


ASSUMED = (
    f"A phone's battery holds {PHONE_WH:g} Wh; water is heated from 15 °C; a car burns 7 litres of petrol in 100 km, "
    f"{CAR_KG_A_KM * 1000:.0f} g of CO₂ a km (EPA: 8.887 kg a gallon)."
)
"""What the comparisons assume, for a help text."""


def _count(number: float, thing: str) -> str:
    shown = f.significant(number)
    return f"{shown} {thing}" + ("" if shown == "1" else "s")
