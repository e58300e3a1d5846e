"""What a language model is trained on: the prompts and answers of one or several datasets, and their loss."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.methods.answer_logits import Way, answer_loss, decoder_logits, is_same, seq2seq_logits
from core.methods.base import Part
from core.methods.batching import budget_batches
from core.methods.phrasing import Phrasing
from core.methods.settings import GeneratorSettings
from core.tasks.base import Example

MOST_LOGITS = 2**25
"""Logits held at once (128 MiB in fp32), so that a large vocabulary does not fill the memory."""
MOST_CHECKED = 2000
"""Answers of a dataset that are read back from their own tokens before a training."""
WORTH_SHARING = 8
"""Tokens from which on it pays to compute the beginning of all prompts apart."""
MOST_PACKED = 768
"""Tokens that stand in one row at most: attention between all of them grows with the square of their number."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A prompt after its shared beginning, and its answer. `part` says which dataset it is of."""

    part: int
    row: list[int]
    answer: list[int]


class Lessons:
    """The lessons of one training.

    Attributes:
        items: all lessons; those of small datasets several times where `mix` says `equal`.
        cut: how many texts were cut.
        unreadable: how many answers the vocabulary cannot spell so that they are read again.
    """

    def __init__(
        self, model: Any, phrasings: Sequence[Phrasing], parts: Sequence[Part], settings: GeneratorSettings,
        seq2seq: bool, seed: int,
    ) -> None:  # fmt: skip
        self.model, self.phrasings, self.settings, self.seq2seq = model, phrasings, settings, seq2seq
        self.cut = self.unreadable = 0
        by_part = [self.of(place, part.train) for place, part in enumerate(parts)]
        self.items = mixed(by_part, settings.mix, seed)
        self.lengths = [len(item.row) + len(item.answer) for item in self.items]
        self._same: dict[tuple[int, Way], bool] = {}

    def of(self, place: int, examples: Sequence[Example]) -> list[Lesson]:
        """The lessons of some examples of the dataset at `place`."""
        phrasing = self.phrasings[place]
        asked = phrasing.questions([example.text for example in examples])
        texts, targets = [question.text for question in asked], [example.target for example in examples]
        answers = phrasing.answers(texts, targets)
        self.cut += sum(question.cut for question in asked)
        for question, target, ids in list(zip(asked, targets, answers, strict=True))[:MOST_CHECKED]:
            self.unreadable += not phrasing.survives(question.text, target, ids)
        return [Lesson(place, question.ids, ids) for question, ids in zip(asked, answers, strict=True)]

    def loss(self, batch: Sequence[int]) -> Iterator[torch.Tensor]:
        """The mean loss of a batch's answer tokens, in parts that fit the memory and add up to it."""
        lessons = [self.items[i] for i in batch]
        total = sum(len(lesson.answer) for lesson in lessons)
        for group in self.groups(lessons):
            yield self.summed(group, self.settings.label_smoothing) / total

    def mean_loss(self, lessons: Sequence[Lesson]) -> float:
        """The mean loss of answer tokens, without a gradient and without smoothing."""
        with torch.inference_mode():
            summed = sum(self.summed(group).item() for group in self.groups(lessons))
        return summed / max(1, sum(len(lesson.answer) for lesson in lessons))

    def summed(self, group: Sequence[Lesson], smoothing: float = 0.0) -> torch.Tensor:
        """The summed loss of lessons of one dataset."""
        place = group[0].part
        shared, rows, answers = self.phrasings[place].shared, [x.row for x in group], [x.answer for x in group]
        if self.seq2seq:
            logits, targets = seq2seq_logits(self.model, [[*shared, *row] for row in rows], answers)
        else:
            way = self._way(place, shared, rows, answers)
            logits, targets = decoder_logits(self.model, shared, rows, answers, way)
        return answer_loss(logits, targets, smoothing)

    def _way(self, place: int, shared: Sequence[int], rows: list[list[int]], answers: list[list[int]]) -> Way:
        """The quickest way in which the model says the same as in the plainest."""
        ways: list[Way] = []
        lengths = [len(row) + len(answer) for row, answer in zip(rows, answers, strict=True)]
        # In one row nothing keeps a model from looking beyond its window; whether others are seen takes two to tell.
        window = getattr(self.model.config.get_text_config(), "sliding_window", None) or MOST_PACKED
        if len(rows) > 1 and len(shared) + sum(lengths) <= MOST_PACKED and len(shared) + max(lengths) <= window:
            ways.append("packed")
        if len(shared) >= WORTH_SHARING and not self.settings.gradient_checkpointing:
            ways.append("once")
        for way in ways:
            if (place, way) not in self._same:
                self._same[place, way] = is_same(self.model, shared, rows[:2], answers[:2], way)
            if self._same[place, way]:
                return way
        return "whole"

    def groups(self, lessons: Sequence[Lesson]) -> Iterator[list[Lesson]]:
        """Lessons of one dataset and of similar length, within the budgets of tokens and of logits."""
        vocabulary = self.model.config.get_text_config().vocab_size
        for place in sorted({lesson.part for lesson in lessons}):
            own = [lesson for lesson in lessons if lesson.part == place]
            extra = len(self.phrasings[place].shared) if self.seq2seq else 0
            most = max(1, MOST_LOGITS // (vocabulary * max(len(lesson.answer) for lesson in own)))
            for spots in budget_batches([len(x.row) + len(x.answer) + extra for x in own], self.settings.train_tokens):
                for start in range(0, len(spots), most):
                    yield [own[spot] for spot in spots[start : start + most]]

    def digest(self) -> str:
        """Of all lessons: a training is resumed only on the same ones."""
        digest = hashlib.sha256()
        for phrasing in self.phrasings:
            digest.update(np.asarray(phrasing.shared, np.int32).tobytes() + b"|")
        for item in self.items:
            ids = [item.part, *item.row, -1, *item.answer]
            digest.update(np.asarray(ids, np.int32).tobytes() + b"|")
        return digest.hexdigest()


def mixed(by_part: Sequence[list[Lesson]], mix: str, seed: int) -> list[Lesson]:
    """All lessons; with `equal` those of smaller datasets are repeated until each has as many as the largest."""
    if mix == "proportional" or len(by_part) == 1:
        return [lesson for lessons in by_part for lesson in lessons]
    most, generator = max(map(len, by_part)), np.random.default_rng(seed)
    found = []
    for lessons in filter(None, by_part):
        rounds, rest = divmod(most, len(lessons))
        found += lessons * rounds + [lessons[i] for i in generator.permutation(len(lessons))[:rest]]
    return found
