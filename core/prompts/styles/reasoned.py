"""Styles that reason before they answer: chain of thought, and CARP (clues and reasoning, arXiv 2305.08377)."""

import re
from collections.abc import Sequence

from core.prompts.labels import Reading
from core.prompts.lines import NONE
from core.prompts.styles.base import Demonstration, Style
from core.prompts.styles.serial import Serial
from core.tasks.base import Task

_ANSWERS = {
    "single_label": 'with a last line "Label:" and one of these labels: {labels}.',
    "multi_label": 'with a last line "Labels:" and all of these labels that fit, separated by " | ", or none: '
    "{labels}.",
    "token_labels": 'with a line "Entities:" and, under it, a line for each type{which}: the type, a colon, and the '
    'exact words of the text, separated by " | "{none}. The types are: {labels}.',
    "intent_slots": 'with a line "Intent:" and one of these intents: {labels}. Under it, write a line for each '
    'slot{which}: its name, a colon, and the exact words of the text, separated by " | "{none}. '
    "The slot names are: {slots}.",
}
_STEPS = re.compile(r"^\W*reasoning\W*[:=-]", re.IGNORECASE | re.MULTILINE)


class _Reasoned(Style):
    """Thoughts on lines of their own, then the answer as in `serial`, whose opening is the mark that sets it apart."""

    lead = Serial.lead
    reasons = True
    asks = solves = explains = ""

    def __init__(self, task: Task, labels: Sequence[str]) -> None:
        super().__init__(task, labels)
        self.plain = Serial(task, labels)
        self.mark = self.plain.opening

    def delimited(self, text: str) -> str:
        """All white space, line ends among it, becomes single spaces."""
        return self.plain.delimited(text)

    def label(self, label: str) -> str:
        """What follows the mark."""
        return self.plain.label(label)

    def answer(self, text: str, target: str, shown: Demonstration | None = None) -> str:
        """The thoughts of a demonstration (`none` where there are none), then mark and answer."""
        return f"{self._thoughts(shown or Demonstration('', text, target))}\n{self.plain.answer(text, target)}"

    def read(self, text: str, completion: str) -> Reading:
        """What stands behind the last mark; what follows another text is not the answer."""
        lines = completion.split("\n")
        marks = [i for i, line in enumerate(lines) if self._is_mark(line)]
        if not marks:
            return Reading(None, f'the answer has no line that begins with "{self.mark}"')
        end = next((i for i, line in enumerate(lines) if i > marks[0] and line.startswith(self.lead)), len(lines))
        last = max(i for i in marks if i < end)
        return self.plain.read(text, "\n".join([self._behind(lines[last]), *lines[last + 1 : end]]))

    def ended(self, text_so_far: str) -> bool:
        """When what follows the mark is a whole answer."""
        lines = text_so_far.split("\n")
        mark = next((i for i, line in enumerate(lines) if self._is_mark(line)), None)
        if mark is None:
            return False
        return self.plain.ended("\n".join([self._behind(lines[mark]), *lines[mark + 1 :]]))

    def explaining(self, text: str, target: str) -> str:
        """What the model is asked once for a demonstration: its thoughts, given the right answer."""
        return f"{self.explains}\n\n{self.question(text)}\n{self.plain.answer(text, target)}\n{self.opening}"

    def explained(self, example: Demonstration, said: str) -> Demonstration:
        """The demonstration with the thoughts that the model wrote after `explaining`."""
        raise NotImplementedError

    def explanation_ended(self, text_so_far: str) -> bool:
        """Whether the thoughts of a demonstration are whole: at an empty line, or where the answer would follow."""
        return "\n\n" in text_so_far.lstrip("\n") or any(self._is_mark(line) for line in text_so_far.split("\n")[1:])

    def _thoughts(self, shown: Demonstration) -> str:
        raise NotImplementedError

    def _kept(self, said: str) -> str:
        """The thoughts up to where an answer or another text begins."""
        lines = said.strip("\n").split("\n")
        ends = (i for i, line in enumerate(lines) if self._is_mark(line) or line.startswith(self.lead) or not line)
        return "\n".join(lines[: next(ends, len(lines))])

    def _is_mark(self, line: str) -> bool:
        return line.lstrip(" *#>").casefold().startswith(self.mark.casefold())

    def _behind(self, line: str) -> str:
        return line.partition(":")[2]

    def _standard(self, solved: bool) -> str:
        which, none = ("", f", or {NONE}") if self.all_types else (" that occurs", f"; {NONE} if there are none at all")
        said = (self.solves if solved else self.asks) + _ANSWERS[self.task.kind]
        return said.replace("{which}", which).replace("{none}", none)

    def listed(self, names: Sequence[str]) -> str:
        """Names as `serial` lists them."""
        return self.plain.listed(names)


class ChainOfThought(_Reasoned):
    """`Reasoning: …` on one line, then the answer."""

    name = "cot"
    opening = "Reasoning:"
    asks = 'Think about the text step by step, on one line that begins with "Reasoning:". Then answer '
    solves = "Each text is followed by some reasoning on one line, and then by its answer, "
    explains = (
        "Here is a text with its right answer. Explain in one or two sentences how the text leads to this answer."
    )

    def explained(self, example: Demonstration, said: str) -> Demonstration:
        """The demonstration with the reasoning that the model wrote."""
        return Demonstration(example.id, example.text, example.target, reasoning=_one_line(self._kept(said)))

    def _thoughts(self, shown: Demonstration) -> str:
        return f"{self.opening} {_one_line(shown.reasoning) or NONE}"


class Carp(_Reasoned):
    """`Clues: …`, `Reasoning: …` of at most 130 words, then the answer."""

    name = "carp"
    opening = "Clues:"
    most_words = 130
    asks = (
        'First list clues in the text (keywords, tone, references) on a line that begins with "Clues:". Next reason '
        f'from them, in at most {most_words} words, on a line that begins with "Reasoning:". Then answer '
    )
    solves = "Each text is followed by clues in it, by the reasoning from them, and then by its answer, "
    explains = (
        "Here is a text with its right answer. List the clues in the text (keywords, tone, references) that lead to "
        'it. Then, on a line that begins with "Reasoning:", explain '
        f"in at most {most_words} words how they do."
    )

    def explained(self, example: Demonstration, said: str) -> Demonstration:
        """The demonstration with the clues and the reasoning that the model wrote."""
        clues, *rest = _STEPS.split(self._kept(said), maxsplit=1)
        reasoning = " ".join(" ".join(rest).split()[: self.most_words])
        return Demonstration(example.id, example.text, example.target, reasoning=reasoning, clues=_one_line(clues))

    def _thoughts(self, shown: Demonstration) -> str:
        clues, reasoning = _one_line(shown.clues) or NONE, _one_line(shown.reasoning) or NONE
        return f"{self.opening} {clues}\nReasoning: {reasoning}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
