"""Prompt styles: how a text is asked and how the answer is read.

A style is a row of `STYLES`. Its one law, for every label: `parse(task, answer(task, target)) == target`.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Protocol

from core.errors import unknown
from core.prompts.labels import LabelReader, Reading, written
from core.tasks.base import Example, Task
from core.tasks.target import Target


class PromptStyle(Protocol):
    """How an example is asked and answered, for one label set.

    A prompt is the instruction, the demonstrations, and the text with its delimiters, up to where the answer's
    `opening` ends: the model goes on from there.

    Attributes:
        name: what the setting `style` says.
        version: rises with every change of the wording; it is noted with each run.
        standard: the instruction when the user gives none; `{labels}` stands for the list.
        standard_solved: the same when demonstrations follow.
        lead: what stands before every text.
        opening: what every answer begins with. It stands in the prompt already.
        closing: what ends an answer after the label.
    """

    name: str
    version: int
    standard: str
    standard_solved: str
    lead: str
    opening: str
    closing: str

    def __init__(self, labels: Sequence[str]) -> None: ...

    def listed(self, labels: Sequence[str]) -> str:
        """Labels as the instruction lists them."""

    def delimited(self, text: str) -> str:
        """The text closed off after `lead`: nothing that it says can end it early."""

    def label(self, task: Task, target: str) -> str:
        """What an answer says between its opening and its closing."""

    def prompt(self, task: Task, demonstrations: Sequence[Example], text: str) -> str:
        """Demonstrations and the text to answer, without the instruction, in plain text."""

    def answer(self, task: Task, target: str) -> str:
        """A whole answer, as demonstrations show it."""

    def parse(self, task: Task, completion: str) -> str | None:
        """The target that a completion means, or None."""

    def read(self, task: Task, completion: str) -> Reading:
        """What `parse` gives, with the reason where that is None."""

    def ended(self, text: str) -> bool:
        """Whether what a model wrote after the opening is a whole answer."""


class _Style:
    """What the styles share; a style sets the attributes and says how it delimits and reads."""

    lead = opening = closing = ""

    def __init__(self, labels: Sequence[str]) -> None:
        self.reader = LabelReader(labels)

    def delimited(self, text: str) -> str:
        raise NotImplementedError

    def label(self, task: Task, target: str) -> str:
        raise NotImplementedError

    def read(self, task: Task, completion: str) -> Reading:
        raise NotImplementedError

    def question(self, text: str) -> str:
        return f"{self.lead} {self.delimited(text)}"

    def answer(self, task: Task, target: str) -> str:
        return self.opening + self.label(task, target) + self.closing

    def prompt(self, task: Task, demonstrations: Sequence[Example], text: str) -> str:
        solved = (f"{self.question(shown.text)}\n{self.answer(task, shown.target)}\n\n" for shown in demonstrations)
        return f"{''.join(solved)}{self.question(text)}\n{self.opening}"

    def parse(self, task: Task, completion: str) -> str | None:
        return self.read(task, completion).target


class Serial(_Style):
    """Plain lines: `Text: …` and `Label: …`. A text is put on one line, so the end of the line is its end."""

    name = "serial"
    version = 1
    standard = "Classify the text. Answer with one of these labels: {labels}."
    standard_solved = "Each text is followed by its label, one of: {labels}."
    lead = "Text:"
    opening = "Label:"

    def listed(self, labels: Sequence[str]) -> str:
        """Separated by commas, or a line each where a label has a comma itself."""
        names = [written(label) for label in labels]
        return "".join(f"\n- {name}" for name in names) if any("," in name for name in names) else ", ".join(names)

    def delimited(self, text: str) -> str:
        """All white space, line ends among it, becomes single spaces."""
        return " ".join(text.split())

    def label(self, task: Task, target: str) -> str:
        """A space and the label; a label that would break the line is written as a JSON string."""
        return " " + written(task.decode(target).labels[0])

    def read(self, task: Task, completion: str) -> Reading:
        """The label on the first line that says something; code fences and the word `Label:` are passed over."""
        body = completion.removeprefix(self.opening)
        first = body.split("\n", 1)[0]
        if first.strip() in self.reader.written:
            return _encoded(task, self.reader.read(first.strip()))
        return _encoded(task, self.reader.read(_unquoted((_telling(body.splitlines()) or [""])[0].strip())))

    def ended(self, text: str) -> bool:
        """After the first line that says something."""
        return bool(_telling(text.split("\n")[:-1]))


class Json(_Style):
    """One JSON object for the text and one for the answer: what a string holds cannot end it."""

    name = "json"
    version = 1
    standard = 'Classify the text. Answer with a JSON object whose "label" is one of: {labels}.'
    standard_solved = "Each text is followed by a JSON object with its label, one of: {labels}."
    lead = '{"text":'
    opening = '{"label": "'
    closing = '"}'

    def listed(self, labels: Sequence[str]) -> str:
        """JSON strings separated by commas."""
        return ", ".join(_json(label) for label in labels)

    def delimited(self, text: str) -> str:
        """A JSON string and the end of its object."""
        return _json(text) + "}"

    def label(self, task: Task, target: str) -> str:
        """The label as the inside of a JSON string."""
        return _json(task.decode(target).labels[0])[1:-1]

    def read(self, task: Task, completion: str) -> Reading:
        """The `label` of the first JSON object; without any object, the label on the first line."""
        start = completion.find("{")
        if start < 0:
            line = next((line for line in completion.splitlines() if line.strip(" `")), "")
            return _encoded(task, self.reader.read(_unquoted(line.strip())))
        try:
            pairs, _ = json.JSONDecoder(object_pairs_hook=list, strict=False).raw_decode(completion[start:])
        except (ValueError, RecursionError):
            return Reading(None, "the answer is not a JSON object")
        values = [value for name, value in pairs if name.strip().casefold() == "label"]
        if len(values) != 1:
            return Reading(None, "the JSON answer has several labels" if values else 'the JSON answer has no "label"')
        return _encoded(task, self.reader.read(_plain(values[0])))

    def ended(self, text: str) -> bool:
        """With the end of the object."""
        try:
            json.JSONDecoder(strict=False).raw_decode(self.opening + text)
        except (ValueError, RecursionError):
            return "\n\n" in text
        return True


STYLES: dict[str, type[Serial] | type[Json]] = {style.name: style for style in (Serial, Json)}


def get_style(name: str, labels: Sequence[str]) -> PromptStyle:
    """The style called `name` for a label set.

    Raises:
        TradeoffError: there is no such style.
    """
    if name not in STYLES:
        raise unknown("prompt style", name, STYLES)
    return STYLES[name](labels)


def _encoded(task: Task, reading: Reading) -> Reading:
    return reading if reading.target is None else Reading(task.encode(Target((reading.target,))))


def _telling(lines: Sequence[str]) -> list[str]:
    """The lines that are neither empty nor a code fence."""
    return [line for line in lines if line.strip() and not line.lstrip().startswith("```")]


def _unquoted(line: str) -> str:
    """The string that a line spells as JSON, else the line."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return line
    return value if isinstance(value, str) else line


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _json(text: str) -> str:
    """A JSON string, readable where it can be: only what has no UTF-8 form is escaped beyond need."""
    odd = re.search("[\ud800-\udfff\u2028\u2029\x85]", text) is not None
    return json.dumps(text, ensure_ascii=odd)
