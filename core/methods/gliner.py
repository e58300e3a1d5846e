"""GLiNER (Zaratiana et al. 2023, arXiv 2311.08526): an encoder reads the labels beside the text and scores spans.

The model is the library `gliner`'s, an optional install. No weight is trained.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
import torch

from core.methods.base import Context, Prediction, Tokens, memory_guard
from core.methods.batching import budget_batches
from core.methods.device import Arithmetic, arithmetic, settle
from core.methods.gliner_model import COMMAND, load_gliner
from core.methods.gliner_windows import Found, Stretch, owned, stretches, without_overlap
from core.methods.inference import WINDOW
from core.methods.pretrained import positions_of
from core.methods.saved import read_about, write_about
from core.methods.settings.zero_shot import GlinerSettings
from core.methods.zero_shot import (
    check_installed,
    harmless,
    label_groups,
    shown_labels,
    text_room,
)
from core.tasks.base import Example
from core.tasks.target import Span, Target
from core.tasks.words import Word, WordRule, word_rule, words

METHOD = "gliner"
FLOOR = 0.1
"""Spans below this score are never looked at."""
THRESHOLDS = tuple(round(float(value), 2) for value in np.arange(FLOOR, 0.96, 0.05))
SPECIAL_TOKENS = 4
"""Tokens at most that begin and end an input, and part labels from text."""


@dataclass
class Reading:
    """What was found in one text so far."""

    place: int
    places: list[Word]
    windows: list[Stretch]
    found: list[Found] = field(default_factory=list)
    tokens: int = 0
    seconds: float = 0.0
    left: int = 0
    """Passes that are still to come."""


@dataclass(frozen=True)
class Pass:
    """A window of a text beside a group of labels."""

    reading: Reading
    window: Stretch
    group: int
    tokens: int


class Gliner:
    """A pretrained encoder that was taught to find spans of any label, and a threshold."""

    def __init__(self, settings: GlinerSettings, model: str | None = None) -> None:
        self.settings = settings
        self.model_name = model or ""
        self.labels: list[str] = []
        self.threshold = settings.threshold
        self.rule: WordRule = "marks"
        self.model: Any = None
        self.arithmetic: Arithmetic | None = None
        self.split: Any = None
        self.marks: tuple[str, ...] = ()
        self.shown: list[str] = []
        self.groups: list[list[int]] = []
        self.prompt_tokens: list[int] = []
        self.limit = settings.max_tokens

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:
        """Load the model; see in `train` what parts words, and choose the threshold on `validation`.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the package is not installed, the model cannot be loaded, or memory ran out.
        """
        settle(context.seed)
        self.labels = context.task.span_label_set(context.labels)
        spans = (context.task.decode(example.target).spans for example in train)
        self.rule = word_rule((example.text for example in train), spans)
        self._start(context)
        context.stop_if_asked()
        known = validation[: self.settings.validation_texts] if self.settings.tune_threshold else []
        if known:
            name, value = context.task.primary_metric, self._choose_threshold(known, context)
            context.report({"phase": "fit", "step": 1, "steps": 1, "metric": f"validation_{name}", "value": value})
        context.notes["threshold"] = self.threshold
        context.report({"phase": "fit", "step": 1, "steps": 1})

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """Predict in batches of similar length; a text's prediction comes as its last window is done.

        The confidence is the product of the scores of the spans, and of one minus the score of each that was found
        but lies below the threshold.
        """
        for reading in self._readings(examples, context, "predicted"):
            found = without_overlap(reading.found)
            sure = float(np.prod([one.score if one.score >= self.threshold else 1 - one.score for one in found]))
            yield Prediction(
                examples[reading.place].id, self._target(found, self.threshold, context), confidence=sure,
                seconds=reading.seconds, tokens=Tokens(input=reading.tokens),
            )  # fmt: skip

    def save(self, folder: Path) -> None:
        """Write settings, labels, the threshold, what parts words, and the model's name."""
        write_about(
            folder, METHOD, self.settings, self.labels, self.model_name, threshold=self.threshold, rule=self.rule
        )  # fmt: skip

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """Read what `save` wrote, and the model by its name."""
        about = read_about(folder)
        method = cls(GlinerSettings(**about["settings"]), about["model"])
        method.labels, method.threshold, method.rule = about["labels"], about["threshold"], about["rule"]
        method._start(context)
        return method

    def _start(self, context: Context) -> None:
        """Load the model and lay out its labels."""
        check_installed("gliner", "GLiNER", COMMAND)
        self.arithmetic = arithmetic(context.device, self.settings.precision)
        with memory_guard("batch_tokens", context.device):
            self.model = load_gliner(self.model_name, context).eval().to(self.arithmetic.device)
        tokenizer = self.model.data_processor.transformer_tokenizer
        encoder = self.model.model.token_rep_layer.bert_layer.model
        self.limit = min(self.settings.max_tokens, tokenizer.model_max_length, positions_of(encoder))
        if self.limit < self.settings.max_tokens:
            context.notes["max_tokens"] = f"{self.limit}: the model reads no more"
        # Inputs are laid out so that they fit; the library goes by this limit.
        tokenizer.model_max_length = self.limit
        self.marks = (self.model.config.ent_token, self.model.config.sep_token, *tokenizer.all_special_tokens)
        self.split = self.model.data_processor.words_splitter
        self.model.data_processor.words_splitter = self._words
        self._lay_out_labels(tokenizer)
        context.notes["parameters_total"] = sum(weights.numel() for weights in self.model.parameters())
        context.notes["precision"] = self.arithmetic.precision
        if len(self.groups) > 1:
            context.notes["label_passes"] = len(self.groups)

    def _lay_out_labels(self, tokenizer: Any) -> None:
        """Labels as the model reads them, in groups that leave half of the room to the text where they can."""
        self.shown = shown_labels(self.labels, self.settings.label_words, self.marks)
        lengths = [1 + len(tokenizer(label, add_special_tokens=False)["input_ids"]) for label in self.shown]
        self.groups = label_groups(lengths, self.limit // 2)
        self.prompt_tokens = [SPECIAL_TOKENS + sum(lengths[place] for place in group) for group in self.groups]

    def _words(self, text: str) -> Iterator[tuple[str, int, int]]:
        """The words of a text as they are read, with their places: the dataset's own where it came as tokens."""
        if self.rule == "spaces":
            found = ((text[start:end], start, end) for start, end in words(text, "spaces"))
        else:
            found = self.split(text)
        for word, start, end in found:
            yield harmless(word, self.marks), start, end

    def _choose_threshold(self, known: Sequence[Example], context: Context) -> float:
        """Set the threshold with the best metric, of equally good ones the nearest to 0.5; returns the metric."""
        readings = list(self._readings(known, context, "examples", "fit"))
        gold = [known[reading.place].target for reading in readings]
        found = [without_overlap(reading.found) for reading in readings]
        values = {}
        for threshold in THRESHOLDS:
            answers = [self._target(own, threshold, context) for own in found]
            values[threshold] = (
                context.task.statistics(gold, answers, context.labels)[context.task.primary_metric].overall
            )  # fmt: skip
        self.threshold = max(values, key=lambda one: (round(values[one], 9), -abs(one - 0.5)))
        return float(values[self.threshold])

    def _target(self, found: Sequence[Found], threshold: float, context: Context) -> str:
        given = (Span(one.start, one.end, one.label) for one in found if one.score >= threshold)
        return context.task.encode(Target.of((), given))

    def _readings(
        self, examples: Sequence[Example], context: Context, counted: str, phase: str = ""
    ) -> Iterator[Reading]:
        """Texts with what was found in them, as their last pass is done."""
        done = 0
        for start in range(0, len(examples), WINDOW):
            readings, passes = self._laid_out(examples[start : start + WINDOW], start, context, counted)
            for reading in self._read(readings, passes, examples, context):
                done += 1
                yield reading
                if phase:
                    context.report({"phase": phase, "step": done, "steps": len(examples), "texts": done})

    def _laid_out(
        self, examples: Sequence[Example], start: int, context: Context, counted: str
    ) -> tuple[list[Reading], list[Pass]]:
        """The windows of texts, and every pass over them: one a window and group of labels."""
        began = perf_counter()
        room = text_room(self.limit, max(self.prompt_tokens, default=0), self.model_name)
        most_words = self.model.config.max_len
        readings, passes = [], []
        for number, example in enumerate(examples):
            parts = list(self._words(example.text))
            lengths = self._lengths([word for word, _, _ in parts])
            windows = stretches(lengths, room, most_words, self.settings.overlap)
            reading = Reading(start + number, [(a, b) for _, a, b in parts], windows)
            for window in windows:
                held = sum(lengths[window.first : window.last])
                passes += [Pass(reading, window, i, held + own) for i, own in enumerate(self.prompt_tokens)]
            reading.left = len(windows) * len(self.groups)
            readings.append(reading)
            for name, more in (("windowed", len(windows) > 1), ("truncated", any(one > room for one in lengths))):
                if more:
                    context.notes[f"{name}_{counted}"] = context.notes.get(f"{name}_{counted}", 0) + 1
        for reading in readings:
            reading.seconds = (perf_counter() - began) / len(readings)
        return readings, passes

    def _lengths(self, parts: Sequence[str]) -> list[int]:
        """Tokens of each word."""
        if not parts:
            return []
        tokenizer = self.model.data_processor.transformer_tokenizer
        rows = tokenizer(list(parts), add_special_tokens=False, return_attention_mask=False)["input_ids"]
        return [len(row) for row in rows]

    def _read(
        self, readings: Sequence[Reading], passes: Sequence[Pass], examples: Sequence[Example], context: Context
    ) -> Iterator[Reading]:
        assert self.arithmetic is not None, "fit or load comes first"
        yield from (reading for reading in readings if not reading.left)
        for group, labels in enumerate(self.groups):
            own = [one for one in passes if one.group == group]
            for places in budget_batches([one.tokens for one in own], self.settings.batch_tokens):
                context.stop_if_asked()
                chosen = [own[place] for place in places]
                began = perf_counter()
                with memory_guard("batch_tokens", context.device), torch.inference_mode(), self.arithmetic.autocast():
                    found = self._spans(chosen, labels, examples)
                seconds = (perf_counter() - began) / len(chosen)
                for one, spans in zip(chosen, found, strict=True):
                    reading = one.reading
                    reading.found += owned(spans, one.window, reading.places)
                    reading.tokens, reading.seconds = reading.tokens + one.tokens, reading.seconds + seconds
                    reading.left -= 1
                    if not reading.left:
                        yield reading

    def _spans(self, passes: Sequence[Pass], group: Sequence[int], examples: Sequence[Example]) -> list[list[Found]]:
        """The spans of each window with their scores, in characters of the whole text."""
        of = {self.shown[place]: self.labels[place] for place in group}
        offsets = [one.reading.places[one.window.first][0] for one in passes]
        ends = [one.reading.places[one.window.last - 1][1] for one in passes]
        parts = [
            examples[one.reading.place].text[start:end] for one, start, end in zip(passes, offsets, ends, strict=True)
        ]
        found = self.model.inference(parts, list(of), flat_ner=True, threshold=FLOOR, batch_size=len(parts))
        return [
            [Found(start + one["start"], start + one["end"], of[one["label"]], float(one["score"])) for one in spans]
            for start, spans in zip(offsets, found, strict=True)
        ]
