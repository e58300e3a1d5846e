"""How clean the electricity is: grams of CO2e a kWh, with the source of the figure.

Country figures are those bundled with CodeCarbon (Our World in Data / Ember, yearly means, life cycle). They are
read from its data file, so that what is multiplied and what is shown are the same number.
"""

import json
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.spec import Record


class Grid(Record):
    """Grid intensity in g CO2e/kWh, or None when it is not known, with where the figure comes from."""

    g_per_kwh: float | None
    source: str


class Country(Record):
    """A country with its yearly mean."""

    iso: str
    name: str
    g_per_kwh: float
    year: int


def grid(country_iso: str | None, typed_g_per_kwh: float | None) -> Grid:
    """The typed figure, else the country's, else the world's mean.

    Why the world's mean and no guess of the country: asking a geo service would need the network, and the locale
    says which language is spoken, not which power station runs.
    """
    if typed_g_per_kwh is not None:
        return Grid(g_per_kwh=typed_g_per_kwh, source="typed in the settings")
    country = countries().get(country_iso or "")
    if country:
        return Grid(g_per_kwh=country.g_per_kwh, source=f"{country.name} {country.year}, CodeCarbon {_version()}")
    folder = _folder()
    world = _read(folder, "carbon_intensity_per_source.json").get("world_average") if folder else None
    if world is None:
        return Grid(g_per_kwh=None, source="unknown: CodeCarbon's figures are not installed")
    return Grid(g_per_kwh=float(world), source=f"world average (IEA 2019), CodeCarbon {_version()}; no country is set")


def countries() -> dict[str, Country]:
    """All countries with a figure, by their three-letter code. A figure of 0 is a gap in the data, not clean power."""
    folder = _folder()
    return _countries(folder) if folder else {}


@lru_cache(maxsize=2)
def _countries(folder: Path) -> dict[str, Country]:
    return {
        iso: Country(iso=iso, name=row["country_name"], g_per_kwh=row["carbon_intensity"], year=int(row["year"]))
        for iso, row in _read(folder, "global_energy_mix.json").items()
        if (row.get("carbon_intensity") or 0) > 0
    }


@lru_cache(maxsize=4)
def _read(folder: Path, name: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((folder / name).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content


def _folder() -> Path | None:
    """CodeCarbon's data folder, found without importing it."""
    spec = find_spec("codecarbon")
    folders = list(spec.submodule_search_locations or []) if spec else []
    return Path(folders[0]) / "data" / "private_infra" if folders else None


def _version() -> str:
    return version("codecarbon")
