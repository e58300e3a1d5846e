"""Presets: the experiments of published studies as files that ship, to be launched on a dataset of one's own."""

import difflib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from core.errors import unknown
from core.experiment_file import read_experiment
from core.spec import Experiment, Record

FOLDER = Path(__file__).parent
PLACE = "presets"
"""What a preset's path begins with, from whatever folder it is named."""
NO_DATASET = "your dataset"


class Preset(Record):
    """A shipped experiment file: its name and what it repeats."""

    name: str
    description: str
    runs_here: bool
    """Whether all of its models are bundled."""


@lru_cache(maxsize=1)
def presets() -> Sequence[Preset]:
    """Every preset, the small ones first."""
    found = [
        Preset(
            name=path.stem, runs_here=path.stem.endswith("-small"),
            description=read_experiment(path, NO_DATASET).description.strip(),
        )
        for path in sorted(FOLDER.glob("*.yaml"))
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda preset: (not preset.runs_here, preset.name)))


def preset(name: str, dataset: str) -> Experiment:
    """The experiment of the preset called `name`, on `dataset`.

    Raises:
        TradeoffError: there is no such preset.
    """
    return read_experiment(_path(name), dataset)


def experiment_path(given: Path) -> Path:
    """The file that is meant: `given`, or a preset where there is no such file (`presets/study1.yaml`, `study1`).

    Raises:
        TradeoffError: it names a preset that does not exist.
    """
    known = [found.name for found in presets()]
    if given.exists() or given.is_absolute() or given.parent.name not in (PLACE, ""):
        return given
    if given.parent.name == PLACE or given.stem in known or difflib.get_close_matches(given.stem, known, 1, 0.8):
        return _path(given.stem)
    return given


def _path(name: str) -> Path:
    path = FOLDER / f"{Path(name).stem}.yaml"
    if not path.is_file():
        raise unknown("preset", name, [found.name for found in presets()])
    return path
