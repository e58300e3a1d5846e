"""A model with its fitted prompt, ready to be asked text after text."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from core.errors import TradeoffError
from core.methods.base import Tokens
from core.methods.batching import budget_batches
from core.methods.settings import PromptSettings
from core.prompts.demonstrations import Demonstrator
from core.prompts.engine import Engine
from core.prompts.generation import Dice, Writing
from core.prompts.lengths import answer_tokens, most_new_tokens
from core.prompts.lines import relined
from core.prompts.messages import solution
from core.prompts.packing import pack_batches
from core.prompts.styles import PromptStyle, Reading
from core.prompts.tree import AnswerTree
from core.prompts.window import Cutter, fit_window
from core.tasks.base import Example

CONTENT_FREE = ("N/A", "", "[MASK]")
"""Texts that say nothing (contextual calibration, arXiv 2102.09690)."""


@dataclass(frozen=True, slots=True)
class Row:
    """A text as it is asked: cut to its room, the tokens after the shared beginning, and what was left out."""

    text: str
    ids: list[int]
    cut: bool
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """An answer that a model wrote, what was read from it, and how probable the model found just this wording."""

    completion: str
    reading: Reading
    probability: float
    ids: list[int]


class Asker:
    """Lays the prompt out, has the model read its shared beginning once, and asks.

    Attributes:
        fitted: the prompt as it fits the model's window.
        cutter: turns texts into tokens, cut to their room.
        scores: whether labels are scored; else the answer is written.
    """

    def __init__(
        self, engine: Engine, style: PromptStyle, settings: PromptSettings, demonstrator: Demonstrator,
        report: Callable[[int, int], object] | None = None,
    ) -> None:  # fmt: skip
        self.engine, self.style, self.settings, self.demonstrator = engine, style, settings, demonstrator
        self.scores = settings.answer == "score" or (settings.answer == "auto" and can_score(style))
        self.fitted = fit_window(engine, style, settings, demonstrator.common, not self.scores, demonstrator.varies)
        self.cutter = Cutter(engine, style, self.fitted.room)
        self.most = most_new_tokens(settings, style)
        self._check_spelling()
        shared = self.fitted.shared
        longest = self.fitted.spare + len(self.fitted.tail) + max([self.most, *map(len, self.fitted.answers)])
        probe = self.cutter(CONTENT_FREE[0])[1] + self.fitted.tail
        self.prefix = engine.remember(
            shared, probe, self.fitted.answers or [(probe[-1],)], longest,
            lambda done: report and report(done, len(shared)),
        )  # fmt: skip
        self._nodes = len(AnswerTree(tuple(self.fitted.answers)).tokens)
        self._solved: dict[str, list[int]] = {}
        self._charged = False

    @property
    def notes(self) -> dict[str, object]:
        """What is worth knowing about the prompt."""
        slow = {} if self.prefix.states else {"prompt_start": "computed for each text: this model cannot share it"}
        return {**self.fitted.notes, **slow}

    def rows(self, texts: Sequence[str]) -> list[Row]:
        """Each text as it is asked, after its own demonstrations where each text has some."""
        cut = self.cutter.all(texts)
        if not self.demonstrator.varies:
            return [Row(kept, [*ids, *self.fitted.tail], short) for kept, ids, short in cut]
        return [
            self._with_shown(kept, ids, short, shown)
            for (kept, ids, short), shown in zip(cut, self.demonstrator.of(texts), strict=True)
        ]

    def batches(self, rows: Sequence[Row]) -> Iterator[list[int]]:
        """Places of rows in batches of similar length, within the budget of tokens and of logits."""
        extra = min(self._nodes, self.engine.most_tree_tokens()) if self.scores else 0
        most = self.engine.most_rows(1 if self.prefix.packs else extra + 1)
        for places in self._batches(rows, extra):
            for start in range(0, len(places), most):
                yield places[start : start + most]

    def _batches(self, rows: Sequence[Row], extra: int) -> Iterator[list[int]]:
        if self.prefix.packs:
            return pack_batches([row.ids for row in rows], extra, self.settings.batch_tokens)
        return budget_batches([len(row.ids) + extra for row in rows], self.settings.batch_tokens)

    def score(self, rows: Sequence[Row]) -> torch.Tensor:
        """Log-likelihoods of the labels, shape (rows, labels), fp64: summed, or averaged over tokens (`score_by`)."""
        scores = self.engine.score(self.prefix, [row.ids for row in rows], self.fitted.answers).double()
        if self.settings.score_by == "mean":
            scores = scores / torch.tensor([len(answer) for answer in self.fitted.answers])
        return scores

    def write(self, rows: Sequence[Row], temperature: float = 0.0, seeds: Sequence[int] = ()) -> list[Written]:
        """The answers that the model writes, and what is read from them. Above temperature 0 each row has a seed."""
        opening = self.style.opening
        dice = Dice(temperature, seeds) if temperature else None
        writings = self.engine.write(
            self.prefix, [row.ids for row in rows], self.most, lambda ids: self.style.ended(self._said(ids)), dice
        )
        if self.style.reasons:
            self._conclude(rows, writings)
        found = []
        for row, writing in zip(rows, writings, strict=True):
            text = self._said(writing.ids)
            reading = self.style.read(row.text, opening + text)
            if reading.target is None and len(writing.ids) >= self.most:
                reading = replace(reading, reason=f"{reading.reason} (cut after {self.most} tokens)")
            probability = torch.tensor(writing.log_probability).exp().item()
            found.append(Written((opening + text).strip(), reading, probability, writing.ids))
        return found

    def ranked(self, rows: Sequence[Row], written: Sequence[Written]) -> list[int]:
        """The place of the likeliest label for each row, after the thoughts that were written where the style has any.

        Labels are compared as `score_by` says.
        """
        followed = list(rows)
        if self.style.reasons:
            (marked,) = self.engine.encode([f"\n{self.style.mark}"], after=".")
            before = [self._thoughts(one.ids) for one in written]
            followed = [replace(row, ids=[*row.ids, *ids, *marked]) for row, ids in zip(rows, before, strict=True)]
        scores = torch.cat([self.score([row]) for row in followed])
        best: list[int] = scores.argmax(1).tolist()
        return best

    def tokens(self, row: Row, written: int = 0) -> Tokens:
        """What one pass cost. The shared beginning is charged in full to the first text and cached for all others."""
        shared = len(self.fitted.shared)
        cached = shared if self._charged and self.prefix.states else 0
        self._charged = True
        nodes = self._nodes if self.scores else 0
        return Tokens(input=shared + len(row.ids) + nodes, cached=cached, output=written)

    def _conclude(self, rows: Sequence[Row], writings: Sequence[Writing]) -> None:
        """Ask those for their answer that thought until they had to stop: the mark is set for them."""
        (marked,) = self.engine.encode([f"\n{self.style.mark}"], after=".")
        open_ended = [i for i, writing in enumerate(writings) if not self._marked(writing.ids)]
        for i in open_ended:
            kept = [token for token in writings[i].ids if token not in self.engine.ends]
            writings[i].ids = [*kept[: max(0, self.most - answer_tokens(self.style))], *marked]
        if not open_ended:
            return
        went_on = self.engine.write(
            self.prefix, [[*rows[i].ids, *writings[i].ids] for i in open_ended], answer_tokens(self.style),
            lambda ids: self.style.ended(f"\n{self.style.mark}{self._said(ids)}"),
        )  # fmt: skip
        for i, more in zip(open_ended, went_on, strict=True):
            writings[i].ids += more.ids
            writings[i].log_probability += more.log_probability

    def _marked(self, ids: Sequence[int]) -> bool:
        return self.style.mark.casefold() in self._said(ids).casefold()

    def _with_shown(self, kept: str, ids: list[int], short: bool, shown: Sequence[Example]) -> Row:
        """The row with as many demonstrations before the text as fit; those farthest from it in likeness go first."""
        pieces = self._pieces(shown)
        farthest_first = self.settings.order != "most_similar_first"
        dropped, left = 0, self.fitted.spare - len(ids)
        while pieces and sum(map(len, pieces)) > left:
            pieces = pieces[1:] if farthest_first else pieces[:-1]
            dropped += 1
        before = [token for piece in pieces for token in piece]
        return Row(kept, [*before, *ids, *self.fitted.tail], short, dropped)

    def _pieces(self, shown: Sequence[Example]) -> list[list[int]]:
        """Each demonstration from behind the `lead` that stands before it up to the next one's."""
        new = [example for example in shown if example.id not in self._solved]
        if new:
            texts = [cut[0] for cut in Cutter(self.engine, self.style, self.cutter.most).all([e.text for e in new])]
            solved = [replace(example, text=text) for example, text in zip(new, texts, strict=True)]
            said = [
                f" {self.style.delimited(one.text)}\n{solution(self.style, one)}\n\n{self.style.lead}" for one in solved
            ]
            rows = self.engine.encode([self.engine.neutral(text) for text in said], after=self.style.lead)
            self._solved.update((example.id, ids) for example, ids in zip(new, rows, strict=True))
        return [self._solved[example.id] for example in shown]

    def _said(self, ids: Sequence[int]) -> str:
        text = self.engine.decode(ids)
        return text if self.engine.keeps_lines else relined(text, self._heads())

    def _heads(self) -> list[str]:
        return [*self.style.task.span_label_set(self.style.labels), "Reasoning", "Label", "Labels", "Entities"]

    def _thoughts(self, ids: Sequence[int]) -> list[int]:
        """What was written before the mark of the answer."""
        kept = [token for token in ids if token not in self.engine.ends]
        while kept and self._marked(kept):
            kept.pop()
        return kept

    def _check_spelling(self) -> None:
        """A model whose tokenizer has no brackets cannot write JSON."""
        if not self.scores and not self.engine.keeps(self.style.opening):
            raise TradeoffError(
                f"The model {self.engine.name} cannot write {self.style.opening}: its vocabulary lacks a character",
                remedy="Set style to serial, or answer to score.",
            )


def can_score(style: PromptStyle) -> bool:
    """Whether the answer is one label that follows the prompt at once."""
    return style.task.text_labels == "one" and not style.task.has_spans and not style.reasons
