"""Reading a label of a closed set out of what a model wrote: tolerant of form, never a guess."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_EDGES = " \t\r\n.,;:!?*_`'\"“”‘’«»()[]{}<>"
_LEAD = re.compile(r"^\W*(?:the\s+)?(?:label|answer|category|class)(?:\s+is)?\s*[:=\-]*\s+", re.IGNORECASE)
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Reading:
    """The target read from a completion, or None with the reason in words.

    `counts` tells what the answer named that could not be used (`strings_not_in_text`, `unknown_labels`, …).
    """

    target: str | None
    reason: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


def written(label: str) -> str:
    """The label as it stands on a line: as it is, or as a JSON string where it would not survive a line.

    >>> written("HUM"), written("two\\nlines"), written('"quoted"')
    ('HUM', '"two\\\\nlines"', '"\\\\"quoted\\\\""')
    """
    odd = any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in label)
    if odd or not label or label != label.strip() or label.startswith('"'):
        return json.dumps(label, ensure_ascii=odd)
    return label


class LabelReader:
    """Finds the one label that a piece of text means.

    Args:
        labels: the closed set.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.written = {written(label): label for label in labels}
        self.labels = set(labels)
        self._folded: dict[str, set[str]] = {}
        self._bare: dict[str, set[str]] = {}
        for label in labels:
            self._folded.setdefault(_folded(label), set()).add(label)
            self._bare.setdefault(_bare(label), set()).add(label)
        self._bare.pop("", None)

    def read(self, text: str) -> Reading:
        """The label that `text` means: exactly, but for case, or but for case and punctuation.

        Text after the label is passed over when it is set apart and names no other label.
        """
        for form in (text, text.strip()):
            if form in self.labels or form in self.written:
                return Reading(form if form in self.labels else self.written[form])
        if not text.strip(_EDGES):
            return Reading(None, "the answer is empty")
        for form in dict.fromkeys((text.strip(), _LEAD.sub("", text), text.strip(_EDGES))):
            for table, fold in ((self._folded, _folded), (self._bare, _bare)):
                found = table.get(fold(form), set())
                if form in found:
                    return Reading(form)
                if found:
                    return _only(found)
        return self._set_apart(text)

    def _set_apart(self, text: str) -> Reading:
        """`HUM (a person)`, `HUM - because …`: the label stands first, a bracket or dash follows, no other label."""
        head, *rest = re.split(r"\s*[(\[–—]|\s+-\s+|\s*[,;/|]\s*|\.\s+", _LEAD.sub("", text.strip()), maxsplit=1)
        found = self._bare.get(_bare(head), set())
        others = {
            label for bare, labels in self._bare.items() for label in labels - found if _names(rest, bare)
        } if found else set()  # fmt: skip
        if len(found) == 1 and not others:
            return Reading(next(iter(found)))
        if found:
            return _only(found | others)
        return Reading(None, f"the answer is none of the labels: {text.strip()[:_SHOWN]!r}")


def _only(found: set[str]) -> Reading:
    if len(found) == 1:
        return Reading(next(iter(found)))
    return Reading(None, "the answer fits several labels: " + ", ".join(repr(label) for label in sorted(found)[:5]))


def _names(rest: list[str], bare: str) -> bool:
    return bool(rest) and f" {bare} " in f" {_bare(rest[0])} "


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _bare(text: str) -> str:
    """Letters and digits only, in words: `Not-Spam.` and `not spam` are the same."""
    return " ".join(re.findall(r"[^\W_]+", _folded(text)))
