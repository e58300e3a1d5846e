"""Settings of a cascade."""

from pydantic import Field

from core.methods.settings.base import Settings


class CascadeSettings(Settings):
    """Candidates that are asked one after the other, until one is sure."""

    stages: tuple[str, ...] = Field((), description="The candidates, in the order in which they are asked")
    thresholds: tuple[float, ...] = Field(
        (), description="How sure each but the last must be for its answer to stand, from 0 to 1"
    )
