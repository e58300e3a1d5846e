"""Frozen text embeddings of an encoder + logistic regression: no weight of the encoder is changed."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from transformers import AutoModel

from core.errors import TradeoffError
from core.methods import method_entry
from core.methods.base import Context, Part, Prediction, memory_guard
from core.methods.batching import TextTokenizer
from core.methods.device import Arithmetic, arithmetic, settle
from core.methods.inference import WINDOW, Batch, run_batches
from core.methods.linear import fit_text_head, note_threshold, saved_outputs
from core.methods.logistic import LogisticHead, read_tensors, report_validation, write_tensors
from core.methods.outputs import PartOutputs, Raw, outputs_of
from core.methods.pretrained import load_model, load_tokenizer
from core.methods.saved import read_about, write_about
from core.methods.settings import EmbeddingLinearSettings
from core.methods.shared_vectors import shelf
from core.methods.text_vectors import TextVectors
from core.tasks.base import Example

METHOD = "embedding-linear"
REPORT_EVERY = 20
KEEP_SECONDS = 30.0
NO_WORDS: NDArray[np.float32] = np.zeros((0, 0), np.float32)


class EmbeddingLinear:
    """An encoder as it is, its token vectors pooled to one vector of length 1 a text, and a linear head.

    Only the head is saved; the encoder is found again by its name.
    """

    METHOD = METHOD
    SHARES = True
    """Whether other runs may have the same encoder, so that its vectors are worth keeping."""

    def __init__(self, settings: EmbeddingLinearSettings, model: str | None = None) -> None:
        self.settings = settings
        self.model_name = model or "minilm"
        self.head = LogisticHead([], np.zeros((0, 0)), np.zeros(0))
        self.outputs = PartOutputs("", "single_label", [])
        self.model: Any = None
        self.tokenizer: TextTokenizer | None = None
        self.arithmetic: Arithmetic | None = None
        self._vectors: TextVectors | None = None

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:
        """Embed `train` and fit the regression on it.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the model cannot be loaded, or memory ran out.
        """
        settle(context.seed)
        self._start(context)
        kept = context.checkpoints / "embeddings.safetensors" if context.checkpoints else None
        embed = self._shared(context)
        features, truncated = embed(train, kept)
        context.notes["truncated_examples"] = truncated
        (self.outputs,) = outputs_of([Part(context.dataset, context.task, context.labels, train, validation)])
        self.head = fit_text_head(features, train, self.outputs, self.settings, context)
        known, _ = embed(validation, None)
        raws = [Raw(i, row, NO_WORDS, (), 0, 0.0) for i, row in enumerate(self.head.scores(known))]
        report_validation(self.outputs.evaluate(raws, validation, context.labels), context)
        note_threshold(self.outputs, context)

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """Predict in batches of similar length; a batch's predictions come as it is done."""
        for batch in self._batches(examples, context):
            if batch.truncated:
                context.notes["truncated_predicted"] = context.notes.get("truncated_predicted", 0) + batch.truncated
            rows = zip(batch.positions, self.head.scores(batch.outputs), batch.tokens, strict=True)
            raws = [Raw(place, row, NO_WORDS, (), count, batch.seconds) for place, row, count in rows]
            yield from self.outputs.predictions(raws, examples, context.labels)

    def save(self, folder: Path) -> None:
        """Write settings, labels and the encoder's name, and the head as safetensors."""
        write_about(
            folder, self.METHOD, self.settings, self.outputs.labels, self.model_name, outputs=self.outputs.about()
        )  # fmt: skip
        write_tensors(folder / "weights.safetensors", self.head.tensors())

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """Read what `save` wrote, and the encoder by its name."""
        about = read_about(folder)
        method = cls(EmbeddingLinearSettings(**about["settings"]), about["model"])
        method.outputs = saved_outputs(about)
        method.head = LogisticHead.from_tensors(
            method.outputs.text_labels, read_tensors(folder / "weights.safetensors")
        )
        method._start(context)
        return method

    def _start(self, context: Context) -> None:
        self.arithmetic, self._vectors = arithmetic(context.device), None
        with memory_guard(method_entry(METHOD).memory_setting, context.device):
            self.model, _ = load_model(AutoModel, self.model_name, context)
            self.tokenizer = load_tokenizer(self.model_name, self.model, self.settings.max_tokens, context)
            self.model.eval().to(self.arithmetic.device)
        context.notes["parameters_total"] = sum(weights.numel() for weights in self.model.parameters())
        context.notes["precision"] = self.arithmetic.precision

    def _shared(self, context: Context) -> Callable[[Sequence[Example], Path | None], tuple[NDArray[np.float32], int]]:
        """`_embed`, but for texts of which other runs have the vectors: those are taken, and charged to this run."""
        assert self.tokenizer is not None
        assert self.arithmetic is not None
        pooling, precision = self.settings.pooling, str(self.arithmetic.precision)
        ledger = context.shared if self.SHARES else None
        kept_of = shelf(ledger, self.model, self.tokenizer, pooling, precision)

        def embed(examples: Sequence[Example], kept: Path | None) -> tuple[NDArray[np.float32], int]:
            if kept_of is None:
                return self._embed(examples, context, kept)

            def compute(texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
                vectors, truncated = self._embed([Example("", text, "") for text in texts], context, kept)
                encoded = self.tokenizer.encode(texts) if truncated and self.tokenizer else []
                cut = [text.truncated for text in encoded] or [False] * len(texts)
                return vectors, np.array(cut, bool)

            width = self.model.config.hidden_size
            return kept_of.vectors([example.text for example in examples], width, compute)

        return embed

    def _embed(
        self, examples: Sequence[Example], context: Context, kept: Path | None = None
    ) -> tuple[NDArray[np.float32], int]:
        """The vectors of `examples`, shape (n, width), and how many texts were cut.

        They are computed window after window and kept in the file `kept`, so that a killed run goes on from there.
        """
        vectors = np.zeros((len(examples), self.model.config.hidden_size), np.float32)
        signature = self._signature(examples)
        done, truncated = _read_kept(kept, signature, vectors)
        next_write = time.monotonic() + KEEP_SECONDS
        while done < len(examples):
            window, embedded = examples[done : done + WINDOW], done
            for number, batch in enumerate(self._batches(window, context)):
                vectors[[done + place for place in batch.positions]] = batch.outputs
                truncated += batch.truncated
                embedded += len(batch.positions)
                if number % REPORT_EVERY == 0:
                    context.report({"phase": "fit", "step": embedded, "steps": len(examples), "texts": embedded})
            done += len(window)
            context.report({"phase": "fit", "step": done, "steps": len(examples), "texts": done})
            if kept is not None and time.monotonic() >= next_write:
                state = np.array([done, truncated], np.int64)
                write_tensors(kept, {"vectors": vectors[:done], "state": state, "signature": signature})
                next_write = time.monotonic() + KEEP_SECONDS
        return vectors, truncated

    def _signature(self, examples: Sequence[Example]) -> NDArray[np.uint8]:
        """What kept vectors must share with these examples: the texts, the encoder and how they are pooled."""
        digest = hashlib.sha256(f"{self.model_name} {self.settings.pooling} {self.settings.max_tokens}".encode())
        for example in examples:
            digest.update(example.text.encode("utf-8", "surrogatepass") + b"\0")
        return np.frombuffer(digest.digest(), np.uint8)

    def _batches(self, examples: Sequence[Example], context: Context) -> Iterator[Batch]:
        assert self.tokenizer is not None, "fit or load comes first"
        assert self.arithmetic is not None
        texts = [example.text for example in examples]
        if self._vectors is None:
            self._vectors = TextVectors(self.model, self.tokenizer, self.arithmetic, self.settings.pooling)
        return run_batches(self._vectors, texts, self.tokenizer, self.settings.batch_tokens, self.arithmetic, context)


def _read_kept(kept: Path | None, signature: NDArray[np.uint8], vectors: NDArray[np.float32]) -> tuple[int, int]:
    """Fill `vectors` with those kept for the same texts; how many, and how many of their texts were cut."""
    if kept is None or not kept.exists():
        return 0, 0
    with suppress(TradeoffError, KeyError, ValueError):
        tensors = read_tensors(kept)
        if np.array_equal(tensors["signature"], signature):
            done, truncated = (int(value) for value in tensors["state"])
            vectors[:done] = tensors["vectors"]
            return done, truncated
    return 0, 0
