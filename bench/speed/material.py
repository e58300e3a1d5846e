"""What the contenders work on: bundled questions and bundled models."""

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

from core.candidates import resolve
from core.data import bundled
from core.data.formats.table import Table
from core.data.read import read_table
from core.methods import checked_settings, method_class
from core.methods.base import Context
from core.methods.models import local_path
from core.tasks import Example, get_task

MODELS = ROOT / "build" / "bench-models"
SEED = 0


@dataclass(frozen=True)
class Questions:
    """The bundled questions, coarse labels."""

    train: list[Example]
    test: list[Example]
    labels: list[str]


@lru_cache(maxsize=1)
def questions() -> Questions:
    """TREC as it is bundled, in its own order."""
    with tempfile.TemporaryDirectory() as folder:
        read = {split: read_table(path) for split, path in bundled.write("trec", Path(folder)).items()}
    parts = {split: _examples(split, table) for split, table in read.items()}
    return Questions(parts["train"], parts["test"], sorted({example.target for example in parts["train"]}))


def _examples(split: str, table: Table) -> list[Example]:
    pairs = zip(table.column("text"), table.column("label"), strict=True)
    return [Example(f"{split}-{place}", text or "", label or "") for place, (text, label) in enumerate(pairs)]


def context(**more: Any) -> Context:
    """A context for single labels on the CPU."""
    return Context(get_task("single_label"), questions().labels, seed=SEED, models=MODELS, dataset="trec", **more)


def method(candidate: str, **changed: Any) -> Any:
    """A method as a run would make it."""
    resolved = resolve(candidate)
    settings = checked_settings(resolved.method, {**resolved.settings, **changed}, candidate)
    return method_class(resolved.method)(settings, resolved.model)


def weights(name: str) -> str:
    """The folder of a bundled model."""
    return local_path(name, MODELS)


def right(answers: list[str | None], examples: list[Example]) -> float:
    """Share of right answers."""
    return sum(a == example.target for a, example in zip(answers, examples, strict=True)) / len(examples)


def predicted(method: Any, examples: list[Example], where: Context) -> list[str | None]:
    """A method's answers in the order of the examples."""
    found = {prediction.id: prediction.target for prediction in method.predict(examples, where)}
    return [found[example.id] for example in examples]
