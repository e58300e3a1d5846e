"""Spans as strings that a model can write, and such strings found again in their text."""

import re
from collections import Counter

from core.tasks.target import Span

Place = tuple[int, int]

_MARK = re.compile(r"(.+) \((\d{1,6})\)", re.DOTALL)
_LONGEST_LOOSE = 300


class Aligner:
    """Walks over one text from left to right, a cursor for each label, and never takes a place twice.

    Writing walks as reading does, so what was written is always found where it came from. A string that the walk alone
    would find elsewhere says which occurrence is meant: `Paris (2)`. Occurrences are those as whole words, then
    those inside words; an exact one first, else any but for white space, else but for case.

    Attributes:
        counts: strings that could not be used, by why: `strings_not_in_text`, `strings_repeated`.
    """

    def __init__(self, text: str, flat: bool) -> None:
        """`flat` says that the text is shown on one line, so that strings are written so as well."""
        self.text, self.flat = text, flat
        self.counts: Counter[str] = Counter()
        self._taken: list[Place] = []
        self._cursors: dict[str, int] = {}
        self._known: dict[str, list[Place]] = {}

    def write(self, span: Span) -> str:
        """The string of a span that overlaps none written before; the shortest that leads back to it."""
        place = (span.start, span.end)
        raw = self.text[span.start : span.end]
        plain = " ".join(raw.split())
        for form in [plain, raw] if self.flat and plain else [raw]:
            if _MARK.fullmatch(form) is None and self._walk(span.label, form) == place:
                return self._took(span.label, place, form)
            found = self._occurrences(form)
            if place in found:
                return self._took(span.label, place, f"{form} ({found.index(place) + 1})")
        raise ValueError(f"no part of the text: {span}")

    def read(self, label: str, form: str) -> Span | None:
        """The span that a string means; None when it is not in the text or was named before, which is counted."""
        marked = _MARK.fullmatch(form)
        found = self._occurrences(marked[1]) if marked else []
        number = int(marked[2]) if marked else 0
        place = found[number - 1] if 1 <= number <= len(found) else self._walk(label, form)
        if place is None or not self._free(place):
            self.counts["strings_repeated" if self._occurrences(form) or place else "strings_not_in_text"] += 1
            return None
        self._took(label, place, form)
        return Span(*place, label)

    def holds(self, form: str) -> bool:
        """Whether a string is in the text."""
        return bool(self._occurrences(form))

    def _took(self, label: str, place: Place, form: str) -> str:
        self._taken.append(place)
        self._cursors[label] = place[1]
        return form

    def _walk(self, label: str, form: str) -> Place | None:
        """The first free occurrence from the cursor on, else the first free one; whole words first."""
        free = [place for place in self._occurrences(form) if self._free(place)]
        whole = [place for place in free if self._whole(place)] or free
        cursor = self._cursors.get(label, 0)
        return next((place for place in whole if place[0] >= cursor), whole[0] if whole else None)

    def _free(self, place: Place) -> bool:
        return not any(place[0] < end and start < place[1] for start, end in self._taken)

    def _occurrences(self, form: str) -> list[Place]:
        if form not in self._known:
            self._known[form] = self._searched(form) if form else []
        return self._known[form]

    def _searched(self, form: str) -> list[Place]:
        pieces = form.split()
        exact = self._matches(re.escape(form))
        if exact or not pieces:
            return exact
        spaced = r"\s+".join(map(re.escape, pieces))
        loose = r"\s*".join(map(re.escape, "".join(pieces))) if len(form) <= _LONGEST_LOOSE else spaced
        return self._matches(spaced) or self._matches(spaced, re.IGNORECASE) or self._matches(loose, re.IGNORECASE)

    def _matches(self, pattern: str, flags: int = 0) -> list[Place]:
        found = [match.span(1) for match in re.finditer(f"(?=({pattern}))", self.text, flags)]
        return sorted(found, key=lambda place: not self._whole(place))

    def _whole(self, place: Place) -> bool:
        """Whether a place neither begins nor ends inside a word."""
        text, (start, end) = self.text, place
        opens = start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())
        return opens and (end >= len(text) or not (text[end - 1].isalnum() and text[end].isalnum()))
