"""Common ground of all settings."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Common ground: unknown fields are refused, values are validated on assignment."""

    model_config = ConfigDict(frozen=True, extra="forbid")
