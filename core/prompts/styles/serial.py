"""Plain lines: `Text: …` and `Label: …`. A text is put on one line, so the end of the line is its end."""

import json
from collections import Counter
from collections.abc import Sequence

from core.prompts.alignment import Aligner
from core.prompts.labels import Reading, written
from core.prompts.lines import NONE, read_head, read_list, split_labels, write_head, write_list
from core.prompts.styles.base import Demonstration, Style
from core.tasks.base import Task
from core.tasks.target import Span

_OPENINGS = {
    "single_label": "Label:", "multi_label": "Labels:", "token_labels": "Entities:", "intent_slots": "Intent:",
}  # fmt: skip
_EXACT = 'the exact words of the text, separated by " | "'


class Serial(Style):
    """A label on a line; several separated by ` | `; spans as a line a type, `PER: Anna | Bob`, or `none`."""

    name = "serial"
    lead = "Text:"
    wording = {
        "single_label": (
            "Classify the text. Answer with one of these labels: {labels}.",
            "Each text is followed by its label, one of: {labels}.",
        ),
        "multi_label": (
            'Which of these labels fit the text: {labels}? Answer with all that fit, separated by " | ", or with none.',
            'Each text is followed by all labels that fit it, separated by " | ", or by none. '
            "The labels are: {labels}.",
        ),
        "token_labels": (
            "Find the entities in the text. Their types are: {labels}. Answer with a line for each type{which}: "
            f"the type, a colon, and {_EXACT}{{none}}.",
            f"Each text is followed by its entities, a line for each type{{which}}: the type, a colon, and {_EXACT}"
            "{none}. The types are: {labels}.",
        ),
        "intent_slots": (
            "Find the intent of the text and its slots. Answer with the intent, one of: {labels}. Then write a line "
            f"for each slot{{which}}: its name, a colon, and {_EXACT}{{none}}. The slot names are: {{slots}}.",
            "Each text is followed by its intent, and by a line for each slot{which}: its name, a colon, and "
            f"{_EXACT}{{none}}. "
            "The intents are: {labels}. The slot names are: {slots}.",
        ),
    }

    def __init__(self, task: Task, labels: Sequence[str]) -> None:
        super().__init__(task, labels)
        self.opening = _OPENINGS[task.kind]

    def delimited(self, text: str) -> str:
        """All white space, line ends among it, becomes single spaces."""
        return " ".join(text.split())

    def label(self, label: str) -> str:
        """A space and the label; a label that would break the line is written as a JSON string."""
        return " " + written(label)

    def answer(self, text: str, target: str, shown: Demonstration | None = None) -> str:  # noqa: ARG002
        """The opening, the label or labels after it, and a line a type for the spans."""
        labels, by_type = self._decoded(text, target)
        said = self.opening
        if self.task.text_labels != "none":
            said += " " + (write_list(labels) if self.task.text_labels == "any" else written(labels[0]))
        if not self.task.has_spans:
            return said
        aligner = Aligner(text, flat=True)
        lines = [
            f"{write_head(name)}: {write_list([aligner.write(span) for span in spans])}"
            for name, spans in by_type.items()
        ]
        return "\n".join([said, *(lines or [NONE])])

    def read(self, text: str, completion: str) -> Reading:
        """What stands after the opening; code fences and the word `Label:` are passed over."""
        lines = completion.removeprefix(self.opening).split("\n")
        if self.task.text_labels == "none":
            return self._spans(text, (), lines)
        first = 0 if lines[0].strip() in self.reader.written else _first_telling(lines)
        line = lines[first].strip() if first < len(lines) else ""
        if self.task.text_labels == "any":
            return self._several(line)
        found = self.reader.read(line if line in self.reader.written else _unquoted(line))
        if found.target is None:
            return found
        if self.task.has_spans:
            return self._spans(text, (found.target,), lines[first + 1 :])
        return self._reading((found.target,), (), {})

    def ended(self, text_so_far: str) -> bool:
        """After the first line that says something; with spans, after all types or an empty line."""
        whole = text_so_far.split("\n")[:-1]
        if not self.task.has_spans:
            return _first_telling(whole) < len(whole)
        start = _first_telling(whole)
        if self.task.text_labels == "one":
            start = start + 1
        told = whole[start:]
        begun = _first_telling(told)
        if any(not line.strip() or line.strip() == NONE for line in told[begun:]):
            return True
        if not self.types or len(told) < len(self.types):
            return False
        heads = [read_head(line, self.typer) for line in told]
        return {head[0] for head in heads if head and head[0]} >= set(self.types)

    def listed(self, names: Sequence[str]) -> str:
        """Separated by commas, or a line each where a name has a comma itself."""
        shown = [written(name) for name in names]
        return "".join(f"\n- {name}" for name in shown) if any("," in name for name in shown) else ", ".join(shown)

    def _standard(self, solved: bool) -> str:
        which, none = ("", f", or {NONE}") if self.all_types else (" that occurs", f"; {NONE} if there are none at all")
        return super()._standard(solved).replace("{which}", which).replace("{none}", none)

    def _several(self, line: str) -> Reading:
        if not line.strip(" `*"):
            return Reading(None, "the answer is empty")
        named = [split_labels(item, self.reader) for item in read_list(line)]
        known = {label for labels in named if labels for label in labels}
        unknown = sum(labels is None for labels in named)
        if unknown and not known:
            return Reading(None, f"the answer is none of the labels: {line[:60]!r}")
        return self._reading(sorted(known), (), {"unknown_labels": unknown})

    def _spans(self, text: str, labels: Sequence[str], lines: Sequence[str]) -> Reading:
        aligner, counts, spans, told = Aligner(text, flat=True), Counter[str](), list[Span](), False
        for line in lines:
            if (told and not line.strip()) or line.startswith(self.lead):
                break
            if not line.strip() or line.lstrip().startswith("```"):
                continue
            head = read_head(line, self.typer)
            if head is None:
                told = told or line.strip(" .*").casefold() == NONE
                counts["lines_not_read"] += line.strip(" .*").casefold() != NONE
            elif head[0] is None:
                counts["unknown_labels"] += 1
            else:
                told = True
                spans += _found(aligner, head[0], head[1])
        if not told and not labels:
            said = " ".join(" ".join(lines).split())[:60]
            return Reading(None, f"the answer names no type: {said!r}" if said else "the answer is empty")
        return self._reading(labels, spans, counts + aligner.counts)


def _found(aligner: Aligner, label: str, listed: str) -> list[Span]:
    found: list[Span | None] = []
    for value in read_list(listed):
        pieces = value.split(", ")
        apart = len(pieces) > 1 and not aligner.holds(value) and all(map(aligner.holds, pieces))
        found += [aligner.read(label, piece) for piece in (pieces if apart else [value])]
    return [span for span in found if span is not None]


def _first_telling(lines: Sequence[str]) -> int:
    """The place of the first line that is neither empty nor a code fence."""
    telling = (i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("```"))
    return next(telling, len(lines))


def _unquoted(line: str) -> str:
    """The string that a line spells as JSON, else the line."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return line
    return value if isinstance(value, str) else line
