"""An experiment in a YAML file. Mistakes are told with their line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from core.errors import TradeoffError, unknown
from core.spec import Experiment

LARGEST = 1024 * 1024
SEE = "See docs/command-line.md for an example."


def read_experiment(path: Path, dataset: str | None = None, given: dict[str, Any] | None = None) -> Experiment:
    """The experiment of a YAML file; `dataset` and what else is `given` stand above what the file says.

    Raises:
        TradeoffError: no such file, not YAML, an unknown or doubled key, or a value that does not fit.
    """
    content, lines = _parsed(_text(path), path)
    for key in content:
        if key not in Experiment.model_fields:
            error = unknown("key of an experiment", str(key), Experiment.model_fields)
            error.where = _located(path, lines, (key,))
            raise error
    if dataset:
        content["dataset"] = dataset
    elif "dataset" not in content:
        raise TradeoffError("The experiment file names no dataset", str(path), "Add --dataset NAME.")
    content.update(given or {})
    try:
        return Experiment(**content)
    except ValidationError as error:
        first = error.errors()[0]
        # What the whole experiment lacks belongs to its candidates.
        place = first["loc"] or ("candidates",)
        said = f"{'.'.join(str(part) for part in place)}: {first['msg'].lower()}"
        raise TradeoffError(said, _located(path, lines, place), SEE) from None


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise TradeoffError(f"{path} is not a file", remedy="Give the path of an experiment file.")
        if path.stat().st_size > LARGEST:
            raise TradeoffError(f"{path} is too large for an experiment file", remedy="Give a YAML file. " + SEE)
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise TradeoffError("The experiment file is not UTF-8 text", str(path), "Save it as UTF-8.") from None
        said = getattr(error, "strerror", None) or "no such path"
        raise TradeoffError(f"{path} cannot be read: {said}", remedy="Check the path.") from error


def _parsed(text: str, path: Path) -> tuple[dict[str, Any], dict[tuple[Any, ...], int]]:
    """The content, and the line of each key and of each key below it."""
    try:
        content, node = yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise TradeoffError("The experiment file is not YAML", where, SEE) from None
    if not isinstance(content, dict):
        raise TradeoffError("The experiment file has no keys", str(path), SEE)
    lines: dict[tuple[Any, ...], int] = {}
    for key, value in _entries(node, (), lines, path):
        for _ in _entries(value, (key,), lines, path):
            pass
    return content, lines


def _entries(
    node: Any, above: tuple[Any, ...], lines: dict[tuple[Any, ...], int], path: Path
) -> Sequence[tuple[str, Any]]:
    """The keys of a mapping with their values; notes their lines and refuses a key that stands twice."""
    found: list[tuple[str, Any]] = []
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        place, line = (*above, key.value), key.start_mark.line + 1
        if str(key.value) in (name for name, _ in found):
            raise TradeoffError(f'The key "{key.value}" stands twice', f"{path}, line {line}", "Keep one of the two.")
        lines[place] = line
        found.append((str(key.value), value))
    return found


def _located(path: Path, lines: dict[tuple[Any, ...], int], place: Sequence[Any]) -> str:
    for length in range(len(place), 0, -1):
        line = lines.get(tuple(place[:length]))
        if line:
            return f"{path}, line {line}"
    return str(path)
