"""Asking a fine-tuned model: labels are scored, or the answer is written and read."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch

from core.methods.base import Tokens
from core.methods.batching import budget_batches
from core.methods.phrasing import Phrasing, Question
from core.methods.settings import GeneratorSettings
from core.methods.tuned import TunedModel
from core.prompts.engine import Engine
from core.prompts.generation import Writing
from core.prompts.tree import AnswerTree

Rows = Sequence[Sequence[int]]


class Voice(Protocol):
    """A model with the beginning that all prompts share: rows of further tokens go in.

    Attributes:
        shared: tokens of the beginning; those computed once and reused are counted as cached.
        remembers: whether the beginning is computed once.
    """

    shared: int
    remembers: bool

    def score(self, rows: Rows, answers: Sequence[tuple[int, ...]]) -> torch.Tensor:
        """Log-likelihoods of the answers, shape (rows, answers)."""

    def write(self, rows: Rows, most: int, phrasing: Phrasing) -> list[Writing]:
        """What the model writes."""

    def most_rows(self, positions: int) -> int:
        """How many texts can be computed at once when logits are wanted at `positions` of each."""


class DecoderVoice:
    """A decoder: the prompt engine around the fine-tuned network."""

    def __init__(self, tuned: TunedModel, phrasing: Phrasing, longest: int) -> None:
        self.engine = Engine.around(tuned.name, tuned.network, tuned.tokenizer)
        probe = phrasing.questions(["a text"])[0].ids
        self.prefix = self.engine.remember(phrasing.shared, probe, [(phrasing.speller.end,)], longest)
        self.shared, self.remembers = len(phrasing.shared), bool(self.prefix.states)

    def score(self, rows: Rows, answers: Sequence[tuple[int, ...]]) -> torch.Tensor:
        """Shared beginnings of answers are computed once too."""
        return self.engine.score(self.prefix, rows, answers)

    def write(self, rows: Rows, most: int, phrasing: Phrasing) -> list[Writing]:
        """Greedy, until each answer has ended."""
        return self.engine.write(self.prefix, rows, most, phrasing.ended)

    def most_rows(self, positions: int) -> int:
        """Within the budget of logits."""
        return self.engine.most_rows(positions)


class Answering:
    """One dataset's questions, asked of one model."""

    def __init__(self, voice: Voice, tuned: TunedModel, phrasing: Phrasing, settings: GeneratorSettings) -> None:
        self.voice, self.tuned, self.phrasing, self.settings = voice, tuned, phrasing, settings
        single = phrasing.task.text_labels == "one" and not phrasing.task.has_spans
        self.scores = single and settings.answer != "generate"
        self.answers = phrasing.label_answers() if self.scores else []
        self._nodes = len(AnswerTree(tuple(self.answers)).tokens)
        self._charged = False

    def batches(self, asked: Sequence[Question]) -> Iterator[list[int]]:
        """Places of questions in batches of similar length, within the budgets of tokens and of logits."""
        most = self.voice.most_rows(self._nodes + 1)
        for places in budget_batches(
            [len(question.ids) + self._nodes for question in asked], self.settings.batch_tokens
        ):
            for start in range(0, len(places), most):
                yield places[start : start + most]

    def answer(self, asked: Sequence[Question]) -> list[dict[str, Any]]:
        """What a `Prediction` says of each question, but for its id and seconds."""
        rows = [question.ids for question in asked]
        with torch.inference_mode(), self.tuned.autocast():
            if self.scores:
                scores = self.voice.score(rows, self.answers).double().softmax(1)
                return [self._chosen(row, question) for row, question in zip(scores.tolist(), asked, strict=True)]
            writings = self.voice.write(rows, self.settings.max_new_tokens, self.phrasing)
        return [self._read(writing, question) for writing, question in zip(writings, asked, strict=True)]

    def _chosen(self, probabilities: list[float], question: Question) -> dict[str, Any]:
        best = max(range(len(probabilities)), key=probabilities.__getitem__)
        label = self.phrasing.labels[best]
        return {
            "target": label, "confidence": probabilities[best], "probabilities": probabilities,
            "tokens": self._tokens(question, 0),
        }  # fmt: skip

    def _read(self, writing: Writing, question: Question) -> dict[str, Any]:
        completion, reading = self.phrasing.read(question.text, writing.ids)
        reason = reading.reason
        if reading.target is None and len(writing.ids) >= self.settings.max_new_tokens:
            reason = f"{reason} (cut after {self.settings.max_new_tokens} tokens)"
        return {
            "target": reading.target, "reason": reason, "completion": completion.strip(),
            "confidence": float(np.exp(writing.log_probability)), "tokens": self._tokens(question, len(writing.ids)),
        }  # fmt: skip

    def _tokens(self, question: Question, written: int) -> Tokens:
        """The shared beginning is charged in full to the first text and cached for all others."""
        cached = self.voice.shared if self._charged and self.voice.remembers else 0
        self._charged = True
        return Tokens(input=self.voice.shared + len(question.ids) + self._nodes, cached=cached, output=written)


def answering(tuned: TunedModel, phrasing: Phrasing, settings: GeneratorSettings, seq2seq: bool) -> Answering:
    """The questions of a phrasing, asked of a fine-tuned model."""
    if seq2seq:
        from core.methods.seq2seq_voice import Seq2SeqVoice

        return Answering(Seq2SeqVoice(tuned, phrasing), tuned, phrasing, settings)
    longest = phrasing.most + settings.max_new_tokens + 64
    return Answering(DecoderVoice(tuned, phrasing, longest), tuned, phrasing, settings)
