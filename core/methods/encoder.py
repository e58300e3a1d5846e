"""Fine-tuned encoders for every task: all weights, or LoRA adapters."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from core.errors import unknown
from core.methods import checked_settings, method_entry
from core.methods.adapters import adapter_tensors, load_adapter, lora_config, merged, save_adapter, wrap
from core.methods.base import Context, Part, Prediction, memory_guard
from core.methods.batching import TextTokenizer, budget_batches
from core.methods.byte_products import Ranges, check_int8, load_ranges, save_ranges
from core.methods.device import Arithmetic, arithmetic, settle
from core.methods.flat_network import FlatNetwork, check_build, flat_network, measured_ranges
from core.methods.heads import HeadedEncoder, head_modules, load_headed, load_word_head, save_word_head
from core.methods.outputs import PartOutputs, Raw, outputs_of
from core.methods.pretrained import load_tokenizer
from core.methods.reading import Reader
from core.methods.rows import restore_rows, train_used_rows
from core.methods.saved import read_about, write_about
from core.methods.settings import EncoderLoraSettings, EncoderSettings
from core.methods.training import Evaluation, Progress, Trainer, TrainingData
from core.tasks.base import Example

MEASURED = 512
"""Training texts of each dataset by which the ranges for int8 are measured."""


class Encoder:
    """An encoder with a head for texts, for words, or both, all weights fine-tuned.

    Fitted on several datasets it has outputs for each of them; the encoder is shared.
    """

    method = "encoder-full"

    def __init__(self, settings: EncoderSettings, model: str | None = None) -> None:
        self.settings = settings
        self.model_name = model or "minilm"
        self.parts: list[PartOutputs] = []
        self.network: HeadedEncoder | None = None
        self.tokenizer: TextTokenizer | None = None
        self.arithmetic: Arithmetic | None = None
        self.ranges: Ranges | None = None
        self._flat: FlatNetwork | None = None

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:
        """Fine-tune on `train`; the weights of the best evaluation on `validation` are kept.

        Raises:
            Cancelled: the run is to stop; a checkpoint was written.
            TradeoffError: the model cannot be loaded, memory ran out, or the loss is no longer a number.
        """
        self.fit_parts([Part(context.dataset, context.task, context.labels, train, validation)], context)

    def fit_parts(self, parts: Sequence[Part], context: Context) -> None:
        """Fine-tune one encoder on several datasets: batches mix their texts, the best mean of their primary metrics
        on validation decides. Raises as `fit`.
        """
        settle(context.seed)
        self.parts, self.ranges, self._flat = outputs_of(parts), None, None
        if self.settings.weights == "int8":
            check_int8(context.device)
        with memory_guard(method_entry(self.method).memory_setting, context.device):
            new = self._start(self.model_name, context)
            head = self._prepare_training(new)
            self._note_parameters(context)
            trainer = self._trainer(head, parts, context)
            progress = trainer.train()
            self._finish_training()
            self._measure_ranges(parts)
            self._choose_thresholds(parts, context)
        self._note_training(progress, trainer, context)

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """Predict in batches of similar length; predictions come as their texts are done."""
        part = self._part(context.dataset)
        for raws in self._reader().run(self._answering(), part, [example.text for example in examples], context):
            yield from part.predictions(raws, examples, context.labels)

    def save(self, folder: Path) -> None:
        """Write the model and the tokenizer as `from_pretrained` reads them (safetensors), outputs and settings."""
        self._write_about(folder)
        self._save_beside(folder)
        self._network().encoder.save_pretrained(folder)
        self._tokenizer().tokenizer.save_pretrained(folder)

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """Read what `save` wrote."""
        about = read_about(folder)
        settings: Any = checked_settings(cls.method, about["settings"], cls.method)
        method = cls(settings, about["model"])
        one = {"dataset": "", "task_name": "single_label", "labels": about["labels"]}
        method.parts = [PartOutputs(**part) for part in about.get("parts", [one])]
        with memory_guard(method_entry(cls.method).memory_setting, context.device):
            method._restore(folder, context)
        if method.settings.weights == "int8":
            check_int8(context.device)
            method.ranges = load_ranges(folder)
        return method

    def _write_about(self, folder: Path) -> None:
        parts = [part.about() for part in self.parts]
        write_about(folder, self.method, self.settings, self.parts[0].labels, self.model_name, parts=parts)

    def _save_beside(self, folder: Path) -> None:
        save_word_head(self._network().word_head, folder)
        if self.ranges is not None:
            save_ranges(self.ranges, folder)

    def _part(self, dataset: str) -> PartOutputs:
        """The outputs of a dataset; a model of one dataset serves any name.

        Raises:
            TradeoffError: the model was fitted on several datasets, and this is none of them.
        """
        named = {part.dataset: part for part in self.parts}
        if dataset not in named and len(self.parts) > 1:
            raise unknown("dataset of this model", dataset, named)
        return named.get(dataset, self.parts[0])

    def _start(self, name: str, context: Context, folder: Path | None = None) -> set[str]:
        """Load model and tokenizer; returns the names of the encoder's weights that are new."""
        self.arithmetic = arithmetic(context.device, self.settings.precision)
        self.network, new = load_headed(name, self.parts, self.settings.dropout, context, folder)
        self.tokenizer = load_tokenizer(name, self.network.encoder, self.settings.max_tokens, context, folder)
        self.network.to(self.arithmetic.device)
        if self.settings.weights == "int8":
            check_build(self.network, name)
        return new

    def _restore(self, folder: Path, context: Context) -> None:
        self._start(self.model_name, context, folder)
        self._network().eval()

    def _prepare_training(self, new: set[str]) -> frozenset[str]:
        """Make the network ready to be trained; returns the names of the heads' parameters."""
        network = self._network()
        heads = ("word_head.", *(f"encoder.{name}." for name in head_modules(network.encoder, new)))
        return frozenset(name for name, _ in network.named_parameters() if name.startswith(heads))

    def _finish_training(self) -> None:
        restore_rows(self._network().encoder)
        self._network().eval()

    def _trainer(self, head: frozenset[str], parts: Sequence[Part], context: Context) -> Trainer:
        reader, network = self._reader(), self._network()
        corpus = reader.corpus(self.parts, parts, context)
        rows = train_used_rows(network.encoder, (item.window.ids for item in corpus.items))
        evaluate = (lambda: self._evaluate(parts, context)) if any(part.validation for part in parts) else None
        data = TrainingData(
            corpus.lengths, lambda batch: corpus.loss(batch, lambda windows: network(**reader.pad(windows))),
            evaluate, corpus.digest(),
        )  # fmt: skip
        trainer = Trainer(network, data, self.settings, self._arithmetic(), context, head)
        if rows is not None:
            rows.follow(trainer.optimizer)
        return trainer

    def _evaluate(self, parts: Sequence[Part], context: Context) -> Evaluation:
        """Each dataset's primary metric on its validation texts; of several datasets their mean decides."""
        found = [
            self._evaluate_part(own, part, context)
            for own, part in zip(self.parts, parts, strict=True)
            if part.validation
        ]
        if len(found) == 1:
            return found[0]
        losses = [one.loss for one in found if one.loss is not None]
        more = {f"{one.metric} ({part.dataset})": one.value for one, part in zip(found, parts, strict=False)}
        mean = float(np.mean([one.value for one in found]))
        return Evaluation("mean", mean, float(np.mean(losses)) if losses else None, more)

    def _evaluate_part(self, own: PartOutputs, part: Part, context: Context) -> Evaluation:
        raws = self._validated(own, part, context)
        targets = [part.task.decode(example.target) for example in part.validation]
        losses = [loss for raw in raws if (loss := own.loss(raw, targets[raw.place])) is not None]
        metrics = own.evaluate(raws, part.validation, part.labels)
        value = metrics.pop(part.task.primary_metric)
        return Evaluation(part.task.primary_metric, value, float(np.mean(losses)) if losses else None, metrics)

    def _validated(self, own: PartOutputs, part: Part, context: Context) -> list[Raw]:
        """The outputs for a dataset's validation texts."""
        silent = Context(context.task, context.labels, context.device, context.seed, should_stop=context.should_stop)
        texts = [example.text for example in part.validation]
        flat = flat_network(self._network(), self._arithmetic(), self.ranges)
        return [raw for some in self._reader().run(flat or self._network(), own, texts, silent) for raw in some]

    def _choose_thresholds(self, parts: Sequence[Part], context: Context) -> None:
        """Choose thresholds anew, with the weights that are kept."""
        for own, part in zip(self.parts, parts, strict=True):
            if part.task.text_labels == "any" and part.validation:
                own.evaluate(self._validated(own, part, context), part.validation, part.labels)
                name = "threshold" if len(parts) == 1 else f"threshold ({part.dataset})"
                context.notes[name] = round(own.threshold, 4)

    def _measure_ranges(self, parts: Sequence[Part]) -> None:
        """For int8: what the layers read, over some training texts of each dataset."""
        if self.settings.weights == "int8":
            reader, network = self._reader(), self._network()
            windows = [
                window
                for own, part in zip(self.parts, parts, strict=True)
                for window in reader.read(own, [example.text for example in part.train[:MEASURED]])[0]
            ]
            batches = budget_batches([len(window.ids) for window in windows], self.settings.batch_tokens)
            with self._arithmetic().autocast():
                self.ranges = measured_ranges(network, [reader.pad([windows[i] for i in batch]) for batch in batches])

    def _answering(self) -> HeadedEncoder | FlatNetwork:
        """What answers: the network, laid out for it where that can be."""
        if self._flat is None:
            self._flat = flat_network(self._network(), self._arithmetic(), self.ranges)
        return self._flat or self._network()

    def _reader(self) -> Reader:
        return Reader(self._tokenizer(), self.settings, self._arithmetic())

    def _network(self) -> HeadedEncoder:
        assert self.network is not None, "fit or load comes first"
        return self.network

    def _tokenizer(self) -> TextTokenizer:
        assert self.tokenizer is not None, "fit or load comes first"
        return self.tokenizer

    def _arithmetic(self) -> Arithmetic:
        assert self.arithmetic is not None, "fit or load comes first"
        return self.arithmetic

    def _note_parameters(self, context: Context) -> None:
        counts = [(p.numel(), p.requires_grad) for p in self._network().parameters()]
        context.notes["parameters_total"] = sum(count for count, _ in counts)
        context.notes["parameters_trained"] = sum(count for count, trained in counts if trained)
        context.notes["precision"] = self._arithmetic().precision

    def _note_training(self, progress: Progress, trainer: Trainer, context: Context) -> None:
        context.notes["tokens_seen"] = progress.tokens
        context.notes["epochs"] = round(progress.step / trainer.steps_per_epoch, 2)
        if progress.best_step is not None:
            context.notes["best_epoch"] = round(progress.best_step / trainer.steps_per_epoch, 2)
        if progress.stopped_early:
            context.notes["stopped_early"] = True


class EncoderLora(Encoder):
    """An encoder whose linear layers get low-rank adapters (Hu et al. 2021); only they and the head are trained.

    For prediction the adapters are added into the weights, so it costs what the plain encoder costs.
    """

    method = "encoder-lora"

    def __init__(self, settings: EncoderSettings, model: str | None = None) -> None:
        super().__init__(settings, model)
        self.adapter: dict[str, torch.Tensor] = {}
        self.adapter_config: Any = None

    def save(self, folder: Path) -> None:
        """Write the adapter and the head (PEFT's own files), the tokenizer, labels and settings; not the model."""
        self._write_about(folder)
        self._save_beside(folder)
        save_adapter(folder, self.adapter_config, self.adapter)
        self._tokenizer().tokenizer.save_pretrained(folder)

    def _restore(self, folder: Path, context: Context) -> None:
        self._start(self.model_name, context)
        network = self._network()
        wrapped, self.adapter_config, self.adapter = load_adapter(network.encoder, folder)
        network.encoder = merged(wrapped)
        if network.word_head is not None:
            load_word_head(network.word_head, folder)
        network.eval().to(self._arithmetic().device)

    def _prepare_training(self, new: set[str]) -> frozenset[str]:
        network, settings = self._network(), self.settings
        heads = [name for name, module in head_modules(network.encoder, new).items() if _has_parameters(module)]
        kind = "SEQ_CLS" if network.kind == "texts" else "TOKEN_CLS"
        assert isinstance(settings, EncoderLoraSettings)
        self.adapter_config = lora_config(network.encoder, settings, kind, heads, base=self.model_name)
        network.encoder = wrap(network.encoder, self.adapter_config)
        names = (name for name, _ in network.named_parameters())
        return frozenset(name for name in names if ".modules_to_save." in name or name.startswith("word_head."))

    def _finish_training(self) -> None:
        network = self._network()
        self.adapter = adapter_tensors(network.encoder)
        network.encoder = merged(network.encoder)
        network.eval()


def _has_parameters(module: torch.nn.Module) -> bool:
    return any(True for _ in module.parameters())
