"""One JSON object for the text and one for the answer: what a string holds cannot end it."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from core.prompts.alignment import Aligner
from core.prompts.labels import Reading
from core.prompts.lines import split_labels
from core.prompts.styles.base import Demonstration, Style, json_string
from core.tasks.base import Task
from core.tasks.target import Span

_SPANS = {"token_labels": "entities", "intent_slots": "slots"}
_OPENINGS = {"single_label": '{"label": "', "multi_label": '{"labels": [', "intent_slots": '{"intent": "'}
_BY_TYPE = "each {kind} to a list of its strings, the exact words of the text"
_IN_A_ROW = 'a list of objects with the "label" and the exact words of the text as "text"'


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that a key that stands twice is seen."""


class Json(Style):
    """`{"label": "x"}`, `{"labels": ["a"]}`, `{"entities": {"PER": ["Anna"]}}`, `{"intent": "x", "slots": {…}}`."""

    name = "json"
    lead = '{"text":'
    wording = {
        "single_label": (
            'Classify the text. Answer with a JSON object whose "label" is one of: {labels}.',
            "Each text is followed by a JSON object with its label, one of: {labels}.",
        ),
        "multi_label": (
            'Which of these labels fit the text: {labels}? Answer with a JSON object whose "labels" is the list of all '
            "that fit; it may be empty.",
            "Each text is followed by a JSON object with the list of all labels that fit it. The labels are: {labels}.",
        ),
        "token_labels": (
            "Find the entities in the text. Their types are: {labels}. Answer with a JSON object whose "
            '"entities" holds {how}.',
            'Each text is followed by a JSON object whose "entities" holds {how}. The types are: {labels}.',
        ),
        "intent_slots": (
            'Find the intent of the text and its slots. Answer with a JSON object whose "intent" is one of: {labels}; '
            'and whose "slots" holds {how}. The slot names are: {slots}.',
            'Each text is followed by a JSON object with its intent, and whose "slots" holds {how}. '
            "The intents are: {labels}. The slot names are: {slots}.",
        ),
    }

    def __init__(self, task: Task, labels: Sequence[str]) -> None:
        super().__init__(task, labels)
        bracket = "{" if self.all_types else "["
        self.opening = _OPENINGS.get(task.kind) or f'{{"entities": {bracket}'
        self.closing = '"}' if task.kind == "single_label" else ""

    def delimited(self, text: str) -> str:
        """A JSON string and the end of its object."""
        return json_string(text) + "}"

    def label(self, label: str) -> str:
        """The label as the inside of a JSON string."""
        return json_string(label)[1:-1]

    def answer(self, text: str, target: str, shown: Demonstration | None = None) -> str:  # noqa: ARG002
        """The object on one line."""
        labels, by_type = self._decoded(text, target)
        if self.task.text_labels == "any":
            return f'{{"labels": [{", ".join(map(json_string, labels))}]}}'
        spans = f'"{_SPANS[self.task.kind]}": {self._written(text, by_type)}' if self.task.has_spans else ""
        if self.task.text_labels == "none":
            return f"{{{spans}}}"
        name = "intent" if self.task.has_spans else "label"
        return f'{{"{name}": {json_string(labels[0])}' + (f", {spans}}}" if spans else "}")

    def read(self, text: str, completion: str) -> Reading:
        """The first JSON object; without any object, a label on the first line."""
        start = completion.find("{")
        if start < 0 and not self.task.has_spans and self.task.text_labels == "one":
            line = next((line for line in completion.splitlines() if line.strip(" `")), "")
            return self._encoded(self.reader.read(line.strip().strip('"')))
        try:
            pairs, _ = json.JSONDecoder(object_pairs_hook=_Pairs, strict=False).raw_decode(completion[max(start, 0) :])
        except (ValueError, RecursionError):
            return Reading(None, "the answer is not a JSON object" if completion.strip() else "the answer is empty")
        if not isinstance(pairs, _Pairs):
            return Reading(None, "the answer is not a JSON object")
        return self._read_object(text, pairs)

    def ended(self, text_so_far: str) -> bool:
        """With the end of the object."""
        try:
            json.JSONDecoder(strict=False).raw_decode(self.opening + text_so_far)
        except (ValueError, RecursionError):
            return "\n\n" in text_so_far
        return True

    def schema(self) -> dict[str, Any] | None:
        """The answer as a strict JSON schema: every key required, no other."""
        label: dict[str, Any] = {"type": "string", "enum": self.text_labels}
        parts: dict[str, Any] = {}
        if self.task.text_labels == "any":
            parts["labels"] = {"type": "array", "items": label}
        elif self.task.text_labels == "one":
            parts["intent" if self.task.has_spans else "label"] = label
        if self.task.has_spans:
            string: dict[str, Any] = {"type": "string"}
            if self.all_types:
                spans = _object({name: {"type": "array", "items": string} for name in self.types})
            else:
                item = _object({"label": {"type": "string", "enum": self.types}, "text": string})
                spans = {"type": "array", "items": item}
            parts[_SPANS[self.task.kind]] = spans
        return _object(parts)

    def listed(self, names: Sequence[str]) -> str:
        """JSON strings separated by commas."""
        return ", ".join(map(json_string, names))

    def _standard(self, solved: bool) -> str:
        kind = "slot name" if self.text_labels else "type"
        how = _BY_TYPE.replace("{kind}", kind) if self.all_types else _IN_A_ROW
        return super()._standard(solved).replace("{how}", how)

    def _written(self, text: str, by_type: dict[str, list[Span]]) -> str:
        aligner = Aligner(text, flat=False)
        if self.all_types:
            lists = {name: [aligner.write(span) for span in spans] for name, spans in by_type.items()}
            each = (f"{json_string(name)}: [{', '.join(map(json_string, values))}]" for name, values in lists.items())
            return f"{{{', '.join(each)}}}"
        spans = sorted(span for several in by_type.values() for span in several)
        each = (f'{{"label": {json_string(span.label)}, "text": {json_string(aligner.write(span))}}}' for span in spans)
        return f"[{', '.join(each)}]"

    def _read_object(self, text: str, pairs: _Pairs) -> Reading:
        """What an object means that holds the label or labels, the spans, or both."""
        if self.task.text_labels == "any":
            return self._several(pairs)
        labels: list[str] = []
        if self.task.text_labels == "one":
            name = "intent" if self.task.has_spans else "label"
            values = [value for key, value in pairs if key.strip().casefold() == name]
            if len(values) != 1:
                said = f"several {name}s" if values else f'no "{name}"'
                return Reading(None, f"the JSON answer has {said}")
            found = self.reader.read(_plain(values[0]))
            if found.target is None:
                return found
            labels = [found.target]
        if not self.task.has_spans:
            return self._reading(labels, (), {})
        part = _SPANS[self.task.kind]
        held = [value for key, value in pairs if key.strip().casefold() == part]
        return self._with_spans(text, labels, held[0] if held else _Pairs(pairs))

    def _several(self, pairs: _Pairs) -> Reading:
        values = [value for key, value in pairs if key.strip().casefold() in ("labels", "label")]
        if len(values) != 1:
            return Reading(None, "the JSON answer has several lists" if values else 'the JSON answer has no "labels"')
        items = [_plain(item) for item in _items(values[0])]
        named = [split_labels(item, self.reader) for item in items]
        known = {label for labels in named if labels for label in labels}
        unknown = sum(labels is None for labels in named)
        if unknown and not known:
            return Reading(None, f"the answer is none of the labels: {', '.join(items)[:60]!r}")
        return self._reading(sorted(known), (), {"unknown_labels": unknown})

    def _with_spans(self, text: str, labels: Sequence[str], held: Any) -> Reading:
        aligner, counts, spans, read = Aligner(text, flat=False), Counter[str](), list[Span](), False
        for name, form in _strings(held):
            label = self.typer.read(name).target
            if label is None:
                counts["unknown_labels"] += name.strip().casefold() != "intent"
            else:
                read = True
                found = aligner.read(label, form) if form else None
                spans += [found] if found else []
        if not labels and not read and any(_strings(held)):
            return Reading(None, "the JSON answer names no type")
        return self._reading(labels, spans, counts + aligner.counts)

    def _encoded(self, reading: Reading) -> Reading:
        return reading if reading.target is None else self._reading((reading.target,), (), {})


def _strings(held: Any) -> Iterator[tuple[str, str]]:
    """Type and string of everything that an answer names, whether by type or in a row; an empty list as ''."""
    if isinstance(held, _Pairs):
        for name, values in held:
            listed = _items(values)
            yield from ((name, _plain(value)) for value in listed)
            if not listed:
                yield name, ""
        return
    for item in held if isinstance(held, list) else []:
        if isinstance(item, _Pairs):
            keys = {key.strip().casefold(): value for key, value in item}
            label = next((keys[key] for key in ("label", "type", "slot", "name", "entity_type") if key in keys), None)
            form = next((keys[key] for key in ("text", "value", "entity", "string", "word") if key in keys), None)
            if label is not None and form is not None:
                yield _plain(label), _plain(form)
            elif len(item) == 1:
                yield item[0][0], _plain(item[0][1])


def _items(value: Any) -> list[Any]:
    if isinstance(value, list) and not isinstance(value, _Pairs):
        return value
    return [] if value is None or value == "" else [value]


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
