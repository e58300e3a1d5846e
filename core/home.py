"""Where things live on disk: one folder, `TRADEOFF_HOME`, holds all that a user would want to keep."""

import os
from dataclasses import dataclass
from pathlib import Path

from core.errors import TradeoffError


@dataclass(frozen=True)
class Home:
    """The data folder. Every path of the project is asked of it, so tests can use a folder of their own."""

    root: Path

    @classmethod
    def default(cls) -> "Home":
        """The folder named by `TRADEOFF_HOME`, else `./data`; made when absent.

        Raises:
            TradeoffError: the folder cannot be made or written.
        """
        return cls(Path(os.environ.get("TRADEOFF_HOME") or "data").expanduser().resolve()).prepare()

    def prepare(self) -> "Home":
        """Make the folders.

        Raises:
            TradeoffError: the folder cannot be made or written.
        """
        try:
            for folder in (self.datasets, self.runs, self.locks, self.cache, self.index):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TradeoffError(
                f"The data folder cannot be used: {error.strerror}",
                str(self.root),
                "Set TRADEOFF_HOME to a folder that you may write.",
            ) from error
        if not os.access(self.runs, os.W_OK):
            raise TradeoffError(
                "The data folder cannot be written", str(self.root), "Set TRADEOFF_HOME to a folder that you may write."
            )
        return self

    @property
    def datasets(self) -> Path:
        """`datasets/<name>/<fingerprint>/`: one immutable folder a dataset version."""
        return self.root / "datasets"

    @property
    def runs(self) -> Path:
        """`runs/<run id>/`: the truth about every run."""
        return self.root / "runs"

    @property
    def races(self) -> Path:
        """`races/<race id>/`: what each race is and what was decided in it."""
        return self.root / "races"

    @property
    def locks(self) -> Path:
        """Lock files of the worker and of each device."""
        return self.root / "locks"

    @property
    def cache(self) -> Path:
        """What can be made again: converted models, snapshots."""
        return self.root / "cache"

    @property
    def index(self) -> Path:
        """The DuckDB index; may be deleted at any time."""
        return self.root / "index"

    @property
    def preferences_file(self) -> Path:
        """Prices, grid intensity and the like, as the user edited them."""
        return self.root / "preferences.json"
