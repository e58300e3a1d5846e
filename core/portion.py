"""A part of a run: fitted, then only the first of the validation texts are answered, and the run is set aside.

What is to be answered stands in `portion.json` of the run's folder, `{"validation": 133}`. The order of the
texts does not depend on how many there are to be, so a larger portion holds the smaller one; answers are never given
twice. Without the file, or without a number in it, all texts are answered. The test texts are none of a portion's.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from core import files
from core.runs import RunFolder
from core.tasks.base import Example

NAME = "portion.json"
ORDER_SEED = 20_261_121


def ask_portion(folder: RunFolder, validation: int | None, **told: Any) -> None:
    """Have a run answer so many validation texts, or all texts of all splits. It need not be there yet.

    Raises:
        TradeoffError: it cannot be written.
    """
    files.write_json(folder.path / NAME, {"validation": validation, **told})


def asked_portion(folder: RunFolder) -> dict[str, Any]:
    """What stands in the file; empty when there is none."""
    content = files.read_json(folder.path / NAME, {})
    return content if isinstance(content, dict) else {}


def portion_of(folder: RunFolder) -> int | None:
    """How many validation texts a run is to answer; None: all texts of all splits."""
    count = asked_portion(folder).get("validation")
    return count if isinstance(count, int) and count > 0 else None


def whole(folder: RunFolder) -> None:
    """Have a run answer all texts, whoever asked for a part of it before."""
    with suppress(OSError):
        (folder.path / NAME).unlink(missing_ok=True)


def first(examples: Sequence[Example], count: int | None) -> list[Example]:
    """The first `count` of the examples in an order drawn once for all: that of the whole stays the order told."""
    if count is None or count >= len(examples):
        return list(examples)
    chosen = np.random.default_rng(ORDER_SEED).permutation(len(examples))[:count]
    return [examples[place] for place in sorted(chosen.tolist())]


def validated(folder: RunFolder) -> int:
    """How many validation texts a run that was set aside has answered; 0 where it has not come to an end."""
    notes = (files.read_json(folder.path / "usage.json") or {}).get("notes", {})
    count = notes.get("validated", 0) if isinstance(notes, dict) else 0
    return count if isinstance(count, int) else 0
