"""Asking a language model: fitting draws demonstrations and measures the model's own leaning to some labels."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import torch

from core import files
from core.methods.base import Context, Prediction, memory_guard
from core.methods.device import settle
from core.methods.saved import read_about, write_about
from core.methods.settings import PromptSettings
from core.prompts.asker import CONTENT_FREE, Asker
from core.prompts.demonstrations import draw
from core.prompts.engine import get_engine
from core.prompts.styles import get_style
from core.tasks.base import Example

PROMPT_FILE = "prompt.json"
CALIBRATION_TEXTS = 48
"""Training texts, as many of each label as can be, that the model's leaning is measured on."""
WINDOW = 4096
"""Texts that are tokenized and sorted at once: bounds memory, and the first answers come soon."""


class Prompt:
    """A causal language model that is asked about each text. Nothing is trained.

    The model and the computed beginning of the prompt stay in memory between calls of `predict`.
    """

    def __init__(self, settings: PromptSettings, model: str | None = None) -> None:
        self.settings, self.model = settings, model or "smollm2"
        self.labels: list[str] = []
        self.demonstrations: list[Example] = []
        self.leaning: list[float] | None = None
        """Log-probability of each label whatever the text, subtracted from every answer; None leaves answers alone."""
        self._asker: Asker | None = None

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:  # noqa: ARG002
        """Draw the demonstrations and, when answers are scored, measure the leaning.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the model cannot be loaded, or the prompt does not fit its window.
        """
        self.labels, self.leaning, self._asker = list(context.labels), None, None
        self.demonstrations = draw(train, self.settings.shots, self.settings.demonstrations, context.seed)
        asker = self._ready(context)
        self.demonstrations = asker.fitted.demonstrations
        if self.settings.answer == "score" and self.settings.calibration != "none":
            self.leaning = self._leaning(asker, train, context)
        context.notes.update(asker.notes)
        said = f"{len(self.demonstrations)} demonstrations in a prompt of {len(asker.fitted.shared)} tokens"
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
            cut = asker.cutter.all([example.text for example in part])
            rows = [ids + asker.fitted.tail for _, ids, _ in cut]
            overhead = (perf_counter() - began) / len(part)
            for places in asker.batches(rows):
                context.stop_if_asked()
                chosen = [part[place] for place in places]
                yield from self._batch(asker, chosen, [rows[place] for place in places], overhead, context)
                shortened = sum(cut[place][2] for place in places)
                if shortened:
                    context.notes["truncated_examples"] = context.notes.get("truncated_examples", 0) + shortened

    def save(self, folder: Path) -> None:
        """Write settings, demonstrations and leaning as JSON; the model's weights are not copied."""
        write_about(folder, "prompt", self.settings, self.labels, self.model)
        content = {"demonstrations": [asdict(shown) for shown in self.demonstrations], "leaning": self.leaning}
        files.write_json(folder / PROMPT_FILE, content)

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:  # noqa: ARG003
        """The prompt as it was saved; its model is loaded by the first prediction.

        Raises:
            TradeoffError: nothing is saved there.
        """
        about, content = read_about(folder), files.read_json(folder / PROMPT_FILE, {})
        method = cls(PromptSettings(**about["settings"]), about["model"])
        method.labels = about["labels"]
        method.demonstrations = [Example(**shown) for shown in content.get("demonstrations", [])]
        method.leaning = content.get("leaning")
        return method

    def _ready(self, context: Context) -> Asker:
        if self._asker is None:
            settle(context.seed)
            engine = get_engine(self.model, context.models, context.device, self.settings.precision)
            self._asker = Asker(
                engine, get_style(self.settings.style, context.task, self.labels), self.settings,
                self.demonstrations,
                lambda done, total: context.report({"phase": "fit", "step": done, "steps": total + 1}),
            )  # fmt: skip
        return self._asker

    def _batch(
        self, asker: Asker, examples: Sequence[Example], rows: Sequence[Sequence[int]], overhead: float,
        context: Context,
    ) -> Iterator[Prediction]:  # fmt: skip
        began = perf_counter()
        with memory_guard("batch_tokens", context.device):
            found = self._scored(asker, rows) if self.settings.answer == "score" else self._written(asker, rows)
        seconds = (perf_counter() - began) / len(rows) + overhead
        for example, row, (answer, written) in zip(examples, rows, found, strict=True):
            yield Prediction(example.id, **answer, seconds=seconds, tokens=asker.tokens(row, written))

    def _scored(self, asker: Asker, rows: Sequence[Sequence[int]]) -> list[tuple[dict[str, Any], int]]:
        scores = asker.score(rows)
        if self.leaning is not None:
            scores = scores - torch.tensor(self.leaning, dtype=scores.dtype)
        found = []
        for probabilities in scores.softmax(1).tolist():
            best = max(range(len(probabilities)), key=probabilities.__getitem__)
            answer = {
                "target": self.labels[best], "confidence": probabilities[best], "probabilities": probabilities,
            }  # fmt: skip
            found.append((answer, 0))
        return found

    def _written(self, asker: Asker, rows: Sequence[Sequence[int]]) -> list[tuple[dict[str, Any], int]]:
        return [
            (
                {
                    "target": written.reading.target, "reason": written.reading.reason,
                    "confidence": written.probability, "completion": written.completion,
                },
                written.tokens,
            )
            for written in asker.write(rows)
        ]  # fmt: skip

    def _leaning(self, asker: Asker, train: Sequence[Example], context: Context) -> list[float]:
        """The log of the mean probability of each label over texts that say nothing, or over balanced training texts.

        Dividing by it is contextual calibration (arXiv 2102.09690); over training texts it is batch calibration
        (arXiv 2309.17249) with each label given the same weight.
        """
        groups: dict[str, list[str]] = {}
        if self.settings.calibration == "train_texts":
            shown = {example.text for example in self.demonstrations}
            unseen = [example for example in train if example.text not in shown]
            for example in draw(unseen, CALIBRATION_TEXTS, "balanced", context.seed):
                groups.setdefault(example.target, []).append(example.text)
        if not groups:
            groups = {"": list(CONTENT_FREE)}
        rows = asker.rows([text for texts in groups.values() for text in texts])
        weights = torch.tensor([1 / len(texts) / len(groups) for texts in groups.values() for _ in texts])
        total = torch.zeros(len(self.labels), dtype=torch.float64)
        done = 0
        for places in asker.batches(rows):
            context.stop_if_asked()
            with memory_guard("batch_tokens", context.device):
                total += weights[places].double() @ asker.score([rows[place] for place in places]).exp()
            done += len(places)
            context.report({"phase": "fit", "step": done, "steps": len(rows) + 1})
        leaning: list[float] = total.clamp(min=1e-30).log().tolist()
        return leaning
