"""What the user has set: electricity, prices, how long models stay warm. One JSON file in the data folder."""

import shutil
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from core import files
from core.clients.endpoints import Endpoint
from core.errors import TradeoffError, unknown
from core.home import Home
from core.metering.grid import Grid, countries, grid
from core.metering.prices import DevicePrice, TokenPrice
from core.spec import Record


class Preferences(Record):
    """The user's settings; every one has a default that works offline and on any machine."""

    country_iso: str | None = Field(
        default=None, description="Country whose electricity is used (three letters); empty takes the world's average"
    )
    grid_g_per_kwh: float | None = Field(
        default=None, ge=0, le=3000, allow_inf_nan=False,
        description="Grams of CO2e a kWh of your electricity; overrides the country",
    )  # fmt: skip
    device_prices: tuple[DevicePrice, ...] = Field(
        default=(), max_length=200, description="Your prices of device hours"
    )
    token_prices: tuple[TokenPrice, ...] = Field(default=(), max_length=500, description="Your prices of tokens")
    endpoints: tuple[Endpoint, ...] = Field(
        default=(), max_length=100, description="Servers that answer for api: candidates; keys stay in the environment"
    )
    idle_minutes: float = Field(
        default=10.0,
        gt=0,
        le=1440,
        allow_inf_nan=False,
        description="Minutes after which a model that nobody asks is let go",
    )
    currency: Literal["USD"] = "USD"
    notice: str = Field(default="", exclude=True)
    """What the reader should be told about the file: it was broken and set aside. Never saved."""

    @field_validator("country_iso", mode="before")
    @classmethod
    def _known_country(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        iso = value.strip().upper()
        # Without CodeCarbon's data no country can be checked; the figure is then unknown anyway.
        if iso and countries() and iso not in countries():
            raise unknown("country with a known grid", iso, countries())
        return iso or None

    @property
    def grid(self) -> Grid:
        """The grid intensity in force, with its source."""
        return grid(self.country_iso, self.grid_g_per_kwh)


def changed(preferences: Preferences, **changes: Any) -> Preferences:
    """`preferences` with some values changed, checked.

    Raises:
        TradeoffError: a value is out of bounds, or there is no such setting.
    """
    for name in changes:
        if name not in Preferences.model_fields:
            raise unknown("preference", name, Preferences.model_fields)
    try:
        return Preferences(**{**preferences.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        help_text = Preferences.model_fields[str(first["loc"][0])].description or ""
        raise TradeoffError(f"{where} cannot be used: {first['msg'].lower()}", remedy=f"{help_text}.") from None


def load(home: Home) -> Preferences:
    """The saved preferences, or the defaults.

    A broken file never stops anything: what can be read of it is used, a copy is kept beside it, and `notice` says so.
    """
    path = home.preferences_file
    try:
        content = files.read_json(path)
    except (OSError, UnicodeDecodeError):
        content = None
    if content is None and not path.exists():
        return Preferences()
    known = content if isinstance(content, dict) else {}
    good, bad = _readable(known)
    if not bad and isinstance(content, dict):
        return Preferences(**good)
    what = f"The values of {', '.join(bad)}" if bad else "The preferences"
    return Preferences(
        **good, notice=f"{what} could not be read from {path.name}; defaults are used. {_set_aside(home)}"
    )


def save(home: Home, preferences: Preferences) -> None:
    """Write the preferences, atomically.

    Raises:
        TradeoffError: a value is out of bounds, or the disk is full.
    """
    files.write_json(home.preferences_file, changed(preferences).model_dump(mode="json"))


def _readable(content: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The settings that are valid, and the names of those that are not. Names of another version are passed over."""
    good: dict[str, Any] = {}
    bad = []
    for name, value in content.items():
        if name not in Preferences.model_fields or name == "notice":
            continue
        try:
            Preferences(**{name: value})
            good[name] = value
        except (ValidationError, TradeoffError):
            bad.append(name)
    return good, bad


def _set_aside(home: Home) -> str:
    copy = home.preferences_file.with_suffix(".broken.json")
    try:
        shutil.copyfile(home.preferences_file, copy)
    except OSError:
        return "Save the settings once to mend the file."
    return f"The file was kept as {copy.name}; save the settings once to mend it."
