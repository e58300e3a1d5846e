"""Fine-tuned encoders: all weights, or LoRA adapters."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from core.methods import checked_settings, method_entry
from core.methods.adapters import adapter_tensors, load_adapter, lora_config, merged, save_adapter, wrap
from core.methods.base import Context, Prediction, Tokens, memory_guard
from core.methods.batching import TextTokenizer
from core.methods.device import Arithmetic, arithmetic, settle
from core.methods.inference import run_batches
from core.methods.losses import make_criterion
from core.methods.pretrained import load_model, load_tokenizer
from core.methods.saved import aligned, read_about, softmax, to_prediction, write_about
from core.methods.settings import EncoderSettings
from core.methods.training import Evaluation, Progress, Trainer, TrainingData
from core.tasks.base import Example


class Encoder:
    """An encoder with a classification head, all weights fine-tuned."""

    method = "encoder-full"

    def __init__(self, settings: EncoderSettings, model: str | None = None) -> None:
        self.settings = settings
        self.model_name = model or "minilm"
        self.labels: list[str] = []
        self.model: Any = None
        self.tokenizer: TextTokenizer | None = None
        self.arithmetic: Arithmetic | None = None

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:
        """Fine-tune on `train`; the weights of the best evaluation on `validation` are kept.

        Raises:
            Cancelled: the run is to stop; a checkpoint was written.
            TradeoffError: the model cannot be loaded, memory ran out, or the loss is no longer a number.
        """
        settle(context.seed)
        self.labels = sorted({example.target for example in train})
        with memory_guard(method_entry(self.method).memory_setting, context.device):
            new = self._start(self.model_name, context)
            head = self._prepare_training(new)
            trainer = self._trainer(head, train, validation, context)
            self._note_parameters(context)
            progress = trainer.train()
            self._finish_training()
        self._note_training(progress, trainer, context)

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """Predict in batches of similar length; a batch's predictions come as it is done."""
        for batch in self._run([example.text for example in examples], context):
            probabilities = aligned(softmax(batch.outputs), self.labels, context.labels)
            if batch.truncated:
                context.notes["truncated_predicted"] = context.notes.get("truncated_predicted", 0) + batch.truncated
            for place, row, count in zip(batch.positions, probabilities, batch.tokens, strict=True):
                yield to_prediction(examples[place], row, context.labels, batch.seconds, Tokens(input=count))

    def save(self, folder: Path) -> None:
        """Write the model and the tokenizer as `from_pretrained` reads them (safetensors), labels and settings."""
        write_about(folder, self.method, self.settings, self.labels, self.model_name)
        self.model.save_pretrained(folder)
        self._tokenizer().tokenizer.save_pretrained(folder)

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """Read what `save` wrote."""
        about = read_about(folder)
        settings: Any = checked_settings(cls.method, about["settings"], cls.method)
        method = cls(settings, about["model"])
        method.labels = about["labels"]
        with memory_guard(method_entry(cls.method).memory_setting, context.device):
            method._restore(folder, context)
        return method

    def _start(self, name: str, context: Context, folder: Path | None = None) -> set[str]:
        """Load model and tokenizer; returns the names of the weights that are new."""
        codes = {label: i for i, label in enumerate(self.labels)}
        self.arithmetic = arithmetic(context.device, self.settings.precision)
        self.model, new = load_model(
            AutoModelForSequenceClassification, name, context, folder, num_labels=len(codes), label2id=codes,
            id2label={i: label for label, i in codes.items()}, ignore_mismatched_sizes=folder is None,
        )  # fmt: skip
        self.tokenizer = load_tokenizer(name, self.model, self.settings.max_tokens, context, folder)
        for module in _head_modules(self.model, new).values():
            for part in module.modules():
                if isinstance(part, torch.nn.Dropout):
                    part.p = self.settings.dropout
        self.model.to(self.arithmetic.device)
        return new

    def _restore(self, folder: Path, context: Context) -> None:
        self._start(self.model_name, context, folder)
        self.model.eval()

    def _prepare_training(self, new: set[str]) -> frozenset[str]:
        """Make the model ready to be trained; returns the names of the head's parameters."""
        heads = tuple(f"{name}." for name in _head_modules(self.model, new))
        return frozenset(name for name, _ in self.model.named_parameters() if name.startswith(heads))

    def _finish_training(self) -> None:
        self.model.eval()

    def _trainer(
        self, head: frozenset[str], train: Sequence[Example], validation: Sequence[Example], context: Context
    ) -> Trainer:
        tokenizer, places = self._tokenizer(), {label: i for i, label in enumerate(self.labels)}
        texts = tokenizer.encode([example.text for example in train])
        context.notes["truncated_examples"] = sum(text.truncated for text in texts)
        codes = np.array([places[example.target] for example in train], np.int64)
        arithmetic = self.arithmetic
        assert arithmetic is not None
        criterion = make_criterion(codes, len(self.labels), self.settings).to(arithmetic.device)

        def loss(batch: list[int]) -> torch.Tensor:
            inputs = tokenizer.pad([texts[i] for i in batch], arithmetic.device)
            return criterion(self.model(**inputs).logits.float(), torch.from_numpy(codes[batch]).to(arithmetic.device))

        evaluate = (lambda: self._evaluate(validation, context)) if validation else None
        digest = hashlib.sha256(repr([[text.ids for text in texts], codes.tolist(), self.labels]).encode()).hexdigest()
        data = TrainingData([len(text.ids) for text in texts], loss, evaluate, digest)
        return Trainer(self.model, data, self.settings, arithmetic, context, head)

    def _evaluate(self, validation: Sequence[Example], context: Context) -> Evaluation:
        """Accuracy, and the mean loss over texts whose label was trained on."""
        places = {label: i for i, label in enumerate(self.labels)}
        hits, losses = 0, []
        for batch in self._run([example.text for example in validation], context):
            for place, row in zip(batch.positions, softmax(batch.outputs), strict=True):
                target = places.get(validation[place].target)
                hits += target == int(row.argmax())
                if target is not None:
                    losses.append(-np.log(max(row[target], 1e-30)))
        return Evaluation("accuracy", hits / len(validation), float(np.mean(losses)) if losses else None)

    def _run(self, texts: Sequence[str], context: Context) -> Iterator[Any]:
        assert self.arithmetic is not None
        return run_batches(
            lambda inputs: self.model(**inputs).logits, texts, self._tokenizer(), self.settings.batch_tokens,
            self.arithmetic, context,
        )  # fmt: skip

    def _tokenizer(self) -> TextTokenizer:
        assert self.tokenizer is not None, "fit or load comes first"
        return self.tokenizer

    def _note_parameters(self, context: Context) -> None:
        assert self.arithmetic is not None
        counts = [(p.numel(), p.requires_grad) for p in self.model.parameters()]
        context.notes["parameters_total"] = sum(count for count, _ in counts)
        context.notes["parameters_trained"] = sum(count for count, trained in counts if trained)
        context.notes["precision"] = self.arithmetic.precision

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
        write_about(folder, self.method, self.settings, self.labels, self.model_name)
        save_adapter(folder, self.adapter_config, self.adapter)
        self._tokenizer().tokenizer.save_pretrained(folder)

    def _restore(self, folder: Path, context: Context) -> None:
        self._start(self.model_name, context)
        wrapped, self.adapter_config, self.adapter = load_adapter(self.model, folder)
        self.model = merged(wrapped)

    def _prepare_training(self, new: set[str]) -> frozenset[str]:
        heads = [name for name, module in _head_modules(self.model, new).items() if _has_parameters(module)]
        settings: Any = self.settings
        self.adapter_config = lora_config(self.model, settings, "SEQ_CLS", heads, base=self.model_name)
        self.model = wrap(self.model, self.adapter_config)
        return frozenset(name for name, _ in self.model.named_parameters() if ".modules_to_save." in name)

    def _finish_training(self) -> None:
        self.adapter = adapter_tensors(self.model)
        self.model = merged(self.model)


def _head_modules(model: Any, new: set[str]) -> dict[str, torch.nn.Module]:
    """The modules that classify: all outside the base model, and those inside whose weights are new."""
    heads = {name: module for name, module in model.named_children() if name != model.base_model_prefix}
    for key in new:
        name = key.rpartition(".")[0]
        if name and not any(name == head or name.startswith(f"{head}.") for head in heads):
            heads[name] = model.get_submodule(name)
    return heads


def _has_parameters(module: torch.nn.Module) -> bool:
    return any(True for _ in module.parameters())
