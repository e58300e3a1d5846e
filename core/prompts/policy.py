"""From written answers to one prediction a text: several samples, votes, and what becomes of unreadable answers."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.methods.base import EXCLUDED, Context, Tokens
from core.prompts.asker import Asker, Row, Written
from core.prompts.labels import Reading
from core.prompts.voting import vote

RETRY_TEMPERATURE = 0.7
"""Further answers vary at least so much: the likeliest one was read already."""


@dataclass
class Answered:
    """What is answered about one text, as a `Prediction` has it."""

    target: str | None
    reason: str | None = None
    confidence: float | None = None
    completion: str | None = None
    tokens: Tokens = field(default_factory=Tokens)
    probabilities: list[float] | None = None


class Policy:
    """Writes `samples` answers a text, lets them vote, and does with unreadable ones as the setting `invalid` says."""

    def __init__(self, asker: Asker, context: Context) -> None:
        self.asker, self.context, self.settings = asker, context, asker.settings

    def answers(self, rows: Sequence[Row], ids: Sequence[str]) -> list[Answered]:
        """An answer a row."""
        drawn = [list[Written]() for _ in rows]
        for sample in range(self.settings.samples):
            self._draw(rows, ids, list(range(len(rows))), drawn, sample, self.settings.temperature)
        first = [i for i, writings in enumerate(drawn) if self._elected(writings)[0].target is None]
        self._count("answers_written", len(rows))
        self._count("answers_unreadable", len(first))
        if self.settings.invalid in ("retry", "majority"):
            self._further(rows, ids, first, drawn)
        found = [self._answered(row, writings) for row, writings in zip(rows, drawn, strict=True)]
        left = [i for i in first if found[i].target is None]
        if left and self.settings.invalid == "rank":
            self._rank(rows, left, drawn, found)
        if left and self.settings.invalid == "exclude":
            for i in left:
                found[i].reason = f"{EXCLUDED}{found[i].reason}"
        if first and self.settings.invalid != "wrong":
            self._count("answers_unreadable_after_policy", sum(found[i].target is None for i in first))
            self.context.notes["unreadable_answers_are"] = self.settings.invalid
        return found

    def _further(
        self, rows: Sequence[Row], ids: Sequence[str], places: Sequence[int], drawn: list[list[Written]]
    ) -> None:
        """Write again where no answer could be read: until one can (retry), or a number to vote (majority)."""
        temperature = max(self.settings.temperature, RETRY_TEMPERATURE)
        for more in range(self.settings.retries):
            if self.settings.invalid == "retry":
                places = [i for i in places if self._elected(drawn[i])[0].target is None]
            if places:
                self._draw(rows, ids, places, drawn, self.settings.samples + more, temperature)

    def _draw(
        self, rows: Sequence[Row], ids: Sequence[str], places: Sequence[int], drawn: list[list[Written]],
        sample: int, temperature: float,
    ) -> None:  # fmt: skip
        self.context.stop_if_asked()
        seeds = [zlib.crc32(f"{self.context.seed} {sample} {ids[i]}".encode("utf-8", "replace")) for i in places]
        for i, written in zip(places, self.asker.write([rows[i] for i in places], temperature, seeds), strict=True):
            drawn[i].append(written)

    def _elected(self, writings: Sequence[Written]) -> tuple[Reading, float | None]:
        return vote([written.reading for written in writings], self.asker.style.task)

    def _answered(self, row: Row, writings: Sequence[Written]) -> Answered:
        reading, share = self._elected(writings)
        shown = next((w for w in writings if w.reading.target == reading.target), writings[0])
        for name, count in reading.counts.items():
            self._count(name, count)
        tokens = sum((self.asker.tokens(row, len(written.ids)) for written in writings), Tokens())
        confidence = share if len(writings) > 1 else shown.probability
        return Answered(reading.target, reading.reason, confidence, shown.completion, tokens)

    def _rank(
        self, rows: Sequence[Row], places: Sequence[int], drawn: Sequence[Sequence[Written]], found: list[Answered]
    ) -> None:
        """The likeliest label where none could be read."""
        style = self.asker.style
        labels = style.task.text_label_set(style.labels)
        best = self.asker.ranked([rows[i] for i in places], [drawn[i][0] for i in places])
        for i, label in zip(places, best, strict=True):
            found[i].target, found[i].reason, found[i].confidence = labels[label], None, None
            found[i].tokens += self.asker.tokens(rows[i])

    def _count(self, name: str, more: int) -> None:
        if more:
            self.context.notes[name] = self.context.notes.get(name, 0) + more
