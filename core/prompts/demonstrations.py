"""Which solved examples a prompt shows: the same for all texts, or the most similar ones for each."""

import random
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import files
from core.methods.base import Context
from core.methods.settings.prompt import DemonstrationSettings
from core.prompts.styles import Demonstration
from core.tasks.base import Example, Task

if TYPE_CHECKING:
    from core.prompts.similarity import Finder

FILE = "demonstrations.json"


class Demonstrator:
    """The solved examples of a fitted prompt, from the training texts only.

    Light unless the examples are `similar`, which loads an encoder.

    Attributes:
        common: the examples that all prompts show; empty when each text has its own.
        pool: the examples that similar ones are taken from; empty otherwise.
    """

    def __init__(
        self, settings: DemonstrationSettings, task: Task, seed: int, common: Sequence[Example] = (),
        pool: Sequence[Example] = (), finder: "Finder | None" = None,
    ) -> None:  # fmt: skip
        self.settings, self.task, self.seed = settings, task, seed
        self.common, self.pool, self.finder = list(common), list(pool), finder

    @classmethod
    def choose(cls, train: Sequence[Example], settings: DemonstrationSettings, context: Context) -> "Demonstrator":
        """Draw the examples, or make ready to find similar ones.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the encoder of `similar_to` cannot be loaded.
        """
        task, seed = context.task, context.seed
        if not settings.shots or settings.demonstrations != "similar":
            drawn = draw(train, settings.shots, settings.demonstrations, seed, task)
            return cls(settings, task, seed, drawn)
        from core.prompts.similarity import Finder

        pool = draw(train, settings.pool or len(train), "random", seed)
        return cls(settings, task, seed, (), pool, Finder.of(pool, settings.similar_to, context))

    @property
    def varies(self) -> bool:
        """Whether each text has examples of its own."""
        return self.finder is not None

    def of(self, texts: Sequence[str]) -> list[list[Example]]:
        """The examples for each text, in the order shown: never the text itself or one that says the same.

        Raises:
            Cancelled: the run is to stop.
        """
        if self.finder is None:
            return [self.common for _ in texts]
        return [
            self._ordered(text, self._nearest(text, places))
            for text, places in zip(texts, self.finder.ranked(texts), strict=True)
        ]

    def with_thoughts(self, explained: Sequence[Demonstration]) -> None:
        """Replace the examples by the same with reasoning."""
        by_id = {shown.id: shown for shown in explained}
        self.common = [by_id.get(shown.id, shown) for shown in self.common]
        self.pool = [by_id.get(shown.id, shown) for shown in self.pool]

    def save(self, folder: Path) -> None:
        """Write the examples as JSON, and the vectors of similar ones as safetensors."""
        content = {"common": [asdict(shown) for shown in self.common], "pool": [asdict(shown) for shown in self.pool]}
        files.write_json(folder / FILE, content)
        if self.finder is not None:
            self.finder.save(folder)

    @classmethod
    def load(cls, folder: Path, settings: DemonstrationSettings, context: Context) -> "Demonstrator":
        """What `save` wrote; the same texts get the same examples.

        Raises:
            TradeoffError: the encoder that the vectors came from cannot be loaded any more.
        """
        content = files.read_json(folder / FILE, {})
        common, pool = ([_example(shown) for shown in content.get(part, [])] for part in ("common", "pool"))
        finder = None
        if pool:
            from core.prompts.similarity import Finder

            finder = Finder.load(folder, settings.similar_to, context)
        return cls(settings, context.task, context.seed, common, pool, finder)

    def _nearest(self, text: str, places: Sequence[int]) -> list[Example]:
        """The most similar examples, the best first, within the limit a label."""
        own, found, held = normal(text), list[Example](), dict[str, int]()
        for place in places:
            example = self.pool[place]
            if normal(example.text) == own:
                continue
            labels = groups(example, self.task) if self.settings.most_per_label else []
            if any(held.get(label, 0) >= self.settings.most_per_label for label in labels):
                continue
            for label in labels:
                held[label] = held.get(label, 0) + 1
            found.append(example)
            if len(found) == self.settings.shots:
                break
        return found

    def _ordered(self, text: str, nearest: list[Example]) -> list[Example]:
        if self.settings.order == "shuffled":
            random.Random(f"{self.seed} {text}").shuffle(nearest)
            return nearest
        return nearest if self.settings.order == "most_similar_first" else nearest[::-1]


def draw(train: Sequence[Example], count: int, how: str, seed: int, task: Task | None = None) -> list[Example]:
    """`count` different training texts, empty ones left out, in a shuffled order; fewer when there are no more.

    Args:
        train: the training examples.
        count: how many.
        how: `random`, or `balanced`: every label in turn, in a shuffled order, as long as it has texts left.
        seed: the same seed draws the same examples.
        task: tells which labels an example carries; without it, its whole target counts as its label.
    """
    generator = random.Random(seed)
    pool = list({normal(example.text): example for example in reversed(train) if example.text.strip()}.values())
    pool.sort(key=lambda example: example.id)
    generator.shuffle(pool)
    chosen = pool[:count] if how == "random" else _in_turn(pool, count, generator, task)
    generator.shuffle(chosen)
    return chosen


def groups(example: Example, task: Task | None) -> list[str]:
    """The labels that an example stands for: those of its text, else those of its spans."""
    target = task.decode(example.target) if task else None
    if target is None:
        return [example.target]
    return sorted(target.labels or {span.label for span in target.spans}) or [""]


def normal(text: str) -> str:
    """Texts that differ only in case, width and white space are the same."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _in_turn(pool: Sequence[Example], count: int, generator: random.Random, task: Task | None) -> list[Example]:
    by_label: dict[str, list[Example]] = {}
    for example in pool:
        for label in groups(example, task):
            by_label.setdefault(label, []).append(example)
    queues = [by_label[label] for label in sorted(by_label)]
    generator.shuffle(queues)
    chosen: dict[str, Example] = {}
    while len(chosen) < count and any(queues):
        for queue in queues:
            while queue and queue[-1].id in chosen:
                queue.pop()
            if queue and len(chosen) < count:
                shown = queue.pop()
                chosen[shown.id] = shown
    return list(chosen.values())


def _example(content: dict[str, Any]) -> Example:
    return Demonstration(**content) if "reasoning" in content else Example(**content)
