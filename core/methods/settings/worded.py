"""The wording of a prompt style as part of a run's identity, shared by every method that asks in one."""

from typing import Any

from pydantic import Field, model_validator

from core.methods.settings.base import Settings
from core.prompts.styles import STYLES


class VersionedSettings(Settings):
    """Names the version of the style's wording; a mixin for a method's settings that have a `style`."""

    style_version: int = Field(
        0,
        ge=0,
        description="Wording of the style, part of the run's identity; 0 is the present one",
        json_schema_extra={"hidden": True},
    )

    @model_validator(mode="before")
    @classmethod
    def _with_version(cls, values: Any) -> Any:
        """Name the present version of the style, so that a run says which wording it was asked in."""
        if isinstance(values, dict) and not values.get("style_version"):
            style = STYLES.get(values.get("style", cls.model_fields["style"].default))
            return {**values, "style_version": style.version if style else 0}
        return values
