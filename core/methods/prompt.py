"""Asking a language model: fitting draws demonstrations and measures the model's own leaning to some labels."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Self

import torch

from core import files
from core.errors import TradeoffError
from core.methods.base import Context, Prediction, memory_guard
from core.methods.device import settle
from core.methods.saved import read_about, write_about
from core.methods.settings import PromptSettings
from core.prompts.asker import Asker, Row
from core.prompts.demonstrations import Demonstrator
from core.prompts.engine import Engine, get_engine
from core.prompts.explaining import explained
from core.prompts.leaning import content_free_scores, leaning
from core.prompts.policy import Answered, Policy
from core.prompts.styles import PromptStyle, style_of
from core.tasks.base import Example

PROMPT_FILE = "prompt.json"
WINDOW = 4096
"""Texts that are tokenized and sorted at once: bounds memory, and the first answers come soon."""


class Prompt:
    """A language model, decoder or encoder-decoder, that is asked about each text. Nothing is trained.

    The model and the computed beginning of the prompt stay in memory between calls of `predict`.
    """

    def __init__(self, settings: PromptSettings, model: str | None = None) -> None:
        self.settings, self.model = settings, model or "smollm2"
        self.labels: list[str] = []
        self.demonstrator: Demonstrator | None = None
        self.leaning: list[float] | None = None
        """Log-probability of each label whatever the text, subtracted from every answer; None leaves answers alone."""
        self.content_free: list[float] | None = None
        """Log-likelihood of each label after texts that say nothing, subtracted first (`score_by: content_free`)."""
        self._asker: Asker | None = None

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:  # noqa: ARG002
        """Choose the demonstrations, have their reasoning written where the style shows one, and measure the leaning.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the settings do not suit the task, the model cannot be loaded, or the prompt does not fit
                its window.
        """
        self.labels, self.leaning, self.content_free, self._asker = list(context.labels), None, None, None
        style = self._style(context)
        check_settings(self.settings, style)
        self.demonstrator = Demonstrator.choose(train, self.settings, context)
        if style.reasons:
            shown = [*self.demonstrator.common, *self.demonstrator.pool]
            engine = self._engine(context)
            self.demonstrator.with_thoughts(explained(engine, style, self.settings, shown, context))
        asker = self._ready(context)
        self.demonstrator.common = asker.fitted.demonstrations
        if asker.scores:
            self._measure(asker, train, context)
        context.notes.update(asker.notes)
        how = "found for each text" if self.demonstrator.varies else len(self.demonstrator.common)
        said = f"Demonstrations: {how}; all prompts begin with the same {len(asker.fitted.shared)} tokens"
        context.report({"phase": "fit", "step": 1, "steps": 1, "message": said})

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """A prediction an example: always valid by score; by generation it may be none, with the reason.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the model cannot be loaded, or memory ran out.
        """
        asker = self._ready(context)
        for start in range(0, len(examples), WINDOW):
            part = examples[start : start + WINDOW]
            began = perf_counter()
            rows = asker.rows([example.text for example in part])
            overhead = (perf_counter() - began) / len(part)
            for places in asker.batches(rows):
                context.stop_if_asked()
                chosen = [rows[place] for place in places]
                yield from self._batch(asker, [part[place] for place in places], chosen, overhead, context)
                _count(context, "truncated_texts", sum(row.cut for row in chosen))
                _count(context, "demonstrations_dropped_for_room", sum(row.dropped for row in chosen))

    def save(self, folder: Path) -> None:
        """Write settings, demonstrations and leaning: JSON, and safetensors; the model's weights are not copied."""
        write_about(folder, "prompt", self.settings, self.labels, self.model)
        files.write_json(folder / PROMPT_FILE, {"leaning": self.leaning, "content_free": self.content_free})
        assert self.demonstrator is not None, "fit comes first"
        self.demonstrator.save(folder)

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """The prompt as it was saved; its model is loaded by the first prediction.

        Raises:
            TradeoffError: nothing is saved there.
        """
        about, content = read_about(folder), files.read_json(folder / PROMPT_FILE, {})
        method = cls(PromptSettings(**about["settings"]), about["model"])
        method.labels = about["labels"]
        method.leaning, method.content_free = content.get("leaning"), content.get("content_free")
        method.demonstrator = Demonstrator.load(folder, method.settings, context)
        return method

    def _style(self, context: Context) -> PromptStyle:
        return style_of(self.settings.model_dump(), context.task, self.labels)

    def _engine(self, context: Context) -> Engine:
        own = self.settings
        return get_engine(self.model, context.models, context.device, own.precision, own.weights)

    def _ready(self, context: Context) -> Asker:
        if self._asker is None:
            assert self.demonstrator is not None, "fit or load comes first"
            settle(context.seed)
            engine = self._engine(context)
            self._asker = Asker(
                engine, self._style(context), self.settings, self.demonstrator,
                lambda done, total: context.report({"phase": "fit", "step": done, "steps": total + 1}),
            )  # fmt: skip
        return self._asker

    def _measure(self, asker: Asker, train: Sequence[Example], context: Context) -> None:
        if self.settings.score_by == "content_free":
            self.content_free = content_free_scores(asker)
        if self.settings.calibration != "none":
            self.leaning = leaning(asker, train, context, self._adjusted)

    def _batch(
        self, asker: Asker, examples: Sequence[Example], rows: Sequence[Row], overhead: float, context: Context
    ) -> Iterator[Prediction]:
        began = perf_counter()
        with memory_guard("batch_tokens", context.device):
            if asker.scores:
                found = self._scored(asker, rows)
            else:
                found = Policy(asker, context).answers(rows, [example.id for example in examples])
        seconds = (perf_counter() - began) / len(rows) + overhead
        for example, answer in zip(examples, found, strict=True):
            yield Prediction(
                example.id, answer.target, answer.reason, answer.confidence, answer.probabilities, answer.completion,
                seconds, answer.tokens,
            )  # fmt: skip

    def _adjusted(self, scores: torch.Tensor) -> torch.Tensor:
        """Log-probabilities of the labels from their log-likelihoods, shape (rows, labels), before calibration."""
        if self.content_free is not None:
            scores = scores - torch.tensor(self.content_free, dtype=scores.dtype)
        return scores.log_softmax(1)

    def _scored(self, asker: Asker, rows: Sequence[Row]) -> list[Answered]:
        scores = self._adjusted(asker.score(rows))
        if self.leaning is not None:
            scores = scores - torch.tensor(self.leaning, dtype=scores.dtype)
        found = []
        for row, probabilities in zip(rows, scores.softmax(1).tolist(), strict=True):
            best = max(range(len(probabilities)), key=probabilities.__getitem__)
            found.append(
                Answered(
                    self.labels[best], None, probabilities[best], tokens=asker.tokens(row), probabilities=probabilities
                )
            )
        return found


def check_settings(settings: PromptSettings, style: PromptStyle) -> None:
    """Settings that cannot go with a task or with one another.

    Raises:
        TradeoffError: some cannot.
    """
    task, one = style.task, style.task.text_labels == "one" and not style.task.has_spans
    wrong = remedy = ""
    if settings.answer == "score" and style.reasons:
        wrong, remedy = f"Style {style.name} writes its reasoning, so its answer cannot be scored", "generate"
    elif settings.answer == "score" and not one:
        wrong, remedy = f"Only single labels can be scored: {task.title.lower()} has to be written", "generate"
    if wrong:
        raise TradeoffError(wrong, "answer", f"Set answer to auto or {remedy}.")
    scored = one and not style.reasons and settings.answer != "generate"
    if settings.samples > 1 and (scored or not settings.temperature):
        why = "scored labels are always the same" if scored else "at temperature 0 all answers are the same"
        raise TradeoffError(
            f"{settings.samples} samples make no vote: {why}", "samples",
            "Set samples to 1." if scored else "Set a temperature above 0, such as 0.7.",
        )  # fmt: skip
    if settings.invalid == "rank" and not one:
        raise TradeoffError(
            f"Only single labels can be ranked: {task.title.lower()} has no closed list of answers", "invalid",
            "Set invalid to retry, majority or wrong.",
        )  # fmt: skip


def _count(context: Context, name: str, more: int) -> None:
    if more:
        context.notes[name] = context.notes.get(name, 0) + more
