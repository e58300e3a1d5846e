"""A model with its fitted prompt, ready to be asked text after text."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from core.methods.base import Tokens
from core.methods.batching import budget_batches
from core.methods.settings import PromptSettings
from core.prompts.engine import Engine
from core.prompts.labels import Reading
from core.prompts.styles import PromptStyle
from core.prompts.tree import AnswerTree
from core.prompts.window import Cutter, fit_window
from core.tasks.base import Example


@dataclass(frozen=True, slots=True)
class Written:
    """An answer that a model wrote, what was read from it, and how probable the model found just this wording."""

    completion: str
    reading: Reading
    probability: float
    tokens: int


class Asker:
    """Lays the prompt out, has the model read its shared beginning once, and asks.

    Attributes:
        fitted: the prompt as it fits the model's window.
        cutter: turns texts into tokens, cut to their room.
    """

    def __init__(
        self, engine: Engine, style: PromptStyle, settings: PromptSettings, demonstrations: Sequence[Example],
        report: Callable[[int, int], object] | None = None,
    ) -> None:  # fmt: skip
        self.engine, self.style, self.settings = engine, style, settings
        self.fitted = fit_window(engine, style, settings, demonstrations)
        self.cutter = Cutter(engine, style, self.fitted.room)
        shared = self.fitted.shared
        longest = self.fitted.room + len(self.fitted.tail) + self._longest_answer()
        probe = self.rows([CONTENT_FREE[0]])[0]
        self.prefix = engine.remember(
            shared, probe, self.fitted.answers, longest, lambda done: report and report(done, len(shared))
        )
        nodes = len(AnswerTree(tuple(self.fitted.answers)).tokens) if settings.answer == "score" else 0
        self._answer_tokens = nodes
        self._charged = False

    @property
    def notes(self) -> dict[str, object]:
        """What is worth knowing about the prompt."""
        slow = {} if self.prefix.states else {"prompt_start": "computed for each text: this model cannot share it"}
        return {**self.fitted.notes, **slow}

    def rows(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens that follow the shared beginning for each text."""
        return [ids + self.fitted.tail for _, ids, _ in self.cutter.all(texts)]

    def batches(self, rows: Sequence[Sequence[int]]) -> Iterator[list[int]]:
        """Places of rows in batches of similar length, within the budget of tokens and of logits."""
        extra = min(self._answer_tokens, self.engine.most_tree_tokens())
        most = self.engine.most_rows(extra + 1)
        for places in budget_batches([len(row) + extra for row in rows], self.settings.batch_tokens):
            for start in range(0, len(places), most):
                yield places[start : start + most]

    def score(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Log-probabilities of the labels, shape (rows, labels), fp64: log-likelihoods by `score_by`, normalised."""
        scores = self.engine.score(self.prefix, rows, self.fitted.answers).double()
        if self.settings.score_by == "mean":
            scores = scores / torch.tensor([len(answer) for answer in self.fitted.answers])
        return scores.log_softmax(1)

    def write(self, rows: Sequence[Sequence[int]]) -> list[Written]:
        """The answers that the model writes, and what is read from them."""
        most, opening = self.settings.max_new_tokens, self.style.opening
        writings = self.engine.write(self.prefix, rows, most, lambda ids: self.style.ended(self.engine.decode(ids)))
        found = []
        for writing in writings:
            text = self.engine.decode(writing.ids)
            reading = self.style.read("", opening + text)
            if reading.target is None and len(writing.ids) >= most:
                reading = Reading(None, f"{reading.reason} (cut after {most} tokens)")
            probability = torch.tensor(writing.log_probability).exp().item()
            found.append(Written((opening + text).strip(), reading, probability, len(writing.ids)))
        return found

    def tokens(self, row: Sequence[int], written: int = 0) -> Tokens:
        """What one text cost. The shared beginning is charged in full to the first text and cached for all others."""
        shared = len(self.fitted.shared)
        cached = shared if self._charged and self.prefix.states else 0
        self._charged = True
        return Tokens(input=shared + len(row) + self._answer_tokens, cached=cached, output=written)

    def _longest_answer(self) -> int:
        return max(self.settings.max_new_tokens, *map(len, self.fitted.answers))


CONTENT_FREE = ("N/A", "", "[MASK]")
"""Texts that say nothing (contextual calibration, arXiv 2102.09690)."""
