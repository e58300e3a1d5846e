"""What zero-shot encoders share: labels as words beside the text, in as many passes as they need."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import CONFIG_MAPPING

from core.errors import TradeoffError

JOINTS = re.compile(r"[\s_./\\-]+")
LEAST_ROOM = 8
"""Tokens that must be left for the text."""


def check_installed(package: str, title: str, command: str) -> None:
    """Raises TradeoffError when an optional package is absent."""
    if find_spec(package) is None:
        raise TradeoffError(f"{title} needs the package {package}", remedy=f"Install it with `{command}`.")


@contextmanager
def library(title: str, command: str) -> Iterator[None]:
    """Turn an import that fails into the error that says how to install the library so that it fits.

    Raises:
        TradeoffError: the installed library cannot be imported.
    """
    try:
        yield
    except (ImportError, AttributeError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise TradeoffError(
            f"The installed {title} does not go with the other packages: {first}",
            remedy=f"Install it with `{command}`.",
        ) from error


def own_configuration(file: Path, name: str) -> dict[str, Any]:
    """The configuration of the model `name`, which holds its encoder's, safe to be given to its library.

    The libraries would run program code that a configuration names, or fetch what it leaves out; neither is allowed.

    Raises:
        TradeoffError: it is absent or damaged, names code, or does not hold its encoder's configuration.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TradeoffError(f"{name} is no model of this kind: {file.name} is missing", remedy=WHERE) from None
    except ValueError:
        raise TradeoffError(f"{file.name} of {name} cannot be read", remedy="Download the model again.") from None
    if not isinstance(content, dict) or "auto_map" in json.dumps(content):
        raise TradeoffError(
            f"The model {name} brings program code of its own, which is never run here", remedy="Choose another model."
        )
    encoder = content.get("encoder_config")
    if not isinstance(encoder, dict):
        raise TradeoffError(f"{file.name} of {name} does not hold its encoder's configuration", remedy=CONVERT)
    if encoder.get("model_type", "deberta-v2") not in CONFIG_MAPPING:
        raise TradeoffError(f"The encoder of {name} is not one that transformers knows", remedy="Choose another model.")
    return content


WHERE = "See docs/zero-shot.md for models that can be used."
CONVERT = "Save it once as docs/zero-shot.md shows, and use that folder."


def shown_labels(labels: Sequence[str], as_words: bool, marks: Sequence[str]) -> list[str]:
    """Labels as the model reads them, each different: as words, unless two of them would then be the same."""
    spoken = [JOINTS.sub(" ", label).strip() or label for label in labels]
    chosen = spoken if as_words and len(set(spoken)) == len(labels) else list(labels)
    return [harmless(label, marks) for label in chosen]


def harmless(text: str, marks: Sequence[str]) -> str:
    """The text with the model's own marks broken up, so that none in it counts as one."""
    for mark in marks:
        text = text.replace(mark, f"{mark[:1]} {mark[1:]}")
    return text


def label_groups(lengths: Sequence[int], room: int, most: int | None = None) -> list[list[int]]:
    """Labels, as positions, in groups of at most `room` tokens (or one label), as even as they come.

    >>> label_groups([3, 3, 3], 6), label_groups([9, 1], 6), label_groups([1] * 5, 60, 2)
    ([[0, 1], [2]], [[0], [1]], [[0, 1], [2, 3], [4]])
    """
    groups: list[list[int]] = []
    total = 0
    for place, length in enumerate(lengths):
        full = not groups or total + length > room or (most is not None and len(groups[-1]) >= most)
        if full:
            groups.append([])
            total = 0
        groups[-1].append(place)
        total += length
    return groups


def text_room(limit: int, taken: int, name: str) -> int:
    """Tokens that are left for the text where `taken` go to labels and marks.

    Raises:
        TradeoffError: too few are left.
    """
    if limit - taken < LEAST_ROOM:
        raise TradeoffError(
            f"A label of {taken} tokens leaves no room for the text: {name} reads {limit} at once",
            remedy="Raise max_tokens, or shorten the label.",
        )
    return limit - taken
