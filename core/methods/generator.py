"""Fine-tuned language models: trained to write the answers of a prompt style, on one dataset or several together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, Self

import numpy as np

from core.errors import TradeoffError
from core.methods import checked_settings, method_entry
from core.methods.answering import Answering, answering
from core.methods.base import Context, Part, Prediction, memory_guard
from core.methods.device import settle
from core.methods.lessons import Lessons
from core.methods.phrasing import Phrasing
from core.methods.quantised import optimizer_of
from core.methods.saved import read_about, write_about
from core.methods.settings import GeneratorSettings, QuantisedSettings
from core.methods.speller import Speller
from core.methods.training import Evaluation, Progress, Trainer, TrainingData
from core.methods.tuned import TunedModel
from core.tasks import get_task
from core.tasks.base import Example, Task

WINDOW = 4096
"""Texts that are tokenized and sorted at once: bounds memory, and the first answers come soon."""
DEFAULT_WINDOW = 2048


@dataclass(frozen=True)
class Taught:
    """A dataset that the model was fitted on."""

    dataset: str
    task: Task
    labels: list[str]


@dataclass(frozen=True)
class Workshop:
    """What a model is fitted with: in one process, or in one of several that share it."""

    model: Callable[..., TunedModel] = TunedModel
    lessons: Callable[..., Lessons] = Lessons
    trainer: Callable[..., Trainer] = Trainer


class Generator:
    """What seq2seq models and decoders share. A subclass names its method, its models and how prompts are laid out."""

    method: ClassVar[str]
    kind: ClassVar[Any]
    task_type: ClassVar[str]
    seq2seq: ClassVar[bool]

    def __init__(self, settings: GeneratorSettings, model: str | None = None) -> None:
        self.settings = settings
        self.model_name = model or "smollm2"
        self.taught: list[Taught] = []
        self.tuned: TunedModel | None = None
        self.phrasings: list[Phrasing] = []
        self._answering: dict[int, Answering] = {}

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:
        """Fine-tune on `train`; the weights of the best evaluation on `validation` are kept.

        Raises:
            Cancelled: the run is to stop; a checkpoint was written.
            TradeoffError: the model cannot be loaded, memory ran out, or the loss is no longer a number.
        """
        self.fit_parts([Part(context.dataset, context.task, context.labels, train, validation)], context)

    def fit_parts(self, parts: Sequence[Part], context: Context) -> None:
        """Fine-tune one model on several datasets together; raises what `fit` raises."""
        if self.settings.processes > 1:
            self._fit_by_many(parts, context)
        else:
            self.fit_with(Workshop(), parts, context)

    def fit_with(self, workshop: Workshop, parts: Sequence[Part], context: Context) -> None:
        """Fine-tune in this process; raises what `fit` raises."""
        settle(context.seed)
        self.taught = [Taught(part.dataset, part.task, list(part.labels)) for part in parts]
        with memory_guard(method_entry(self.method).memory_setting, context.device):
            tuned = self._started(context, model=workshop.model)
            lessons = workshop.lessons(tuned.network, self.phrasings, parts, self.settings, self.seq2seq, context.seed)
            tuned.prepare()
            lessons.model = tuned.network
            evaluate = self._evaluation(lessons, parts, context)
            data = TrainingData(lessons.lengths, lessons.loss, evaluate, lessons.digest())
            optimizer = None
            if isinstance(self.settings, QuantisedSettings):
                optimizer = optimizer_of(self.settings, context.device)
            assert tuned.arithmetic is not None
            trainer = workshop.trainer(
                tuned.trained, data, self.settings, tuned.arithmetic, context, optimizer=optimizer
            )
            self._note_start(lessons, context)
            tuned.freeze()
            progress = trainer.train()
            tuned.finish()
        self._answering = {}
        self._note_end(progress, trainer.steps_per_epoch, context)

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """Ask about each text in the way of `context.dataset`; a batch's predictions come as it is done.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: memory ran out, or the model was not fitted on this dataset.
        """
        place = self._place(context)
        self._tuned().pack()
        for start in range(0, len(examples), WINDOW):
            yield from self._window(place, examples[start : start + WINDOW], context)

    def save(self, folder: Path) -> None:
        """Write what was trained (safetensors), the tokenizer, and for each dataset its task and labels (JSON)."""
        taught = [{"dataset": one.dataset, "task": one.task.name, "labels": one.labels} for one in self.taught]
        write_about(folder, self.method, self.settings, self.taught[0].labels, self.model_name, taught=taught)
        self._tuned().save(folder)
        self._answering = {}

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """Read what `save` wrote."""
        about = read_about(folder)
        settings: Any = checked_settings(cls.method, about["settings"], cls.method)
        method = cls(settings, about["model"])
        method.taught = [Taught(one["dataset"], get_task(one["task"]), one["labels"]) for one in about["taught"]]
        settle(context.seed)
        with memory_guard("batch_tokens", context.device):
            method._started(context, folder)
        return method

    def _fit_by_many(self, parts: Sequence[Part], context: Context) -> None:
        from core.methods import together

        about = (self.method, self.settings, self.model_name)
        with together.fitted(*about, parts, context) as folder:
            loaded = type(self).load(folder, context)
        self.taught, self.tuned, self.phrasings = loaded.taught, loaded.tuned, loaded.phrasings
        self._answering = {}

    def _started(
        self, context: Context, folder: Path | None = None, model: Callable[..., TunedModel] = TunedModel
    ) -> TunedModel:
        self.tuned = tuned = model(self.kind, self.task_type, self.model_name, self.settings)
        if folder:
            tuned.restore(folder, context)
        else:
            tuned.start(context)
        room = _room(tuned.network.config, tuned.tokenizer) - (0 if self.seq2seq else self.settings.max_new_tokens)
        speller = Speller(tuned.tokenizer)
        self.phrasings = [
            Phrasing(one.task, one.labels, self.settings, speller, self.seq2seq, room, name)
            for one in self.taught
            for name in [one.dataset if len(self.taught) > 1 else ""]
        ]
        return tuned

    def _window(self, place: int, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        began, answers = perf_counter(), self._answers(place)
        asked = self.phrasings[place].questions([example.text for example in examples])
        overhead = (perf_counter() - began) / len(examples)
        for spots in answers.batches(asked):
            context.stop_if_asked()
            began = perf_counter()
            with memory_guard("batch_tokens", context.device):
                found = answers.answer([asked[spot] for spot in spots])
            seconds = (perf_counter() - began) / len(spots) + overhead
            for spot, answer in zip(spots, found, strict=True):
                yield Prediction(examples[spot].id, **answer, seconds=seconds)
            if cut := sum(asked[spot].cut for spot in spots):
                context.notes["truncated_predicted"] = context.notes.get("truncated_predicted", 0) + cut

    def _answers(self, place: int) -> Answering:
        if place not in self._answering:
            tuned = self._tuned()
            self._answering[place] = answering(tuned, self.phrasings[place], self.settings, self.seq2seq)
        return self._answering[place]

    def _place(self, context: Context) -> int:
        names = [one.dataset for one in self.taught]
        if context.dataset in names:
            return names.index(context.dataset)
        alike = [i for i, one in enumerate(self.taught) if one.task.name == context.task.name]
        if len(alike) == 1:
            return alike[0]
        raise TradeoffError(
            f"The model was not fitted on {context.dataset or 'this dataset'}", ", ".join(names),
            "Ask it about one of its own datasets.",
        )  # fmt: skip

    def _tuned(self) -> TunedModel:
        assert self.tuned is not None, "fit or load comes first"
        return self.tuned

    def _evaluation(self, lessons: Lessons, parts: Sequence[Part], context: Context) -> Any:
        """What evaluates on a bounded sample of each validation split; None when there is no validation text."""
        samples = [
            _sample(part.validation, self.settings.validation_texts // len(parts), context.seed) for part in parts
        ]
        if not any(samples):
            return None
        cut, unreadable = lessons.cut, lessons.unreadable
        known = [lesson for place, sample in enumerate(samples) for lesson in lessons.of(place, sample)]
        lessons.cut, lessons.unreadable = cut, unreadable

        def evaluate() -> Evaluation:
            with self._tuned().autocast():
                loss = lessons.mean_loss(known)
            if self.settings.select_by == "loss" or self.settings.processes > 1:
                return Evaluation("negative_loss", -loss, loss)
            return self._measured(samples, loss, context)

        return evaluate

    def _measured(self, samples: Sequence[Sequence[Example]], loss: float, context: Context) -> Evaluation:
        """The primary metric of each dataset's task, averaged over the datasets."""
        self._answering, silent = {}, replace(context, notes={})
        values = {}
        for place, (one, sample) in enumerate(zip(self.taught, samples, strict=True)):
            if not sample:
                continue
            found = {prediction.id: prediction.target for prediction in self._window(place, sample, silent)}
            metric = one.task.primary_metric
            targets, answers = [example.target for example in sample], [found[example.id] for example in sample]
            name = metric if len(samples) == 1 else f"{one.dataset}_{metric}"
            values[name] = one.task.statistics(targets, answers, one.labels)[metric].overall
        self._answering = {}
        if len(values) == 1:
            ((name, value),) = values.items()
            return Evaluation(name, value, loss)
        return Evaluation("mean_metric", float(np.mean(list(values.values()))), loss, values)

    def _note_start(self, lessons: Lessons, context: Context) -> None:
        tuned, notes = self._tuned(), context.notes
        assert tuned.arithmetic is not None
        counts = [(p.numel(), p.requires_grad) for p in tuned.trained.parameters()]
        notes["parameters_total"] = sum(count for count, _ in counts)
        notes["parameters_trained"] = sum(count for count, trained in counts if trained)
        notes["precision"] = tuned.arithmetic.precision + (", frozen layers bf16" if tuned.frozen_in_bf16 else "")
        notes["truncated_examples"] = lessons.cut
        notes["prompt"] = f"{self.phrasings[0].style.name} {self.phrasings[0].style.version}"
        if lessons.unreadable:
            notes["answers_not_spelled"] = (
                f"{lessons.unreadable} answers hold characters that the model's vocabulary lacks"
            )

    def _note_end(self, progress: Progress, steps_per_epoch: int, context: Context) -> None:
        context.notes["tokens_seen"] = progress.tokens
        context.notes["epochs"] = round(progress.step / steps_per_epoch, 2)
        if progress.best_step is not None:
            context.notes["best_epoch"] = round(progress.best_step / steps_per_epoch, 2)
        if progress.stopped_early:
            context.notes["stopped_early"] = True


def _sample(examples: Sequence[Example], most: int, seed: int) -> list[Example]:
    """At most `most` examples, the same ones for the same seed."""
    if len(examples) <= max(1, most):
        return list(examples)
    chosen = np.random.default_rng([seed, 7]).permutation(len(examples))[: max(1, most)]
    return [examples[i] for i in sorted(chosen)]


def _room(config: Any, tokenizer: Any) -> int:
    """Most tokens of a prompt. T5's positions are relative: only its tokenizer names a bound."""
    text = config.get_text_config()
    sizes = [
        getattr(text, "max_position_embeddings", None),
        getattr(text, "n_positions", None) if not config.is_encoder_decoder else None,
        tokenizer.model_max_length,
    ]
    known = [size for size in sizes if isinstance(size, int) and 0 < size < 10_000_000]
    return min(known) if known else DEFAULT_WINDOW
